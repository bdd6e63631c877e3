//! `run`: a program lives while its lease does.
//!
//! ```text
//!  lease ──► start ──► program ends ────────────────────────► give the lease back ──► the program's exit code
//!                 └──► lease lost ──TERM──► kill_after ──KILL──► 1
//!                 └──► INT TERM HUP QUIT ──► passed on
//! ```

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use lockstep::{Deactivation, Lease, Runtime};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::app::{Access, App, Open};
use crate::args::Run;
use crate::exit;
use crate::files::Files;
use crate::output::Document;
use crate::output::documents::Deactivated;
use crate::output::page::Page;
use crate::signals::{Signals, terminal_sends_too};
use crate::terminal;
use crate::trouble::{Result, Trouble};

/// As shells tell it.
const NOT_FOUND: u8 = 127;
const NOT_STARTED: u8 = 126;

pub(crate) async fn run(app: &App, signals: &mut Signals, args: Run) -> Result<u8> {
    let program = find(&args.command[0])?;
    let mut held = None;
    let acquired = app.unless_stopped(signals, async {
        held = Some(acquire(app, &args).await?);
        Ok(exit::DONE)
    });
    let code = acquired.await?;
    let Some((runtime, lease)) = held else {
        return Ok(code);
    };
    signals.listen_to_all()?;
    let child = match start(&program, &args, &runtime, &lease) {
        Ok(child) => child,
        Err(trouble) => {
            release(app, signals, lease).await;
            return Err(trouble);
        }
    };
    match watch(child, &lease, signals, args.kill_after).await? {
        Ending::Ended(status) => {
            release(app, signals, lease).await;
            Ok(code_of(status))
        }
        Ending::Lost(reason) => {
            let message =
                format!("{reason}; the program was stopped, because its schema may be taken back at any moment");
            let trouble = Trouble::new("lease_lost", lockstep::ErrorKind::LeaseLost, message);
            Err(Trouble {
                state: "the program has ended and holds nothing any more".to_owned(),
                ..trouble
            }
            .next("'lockstep events' shows who took the lease; start the program again"))
        }
    }
}

/// Finds the program before anything is applied for its sake.
fn find(program: &OsStr) -> Result<PathBuf> {
    let named = Path::new(program);
    let found = if named.components().count() > 1 {
        Some(named.to_path_buf()).filter(|path| path.is_file())
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .map(|folder| folder.join(named))
            .find(|path| path.is_file())
    };
    found.ok_or_else(|| Trouble {
        exit: NOT_FOUND,
        ..Trouble::input("not_found", format!("there is no program {}", named.display()))
    })
}

async fn acquire(app: &App, args: &Run) -> Result<(Runtime, Lease)> {
    let open = Open {
        instance: args.instance.clone(),
        reaps: true,
        ..Open::to(Access::Create, Files::Needed)
    };
    let runtime = app.open(open).await?;
    let of = app.resolve(&runtime, &args.handler_version).await?;
    let ttl = args.ttl.unwrap_or(runtime.settings().lease_ttl);
    let work = runtime.lease_for(of.clone(), ttl, args.override_incompatible);
    let lease = terminal::working(&format!("activating {of}"), Some(runtime.events()), work).await?;
    tracing::info!(handler_version = %of, schema = %lease.granted().schema, instance = %runtime.instance(), "holding a lease");
    Ok((runtime, lease))
}

fn start(program: &Path, args: &Run, runtime: &Runtime, lease: &Lease) -> Result<Child> {
    let mut command = Command::new(program);
    command
        .args(&args.command[1..])
        .env("LOCKSTEP_INSTANCE", runtime.instance().as_str())
        .env("LOCKSTEP_SCHEMA", lease.granted().schema.as_str())
        .env("LOCKSTEP_HANDLER_VERSION", lease.handler_version().to_string());
    command.spawn().map_err(|error| Trouble {
        exit: NOT_STARTED,
        state: "the lease was given back".to_owned(),
        ..Trouble::input("not_started", format!("cannot start {}: {error}", program.display()))
    })
}

enum Ending {
    Ended(ExitStatus),
    Lost(String),
}

async fn watch(mut child: Child, lease: &Lease, signals: &mut Signals, kill_after: Duration) -> Result<Ending> {
    let waited = |result: std::io::Result<ExitStatus>| {
        result.map_err(|e| {
            Trouble::new(
                "wait",
                lockstep::ErrorKind::Operator,
                format!("cannot wait for the program: {e}"),
            )
        })
    };
    let reason = loop {
        tokio::select! {
            ended = child.wait() => return Ok(Ending::Ended(waited(ended)?)),
            signal = signals.next() => if !terminal_sends_too(signal) {
                send(&child, signal);
            },
            reason = lease.lost() => break reason.to_string(),
        }
    };
    terminal::warn(&format!("{reason}; stopping the program"));
    send(&child, Signal::TERM);
    let grace = tokio::time::sleep(kill_after);
    tokio::pin!(grace);
    loop {
        tokio::select! {
            ended = child.wait() => {
                waited(ended)?;
                break;
            }
            signal = signals.next() => if !terminal_sends_too(signal) {
                send(&child, signal);
            },
            () = &mut grace => {
                terminal::warn("the program did not end in time; killing it");
                send(&child, Signal::KILL);
                waited(child.wait().await)?;
                break;
            }
        }
    }
    Ok(Ending::Lost(reason))
}

/// Sends a signal, unless the program has already been waited for: its number may be another's by then.
fn send(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::warn!(%error, ?signal, "the signal could not be passed on");
    }
}

/// Gives the lease back. The program's exit code stands, whatever comes of it: the lease would run out by itself.
async fn release(app: &App, signals: &mut Signals, lease: Lease) {
    let (of, instance) = (lease.handler_version().clone(), lease.granted().holder.instance.clone());
    let released = app.unless_stopped(signals, async {
        let deactivation = terminal::working(&format!("giving {of} back"), None, lease.release()).await?;
        tell(Deactivated {
            command: "run",
            handler_version: of,
            instance: instance.to_string(),
            deactivation,
        });
        Ok(exit::DONE)
    });
    if let Err(trouble) = released.await {
        terminal::warn(&format!(
            "the lease could not be given back and runs out by itself: {}",
            trouble.message
        ));
    }
}

/// Standard output is the program's, so this goes to standard error, and only where there is something to do or to know.
fn tell(done: Deactivated) {
    let kept = matches!(&done.deactivation, Deactivation::Retained { kept } | Deactivation::RolledBack { kept, .. } if !kept.is_empty());
    if kept || tracing::enabled!(tracing::Level::INFO) {
        let mut page = Page::default();
        done.human(&mut page);
        terminal::say(page.text().trim_end());
    }
}

fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(exit::FAILED)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::{code_of, find};

    #[test]
    fn the_exit_code_is_the_programs() {
        assert_eq!(code_of(ExitStatus::from_raw(0)), 0);
        assert_eq!(code_of(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(code_of(ExitStatus::from_raw(15)), 143);
    }

    #[test]
    fn a_program_is_looked_for_as_a_shell_would() {
        assert!(find(OsStr::new("sh")).is_ok());
        assert_eq!(find(OsStr::new("no-such-program")).expect_err("missing").exit, 127);
        assert_eq!(find(OsStr::new("./no-such-program")).expect_err("missing").exit, 127);
    }
}
