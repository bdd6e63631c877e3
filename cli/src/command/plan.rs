//! `plan`: dry runs.

use lockstep::{ActivateOptions, DeactivateOptions, Policy, Preview};

use crate::app::{Access, App, Open};
use crate::args::Plan;
use crate::exit;
use crate::files::Files;
use crate::output::documents::Planned;
use crate::trouble::Result;

pub(crate) async fn plan(app: &App, args: Plan) -> Result<u8> {
    match args {
        Plan::Activate(args) => {
            let runtime = app.open(Open::to(Access::LookAhead, Files::Needed)).await?;
            let of = app.resolve(&runtime, &args.handler_version).await?;
            let options = ActivateOptions {
                instance: args.instance,
                ttl: args.ttl,
                override_incompatible: args.override_incompatible,
            };
            let preview = app
                .in_time(async { Ok(runtime.preview_activate(of.clone(), options).await?) })
                .await?;
            Ok(show(app, "plan activate", of.to_string(), preview))
        }
        Plan::Deactivate(args) => {
            let runtime = app.open(Open::to(Access::Look, Files::Helpful)).await?;
            let of = app.resolve(&runtime, &args.handler_version).await?;
            let options = DeactivateOptions {
                instance: args.instance,
                policy: args.retain.then_some(Policy::Retain),
                allow_data_loss: args.allow_data_loss,
            };
            let preview = app
                .in_time(async { Ok(runtime.preview_deactivate(of.clone(), options).await?) })
                .await?;
            Ok(show(app, "plan deactivate", of.to_string(), preview))
        }
    }
}

/// Shows a dry run; what a rule would refuse has the exit code of the refusal.
pub(super) fn show(app: &App, command: &'static str, subject: String, preview: Preview) -> u8 {
    let code = if preview.action == "refused" {
        exit::REFUSED
    } else {
        exit::DONE
    };
    app.show(&Planned {
        command,
        subject,
        preview,
    });
    code
}
