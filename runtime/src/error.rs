//! Errors: what happened, what state everything is in now, and what comes next.

use std::time::Duration;

use lockstep_catalog::{DirectiveError, ScriptError};
use lockstep_lifecycle::{Direction, Failure, Operation, Refusal};
use lockstep_registry::{ParseError, SchemaVersion, SpecsError};

use crate::advice::{Calls, Wording};

/// What the caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A lock, a connection or a time limit was in the way: trying again may help.
    Retry,
    /// A rule forbids it; somebody else's lease, lost rows or a changed spec is in the way.
    Refused,
    /// The schema files, bindings or arguments are wrong.
    FixInput,
    /// The database refused a statement of a step: mend the step, or the data it met.
    StepFailed,
    /// The server, its permissions or its metadata need a person.
    Operator,
    /// The lease is gone: stop using the schema.
    LeaseLost,
    /// The work was stopped because the runtime shuts down or the caller cancelled it.
    Cancelled,
    /// This is a fault of Lockstep's own.
    Bug,
}

/// Why something did not work. Nothing is half-done unless the message says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// A name is wrong.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The specs do not hold together.
    #[error(transparent)]
    Specs(#[from] SpecsError),
    /// A file could not be read.
    #[error("cannot read {path}: {message}")]
    File {
        /// Which.
        path: String,
        /// Why.
        message: String,
    },
    /// A file says something that makes no sense.
    #[error("{path}{}: {message}", line.map(|l| format!(":{l}")).unwrap_or_default())]
    Format {
        /// Which.
        path: String,
        /// Where in it.
        line: Option<u32>,
        /// What is wrong.
        message: String,
    },
    /// A step's SQL cannot be used.
    #[error("{origin}:{line}:{column}: {message}")]
    Script {
        /// The file, or the schema and step.
        origin: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// The database could not be reached, or did not let us in. The URL is shown without its password.
    #[error("cannot connect to {url}: {message}")]
    Connect {
        /// Where to.
        url: String,
        /// The server's or the system's own words.
        message: String,
        /// Whether trying again may help.
        transient: bool,
    },
    /// Lockstep's tables were written by a newer one.
    #[error("the metadata in this database has format {found}; this program knows formats up to {supported}")]
    NewerFormat {
        /// What is there.
        found: u32,
        /// What this program knows.
        supported: u32,
    },
    /// Lockstep's tables hold something no Lockstep wrote.
    #[error("the metadata in this database is damaged: {message}")]
    Damaged {
        /// What was found where.
        message: String,
    },
    /// Lockstep was never used here, and may not write.
    #[error("this database has no Lockstep metadata, and it cannot be created: {message}")]
    NotPrepared {
        /// Why not.
        message: String,
    },
    /// The database may only be read.
    #[error("the database is read-only: {message}")]
    ReadOnly {
        /// The database's own words.
        message: String,
    },
    /// A wait for others ended at its deadline.
    #[error("{what} did not become free within {}{}", seconds(waited), held(holder))]
    Busy {
        /// What was waited for.
        what: &'static str,
        /// How long.
        waited: Duration,
        /// Who is announced as working on it.
        holder: Option<Box<Operation>>,
    },
    /// A step failed.
    #[error("{}", step_failed(failure))]
    Step {
        /// Which, with the database's own words.
        failure: Box<Failure>,
    },
    /// A code step is not registered in this process.
    #[error("step {step} of {schema} is Rust code that this program does not have")]
    MissingCode {
        /// Of which schema.
        schema: SchemaVersion,
        /// Which step.
        step: String,
    },
    /// A rehearsal found that a schema cannot be applied and taken back.
    #[error("{0}")]
    Rehearsal(Box<crate::rehearse::RehearsalFailure>),
    /// The lease was taken from us, or could not be renewed in time.
    #[error("the lease of {instance} on {handler_version} is lost: {reason}")]
    LeaseLost {
        /// Whose.
        instance: String,
        /// For what.
        handler_version: String,
        /// How.
        reason: String,
    },
    /// Another process took the work over.
    #[error("another process took this work over (epoch {found}, ours was {ours})")]
    Fenced {
        /// The epoch we worked under.
        ours: u64,
        /// The epoch now.
        found: u64,
    },
    /// The answer to a commit was lost, and the operation could not be looked up afterwards.
    #[error("the connection broke while committing, and whether it counts could not be found out: {message}")]
    Unknown {
        /// What the connection said.
        message: String,
    },
    /// Work outside one transaction was begun, and something that is no step's fault came between.
    #[error("{cause}")]
    HalfWay {
        /// What came between.
        cause: Box<Error>,
    },
    /// What an earlier sync began could not be ended, and no other begins before it is.
    #[error(
        "schema {schema} {} by an earlier sync, and going on with it failed: {cause}",
        if is_traced(cause) { "is left half applied" } else { "was begun" }
    )]
    Unfinished {
        /// The schema that was begun.
        schema: SchemaVersion,
        /// Why it could not be ended.
        cause: Box<Error>,
    },
    /// The work was stopped.
    #[error("stopped before it was done")]
    Cancelled,
    /// The database refused a statement of ours.
    #[error("{doing}: {message}{}", code.as_ref().map(|c| format!(" ({c})")).unwrap_or_default())]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The database's own words.
        message: String,
        /// The database's code.
        code: Option<String>,
        /// Whether trying again may help.
        transient: bool,
    },
    /// This program was built without the engine for that URL.
    #[error("no engine for {scheme:?}; this program knows {known}")]
    UnknownEngine {
        /// The URL's scheme.
        scheme: String,
        /// The schemes it knows.
        known: String,
    },
    /// A setting is out of bounds.
    #[error("{name} {message}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A fault of Lockstep's own.
    #[error("internal fault: {message} (please report this)")]
    Bug {
        /// What was found.
        message: String,
    },
}

/// How the error of a step begins whose end was never heard of.
pub(crate) const CUT: &str = "the connection broke";

const GUARDED_USE: &str = "a schema in which guarded transactions are open";

/// The result of nearly everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl Error {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => match **refusal {
                Refusal::IllegalMove(_) => ErrorKind::Bug,
                Refusal::UnknownHandlerVersion { .. } | Refusal::UnknownSchema { .. } => ErrorKind::FixInput,
                _ => ErrorKind::Refused,
            },
            Self::Parse(_) | Self::Specs(_) | Self::File { .. } | Self::Format { .. } | Self::Script { .. } => {
                ErrorKind::FixInput
            }
            Self::UnknownEngine { .. } | Self::Setting { .. } | Self::MissingCode { .. } => ErrorKind::FixInput,
            Self::Connect { transient, .. } | Self::Database { transient, .. } => {
                if *transient {
                    ErrorKind::Retry
                } else {
                    ErrorKind::Operator
                }
            }
            Self::NewerFormat { .. } | Self::Damaged { .. } | Self::NotPrepared { .. } => ErrorKind::Operator,
            Self::ReadOnly { .. } | Self::Unknown { .. } => ErrorKind::Operator,
            Self::HalfWay { cause } | Self::Unfinished { cause, .. } => cause.kind(),
            Self::Busy { .. } | Self::Fenced { .. } => ErrorKind::Retry,
            Self::Step { failure } if is_cut(failure) && failure.direction == Direction::Up => ErrorKind::Retry,
            Self::Step { .. } | Self::Rehearsal(_) => ErrorKind::StepFailed,
            Self::LeaseLost { .. } => ErrorKind::LeaseLost,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Bug { .. } => ErrorKind::Bug,
        }
    }

    /// A short name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Parse(_) => "parse",
            Self::Specs(_) => "specs",
            Self::File { .. } => "file",
            Self::Format { .. } => "format",
            Self::Script { .. } => "script",
            Self::Connect { .. } => "connect",
            Self::NewerFormat { .. } => "newer_format",
            Self::Damaged { .. } => "damaged",
            Self::NotPrepared { .. } => "not_prepared",
            Self::ReadOnly { .. } => "read_only",
            Self::Busy { .. } => "busy",
            Self::Step { .. } => "step_failed",
            Self::MissingCode { .. } => "missing_code",
            Self::Rehearsal(_) => "rehearsal",
            Self::LeaseLost { .. } => "lease_lost",
            Self::Fenced { .. } => "fenced",
            Self::Unknown { .. } => "unknown_outcome",
            Self::HalfWay { .. } => "half_way",
            Self::Unfinished { cause, .. } => cause.code(),
            Self::Cancelled => "cancelled",
            Self::Database { .. } => "database",
            Self::UnknownEngine { .. } => "unknown_engine",
            Self::Setting { .. } => "setting",
            Self::Bug { .. } => "bug",
        }
    }

    /// What state everything is in now.
    pub fn state(&self) -> String {
        self.state_in(&Calls)
    }

    /// The same in another's words.
    pub fn state_in(&self, words: &dyn Wording) -> String {
        match self {
            Self::Step { failure } if is_cut(failure) && failure.leaves_traces => format!(
                "{} is marked failed, half-way; whether {} took effect is not known yet",
                failure.schema, failure.step
            ),
            Self::Step { failure } if is_in_doubt(failure) => format!(
                "{} is marked failed, half-way; whether {} took effect is for a person to tell",
                failure.schema, failure.step
            ),
            Self::Step { failure } if is_unverified(failure) => format!(
                "{} is marked failed, half-way; {} may be in effect: {} shows what is",
                failure.schema,
                failure.step,
                words.examine(&failure.schema)
            ),
            Self::Step { failure } if failure.leaves_traces && failure.direction == Direction::Down => format!(
                "{} is marked failed, half taken back: what came after {} is undone, the rest is still in effect",
                failure.schema, failure.step
            ),
            Self::Step { failure } if failure.leaves_traces => format!(
                "{} is marked failed, half applied: what came before {} is in effect and stays",
                failure.schema, failure.step
            ),
            Self::Step { failure } if failure.direction == Direction::Down => format!(
                "everything was taken back: {} is applied as before and no lease changed",
                failure.schema
            ),
            Self::Step { failure } => format!(
                "everything was taken back: nothing of {} is in the database, and it is marked failed",
                failure.schema
            ),
            Self::Unknown { .. } => "either all of it counts or none of it; nothing is half-done".to_owned(),
            Self::HalfWay { .. } => format!(
                "the work was begun, and how far it came is recorded: {} shows it; nothing of it is lost",
                words.status()
            ),
            Self::Unfinished { cause, .. } => cause.state_in(words),
            Self::LeaseLost { .. } => "the schema may be taken back at any moment".to_owned(),
            _ => "nothing was changed".to_owned(),
        }
    }

    /// Whether the same attempt may simply be made again: a lock time-out, a deadlock, a busy database.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::HalfWay { cause } => cause.is_transient(),
            _ => matches!(self, Self::Database { transient: true, .. } | Self::Fenced { .. }),
        }
    }

    /// Guarded transactions are open on a schema that is to be taken back.
    pub(crate) fn guarded_use(waited: Duration) -> Self {
        Self::Busy {
            what: GUARDED_USE,
            waited,
            holder: None,
        }
    }

    pub(crate) fn is_guarded_use(&self) -> bool {
        matches!(self, Self::Busy { what, .. } if *what == GUARDED_USE)
    }

    pub(crate) fn bug(message: impl Into<String>) -> Self {
        Self::Bug {
            message: message.into(),
        }
    }

    pub(crate) fn script(origin: impl Into<String>, error: &ScriptError) -> Self {
        Self::Script {
            origin: origin.into(),
            line: error.line(),
            column: error.column(),
            message: without_position(&error.to_string()),
        }
    }

    pub(crate) fn directive(path: impl Into<String>, error: &DirectiveError) -> Self {
        Self::Format {
            path: path.into(),
            line: Some(error.line()),
            message: without_position(&error.to_string()),
        }
    }
}

/// The place is told by fields of its own.
fn without_position(text: &str) -> String {
    match text.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest.to_owned(),
        _ => text.to_owned(),
    }
}

/// A connection that broke while a step was on its way: nothing is wrong with the step.
pub(crate) fn is_cut(failure: &Failure) -> bool {
    failure.error.starts_with(CUT)
}

/// Whether some of what failed is in effect.
fn is_traced(error: &Error) -> bool {
    matches!(error, Error::Step { failure } if failure.leaves_traces)
}

pub(crate) fn is_in_doubt(failure: &Failure) -> bool {
    failure.leaves_traces && failure.error == crate::journalled::DOUBT
}

pub(crate) fn is_unverified(failure: &Failure) -> bool {
    failure.leaves_traces && failure.error == crate::journalled::UNVERIFIED
}

fn step_failed(failure: &Failure) -> String {
    let Failure {
        schema,
        step,
        direction,
        error,
        statement,
        ..
    } = failure;
    let verb = if failure.timed_out {
        "was stopped at its time limit"
    } else {
        "failed"
    };
    let told = format!("step {step} ({direction}) of {schema} {verb}: {error}");
    if is_cut(failure) {
        return format!(
            "{}, in the middle of step {step} ({direction}) of {schema} [in: {statement}]",
            failure.error
        );
    }
    if statement.is_empty() {
        told
    } else {
        format!("{told} [in: {statement}]")
    }
}

fn seconds(d: &Duration) -> String {
    format!("{:.1} s", d.as_secs_f64())
}

fn held(holder: &Option<Box<Operation>>) -> String {
    match holder {
        None => String::new(),
        Some(operation) => format!(
            "; {} announced '{} {}'",
            operation.holder.instance,
            operation.kind.as_str(),
            operation.subject
        ),
    }
}
