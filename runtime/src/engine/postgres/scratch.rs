//! A temporary PostgreSQL database to rehearse on.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row};

use super::Postgres;
use super::connect::own;
use crate::clock::Deadline;
use crate::engine::{Engine, Scratch};
use crate::{Error, Result};

/// The statement that makes a database with this one's encoding and locale.
const LIKE_THIS_ONE: &str = "SELECT pg_catalog.format('CREATE DATABASE LOCKSTEP_NAME TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', \
     pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype)::text \
     FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()";

impl Postgres {
    /// An empty database beside this one; needs the right to create databases.
    pub(super) async fn temporary_database(&self, _deadline: Deadline) -> Result<Scratch> {
        let name = format!("lockstep_rehearsal_{}", uuid::Uuid::now_v7().simple());
        self.administer(&format!("CREATE DATABASE {name}")).await?;
        let options = self.options.clone().database(&name);
        self.open_temporary(name, options).await
    }

    /// A database in which nothing was made, not even what the server's administrator puts into every new one, with this
    /// one's encoding and locale. Bodies of functions are not looked at, so that they may name what comes later.
    pub(super) async fn blank_database(&self, _deadline: Deadline) -> Result<Scratch> {
        let name = format!("lockstep_rehearsal_{}", uuid::Uuid::now_v7().simple());
        let mut connection = self.dedicated().await?;
        let create: Result<String> = sqlx::raw_sql(LIKE_THIS_ONE)
            .fetch_one(&mut connection)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(own("reading the database's locale"));
        let _ = connection.close().await;
        self.administer(&create?.replace("LOCKSTEP_NAME", &name)).await?;
        let options = self
            .options
            .clone()
            .database(&name)
            .options([("check_function_bodies", "off"), ("client_min_messages", "error")]);
        self.open_temporary(name, options).await
    }

    async fn open_temporary(&self, name: String, options: PgConnectOptions) -> Result<Scratch> {
        let dropper = self.options.clone();
        let cleanup_name = name.clone();
        let opened = Self::connect_to(
            options,
            &self.settings,
            format!("{} (rehearsal)", self.url),
            self.persistent,
        )
        .await;
        let engine: Arc<dyn Engine> = match opened {
            Ok(engine) => Arc::new(engine),
            Err(error) => {
                self.administer(&format!("DROP DATABASE IF EXISTS {name}")).await?;
                return Err(error);
            }
        };
        let held = Arc::clone(&engine);
        let cleanup = Box::pin(async move {
            held.close().await;
            let dropped = async {
                let mut connection = sqlx::PgConnection::connect_with(&dropper).await?;
                let sql = format!("DROP DATABASE IF EXISTS {cleanup_name} WITH (FORCE)");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                connection.close().await
            };
            if let Err(error) = dropped.await {
                tracing::warn!(database = cleanup_name, error = %super::connect::words(&error), "could not drop a rehearsal's database");
            }
        });
        Ok(Scratch {
            engine,
            is_copy: false,
            cleanup,
        })
    }

    async fn administer(&self, sql: &str) -> Result<()> {
        let mut connection = self.dedicated().await?;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await;
        let _ = connection.close().await;
        match done.map_err(own("making a database for a rehearsal")) {
            Ok(_) => Ok(()),
            Err(Error::Database {
                message,
                code: Some(code),
                ..
            }) if code.ends_with("42501") => Err(Error::NotPrepared {
                message: format!("{message}; a rehearsal needs the right to create databases, or --in-place"),
            }),
            Err(other) => Err(other),
        }
    }
}
