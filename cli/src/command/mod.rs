//! The commands, one file each or a small group.

mod activation;
mod events;
mod graph;
mod init;
mod lease;
mod lint;
mod look;
mod migration;
mod plan;
mod rehearse;
mod repair;
mod run;
mod schema;
mod validate;

use clap::CommandFactory;

use crate::app::App;
use crate::args::{Cli, Command, Global};
use crate::exit;
use crate::signals::Signals;
use crate::terminal;
use crate::trouble::{Result, Trouble};

/// Does what was asked; the exit code, or trouble.
pub(crate) async fn run(app: &App, signals: &mut Signals, global: &Global, command: Command) -> Result<u8> {
    let done = match command {
        // `run` listens for signals itself: they belong to its program.
        Command::Run(args) => run::run(app, signals, args).await,
        other => app.unless_stopped(signals, answer(app, global, other)).await,
    };
    app.close().await;
    done.map_err(|trouble| explain(app, trouble))
}

async fn answer(app: &App, global: &Global, command: Command) -> Result<u8> {
    match command {
        Command::Schema(args) => schema::schema(app, args).await,
        Command::Migration(args) => migration::migration(app, args).await,
        Command::Init => init::init(app, global),
        Command::Validate => validate::validate(app),
        Command::Plan(args) => plan::plan(app, args).await,
        Command::Rehearse(args) => rehearse::rehearse(app, args).await,
        Command::Activate(args) => activation::activate(app, args).await,
        Command::Deactivate(args) => activation::deactivate(app, args).await,
        Command::Rollback(args) => activation::rollback(app, args).await,
        Command::Renew(args) => lease::renew(app, args).await,
        Command::Reap => lease::reap(app).await,
        Command::Status => look::status(app).await,
        Command::Usage(args) => look::usage(app, args).await,
        Command::History(args) => look::history(app, args).await,
        Command::Events(args) => events::events(app, args).await,
        Command::Graph => graph::graph(app).await,
        Command::Repair(args) => repair::repair(app, args).await,
        Command::Run(_) => Err(Trouble::new(
            "bug",
            lockstep::ErrorKind::Bug,
            "run is handled elsewhere",
        )),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "lockstep", &mut script);
            terminal::print(&String::from_utf8_lossy(&script));
            Ok(exit::DONE)
        }
    }
}

/// Where something is unknown because no files were read, says that instead of naming the files.
fn explain(app: &App, trouble: Trouble) -> Trouble {
    let unknown = trouble.code == "unknown_handler_version" || trouble.code == "unknown_schema";
    let folder = &app.project.schemas;
    if unknown && !folder.exists() {
        let next = format!(
            "no schema files were read, there is no folder {}: name it with --schemas",
            folder.display()
        );
        return trouble.next(next);
    }
    trouble
}
