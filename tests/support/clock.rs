//! Clocks that are wrong: libfaketime before a process's own, read from a file so that the hands can be moved while it runs.

use std::path::{Path, PathBuf};

/// The wall clock of processes that are started with it. What they measure waits with stays right.
pub struct Clock(tempfile::TempDir);

/// Where the distribution keeps libfaketime: a folder for each architecture.
fn library() -> PathBuf {
    let inside = |folder: PathBuf| folder.join("faketime/libfaketimeMT.so.1");
    let mut places = vec![
        inside("/usr/lib".into()),
        inside("/usr/local/lib".into()),
        inside("/usr/lib64".into()),
    ];
    if let Ok(architectures) = std::fs::read_dir("/usr/lib") {
        places.extend(architectures.flatten().map(|a| inside(a.path())));
    }
    let found = places.into_iter().find(|place| place.exists());
    found.expect("libfaketime is installed: run the tests with scripts/test")
}

impl Clock {
    /// A clock that is right until it is moved.
    pub fn new() -> Self {
        let clock = Self(tempfile::tempdir().expect("a temporary folder"));
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(clock.0.path(), std::fs::Permissions::from_mode(0o755)).expect("a mode");
        clock.moved("+0");
        clock
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("offset")
    }

    /// Moves it by so much from the right time: `+6h`, `-3h`.
    pub fn moved(&self, offset: &str) {
        // In one piece: whoever reads it meanwhile must not find half of it.
        let next = self.0.path().join("next");
        std::fs::write(&next, format!("{offset}\n")).expect("written");
        std::fs::rename(next, self.file()).expect("renamed");
    }

    /// What a process is started with to go by it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let path = |path: &Path| path.display().to_string();
        [
            ("LD_PRELOAD", path(&library())),
            ("FAKETIME_TIMESTAMP_FILE", path(&self.file())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_DONT_RESET", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
