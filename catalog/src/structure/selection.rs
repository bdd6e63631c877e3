//! Which part of a database is looked at.

use serde::{Deserialize, Serialize};

use super::{Name, Structure};

/// What begins the names of Lockstep's own tables, archives among them; they are never part of a structure.
const OWN: &str = "lockstep_";

/// Which objects are looked at: those of the schemas, that match one of `include`, and none of `exclude`.
///
/// A pattern is a name in which `*` stands for any text and `?` for one character; with a dot it is held against
/// `schema.name`, else against the name alone. An index, a trigger, a constraint goes with its table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Selection {
    /// PostgreSQL's schemas; empty for all that are not the server's own.
    pub schemas: Vec<String>,
    /// Empty for everything.
    pub include: Vec<String>,
    /// What is left out though included.
    pub exclude: Vec<String>,
}

impl Selection {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Whether an object of this name is looked at.
    pub fn holds(&self, name: &Name) -> bool {
        !is_own(name)
            && (self.schemas.is_empty() || name.schema.is_empty() || self.schemas.contains(&name.schema))
            && (self.include.is_empty() || self.include.iter().any(|pattern| matches(pattern, name)))
            && !self.exclude.iter().any(|pattern| matches(pattern, name))
    }
}

/// Whether the object is Lockstep's.
pub fn is_own(name: &Name) -> bool {
    name.name
        .get(..OWN.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(OWN))
}

fn matches(pattern: &str, name: &Name) -> bool {
    if pattern.contains('.') && !name.schema.is_empty() {
        glob(pattern.as_bytes(), name.to_string().as_bytes())
    } else {
        glob(pattern.as_bytes(), name.name.as_bytes())
    }
}

/// Goes back to the last star where the text does not fit: linear in practice, and never deep.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(b'?') => {
                at += 1;
                read += 1;
            }
            Some(byte) if *byte == text[read] => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((mark, from)) => {
                    star = Some((mark, from + 1));
                    at = mark + 1;
                    read = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

impl Structure {
    /// Keeps what is selected, and what goes with it.
    pub fn select(&mut self, selection: &Selection) {
        self.namespaces
            .retain(|namespace| selection.schemas.is_empty() || selection.schemas.contains(&namespace.name));
        self.types.retain(|one| selection.holds(&one.name));
        self.sequences.retain(|one| {
            selection.holds(&one.name) && one.owned_by.as_ref().is_none_or(|(table, _)| selection.holds(table))
        });
        self.tables.retain(|one| selection.holds(&one.name));
        self.views.retain(|one| selection.holds(&one.name));
        self.routines.retain(|one| selection.holds(&one.name));
        self.triggers.retain(|one| selection.holds(&one.on));
        self.others.retain(|one| match &one.on {
            Some(on) => selection.holds(on),
            None => !is_own(&Name::plain(one.name.as_str())),
        });
        self.dependencies
            .retain(|one| selection.holds(&one.of.name) && selection.holds(&one.on.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_names() {
        for (pattern, name, holds) in [
            ("orders", "orders", true),
            ("order", "orders", false),
            ("o*s", "orders", true),
            ("*_log", "audit_log", true),
            ("*_log", "audit_logs", false),
            ("?b", "ab", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("", "", true),
        ] {
            assert_eq!(glob(pattern.as_bytes(), name.as_bytes()), holds, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_ours_is_never_selected() {
        let all = Selection::all();
        assert!(!all.holds(&Name::plain("lockstep_meta")));
        assert!(!all.holds(&Name::new("public", "Lockstep_archive_1")));
        assert!(all.holds(&Name::plain("lock")));
        let some = Selection {
            schemas: vec!["app".to_owned()],
            include: vec!["app.o*".to_owned()],
            exclude: vec!["*_old".to_owned()],
        };
        for (schema, name, holds) in [
            ("app", "orders", true),
            ("app", "orders_old", false),
            ("app", "users", false),
            ("public", "orders", false),
        ] {
            assert_eq!(some.holds(&Name::new(schema, name)), holds, "{schema}.{name}");
        }
    }
}
