//! `renew` and `reap`: for schedulers that do it themselves.

use lockstep::registry::LeaseKind;

use crate::app::{Access, App, Open};
use crate::args::Renew;
use crate::exit;
use crate::files::Files;
use crate::output::documents::{ReapedRound, Renewed};
use crate::terminal;
use crate::trouble::Result;

pub(crate) async fn renew(app: &App, args: Renew) -> Result<u8> {
    let runtime = app.open(Open::to(Access::Change, Files::Unread)).await?;
    let of = app.resolve(&runtime, &args.handler_version).await?;
    app.in_time(async { Ok(runtime.renew(&of, &args.instance).await?) })
        .await?;
    let status = app.in_time(async { Ok(runtime.report().await?) }).await?;
    let ours = |found: &lockstep::LeaseStatus| {
        found.lease.handler_version == of && found.lease.holder.instance == args.instance
    };
    let lease = status.leases.into_iter().find(ours);
    let pinned = lease
        .as_ref()
        .is_some_and(|found| found.lease.kind == LeaseKind::Pinned);
    let outcome = if pinned { "pinned" } else { "renewed" };
    app.show(&Renewed {
        command: "renew",
        outcome,
        lease,
    });
    Ok(exit::DONE)
}

pub(crate) async fn reap(app: &App) -> Result<u8> {
    let runtime = app.open(Open::to(Access::Change, Files::Helpful)).await?;
    let reaped = terminal::working("reaping", Some(runtime.events()), runtime.reap()).await?;
    app.show(&ReapedRound {
        command: "reap",
        reaped,
    });
    Ok(exit::DONE)
}
