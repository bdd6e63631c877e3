//! What every command works with: the project, the way to answer, and the runtime once it is open.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use lockstep::{HandlerRef, HandlerVersion, InstanceId, Runtime};
use rustix::process::Signal;

use crate::args::Format;
use crate::exit;
use crate::files::{self, Files};
use crate::output::{self, Document};
use crate::project::Project;
use crate::signals::{Signals, exit_code};
use crate::terminal;
use crate::trouble::{Result, Trouble};

/// Shared by one command's parts.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) project: Project,
    pub(crate) format: Format,
    runtime: OnceLock<Runtime>,
    /// Whether the runtime may change something, so that stopping means taking back.
    changes: AtomicBool,
}

/// What a command may do to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Look. A SQLite file that is not there is an error.
    Look,
    /// Look. A SQLite file that is not there is an empty database.
    LookAhead,
    /// Change what is there. A SQLite file that is not there is an error.
    Change,
    /// Change. A SQLite file that is not there is created.
    Create,
}

/// How a command opens the runtime.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) access: Access,
    pub(crate) files: Files,
    pub(crate) instance: Option<InstanceId>,
    /// A program that stays also reaps.
    pub(crate) reaps: bool,
}

impl Open {
    pub(crate) fn to(access: Access, files: Files) -> Self {
        Self {
            access,
            files,
            instance: None,
            reaps: false,
        }
    }
}

impl App {
    /// Nothing connects yet.
    pub(crate) fn new(project: Project, format: Format) -> Self {
        Self {
            project,
            format,
            runtime: OnceLock::new(),
            changes: AtomicBool::new(false),
        }
    }

    /// Writes the answer.
    pub(crate) fn show(&self, document: &impl Document) {
        output::show(self.format, document);
    }

    /// Reads the files, connects, and builds the runtime.
    pub(crate) async fn open(&self, open: Open) -> Result<Runtime> {
        let files = files::read(&self.project, open.files)?;
        let url = self.url_for(open.access)?;
        let settings = self.project.settings.clone();
        let mut builder = Runtime::builder(&url).settings(|slot| {
            *slot = settings;
            if !open.reaps {
                slot.reap_every = None;
            }
        });
        for spec in files.specs {
            builder = builder.schema(spec);
        }
        for binding in files.bindings {
            builder = builder.binding(binding);
        }
        if let Some(instance) = open.instance {
            builder = builder.instance(instance);
        }
        if matches!(open.access, Access::Look | Access::LookAhead) {
            builder = builder.read_only();
        } else {
            self.takes_back();
        }
        tracing::info!(database = lockstep::redact(&url), "connecting");
        let building = terminal::working("connecting", None, builder.build());
        let runtime = self.in_time(async { Ok(building.await?) }).await?;
        // One command opens one runtime.
        Ok(self.runtime.get_or_init(|| runtime).clone())
    }

    /// Says that work on something other than the database itself has to be taken back when it is stopped.
    pub(crate) fn takes_back(&self) {
        self.changes.store(true, Ordering::Relaxed);
    }

    fn url_for(&self, access: Access) -> Result<String> {
        let missing = match access {
            Access::Create => None,
            _ => self.project.missing_file()?,
        };
        match missing {
            None => self.project.url(),
            Some(path) if access == Access::LookAhead => {
                terminal::note(&format!(
                    "{} does not exist yet: looking at an empty database",
                    path.display()
                ));
                Ok("sqlite::memory:".to_owned())
            }
            Some(path) => Err(Trouble::new(
                "no_database",
                lockstep::ErrorKind::Operator,
                format!("there is no database file {}", path.display()),
            )
            .next("name the database with --database-url; 'lockstep activate' creates it")),
        }
    }

    /// Bounds what has no bound of its own by the time for the whole command.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let limit = self.project.settings.operation_timeout;
        match tokio::time::timeout(limit, work).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::timed_out(limit)),
        }
    }

    /// The exact version a person's name for it stands for.
    pub(crate) async fn resolve(&self, runtime: &Runtime, named: &HandlerRef) -> Result<HandlerVersion> {
        self.in_time(async { Ok(runtime.resolve(named).await?) }).await
    }

    /// Awaits work until a signal: then stops it at the server, waits until it is taken back, and says so.
    pub(crate) async fn unless_stopped(
        &self,
        signals: &mut Signals,
        work: impl Future<Output = Result<u8>>,
    ) -> Result<u8> {
        tokio::pin!(work);
        let signal = tokio::select! {
            done = &mut work => return done,
            signal = signals.next() => signal,
        };
        let Some(runtime) = self.runtime.get() else {
            return Err(stopped(Trouble::cancelled(), signal));
        };
        if !self.changes.load(Ordering::Relaxed) {
            // Nothing to take back, and nothing to tell: a reader was told to stop reading.
            return Ok(exit_code(signal));
        }
        terminal::say("stopping: what has begun is being taken back; press Ctrl-C again to leave at once");
        let ended = async {
            let (done, ()) = tokio::join!(work, runtime.shutdown());
            done
        };
        tokio::select! {
            // What was already committed stays done.
            done = ended => done.map_err(|trouble| stopped(trouble, signal)),
            signal = signals.next() => {
                terminal::say("leaving at once; the next operation settles what is left");
                Ok(exit_code(signal))
            }
        }
    }

    /// Ends the runtime, if one was opened.
    pub(crate) async fn close(&self) {
        if let Some(runtime) = self.runtime.get() {
            runtime.shutdown().await;
        }
    }
}

fn stopped(trouble: Trouble, signal: Signal) -> Trouble {
    // Connections that were closed under the work say so in their own way.
    let closed = matches!(trouble.code.as_str(), "connect" | "database");
    let trouble = if closed { Trouble::cancelled() } else { trouble };
    let exit = if signal == Signal::INT {
        exit::INTERRUPTED
    } else {
        exit_code(signal)
    };
    Trouble { exit, ..trouble }
}
