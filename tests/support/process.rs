//! Processes a scenario starts: the command line, and actors. Every one is ended by its own handle.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};

use super::{Database, Folder, documented};

/// How long any process of a scenario may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(400);

/// What a process came to.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The one document, or the last line of several.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .or_else(|_| serde_json::from_str(self.stdout.lines().last().unwrap_or_default()))
            .unwrap_or_else(|e| panic!("not JSON ({e}): {self:?}"))
    }

    /// What it told, if it succeeded.
    pub fn told(&self) -> Value {
        assert_eq!(self.code, Some(0), "it did not succeed: {self:?}");
        self.json()
    }
}

/// What `abort` ends a process with: how an actor dies at a crash point.
pub const SIGABRT: i32 = 6;

/// Sends a signal to a process we started.
pub fn signal(child: &Child, name: &str) {
    let pid = child.id().expect("it still runs");
    let sent = std::process::Command::new("sh")
        .args(["-c", "kill -\"$0\" \"$1\"", name, &pid.to_string()])
        .status();
    assert!(sent.expect("a shell").success(), "SIG{name} to {pid}");
}

async fn wait(child: Child) -> Ended {
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = output
        .expect("the process ends in time")
        .expect("the process is waited for");
    Ended {
        code: output.status.code(),
        signal: output.status.signal(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for variable in [
        "DATABASE_URL",
        "LOCKSTEP_DATABASE_URL",
        "LOCKSTEP_FAILPOINT",
        "RUST_LOG",
    ] {
        command.env_remove(variable);
    }
    command
}

/// The command line, in a folder of its own choice.
pub struct Cli(Command);

impl Cli {
    /// `lockstep --database-url … --schemas … --format json ARGUMENTS`.
    pub fn json(database: &Database, folder: &Folder, arguments: &[&str]) -> Self {
        let mut cli = Self::bare(&["--format", "json"]);
        cli.0
            .arg("--database-url")
            .arg(&database.url)
            .arg("--schemas")
            .arg(folder.path())
            .args(arguments);
        cli
    }

    /// `lockstep ARGUMENTS`.
    pub fn bare(arguments: &[&str]) -> Self {
        let mut command = command(env!("CARGO_BIN_EXE_lockstep-under-test"));
        command.args(arguments);
        Self(command)
    }

    /// Dies at a crash point: see `lockstep::FAILPOINTS`.
    pub fn dies_at(mut self, failpoint: &str) -> Self {
        self.0.env("LOCKSTEP_FAILPOINT", failpoint);
        self
    }

    /// Runs it to its end; what it prints for programs must be as its page says.
    pub async fn run(mut self) -> Ended {
        let ended = wait(self.0.spawn().expect("the command line starts")).await;
        documented::judged(&ended.stdout);
        ended
    }
}

/// An actor: see `bin/actor.rs`.
pub struct Actor(Command);

impl Actor {
    pub fn new(database: &Database, folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = command(env!("CARGO_BIN_EXE_actor"));
        command.arg(&database.url).arg(folder.path()).args(arguments);
        Self(command)
    }

    /// Dies at a crash point: see `lockstep::FAILPOINTS`.
    pub fn dies_at(mut self, failpoint: &str) -> Self {
        self.0.env("LOCKSTEP_FAILPOINT", failpoint);
        self
    }

    /// Starts in another time: see [`super::clock::Clock`].
    pub fn in_time_of(mut self, clock: &super::clock::Clock) -> Self {
        self.0.envs(clock.environment());
        self
    }

    /// May not write more than so many bytes to any one file, as on a full disk; it is told, not killed.
    pub fn limited_to(self, bytes: u64) -> Self {
        let inner = self.0.as_std();
        let mut outer = command("sh");
        outer.args([
            "-c",
            "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\"",
            &bytes.to_string(),
        ]);
        outer.arg(inner.get_program()).args(inner.get_args());
        Self(outer)
    }

    pub async fn run(mut self) -> Ended {
        wait(self.0.spawn().expect("the actor starts")).await
    }

    pub fn start(mut self) -> Child {
        self.0.spawn().expect("the actor starts")
    }
}

/// Waits for a process that was started.
pub async fn ended(child: Child) -> Ended {
    wait(child).await
}
