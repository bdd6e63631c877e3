//! A private PgBouncer in transaction pooling before the run's server, stopped by its own handle.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::Database;
use super::server::{PATIENCE, as_server, end, give_to_server, server_folder};

/// A pooler for one database.
pub struct Pooler {
    folder: tempfile::TempDir,
    process: Option<Child>,
    name: String,
}

impl Pooler {
    /// A pooler that gives its clients `size` connections of the server between them.
    pub async fn new(database: &Database, size: u32) -> Self {
        let options: sqlx::postgres::PgConnectOptions = database.url.parse().expect("a URL");
        let name = options.get_database().expect("a name").to_owned();
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let folder = server_folder();
        // A server that asks for a password gets the one of the URL.
        let authority = database.url.split("://").nth(1).unwrap_or_default();
        let password = authority
            .split_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .map(|(_, password)| format!(" password={password}"))
            .unwrap_or_default();
        let config = format!(
            "[databases]\n{name} = host={host} port={} user={}{password}\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {dir}\n\
             listen_port = 6432\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {size}\nmax_client_conn = 200\n\
             query_wait_timeout = 120\nlogfile = {dir}/log\n",
            options.get_port(),
            options.get_username(),
            dir = folder.path().display(),
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, config).expect("its configuration");
        give_to_server(&file);
        let mut command = as_server("pgbouncer");
        command.env("PATH", "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/bin");
        command.arg("-q").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command
            .spawn()
            .expect("PgBouncer is installed: run the tests with scripts/test");
        let mut pooler = Self {
            folder,
            process: Some(process),
            name,
        };
        let started = Instant::now();
        while let Err(error) = std::os::unix::net::UnixStream::connect(pooler.folder.path().join(".s.PGSQL.6432")) {
            let ended = pooler.process.as_mut().and_then(|p| p.try_wait().ok().flatten());
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "PgBouncer does not answer ({error}, {ended:?}): {}",
                pooler.log()
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        pooler
    }

    /// The database behind it; `more` is added to the URL's parameters.
    pub fn url(&self, more: &str) -> String {
        format!(
            "postgres://lockstep@localhost:6432/{}?host={}{more}",
            self.name,
            self.folder.path().display()
        )
    }

    /// What it wrote down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            let told = std::process::Command::new("sh")
                .args(["-c", "kill -TERM \"$0\"", &process.id().to_string()])
                .status();
            drop(told);
            end(process);
        }
    }
}
