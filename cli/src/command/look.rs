//! `status`, `usage` and `history`: what only looks.

use std::collections::BTreeMap;

use lockstep::lifecycle::Refusal;
use lockstep::{SchemaStatus, Status};

use crate::app::{Access, App, Open};
use crate::args::{History, Usage};
use crate::exit;
use crate::files::Files;
use crate::output::documents::{HistoryAnswer, SchemaUse, StatusAnswer, UsageAnswer};
use crate::trouble::Result;

pub(crate) async fn status(app: &App) -> Result<u8> {
    let runtime = app.open(Open::to(Access::Look, Files::Helpful)).await?;
    let status = app.in_time(async { Ok(runtime.report().await?) }).await?;
    let database = lockstep::redact(&app.project.url()?);
    app.show(&StatusAnswer {
        command: "status",
        database,
        status,
    });
    Ok(exit::DONE)
}

pub(crate) async fn usage(app: &App, args: Usage) -> Result<u8> {
    let runtime = app.open(Open::to(Access::Look, Files::Helpful)).await?;
    let status = app.in_time(async { Ok(runtime.report().await?) }).await?;
    let wanted = |found: &&SchemaStatus| args.schema.as_ref().is_none_or(|schema| found.schema == *schema);
    let schemas: Vec<_> = status
        .schemas
        .iter()
        .filter(wanted)
        .map(|found| use_of(found, &status))
        .collect();
    if let (Some(schema), true) = (&args.schema, schemas.is_empty()) {
        return Err(lockstep::Error::from(Refusal::UnknownSchema { schema: schema.clone() }).into());
    }
    app.show(&UsageAnswer {
        command: "usage",
        schemas,
    });
    Ok(exit::DONE)
}

fn use_of(found: &SchemaStatus, status: &Status) -> SchemaUse {
    SchemaUse {
        schema: found.schema.clone(),
        state: found.state,
        references: found.references,
        retained: found.retention.is_some(),
        leases: status
            .leases
            .iter()
            .filter(|l| l.lease.schema == found.schema)
            .cloned()
            .collect(),
        required_by: found.required_by.clone(),
    }
}

pub(crate) async fn history(app: &App, args: History) -> Result<u8> {
    let files = if args.schema.is_some() {
        Files::Helpful
    } else {
        Files::Unread
    };
    let runtime = app.open(Open::to(Access::Look, files)).await?;
    let schema = args.schema.as_ref();
    let mut entries = app
        .in_time(async { Ok(runtime.history(schema, args.limit).await?) })
        .await?;
    if let (Some(schema), true) = (schema, entries.is_empty())
        && runtime.status(schema).is_none()
    {
        return Err(lockstep::Error::from(Refusal::UnknownSchema { schema: schema.clone() }).into());
    }
    // The library gives a schema's whole journal.
    let surplus = entries.len().saturating_sub(args.limit as usize);
    entries.drain(..surplus);
    let files = match schema {
        Some(schema) => app.in_time(async { Ok(runtime.applied_files(schema).await?) }).await?,
        None => BTreeMap::new(),
    };
    app.show(&HistoryAnswer {
        command: "history",
        entries,
        files,
    });
    Ok(exit::DONE)
}
