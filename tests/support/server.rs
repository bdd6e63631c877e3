//! Throwaway PostgreSQL servers of a test's own, for what the run's server cannot be: encrypted, a standby, out of room, in
//! another time. Each lives in a temporary folder, is reached through a socket there, and is stopped by its own handle when it
//! is dropped, a panicking test included.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::Connection;

/// How long a server may take to start or to stop.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A private server; made first, started when it is configured.
pub struct Server {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    /// The most bytes it may write to any one file.
    file_limit: Option<u64>,
    port: u16,
    process: Option<Child>,
}

/// Whom servers run as: PostgreSQL and PgBouncer refuse root, so there the distribution's user runs them.
pub fn server_user() -> Option<(u32, u32)> {
    distribution_user("postgres")
}

/// A user of the distribution's, where we are root.
pub fn distribution_user(name: &str) -> Option<(u32, u32)> {
    let ask = |arguments: &[&str]| {
        let told = Command::new("id").args(arguments).output().expect("id runs");
        let text = String::from_utf8_lossy(&told.stdout).trim().to_owned();
        text.parse::<u32>()
            .unwrap_or_else(|_| panic!("id {arguments:?}: {told:?}"))
    };
    (ask(&["-u"]) == 0).then(|| (ask(&["-u", name]), ask(&["-g", name])))
}

/// A command that runs as whoever runs servers.
pub fn as_server(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    if let Some((user, group)) = server_user() {
        command.uid(user).gid(group);
    }
    command
}

/// A folder that belongs to whoever runs servers.
pub fn server_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    give_to_server(folder.path());
    folder
}

/// Makes a file or folder the servers' own.
pub fn give_to_server(path: &Path) {
    if let Some((user, group)) = server_user() {
        chown(path, Some(user), Some(group)).expect("its owner may be changed");
    }
}

/// Where PostgreSQL's programs are; often outside the search path.
fn programs() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&on_path).find(|folder| folder.join("initdb").exists());
    let found = found
        .or_else(|| {
            let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
            let mut folders: Vec<_> = versions.flatten().map(|v| v.path().join("bin")).collect();
            folders.retain(|folder| folder.join("initdb").exists());
            folders.sort();
            folders.pop()
        })
        .expect("PostgreSQL is installed: run the tests with scripts/test");
    // What is on the path may be a link to one program only.
    let initdb = found.join("initdb").canonicalize().expect("it is there");
    initdb.parent().expect("a folder").to_owned()
}

pub fn succeeds(mut command: Command) {
    let told = command.output().expect("the program starts");
    assert!(
        told.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
}

impl Server {
    /// A new server, not started yet: its superuser is `lockstep`, everybody on its socket is trusted.
    pub fn new() -> Self {
        let server = Self::in_folder(server_folder());
        let mut initdb = as_server(programs().join("initdb"));
        initdb.arg("-D").arg(server.data());
        // Small pieces of log: a disk of a few megabytes holds some.
        initdb.args([
            "-A",
            "trust",
            "-U",
            "lockstep",
            "--no-sync",
            "-E",
            "UTF8",
            "--wal-segsize=1",
        ]);
        succeeds(initdb);
        // A socket only, unless a test says otherwise.
        server.configure(
            "listen_addresses = ''\nfsync = off\nfull_page_writes = off\nsynchronous_commit = off\nmin_wal_size = 2MB",
        );
        server
    }

    fn in_folder(folder: tempfile::TempDir) -> Self {
        Self {
            folder,
            environment: Vec::new(),
            file_limit: None,
            port: 5432,
            process: None,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file in its data folder, made the server's own.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.data().join(name);
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        give_to_server(&path);
    }

    /// Adds lines to its configuration.
    pub fn configure(&self, lines: &str) {
        use std::io::Write;
        let file = std::fs::OpenOptions::new()
            .append(true)
            .open(self.data().join("postgresql.conf"));
        writeln!(file.expect("its configuration"), "{lines}").expect("written");
    }

    /// The port it was configured to have.
    pub fn listens_at(&mut self, port: u16) {
        self.configure(&format!("port = {port}"));
        self.port = port;
    }

    /// Runs it with a variable in its environment.
    pub fn environment(&mut self, pairs: &[(String, String)]) {
        self.environment.extend_from_slice(pairs);
    }

    /// No file of it may grow beyond this many bytes.
    pub fn limit_files(&mut self, bytes: u64) {
        self.file_limit = Some(bytes);
    }

    /// Starts it and waits until it answers.
    pub async fn start(&mut self) {
        let folder = self.folder.path().display().to_string();
        let postgres = programs().join("postgres");
        let mut command = match self.file_limit {
            None => as_server(postgres),
            Some(bytes) => {
                let mut limited = as_server("prlimit");
                limited.arg(format!("--fsize={bytes}")).arg(postgres);
                limited
            }
        };
        command
            .arg("-D")
            .arg(self.data())
            .args(["-k", &folder, "-c", "unix_socket_permissions=0777"]);
        command.envs(self.environment.iter().cloned());
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"));
        let log = log.expect("a log");
        command.stderr(log.try_clone().expect("a handle")).stdout(log);
        self.process = Some(command.spawn().expect("the server starts"));
        let started = Instant::now();
        while let Err(error) = sqlx::PgConnection::connect(&self.url("postgres")).await {
            let ended = self.process.as_mut().and_then(|p| p.try_wait().ok().flatten());
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "the private server does not answer ({error}, {ended:?}): {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everything it said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The URL of one of its databases, for its superuser, through its socket.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://lockstep@localhost:{}/{database}?host={}",
            self.port,
            self.folder.path().display()
        )
    }

    /// A standby that follows it; this server must run.
    pub fn standby(&self) -> Self {
        let standby = Self::in_folder(server_folder());
        let mut copy = as_server(programs().join("pg_basebackup"));
        copy.arg("-D").arg(standby.data()).arg("-h").arg(self.folder.path());
        copy.args(["-U", "lockstep", "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]);
        succeeds(copy);
        standby
    }

    /// Sends it a signal.
    fn signal(&self, name: &str) {
        if let Some(process) = &self.process {
            let _ = Command::new("sh")
                .args(["-c", "kill -\"$0\" \"$1\"", name, &process.id().to_string()])
                .status();
        }
    }

    /// Ends it at once, as a crash would, but without leaving shared memory behind.
    pub fn stop(&mut self) {
        self.signal("QUIT");
        if let Some(process) = self.process.take() {
            end(process);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits for a process that was told to end, and ends it for good if it does not.
pub fn end(mut process: Child) {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if !matches!(process.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = process.kill();
    let _ = process.wait();
}
