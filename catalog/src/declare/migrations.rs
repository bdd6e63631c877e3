//! What runs once on the way from an older version of a definition.

use semver::Version;

use super::brief::MigrationDefinition;
use super::check::Findings;
use super::definition::Definition;
use super::place::Path;
use crate::{Dialect, script};

/// A migration method: what runs once on the way to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// The version it leads to.
    pub version: Version,
    /// What runs.
    pub work: MigrationDefinition,
}

/// A definition older than what the database was brought to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the definition is version {declared}, the database was brought to {recorded} already: \
     use a definition of {recorded} or later, or raise its version"
)]
pub struct VersionWentBack {
    /// What the database was brought to.
    pub recorded: Version,
    /// What the definition says.
    pub declared: Version,
}

/// The migrations that run between two versions, in their order: those behind `recorded`, up to `declared`.
///
/// Where nothing is recorded there is no older version to come from: the database begins at the declared one, and none run.
///
/// # Errors
///
/// Where the definition is older than the database.
pub fn between<'a>(
    migrations: &'a [Migration],
    recorded: Option<&Version>,
    declared: &Version,
) -> Result<Vec<&'a Migration>, VersionWentBack> {
    let Some(recorded) = recorded else {
        return Ok(Vec::new());
    };
    if declared < recorded {
        return Err(VersionWentBack {
            recorded: recorded.clone(),
            declared: declared.clone(),
        });
    }
    let mut due: Vec<_> = migrations
        .iter()
        .filter(|one| one.version > *recorded && one.version <= *declared)
        .collect();
    due.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(due)
}

pub(super) fn check(dialect: Dialect, definition: &Definition, found: &mut Findings) {
    let root = Path::default();
    if let Some(text) = &definition.version
        && let Err(error) = Version::parse(text)
    {
        found.fault(root.key("version"), no_version(text, &error));
    }
    if definition.version.is_none()
        && let Some((first, _)) = definition.migrations.iter().next()
    {
        found.fault(
            root.key("migrations").key(first),
            "migrations run between versions, and the definition has none: add version = \"1.0.0\" at its top",
        );
    }
    let mut seen: Vec<(Version, &str)> = Vec::new();
    for (text, migration) in definition.migrations.iter() {
        let path = root.key("migrations").key(text);
        match Version::parse(text) {
            Err(error) => found.fault(path.clone(), no_version(text, &error)),
            Ok(version) => {
                if let Some((_, other)) = seen.iter().find(|(known, _)| known.cmp_precedence(&version).is_eq()) {
                    found.fault(
                        path.clone(),
                        format!("{text} and {other} are the same version; put them together"),
                    );
                }
                seen.push((version, text));
            }
        }
        let MigrationDefinition::Sql(statements) = migration else {
            continue;
        };
        for (at, statement) in statements.iter().enumerate() {
            if let Err(error) = script::split(dialect, statement) {
                found.fault(path.at(at), error.to_string());
            }
        }
    }
}

fn no_version(text: &str, error: &semver::Error) -> String {
    format!("{text:?} is no version ({error}); a version is three numbers, as 1.4.0")
}

/// The migrations of a definition whose versions were checked.
pub(super) fn of(definition: &Definition) -> Vec<Migration> {
    let mut migrations: Vec<_> = definition
        .migrations
        .iter()
        .filter_map(|(text, work)| {
            Some(Migration {
                version: Version::parse(text).ok()?,
                work: work.clone(),
            })
        })
        .collect();
    migrations.sort_by(|a, b| a.version.cmp(&b.version));
    migrations
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn migration(version: &str) -> Migration {
        Migration {
            version: version.parse().unwrap(),
            work: MigrationDefinition::Code(format!("to {version}")),
        }
    }

    #[test]
    fn what_lies_between_two_versions_runs_in_their_order() {
        let all = ["1.10.0", "1.2.0", "1.0.0", "2.0.0"].map(migration);
        let due = |recorded: Option<&str>, declared: &str| {
            let recorded = recorded.map(|text| text.parse().unwrap());
            between(&all, recorded.as_ref(), &declared.parse().unwrap())
                .map(|due| due.iter().map(|one| one.version.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(due(Some("1.0.0"), "1.10.0").unwrap(), ["1.2.0", "1.10.0"]);
        assert_eq!(due(Some("1.10.0"), "1.10.0").unwrap(), [""; 0]);
        assert_eq!(due(Some("0.9.0"), "3.0.0").unwrap().len(), 4);
        assert_eq!(due(None, "3.0.0").unwrap(), [""; 0]);
        let back = due(Some("2.0.0"), "1.10.0").unwrap_err().to_string();
        assert!(back.contains("1.10.0") && back.contains("2.0.0"), "{back}");
    }
}
