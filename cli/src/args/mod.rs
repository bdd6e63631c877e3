//! What may be written on the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use lockstep::{HandlerRef, InstanceId, MIN_LEASE_TTL, RepairAction, SchemaVersion, Scope};

use crate::help;

mod schema;

pub(crate) use schema::{
    Described, Migration, MigrationGenerate, MigrationLint, Schema, SchemaAnalyze, SchemaDiff, SchemaSync,
    SelectionArgs,
};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "lockstep", version, about = help::ABOUT, long_about = help::LONG_ABOUT, after_help = help::AFTER)]
#[command(arg_required_else_help = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The database: sqlite://FILE, sqlite::memory:, postgres://USER:PASSWORD@HOST/NAME, mysql://… or mariadb://… [env: LOCKSTEP_DATABASE_URL, then DATABASE_URL; then the config; then sqlite://lockstep.db]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// The configuration file; ./lockstep.toml is read if it is there
    #[arg(long, global = true, value_name = "FILE", env = "LOCKSTEP_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The folder with the schemas and handlers.toml; "schemas" beside the configuration file if not given
    #[arg(long, global = true, value_name = "DIR", env = "LOCKSTEP_SCHEMAS_DIR")]
    pub(crate) schemas: Option<PathBuf>,
    /// The family of schemas to work on; "main" if not given
    #[arg(long, global = true, value_name = "NAME", env = "LOCKSTEP_SCOPE")]
    pub(crate) scope: Option<Scope>,
    /// How to answer: json is one document on standard output; dot, mermaid and svg are for "graph" (the last two for "schema inspect", too), sql for "schema"
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "LOCKSTEP_FORMAT",
        value_enum,
        default_value_t
    )]
    pub(crate) format: Format,
    /// The longest the whole command may take, waiting included: 90s, 5m (10m if not given)
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// The longest one step may take at the server, unless its file says otherwise (30s if not given)
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) step_timeout: Option<Duration>,
    /// Say more on standard error: -v what is done and the causes of errors, -vv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How to answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs.
    Json,
    /// Graphviz, for `graph`.
    Dot,
    /// Mermaid, for `graph`.
    Mermaid,
    /// A picture, for `graph`.
    Svg,
    /// Statements alone, for `schema`.
    Sql,
}

impl Format {
    /// Whether it is a picture.
    pub(crate) fn is_picture(self) -> bool {
        matches!(self, Self::Dot | Self::Mermaid | Self::Svg)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What a database looks like, what lies between two, and making one look as declared
    #[command(subcommand, after_help = help::SCHEMA)]
    Schema(Schema),
    /// Write migrations out of differences, and look for unsafe ones
    #[command(subcommand, after_help = help::MIGRATION)]
    Migration(Migration),
    /// Write a lockstep.toml and an example of two schemas
    #[command(after_help = help::INIT)]
    Init,
    /// Check all schemas and bindings without a database
    #[command(after_help = help::VALIDATE)]
    Validate,
    /// Show what an activation or deactivation would do, without doing it
    #[command(subcommand, after_help = help::PLAN)]
    Plan(Plan),
    /// Run schemas up and down on a throwaway database, and require it to look as before
    #[command(after_help = help::REHEARSE)]
    Rehearse(Rehearse),
    /// Apply what a handler version needs, then hold its schema
    #[command(after_help = help::ACTIVATE)]
    Activate(Activate),
    /// Let go of a handler version; take back what nothing needs any more
    #[command(after_help = help::DEACTIVATE)]
    Deactivate(Deactivate),
    /// Take a retained schema back
    #[command(after_help = help::ROLLBACK)]
    Rollback(Rollback),
    /// Hold a handler version while a program runs
    #[command(after_help = help::RUN)]
    Run(Run),
    /// Renew the timed lease of an instance
    #[command(after_help = help::RENEW)]
    Renew(Renew),
    /// Fence leases that ran out, and follow the policy for what they held
    #[command(after_help = help::REAP)]
    Reap,
    /// Show schemas, handler versions, leases and the work in progress
    #[command(after_help = help::STATUS)]
    Status,
    /// Show who uses a schema, or all of them
    #[command(after_help = help::USAGE)]
    Usage(Usage),
    /// Show the steps that ran, newest last
    #[command(after_help = help::HISTORY)]
    History(History),
    /// Show the event log
    #[command(after_help = help::EVENTS)]
    Events(Events),
    /// Draw what builds on what
    #[command(after_help = help::GRAPH)]
    Graph,
    /// Go on with, undo or settle a schema that failed; without a flag, show what each would do
    #[command(after_help = help::REPAIR)]
    Repair(Repair),
    /// Print completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plan {
    /// What "activate" would do
    Activate(Activate),
    /// What "deactivate" would do
    Deactivate(Deactivate),
}

#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    /// Which schemas; all if none is named
    #[arg(value_name = "SCHEMA")]
    pub(crate) wanted: Vec<SchemaVersion>,
    /// In the database itself, in a transaction that is always given up; it holds its locks meanwhile
    #[arg(long)]
    pub(crate) in_place: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Activate {
    /// The handler version, such as users@2.0.0, or a tag, such as users@stable
    #[arg(value_name = "HANDLER@VERSION|TAG")]
    pub(crate) handler_version: HandlerRef,
    /// Whose lease it is ("deploy" if not given)
    #[arg(long, value_name = "ID")]
    pub(crate) instance: Option<InstanceId>,
    /// A lease that ends by itself after this time unless "renew" is called; without it, it stays until "deactivate"
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    pub(crate) ttl: Option<Duration>,
    /// Go ahead although users of another live schema may be harmed
    #[arg(long)]
    pub(crate) override_incompatible: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Deactivate {
    /// The handler version, such as users@1.0.0, or a tag
    #[arg(value_name = "HANDLER@VERSION|TAG")]
    pub(crate) handler_version: HandlerRef,
    /// Whose lease it is ("deploy" if not given)
    #[arg(long, value_name = "ID")]
    pub(crate) instance: Option<InstanceId>,
    /// Keep the schema even if nothing needs it any more
    #[arg(long, conflicts_with = "allow_data_loss")]
    pub(crate) retain: bool,
    /// Take the schema back even if rows go with it
    #[arg(long)]
    pub(crate) allow_data_loss: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Which schema
    pub(crate) schema: SchemaVersion,
    /// Even if rows go with it
    #[arg(long)]
    pub(crate) allow_data_loss: bool,
    /// Only show what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The handler version the program serves, or a tag
    #[arg(value_name = "HANDLER@VERSION|TAG")]
    pub(crate) handler_version: HandlerRef,
    /// How long the lease lives without a renewal; renewed at a third of it (15s if not given)
    #[arg(long, value_name = "DURATION", value_parser = ttl)]
    pub(crate) ttl: Option<Duration>,
    /// The name of this process; a new one at every start if not given
    #[arg(long, value_name = "ID")]
    pub(crate) instance: Option<InstanceId>,
    /// How long the program may take to end once the lease is lost
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub(crate) kill_after: Duration,
    /// Go ahead although users of another live schema may be harmed
    #[arg(long)]
    pub(crate) override_incompatible: bool,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The handler version, or a tag
    #[arg(value_name = "HANDLER@VERSION|TAG")]
    pub(crate) handler_version: HandlerRef,
    /// Whose lease it is
    #[arg(long, value_name = "ID")]
    pub(crate) instance: InstanceId,
}

#[derive(Debug, Args)]
pub(crate) struct Usage {
    /// Which schema; all if not given
    pub(crate) schema: Option<SchemaVersion>,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// Of which schema; of all if not given
    pub(crate) schema: Option<SchemaVersion>,
    /// At most so many of the newest steps
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only those after this sequence number
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) since: u64,
    /// Go on with what happens from now on, until Ctrl-C
    #[arg(long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Repair {
    /// Which schema
    pub(crate) schema: SchemaVersion,
    #[command(flatten)]
    pub(crate) way: Way,
    /// Even if rows go with it
    #[arg(long, requires = "way")]
    pub(crate) allow_data_loss: bool,
}

#[derive(Debug, Args)]
#[group(id = "way", multiple = false, required = false)]
pub(crate) struct Way {
    /// Go on in the direction it was going
    #[arg(long)]
    pub(crate) resume: bool,
    /// Go back to where it came from
    #[arg(long)]
    pub(crate) undo: bool,
    /// It was finished by hand: only record it as done
    #[arg(long)]
    pub(crate) mark_done: bool,
}

impl Way {
    /// As it was typed.
    pub(crate) fn flag(&self) -> &'static str {
        match self.action() {
            Some(RepairAction::Resume) => "--resume",
            Some(RepairAction::Undo) => "--undo",
            Some(RepairAction::MarkDone) => "--mark-done",
            None => "",
        }
    }

    /// What was chosen; `None` to look first.
    pub(crate) fn action(&self) -> Option<RepairAction> {
        if self.resume {
            Some(RepairAction::Resume)
        } else if self.undo {
            Some(RepairAction::Undo)
        } else if self.mark_done {
            Some(RepairAction::MarkDone)
        } else {
            None
        }
    }
}

/// A duration longer than zero, with its unit.
fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be longer than zero".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; write a number and a unit, as in 500ms, 15s or 5m")),
    }
}

/// A time to live that the library accepts.
fn ttl(text: &str) -> Result<Duration, String> {
    let ttl = duration(text)?;
    if ttl < MIN_LEASE_TTL {
        return Err(format!("a lease lives at least {MIN_LEASE_TTL:?}"));
    }
    Ok(ttl)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_are_understood_before_and_after_the_command() {
        for line in [
            "lockstep --format json --scope b status -vv",
            "lockstep status --scope b -v -v --format json",
        ] {
            let cli = parse(line).expect("valid");
            assert_eq!(cli.global.format, super::Format::Json);
            assert_eq!(cli.global.verbose, 2);
            assert_eq!(cli.global.scope.expect("given").as_str(), "b");
        }
    }

    #[test]
    fn everything_after_the_dashes_belongs_to_the_program() {
        let cli = parse("lockstep run users@1.0.0 --ttl 2s -- sh -c --format").expect("valid");
        let Command::Run(run) = cli.command else {
            panic!("not run")
        };
        assert_eq!(run.command, ["sh", "-c", "--format"]);
        assert_eq!(run.ttl.expect("given").as_secs(), 2);
    }

    #[test]
    fn malformed_arguments_are_usage_errors() {
        let wrong = [
            "lockstep",
            "lockstep frobnicate",
            "lockstep activate users",
            "lockstep activate users@1.x",
            "lockstep activate users@1.0.0 --ttl 5",
            "lockstep activate users@1.0.0 --ttl 1ms",
            "lockstep deactivate users@1.0.0 --retain --allow-data-loss",
            "lockstep rollback ../etc",
            "lockstep repair schema_v1 --resume --undo",
            "lockstep repair schema_v1 --allow-data-loss",
            "lockstep run users@1.0.0",
            "lockstep run users@1.0.0 sh",
            "lockstep history --limit 0",
            "lockstep status --timeout 0s",
        ];
        for line in wrong {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}: {error}");
        }
    }

    #[test]
    fn global_options_do_not_collide_with_those_of_any_command() {
        // Arguments are known by their field's name: a second field of that name only shows when it is read.
        let commands = [
            "init",
            "validate",
            "plan activate a@1.0.0",
            "plan deactivate a@1.0.0",
            "rehearse a b",
            "activate a@1.0.0",
            "deactivate a@1.0.0",
            "rollback a",
            "run a@1.0.0",
            "renew a@1.0.0 --instance i",
            "reap",
            "status",
            "usage a",
            "history a",
            "events",
            "graph",
            "repair a --undo",
            "completions bash",
        ];
        let globals = "--database-url sqlite://x --config c --schemas d --scope s --format json --timeout 1s --step-timeout 1s -v";
        for command in commands {
            let program = if command.starts_with("run") { " -- sh" } else { "" };
            let cli = parse(&format!("lockstep {command} {globals}{program}")).expect(command);
            assert_eq!(
                cli.global.schemas.expect("given"),
                std::path::Path::new("d"),
                "{command}"
            );
        }
    }

    #[test]
    fn a_tag_may_stand_for_a_version() {
        let cli = parse("lockstep activate /api/users@stable").expect("valid");
        let Command::Activate(activate) = cli.command else {
            panic!("not activate")
        };
        assert_eq!(activate.handler_version.to_string(), "/api/users@stable");
    }
}
