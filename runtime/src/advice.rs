//! What comes next after an error, in words of the caller's: a program's author calls methods, a person types commands.

use lockstep_lifecycle::{Direction, Failure, Refusal};
use lockstep_registry::SchemaVersion;

use crate::Error;
use crate::error::{is_cut, is_in_doubt, is_unverified};

/// How a caller names what can be done next. As it stands these are the library's calls; a command line names its commands.
pub trait Wording {
    /// Looking at who works on what.
    fn status(&self) -> String {
        "Runtime::report".to_owned()
    }

    /// Looking at who uses a schema.
    fn usage(&self, schema: &SchemaVersion) -> String {
        format!("Runtime::usage(\"{schema}\")")
    }

    /// Looking at what is in effect of a schema that is half-way.
    fn examine(&self, schema: &SchemaVersion) -> String {
        format!("Runtime::examine(\"{schema}\")")
    }

    /// Going on with a schema that failed.
    fn resume(&self, schema: &SchemaVersion) -> String {
        format!("Runtime::repair(\"{schema}\", RepairAction::Resume)")
    }

    /// Going the other way with a schema that failed.
    fn undo(&self, schema: &SchemaVersion) -> String {
        format!("Runtime::repair(\"{schema}\", RepairAction::Undo)")
    }

    /// Taking a schema back although rows go with it.
    fn accept_loss(&self, schema: &SchemaVersion) -> String {
        format!("Runtime::rollback(\"{schema}\") with the loss allowed")
    }

    /// What makes a deactivation keep the schema.
    fn retain(&self) -> String {
        "Policy::Retain".to_owned()
    }

    /// Going ahead beside an incompatible version.
    fn override_incompatible(&self) -> String {
        "set ActivateOptions::override_incompatible".to_owned()
    }
}

/// The library's own words.
pub(crate) struct Calls;

impl Wording for Calls {}

impl Error {
    /// What to do next.
    pub fn next_step(&self) -> Option<String> {
        self.next_step_in(&Calls)
    }

    /// The same in another's words: a command line names its commands.
    pub fn next_step_in(&self, words: &dyn Wording) -> Option<String> {
        match self {
            Self::Refused(refusal) => refusal_next(refusal, words),
            Self::Step { failure } => Some(step_next(failure, words)),
            Self::Unfinished { schema, .. } => Some(format!(
                "end {schema} first, and sync again: mend what is in the way and {} goes on with it, or {} takes it back",
                words.resume(schema),
                words.undo(schema)
            )),
            Self::Busy {
                holder: Some(operation),
                ..
            } => Some(format!(
                "see {} for what {} is doing, and try again",
                words.status(),
                operation.holder.instance
            )),
            Self::Busy { .. } if self.is_guarded_use() => {
                Some("wait until they end, or end those that hang, and try again".to_owned())
            }
            Self::Busy { .. } => Some(format!("try again; {} shows who works on what", words.status())),
            Self::NewerFormat { .. } => Some("use a newer Lockstep for this database".to_owned()),
            Self::NotPrepared { .. } => Some("connect as a user who may create tables here".to_owned()),
            Self::ReadOnly { .. } => Some("connect to the primary, with a URL and as a user that may write".to_owned()),
            Self::Database { code: Some(code), .. } => database_next(code),
            Self::HalfWay { .. } => Some(
                "do the same again once the database answers: it looks up what took effect, and goes on".to_owned(),
            ),
            Self::Unknown { .. } => Some(format!(
                "{} shows what is true; the same may be done again",
                words.status()
            )),
            Self::Connect { transient: true, .. } => {
                Some("see whether the server runs and can be reached, and try again".to_owned())
            }
            Self::Connect { transient: false, .. } => {
                Some("check the URL: the place, and for a server the user and the password".to_owned())
            }
            Self::MissingCode { .. } => Some("run this from a program that registers the code step".to_owned()),
            _ => None,
        }
    }
}

/// What a person does about an error of the database's own.
fn database_next(code: &str) -> Option<String> {
    match code {
        "SQLSTATE 42501" => Some(
            "let their owner GRANT what is missing to the user of the URL; Lockstep's own tables need GRANT SELECT, INSERT, \
             UPDATE ON lockstep_meta, lockstep_scope, lockstep_schema, lockstep_binding, lockstep_lease, lockstep_step, \
             lockstep_event"
                .to_owned(),
        ),
        "error 1044" | "error 1142" | "error 1143" | "error 1370" => Some(
            "let an administrator GRANT what is missing to the user of the URL; Lockstep's own tables need GRANT SELECT, \
             INSERT, UPDATE on the tables lockstep_… of the database"
                .to_owned(),
        ),
        "error 1095" => Some(
            "let an administrator GRANT CONNECTION ADMIN (before MariaDB 10.5: SUPER; on MySQL CONNECTION_ADMIN) ON *.* to \
             the user of the URL, or end that session; the server does so itself after a minute of silence"
                .to_owned(),
        ),
        "SQLSTATE 53100" | "SQLite 13" | "error 1021" | "error 1114" => Some("make room on the database's disk, and run the same again".to_owned()),
        _ => None,
    }
}

fn refusal_next(refusal: &Refusal, words: &dyn Wording) -> Option<String> {
    match refusal {
        Refusal::UnknownHandlerVersion { handler_version, .. } => {
            Some(format!("add {handler_version} to handlers.toml, or register it"))
        }
        Refusal::UnknownSchema { schema } => Some(format!("add a folder {schema} to the schemas directory")),
        Refusal::BindingFixed { .. } => Some("give the new binding a new API version".to_owned()),
        Refusal::Tampered { schema, .. } => Some(format!(
            "restore the files of {schema} as they were applied, and put the change into a new schema"
        )),
        Refusal::Incompatible { upper, lower, .. } => Some(format!(
            "deactivate the old version first, or declare compatible_with = [\"{lower}\"] in {upper}, or {}",
            words.override_incompatible()
        )),
        Refusal::InUse { schema, .. } => Some(format!("deactivate those first; {} shows them", words.usage(schema))),
        Refusal::DataLoss { schema, .. } => Some(format!(
            "save the rows, or accept the loss: {}",
            words.accept_loss(schema)
        )),
        Refusal::LossUnknown { schema, .. } => Some(format!(
            "look at the step, then accept what it does: {}",
            words.accept_loss(schema)
        )),
        Refusal::NeedsRepair { schema, .. } => Some(format!(
            "{} shows what is in effect; then {}, or {}",
            words.examine(schema),
            words.resume(schema),
            words.undo(schema)
        )),
        _ => None,
    }
}

fn step_next(failure: &Failure, words: &dyn Wording) -> String {
    let (schema, step) = (&failure.schema, &failure.step);
    let look = words.examine(schema);
    let (resume, undo) = (words.resume(schema), words.undo(schema));
    if is_cut(failure) {
        return match (failure.direction, failure.leaves_traces) {
            (_, false) => "nothing is wrong with the step: do the same again".to_owned(),
            (Direction::Up, true) => format!(
                "nothing is wrong with the step: do the same again, which looks up whether {step} took effect, and \
                 goes on; {look} shows what the catalog says"
            ),
            (Direction::Down, true) => format!(
                "nothing is wrong with the step: {resume} looks up whether {step} took effect, and goes on; {look} \
                 shows what the catalog says"
            ),
        };
    }
    if is_in_doubt(failure) {
        return format!(
            "look whether {step} took effect, and take it back by hand if it did; then: {resume}, which runs it \
             again; to go the other way: {undo}; trying without a choice only asks again"
        );
    }
    if is_unverified(failure) && failure.direction == Direction::Up {
        return format!(
            "mend {step}.verify.sql, or what it asks about, and activate again, which asks anew; to go back instead: {undo}; {look} shows what the catalog says"
        );
    }
    match (failure.direction, failure.leaves_traces) {
        (Direction::Up, false) => format!("mend step {step} of {schema}, or the rows it met, and activate again"),
        (Direction::Up, true) => format!(
            "mend step {step}, or the rows it met, and activate again; to go back instead: {undo}; {look} shows \
             both"
        ),
        // The files are not asked on the way back.
        (Direction::Down, false) => format!(
            "put right in the database what {step} met (its down is the one that was applied, not the file's), and run the \
             same again; deactivating with {} keeps {schema}",
            words.retain()
        ),
        (Direction::Down, true) => format!(
            "put right in the database what {step} met (its down is the one that was applied, not the file's), then: {resume}; to go up again instead: {undo}; {look} shows all choices"
        ),
    }
}
