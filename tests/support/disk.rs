//! Disks that are too small: a mounted memory disk where a test may mount, and a limit on what a process may write to a file
//! where it may not, or besides.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted disk of a few megabytes; unmounted when it is dropped.
pub struct Disk {
    place: PathBuf,
    /// Where it is mounted on a folder of its own.
    _folder: Option<tempfile::TempDir>,
}

impl Disk {
    /// `None` where this user may not mount: then the caller limits files instead.
    pub fn small(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut disk = Self::on(folder.path(), megabytes)?;
        disk._folder = Some(folder);
        Some(disk)
    }

    /// The same over a folder that is there, whose files are not to be seen meanwhile.
    pub fn on(place: &Path, megabytes: u32) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0777"), "tmpfs"])
            .arg(place)
            .output()
            .is_ok_and(|told| told.status.success());
        mounted.then(|| Self {
            place: place.to_owned(),
            _folder: None,
        })
    }

    pub fn path(&self) -> &Path {
        &self.place
    }

    /// Takes what room is left.
    pub fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).expect("a file");
        let block = [0_u8; 4096];
        for _ in 0..1_000_000 {
            if file.write_all(&block).is_err() {
                return path;
            }
        }
        panic!("{} is not small", self.path().display());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        drop(unmounted);
    }
}
