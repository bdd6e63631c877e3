//! What a statement may change, as it was before: afterwards a second look tells whether it took effect.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dialect::Dialect;
use crate::lex::Kind;
use crate::snapshot::Snapshot;

use super::{Statement, tokens_of};

/// The objects whose names occur in a statement, each with a hash of its definition. What is not there is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Footprint(BTreeMap<String, String>);

/// What two looks at a statement's objects tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trace {
    /// Nothing changed: it did not take effect, or it had nothing to do.
    Unchanged,
    /// It took effect.
    Changed,
    /// It is about several objects that change one after another, and some of them changed.
    Partly,
}

/// What became of one object between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It was not there, and is now.
    Created,
    /// It was there, and is not any more.
    Dropped,
    /// It is there, and is another.
    Changed,
}

impl Footprint {
    /// What a statement names of what is there.
    pub fn of(dialect: Dialect, statement: &Statement, snapshot: &Snapshot) -> Self {
        let names = names(dialect, statement);
        let named = |name: &str| {
            name.split(['.', '(', ' '])
                .chain([name])
                .any(|part| names.contains(&part.to_lowercase()))
        };
        let tables = snapshot
            .tables
            .iter()
            .filter(|(name, _)| named(name))
            .map(|(name, table)| {
                let columns = table
                    .columns
                    .iter()
                    .map(|(name, c)| format!("{name} {}", c.declaration));
                let parts: Vec<_> = [table.definition.clone()].into_iter().chain(columns).collect();
                (format!("table:{name}"), hash(&parts.join("\n")))
            });
        let objects = snapshot
            .objects
            .iter()
            .filter(|(key, _)| named(&key.name))
            .map(|(key, definition)| (String::from(key.clone()), hash(definition)));
        Self(tables.chain(objects).collect())
    }

    /// The objects, such as `table:users` or `index:users.by_name`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Which objects became others between this look and a later one, and what became of each.
    pub fn changes<'a>(&'a self, later: &'a Self) -> impl Iterator<Item = (&'a str, Became)> {
        let names: BTreeSet<_> = self.names().chain(later.names()).collect();
        names
            .into_iter()
            .filter_map(|name| match (self.0.get(name), later.0.get(name)) {
                (None, Some(_)) => Some((name, Became::Created)),
                (Some(_), None) => Some((name, Became::Dropped)),
                (Some(before), Some(now)) if before != now => Some((name, Became::Changed)),
                _ => None,
            })
    }

    /// What became of a statement's objects between this look and a later one.
    pub fn compare(&self, dialect: Dialect, statement: &Statement, later: &Self) -> Trace {
        if self == later {
            return Trace::Unchanged;
        }
        let goes = one_by_one(dialect, statement);
        let there = |at: &Self, table: &String| at.0.keys().any(|key| is_table(key, table));
        let before: Vec<_> = goes.iter().filter(|table| there(self, table)).collect();
        let left = before.iter().filter(|table| there(later, table)).count();
        if goes.len() > 1 && left > 0 && left < before.len() {
            Trace::Partly
        } else {
            Trace::Changed
        }
    }
}

fn is_table(key: &str, name: &str) -> bool {
    ["table:", "view:", "sequence:"].iter().any(|kind| {
        key.strip_prefix(kind)
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
}

fn hash(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// Every identifier of a statement, in lower case.
fn names(dialect: Dialect, statement: &Statement) -> BTreeSet<String> {
    tokens_of(dialect, statement)
        .iter()
        .filter_map(|token| token.identifier().map(str::to_lowercase))
        .collect()
}

/// The objects that a statement takes away one after another, so that a crash may leave some of them: `DROP TABLE a, b`,
/// `RENAME TABLE a TO b, c TO d`.
fn one_by_one(dialect: Dialect, statement: &Statement) -> Vec<String> {
    let tokens = tokens_of(dialect, statement);
    let drops = tokens.first().is_some_and(|t| t.is_word("DROP"));
    let renames = tokens.first().is_some_and(|t| t.is_word("RENAME"));
    if dialect != Dialect::Mysql || !(drops || renames) {
        return Vec::new();
    }
    let listed = tokens.split(|token| token.is_symbol(","));
    listed
        .filter_map(|part| {
            let part: Vec<_> = part
                .iter()
                .skip_while(|token| {
                    token.is_any(&["DROP", "RENAME", "TABLE", "TABLES", "VIEW", "SEQUENCE", "IF", "EXISTS"])
                })
                .take_while(|token| {
                    token.is_symbol(".") || !token.is_any(&["TO", "WAIT", "NOWAIT", "RESTRICT", "CASCADE"])
                })
                .filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted(_)))
                .collect();
            part.last().and_then(|token| token.identifier()).map(str::to_owned)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::snapshot::tests::{index, table};
    use crate::snapshot::{ObjectKey, ObjectKind};

    fn statement(text: &str) -> Statement {
        Statement {
            text: text.to_owned(),
            line: 1,
        }
    }

    fn both(one: Snapshot, other: Snapshot) -> Snapshot {
        let mut all = one;
        all.tables.extend(other.tables);
        all.objects.extend(other.objects);
        all
    }

    fn told(text: &str, before: &Snapshot, after: &Snapshot) -> Trace {
        let statement = statement(text);
        let before = Footprint::of(Dialect::Mysql, &statement, before);
        let kept: Footprint = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
        kept.compare(
            Dialect::Mysql,
            &statement,
            &Footprint::of(Dialect::Mysql, &statement, after),
        )
    }

    #[test]
    fn only_what_a_statement_names_counts() {
        let before = both(table("a", &[("x", "int")]), table("b", &[("x", "int")]));
        let other = both(table("a", &[("x", "int")]), table("b", &[("x", "bigint")]));
        assert_eq!(told("ALTER TABLE `A` ADD y INT", &before, &other), Trace::Unchanged);
        assert_eq!(told("ALTER TABLE b MODIFY x BIGINT", &before, &other), Trace::Changed);
        assert_eq!(
            told(
                "CREATE TABLE c (x INT)",
                &before,
                &both(before.clone(), table("c", &[]))
            ),
            Trace::Changed
        );
        assert_eq!(
            told("DROP TABLE b", &before, &table("a", &[("x", "int")])),
            Trace::Changed
        );
    }

    #[test]
    fn what_belongs_to_a_table_is_found_by_its_own_name_or_the_tables() {
        let before = table("t", &[("a", "int")]);
        let mut after = before.clone();
        after
            .objects
            .insert(ObjectKey::new(ObjectKind::Index, "t.by_a"), "btree a".to_owned());
        assert_eq!(told("CREATE INDEX by_a ON t (a)", &before, &after), Trace::Changed);
        assert_eq!(told("ALTER TABLE t ADD INDEX (a)", &before, &after), Trace::Changed);
        assert_eq!(
            told("CREATE INDEX by_a ON u (a)", &index("x", "y"), &index("x", "z")),
            Trace::Unchanged
        );
    }

    #[test]
    fn half_of_a_list_is_told_apart_from_all_of_it() {
        let a = table("a", &[]);
        let both_there = both(a.clone(), table("b", &[]));
        assert_eq!(
            told("DROP TABLE a, b", &both_there, &Snapshot::default()),
            Trace::Changed
        );
        assert_eq!(
            told("DROP TABLE IF EXISTS `a`, shop.b CASCADE", &both_there, &a),
            Trace::Partly
        );
        assert_eq!(told("DROP TABLE a, b", &both_there, &both_there), Trace::Unchanged);
        let renamed = both(table("c", &[]), table("b", &[]));
        assert_eq!(
            told("RENAME TABLE a TO c, b TO d", &both_there, &renamed),
            Trace::Partly
        );
        let swapped = both(table("c", &[]), table("d", &[]));
        assert_eq!(
            told("RENAME TABLE a TO c, b TO d", &both_there, &swapped),
            Trace::Changed
        );
    }
}
