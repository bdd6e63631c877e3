//! The `lockstep` command: how a person asks.
//!
//! ```text
//!  args ─► project (flags, environment, lockstep.toml) ─► command ─► document ─► standard output: text or JSON
//!                                                            └─► trouble  ─► standard error, exit code
//! ```
//! A command never prints by itself and never ends the process: it answers with a document or with trouble.

mod app;
mod args;
mod command;
mod config;
mod exit;
mod files;
mod graph;
mod help;
mod output;
mod project;
mod signals;
mod terminal;
mod trouble;
mod wording;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as Clap;

use crate::app::App;
use crate::args::{Cli, Command};
use crate::project::Project;
use crate::signals::Signals;
use crate::trouble::{Result, Trouble};

/// Reads the command line, does what it says, and tells how it ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_command_line(&error),
    };
    terminal::start_logging(cli.global.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::say(&format!("error: cannot start: {error}"));
            return ExitCode::from(exit::FAILED);
        }
    };
    let (format, verbose) = (cli.global.format, cli.global.verbose > 0);
    let code = runtime.block_on(run(cli)).unwrap_or_else(|trouble| {
        output::show_trouble(format, &trouble, verbose);
        trouble.exit
    });
    // Whoever pressed Ctrl-C twice does not wait for what is still running.
    runtime.shutdown_background();
    ExitCode::from(code)
}

async fn run(cli: Cli) -> Result<u8> {
    let drawn = matches!(
        cli.command,
        Command::Graph | Command::Schema(args::Schema::Inspect { .. })
    );
    if cli.global.format.is_picture() && !drawn {
        return Err(Trouble::usage(
            "dot, mermaid and svg are formats of 'graph' and 'schema inspect'; use human or json here",
        ));
    }
    if cli.global.format == args::Format::Sql && !matches!(cli.command, Command::Schema(_)) {
        return Err(Trouble::usage("sql is a format of 'schema'; use human or json here"));
    }
    let mut signals = Signals::listen()?;
    let project = match cli.command {
        Command::Init | Command::Completions { .. } => Project::without_file(&cli.global),
        _ => Project::find(&cli.global)?,
    };
    let app = App::new(project, cli.global.format);
    command::run(&app, &mut signals, &cli.global, cli.command).await
}

/// Help and version are answers; everything else is a usage error, told to programs as well.
fn wrong_command_line(error: &clap::Error) -> ExitCode {
    let shown = error.render();
    if matches!(error.kind(), Clap::DisplayHelp | Clap::DisplayVersion) {
        terminal::print(&shown.ansi().to_string());
        return ExitCode::from(exit::DONE);
    }
    if asks_for_json() {
        let plain = shown.to_string();
        // The first paragraph: what is wrong, and with which arguments.
        let lines = plain.lines().map(str::trim).take_while(|line| !line.is_empty());
        let message = lines.collect::<Vec<_>>().join(" ");
        let trouble = Trouble::usage(message.strip_prefix("error: ").unwrap_or(&message)).next("lockstep --help");
        output::tell_program(&trouble);
    }
    terminal::say(shown.ansi().to_string().trim_end());
    ExitCode::from(exit::USAGE)
}

/// The command line could not be read, so this looks for the one word that matters.
fn asks_for_json() -> bool {
    let words: Vec<_> = std::env::args().take_while(|word| word != "--").collect();
    let separate = words.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    let chosen = std::env::var("LOCKSTEP_FORMAT").is_ok_and(|format| format == "json");
    separate || words.iter().any(|word| word == "--format=json") || chosen
}
