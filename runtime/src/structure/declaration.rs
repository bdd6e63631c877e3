//! A declared configuration as it was at one moment: what a database was brought to, by whom, and when.

use lockstep_catalog::declare::{Fault, Migration, VersionWentBack, between};
use lockstep_catalog::normalize;
use lockstep_registry::{Scope, Timestamp};
use semver::Version;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Database;
use crate::clock::Deadline;
use crate::{Error, Result};

/// What a file, or a folder of files, declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// What it is: `sql`, `definition`, `entities` or `snapshot`.
    pub kind: &'static str,
    /// Where it was read from.
    pub origin: String,
    /// Its text, line ends and trailing space aside.
    pub text: String,
    /// The SHA-256 of the text, in 64 digits.
    pub hash: String,
    /// Its version, where it has one.
    pub version: Option<Version>,
    /// What runs once between versions, in their order.
    pub migrations: Vec<Migration>,
    /// What is allowed and should be known.
    pub notes: Vec<Fault>,
}

impl Declaration {
    pub(super) fn new(kind: &'static str, origin: &str, text: &str) -> Self {
        let text = normalize(text);
        let hash = Sha256::digest(text.as_bytes());
        Self {
            kind,
            origin: origin.to_owned(),
            hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            text,
            version: None,
            migrations: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The migrations that run on a database that was brought to `recorded`, in their order.
    ///
    /// # Errors
    ///
    /// Where the declaration is older than the database.
    pub fn due(&self, recorded: Option<&Version>) -> Result<Vec<&Migration>> {
        let Some(declared) = &self.version else {
            return Ok(Vec::new());
        };
        between(&self.migrations, recorded, declared).map_err(|error: VersionWentBack| {
            let line = self.text.lines().position(|line| line.contains("version"));
            Error::Format {
                path: self.origin.clone(),
                line: line.and_then(|at| u32::try_from(at + 1).ok()),
                message: error.to_string(),
            }
        })
    }
}

/// A declaration that a database was brought to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptDeclaration {
    /// What it is: `sql`, `definition`, `entities` or `snapshot`.
    pub kind: String,
    /// The SHA-256 of its text, in 64 digits.
    pub hash: String,
    /// Its version, where it has one.
    pub version: Option<String>,
    /// Who brought the database to it.
    pub creator: String,
    /// When, by the database's clock.
    pub at: Timestamp,
    /// Its text.
    pub text: String,
}

impl Database {
    /// Keeps what the database was brought to, unless that is what was kept last. The table for it is made where it is
    /// missing. Returns whether anything was written.
    ///
    /// # Errors
    ///
    /// Where the database cannot be written.
    pub async fn keep_declaration(&self, scope: &Scope, declaration: &Declaration, creator: &str) -> Result<bool> {
        let last = self.engine.declared(scope, false, 1).await?;
        let is_same = |kept: &KeptDeclaration| {
            kept.hash == declaration.hash
                && kept.kind == declaration.kind
                && kept.version == declaration.version.as_ref().map(Version::to_string)
        };
        if last.first().is_some_and(is_same) {
            return Ok(false);
        }
        let deadline = Deadline::after(self.settings.operation_timeout);
        self.engine.keep_declared(scope, declaration, creator, deadline).await?;
        Ok(true)
    }

    /// What the database was brought to, newest first, at most `limit`; nothing where nothing was ever kept. The right to
    /// read is enough.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub async fn declarations(&self, scope: &Scope, limit: u32) -> Result<Vec<KeptDeclaration>> {
        self.engine.declared(scope, false, limit).await
    }

    /// The version that the database was brought to last, of those declarations that have one.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read, or what was kept is no version.
    pub async fn declared_version(&self, scope: &Scope) -> Result<Option<Version>> {
        let newest = self.engine.declared(scope, true, 1).await?;
        let Some(text) = newest.into_iter().next().and_then(|kept| kept.version) else {
            return Ok(None);
        };
        let version = Version::parse(&text).map_err(|error| Error::Damaged {
            message: format!("lockstep_declared has the version {text:?}, which is none: {error}"),
        })?;
        Ok(Some(version))
    }
}
