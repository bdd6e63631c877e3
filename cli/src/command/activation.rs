//! `activate`, `deactivate` and `rollback`: what changes the schema.

use lockstep::lifecycle::RetentionReason;
use lockstep::{ActivateOptions, DeactivateOptions, Deactivation, InstanceId, Policy};

use crate::app::{Access, App, Open};
use crate::args::{Activate, Deactivate, Rollback};
use crate::command::plan;
use crate::exit;
use crate::files::Files;
use crate::output::documents::{Activated, Deactivated, TakenBack};
use crate::terminal;
use crate::trouble::Result;

pub(crate) async fn activate(app: &App, args: Activate) -> Result<u8> {
    let runtime = app.open(Open::to(Access::Create, Files::Needed)).await?;
    let of = app.resolve(&runtime, &args.handler_version).await?;
    let options = ActivateOptions {
        instance: args.instance,
        ttl: args.ttl,
        override_incompatible: args.override_incompatible,
    };
    let work = runtime.activate_with(of.clone(), options);
    let activation = terminal::working(&format!("activating {of}"), Some(runtime.events()), work).await?;
    app.show(&Activated {
        command: "activate",
        handler_version: of,
        activation,
    });
    Ok(exit::DONE)
}

pub(crate) async fn deactivate(app: &App, args: Deactivate) -> Result<u8> {
    // What was applied is taken back by the database's own record, so broken files do not stand in the way.
    let runtime = app.open(Open::to(Access::Change, Files::Helpful)).await?;
    let of = app.resolve(&runtime, &args.handler_version).await?;
    let instance = args.instance.clone().unwrap_or_else(InstanceId::deploy);
    let options = DeactivateOptions {
        instance: args.instance,
        policy: args.retain.then_some(Policy::Retain),
        allow_data_loss: args.allow_data_loss,
    };
    let work = runtime.deactivate_with(of.clone(), options);
    let deactivation = terminal::working(&format!("deactivating {of}"), Some(runtime.events()), work).await?;
    warn_of_losses(app, &deactivation);
    app.show(&Deactivated {
        command: "deactivate",
        handler_version: of,
        instance: instance.to_string(),
        deactivation,
    });
    Ok(exit::DONE)
}

/// To a person the answer says it; a program's person hears it too.
fn warn_of_losses(app: &App, deactivation: &Deactivation) {
    let (Deactivation::Retained { kept } | Deactivation::RolledBack { kept, .. }) = deactivation else {
        return;
    };
    if app.format == crate::args::Format::Human {
        return;
    }
    for each in kept {
        let loss = match each.reason {
            RetentionReason::DataLoss { .. } => "would lose rows",
            RetentionReason::LossUnknown { .. } => "may lose rows",
            _ => continue,
        };
        terminal::warn(&format!("{} stays: taking it back {loss}", each.schema));
    }
}

pub(crate) async fn rollback(app: &App, args: Rollback) -> Result<u8> {
    let access = if args.dry_run { Access::Look } else { Access::Change };
    let runtime = app.open(Open::to(access, Files::Helpful)).await?;
    if args.dry_run {
        let schema = args.schema.clone();
        let preview = app
            .in_time(async { Ok(runtime.preview_rollback(schema).await?) })
            .await?;
        return Ok(plan::show(app, "rollback", args.schema.to_string(), preview));
    }
    let work = runtime.rollback(args.schema.clone(), args.allow_data_loss);
    let label = format!("taking {} back", args.schema);
    let rolled_back = terminal::working(&label, Some(runtime.events()), work).await?;
    app.show(&TakenBack {
        command: "rollback",
        outcome: "rolled_back",
        rolled_back,
    });
    Ok(exit::DONE)
}
