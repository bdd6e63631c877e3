//! Renames that are declared and cannot be done, because what they lead to is there already.
//!
//! ```text
//!  is: old, new   wanted: new (from old)                 old would go, though it was said to stay under another name
//!  is: a, b       wanted: b (from a), a (from b)         names tell nobody whether that was done already
//!  is: a, b       wanted: b (from a), a                  done: an a that came later is another one
//! ```

use super::{Rename, Renames};
use crate::Dialect;
use crate::structure::{Name, Structure};

impl Renames {
    /// The first rename of a table, view or column that would turn into a loss: what it names is there and goes, because what
    /// it leads to is there too. `from` has had the other renames applied.
    pub fn blocked(&self, from: &Structure, to: &Structure) -> Option<&Rename> {
        self.0.iter().find(|one| self.is_blocked(one, from, to, self.0.len()))
    }

    /// The first rename of a table, view or column that leads to what nobody wants.
    pub fn astray(&self, to: &Structure) -> Option<&Rename> {
        self.0
            .iter()
            .find(|one| thing(one).is_some_and(|(_, new)| !new.is_in(to)))
    }

    /// `left` bounds how far a chain of renames is followed; what is longer than there are renames runs in a circle.
    fn is_blocked(&self, one: &Rename, from: &Structure, to: &Structure, left: usize) -> bool {
        let Some((old, new)) = thing(one) else { return false };
        if old.is_same(&new, to.dialect) || !old.is_in(from) || !new.is_in(from) {
            return false;
        }
        if !old.is_in(to) {
            return true;
        }
        let dialect = to.dialect;
        // What bears the old name now may have got it from elsewhere: then that has to have happened.
        let giver = self
            .0
            .iter()
            .find(|other| thing(other).is_some_and(|(_, leads_to)| leads_to.is_same(&old, dialect)));
        match giver {
            None => false,
            Some(_) if left == 0 => true,
            Some(other) => self.is_blocked(other, from, to, left - 1),
        }
    }
}

impl Rename {
    /// Whether it would rename what another one has just given that name: what is declared is about what was there before.
    pub(super) fn is_about_what(&self, other: &Self, dialect: Dialect) -> bool {
        match (thing(self), thing(other)) {
            (Some((old, _)), Some((_, given))) => old.is_same(&given, dialect),
            _ => false,
        }
    }
}

/// What is renamed, under one of its names.
#[derive(Debug, PartialEq, Eq)]
enum Thing<'a> {
    Table(&'a Name),
    View(&'a Name),
    Column(&'a Name, &'a str),
}

fn thing(one: &Rename) -> Option<(Thing<'_>, Thing<'_>)> {
    match one {
        Rename::Table { from, to } => Some((Thing::Table(from), Thing::Table(to))),
        Rename::View { from, to } => Some((Thing::View(from), Thing::View(to))),
        Rename::Column { table, from, to } => Some((Thing::Column(table, from), Thing::Column(table, to))),
        _ => None,
    }
}

impl Thing<'_> {
    fn is_in(&self, structure: &Structure) -> bool {
        let dialect = structure.dialect;
        match self {
            Self::Table(name) => structure.table(name).is_some(),
            Self::View(name) => structure.view(name).is_some(),
            Self::Column(table, name) => structure.table(table).is_some_and(|table| {
                let wanted = dialect.folded_part(name);
                table.columns.iter().any(|one| dialect.folded_part(&one.name) == wanted)
            }),
        }
    }

    fn is_same(&self, other: &Self, dialect: Dialect) -> bool {
        match (self, other) {
            (Self::Table(one), Self::Table(other)) | (Self::View(one), Self::View(other)) => {
                dialect.same_name(one, other)
            }
            (Self::Column(of, one), Self::Column(other_of, other)) => {
                dialect.same_name(of, other_of) && dialect.folded_part(one) == dialect.folded_part(other)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::{Column, Table};

    fn structure(columns: &[&str]) -> Structure {
        let mut structure = Structure::empty(Dialect::Sqlite);
        structure.tables.push(Table {
            name: Name::plain("t"),
            columns: columns
                .iter()
                .map(|name| Column {
                    name: (*name).to_owned(),
                    ..Column::default()
                })
                .collect(),
            ..Table::default()
        });
        structure
    }

    #[test]
    fn a_rename_is_blocked_where_both_names_are_there_and_the_old_one_would_go() {
        let column = |from: &str, to: &str| Rename::Column {
            table: Name::plain("t"),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)], bool);
        let cases: [Case<'_>; 9] = [
            (&["T"], &["t"], &[("T", "t")], false),
            (&["old", "new"], &["new"], &[("old", "new")], true),
            (&["old"], &["new"], &[("old", "new")], false),
            (&["new"], &["new"], &[("old", "new")], false),
            // One of the same name came later.
            (&["a", "b"], &["a", "b"], &[("a", "b")], false),
            // A swap.
            (&["a", "b"], &["a", "b"], &[("a", "b"), ("b", "a")], true),
            // A chain that is done, and the first of them came anew.
            (&["a", "b", "c"], &["a", "b", "c"], &[("a", "b"), ("b", "c")], false),
            (&["b", "c"], &["b", "c"], &[("a", "b"), ("b", "c")], false),
            // A circle of three.
            (
                &["a", "b", "c"],
                &["a", "b", "c"],
                &[("a", "b"), ("b", "c"), ("c", "a")],
                true,
            ),
        ];
        for (is, wanted, renames, blocked) in cases {
            let renames = Renames(renames.iter().map(|(from, to)| column(from, to)).collect());
            let found = renames.blocked(&structure(is), &structure(wanted));
            assert_eq!(found.is_some(), blocked, "{is:?} -> {wanted:?} by {renames:?}");
        }
    }

    #[test]
    fn a_rename_to_what_nobody_wants_is_found() {
        let renames = Renames(vec![Rename::Column {
            table: Name::plain("t"),
            from: "a".to_owned(),
            to: "b".to_owned(),
        }]);
        assert!(renames.astray(&structure(&["b"])).is_none());
        assert!(renames.astray(&structure(&["a"])).is_some());
    }

    #[test]
    fn renames_in_a_row_are_done_whatever_order_they_are_declared_in() {
        let column = |from: &str, to: &str| Rename::Column {
            table: Name::plain("t"),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        for renames in [
            [column("a", "b"), column("b", "c")],
            [column("b", "c"), column("a", "b")],
        ] {
            let renames = Renames(renames.to_vec());
            let pending = renames.pending(&structure(&["a", "b"]));
            assert_eq!(pending.0, [column("b", "c"), column("a", "b")]);
            let renamed = pending.applied_to(&structure(&["a", "b"]));
            let names: Vec<&str> = renamed.tables[0].columns.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(names, ["b", "c"]);
            // Where only the first is there, it is not taken along by the second.
            assert_eq!(renames.pending(&structure(&["a"])).0, [column("a", "b")]);
        }
    }
}
