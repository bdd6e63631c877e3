//! Whether the rows of a partitioned table have to find their partitions anew.

use crate::Dialect;
use crate::lex;
use crate::structure::{Name, Structure, Table};

/// Cut by something else, or by a column of another type, which the server does not change either; or a partition goes and
/// another comes for its rows.
pub(in crate::write) fn is_recut(from: &Structure, to: &Structure, old: &Table, new: &Table) -> bool {
    let (Some(before), Some(after)) = (&old.partitioning, &new.partitioning) else {
        return old.partitioning != new.partitioning;
    };
    let by_retyped = || {
        key(&after.by).iter().any(|name| {
            let types = old.column(name).zip(new.column(name));
            types.is_some_and(|(old, new)| old.data_type != new.data_type || old.collation != new.collation)
        })
    };
    before != after || by_retyped() || is_rehomed(from, to, old, new)
}

/// The words of what a table is cut by; its columns are among them.
fn key(by: &str) -> Vec<String> {
    let lexed = lex::lex(Dialect::Postgres, by);
    let names = lexed.lexemes.iter().map(|lexeme| match &lexeme.kind {
        lex::Kind::Quoted(name) => name.clone(),
        _ => lexeme.text.to_owned(),
    });
    names.collect()
}

/// Whether rows of partitions that go belong to partitions that come, as far as the bounds tell. Of a partition of a
/// partition that is not asked: its rows move with the whole, or not at all.
fn is_rehomed(from: &Structure, to: &Structure, old: &Table, new: &Table) -> bool {
    if old.partition_of.is_some() || new.partition_of.is_some() {
        return false;
    }
    let (olds, news) = (parts(from, &old.name), parts(to, &new.name));
    if olds.iter().any(|(_, bound)| Bound::read(bound) == Some(Bound::Hash)) {
        // Each row has one place among so many: where one partition's place is another one, so are its rows'.
        let changed = |some: &[(&Name, &str)], others: &[(&Name, &str)]| {
            some.iter()
                .any(|(_, bound)| others.iter().all(|(_, other)| other != bound))
        };
        return changed(&olds, &news) && changed(&news, &olds);
    }
    let key = new.partitioning.as_ref().map(|one| key(&one.by)).unwrap_or_default();
    let order = key.iter().find_map(|name| Order::of(&new.column(name)?.data_type));
    let gone = olds.iter().filter(|(name, _)| to.table(name).is_none());
    gone.filter_map(|(_, bound)| Bound::read(bound)).any(|gone| {
        let come = news.iter().filter(|(name, _)| from.table(name).is_none());
        come.filter_map(|(_, bound)| Bound::read(bound))
            .any(|come| gone.shares_with(&come, order))
    })
}

fn parts<'a>(structure: &'a Structure, parent: &Name) -> Vec<(&'a Name, &'a str)> {
    let part = |one: &'a Table| {
        let part = one.partition_of.as_ref().filter(|part| part.parent == *parent)?;
        Some((&one.name, part.bound.as_str()))
    };
    structure.tables.iter().filter_map(part).collect()
}

/// How bounds of one column are ordered, where their texts tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Number,
    /// As ISO 8601 writes moments, their texts are in their order.
    Moment,
}

impl Order {
    fn of(data_type: &str) -> Option<Self> {
        match data_type.split('(').next().unwrap_or_default().trim_end() {
            "smallint" | "integer" | "bigint" | "numeric" => Some(Self::Number),
            "date" => Some(Self::Moment),
            one if one.starts_with("timestamp") => Some(Self::Moment),
            _ => None,
        }
    }

    fn is_less(self, one: &str, other: &str) -> bool {
        let bare = |text: &str| text.trim_matches('\'').to_owned();
        let (one, other) = (bare(one), bare(other));
        if one == "MAXVALUE" || other == "MINVALUE" {
            return false;
        }
        if one == "MINVALUE" || other == "MAXVALUE" {
            return true;
        }
        match self {
            Self::Number => match (one.parse::<f64>(), other.parse::<f64>()) {
                (Ok(one), Ok(other)) => one < other,
                _ => false,
            },
            Self::Moment => {
                one < other && one.len().min(other.len()) >= 10 && !one.contains("BC") && !other.contains("BC")
            }
        }
    }
}

/// A partition's place, as the server prints it.
#[derive(Debug, PartialEq, Eq)]
enum Bound<'a> {
    Values(Vec<&'a str>),
    /// Of one column.
    Range(&'a str, &'a str),
    Hash,
    /// Whatever the others do not take.
    Default,
}

impl<'a> Bound<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if text == "DEFAULT" {
            return Some(Self::Default);
        }
        let text = text.strip_prefix("FOR VALUES ")?;
        if text.starts_with("WITH ") {
            return Some(Self::Hash);
        }
        if let Some(inner) = text.strip_prefix("IN (").and_then(|rest| rest.strip_suffix(')')) {
            return Some(Self::Values(listed(inner)));
        }
        let (low, high) = text.strip_prefix("FROM (")?.strip_suffix(')')?.split_once(") TO (")?;
        (listed(low).len() == 1 && listed(high).len() == 1).then_some(Self::Range(low, high))
    }

    /// Whether some value has its place in both.
    fn shares_with(&self, other: &Self, order: Option<Order>) -> bool {
        match (self, other) {
            (Self::Default, _) | (_, Self::Default) => true,
            (Self::Values(some), Self::Values(others)) => some.iter().any(|one| others.contains(one)),
            (Self::Range(low, high), Self::Range(from, to)) => {
                order.is_some_and(|order| order.is_less(low, to) && order.is_less(from, high))
            }
            _ => false,
        }
    }
}

/// What stands between commas outside of quotes.
fn listed(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            ',' if !quoted => {
                found.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[from..].trim());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(one: &str, other: &str, data_type: &str) -> bool {
        let (one, other) = (Bound::read(one).expect("a bound"), Bound::read(other).expect("a bound"));
        one.shares_with(&other, Order::of(data_type))
    }

    #[test]
    fn bounds_tell_which_partitions_share_rows() {
        let range = |from: &str, to: &str| format!("FOR VALUES FROM ({from}) TO ({to})");
        assert!(share(&range("0", "20"), &range("10", "30"), "integer"));
        assert!(share(&range("9", "MAXVALUE"), &range("MINVALUE", "10"), "bigint"));
        assert!(!share(&range("0", "9"), &range("9", "10"), "numeric(5,2)"));
        assert!(share(
            &range("'2024-01-01'", "'2025-01-01'"),
            &range("'2024-06-01'", "'2024-07-01'"),
            "date"
        ));
        assert!(!share(
            &range("'2024-01-01'", "'2025-01-01'"),
            &range("'2025-01-01'", "'2026-01-01'"),
            "date"
        ));
        // Texts are ordered as their collation says.
        assert!(!share(&range("'a'", "'c'"), &range("'b'", "'d'"), "text"));
        assert!(share("FOR VALUES IN ('a, b', 'c')", "FOR VALUES IN ('c')", "text"));
        assert!(!share(
            "FOR VALUES IN ('a, b', 'c')",
            "FOR VALUES IN ('a', 'b')",
            "text"
        ));
        assert!(share("DEFAULT", "FOR VALUES IN ('c')", "text"));
        assert_eq!(Bound::read("FOR VALUES FROM (1, 2) TO (3, 4)"), None);
    }
}
