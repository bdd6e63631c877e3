//! Throwaway MariaDB servers of a test's own, for what the run's server cannot be: with other options, read-only.
//! Each lives in a temporary folder, is reached through a socket there, and is stopped by its own handle when it is dropped.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::Connection;

use super::server::{PATIENCE, distribution_user, end, succeeds};

/// A private server; made first, started when it is configured.
pub struct MariaServer {
    folder: tempfile::TempDir,
    options: Vec<String>,
    environment: Vec<(String, String)>,
    /// Where it listens besides its socket.
    port: Option<u16>,
    process: Option<Child>,
}

/// A command that runs as whoever runs MariaDB: it refuses root, so there the distribution's user does.
fn as_maria(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    if let Some((user, group)) = distribution_user("mysql") {
        command.uid(user).gid(group);
    }
    command
}

/// Makes a file or folder its own.
pub fn give_to_maria(path: &Path) {
    if let Some((user, group)) = distribution_user("mysql") {
        chown(path, Some(user), Some(group)).expect("its owner may be changed");
    }
}

/// Where its program is; often outside the search path.
fn program() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from);
    let found = std::env::split_paths(&on_path)
        .chain(usual)
        .map(|folder| folder.join("mariadbd"))
        .find(|program| program.exists());
    found.expect("MariaDB is installed: run the tests with scripts/test")
}

impl MariaServer {
    /// A new server, not started yet: its administrator is `lockstep`.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        give_to_maria(folder.path());
        let server = Self {
            folder,
            options: Vec::new(),
            environment: Vec::new(),
            port: None,
            process: None,
        };
        let mut install = as_maria("mariadb-install-db");
        install
            .arg("--no-defaults")
            .arg(format!("--datadir={}", server.data().display()));
        install.args(["--skip-test-db", "--auth-root-authentication-method=normal"]);
        // Of its own, here too: it starts a server.
        install.arg(format!("--tmpdir={}", server.folder.path().display()));
        succeeds(install);
        let administrator = "CREATE USER IF NOT EXISTS lockstep@localhost;\n\
                             GRANT ALL ON *.* TO lockstep@localhost WITH GRANT OPTION;\n";
        let init = server.folder.path().join("init.sql");
        std::fs::write(init, administrator).expect("a file");
        server
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of one of its databases, once that is made.
    pub fn folder_of(&self, database: &str) -> PathBuf {
        self.data().join(database)
    }

    /// A file of its own; returns where.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        give_to_maria(&path);
        path
    }

    /// It listens on the loopback address as well.
    pub fn listens_at(&mut self, port: u16) {
        self.port = Some(port);
    }

    /// Runs it with a variable in its environment.
    pub fn environment(&mut self, pairs: &[(String, String)]) {
        self.environment.extend_from_slice(pairs);
    }

    /// Starts it with an option more.
    pub fn option(&mut self, option: &str) {
        self.options.push(option.to_owned());
    }

    /// Starts it and waits until it answers.
    pub async fn start(&mut self) {
        let mut command = as_maria(program());
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        command.arg("--no-defaults").arg(format!("--datadir={}", at("data")));
        command.arg(format!("--socket={}", at("socket")));
        match self.port {
            None => command.arg("--skip-networking"),
            Some(port) => command.args(["--bind-address=127.0.0.1".to_owned(), format!("--port={port}")]),
        };
        command.envs(self.environment.iter().cloned());
        // Of its own: a server that starts removes what looks like another one's leftovers.
        command.arg(format!("--tmpdir={}", at("")));
        command.arg(format!("--pid-file={}", at("pid")));
        command.arg(format!("--log-error={}", at("log")));
        command.arg(format!("--init-file={}", at("init.sql")));
        command.args([
            "--innodb-buffer-pool-size=16M",
            "--innodb-log-file-size=8M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--innodb-doublewrite=0",
        ]);
        command.args(&self.options).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().expect("the server starts"));
        let started = Instant::now();
        while let Err(error) = sqlx::MySqlConnection::connect(&self.url("mysql")).await {
            let ended = self.process.as_mut().and_then(|p| p.try_wait().ok().flatten());
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "the private server does not answer ({error}, {ended:?}): {}",
                std::fs::read_to_string(at("log")).unwrap_or_default()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The URL of one of its databases, for its administrator, through its socket.
    pub fn url(&self, database: &str) -> String {
        let socket = self.folder.path().join("socket");
        format!("mysql://lockstep@localhost/{database}?socket={}", socket.display())
    }

    /// Ends it, as a crash would.
    pub fn crash(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            end(process);
        }
    }
}

impl Drop for MariaServer {
    fn drop(&mut self) {
        self.crash();
    }
}
