//! Fingerprints and comparisons agree, do not see what means nothing, and see every single change.

use lockstep::catalog::Dialect;
use lockstep::catalog::compare::{Renames, compare};
use lockstep::catalog::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Generated, Index, IndexPart, Key, Name, Structure, Table, Trigger,
    View,
};
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    "[a-d]{1,2}"
}

fn column() -> impl Strategy<Value = Column> {
    (
        name(),
        prop_oneof!["integer", "text", "numeric\\(8,2\\)"],
        any::<bool>(),
        prop::option::of("[0-9]"),
        prop::option::of(any::<bool>()),
    )
        .prop_map(|(name, data_type, nullable, default, stored)| Column {
            name,
            data_type,
            nullable,
            default,
            generated: stored.map(|stored| Generated {
                expression: "1 + 1".to_owned(),
                stored,
            }),
            ..Column::default()
        })
}

fn constraint(name: String, kind: ConstraintKind) -> Constraint {
    Constraint {
        name,
        generated_name: false,
        kind,
        definition: None,
        deferrable: None,
        unchecked: false,
        inherited: false,
        options: Default::default(),
        comment: None,
    }
}

fn any_constraint() -> impl Strategy<Value = Constraint> {
    let kind = prop_oneof![
        name().prop_map(|column| ConstraintKind::PrimaryKey(Key {
            parts: vec![IndexPart::column(column)],
            ..Key::default()
        })),
        name().prop_map(|column| ConstraintKind::Unique(Key {
            parts: vec![IndexPart::column(column)],
            ..Key::default()
        })),
        (name(), name()).prop_map(|(column, table)| ConstraintKind::ForeignKey(ForeignKey {
            columns: vec![column.clone()],
            references: Name::plain(table),
            referenced: vec![column],
            on_delete: "NO ACTION".to_owned(),
            on_update: "NO ACTION".to_owned(),
            ..ForeignKey::default()
        })),
        name().prop_map(|column| ConstraintKind::Check {
            expression: format!("({column} > 0)")
        }),
    ];
    (name(), any::<bool>(), kind).prop_map(|(name, generated_name, kind)| Constraint {
        generated_name,
        ..constraint(name, kind)
    })
}

fn index() -> impl Strategy<Value = Index> {
    (
        name(),
        any::<bool>(),
        prop::collection::vec(name(), 1..3),
        prop::option::of("[a-c] > 1"),
    )
        .prop_map(|(name, unique, columns, predicate)| Index {
            name,
            unique,
            parts: columns.into_iter().map(IndexPart::column).collect(),
            predicate,
            ..Index::default()
        })
}

fn unique_by<T, K: Ord>(mut list: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = std::collections::BTreeSet::new();
    list.retain(|one| seen.insert(key(one)));
    list
}

fn table() -> impl Strategy<Value = Table> {
    (
        name(),
        prop::collection::vec(column(), 1..4),
        prop::collection::vec(any_constraint(), 0..3),
        prop::collection::vec(index(), 0..3),
        prop::option::of("[a-c]{1,3}"),
    )
        .prop_map(|(name, columns, constraints, indexes, comment)| Table {
            name: Name::plain(name),
            columns: unique_by(columns, |one| one.name.clone()),
            constraints: unique_by(constraints, |one| (one.name.clone(), format!("{:?}", one.kind))),
            indexes: unique_by(indexes, |one| one.name.clone()),
            comment,
            ..Table::default()
        })
        .prop_map(|mut table| {
            // Names of one's own are unique within a table.
            let mut seen = std::collections::BTreeSet::new();
            table
                .constraints
                .retain(|one| one.generated_name || seen.insert(one.name.clone()));
            let mut seen = std::collections::BTreeSet::new();
            table
                .constraints
                .retain(|one| !one.generated_name || seen.insert(format!("{:?}", one.kind)));
            table
        })
}

fn structure() -> impl Strategy<Value = Structure> {
    (
        prop::sample::select(Dialect::ALL.to_vec()),
        prop::collection::vec(table(), 1..4),
        prop::collection::vec((name(), "SELECT [0-9]"), 0..3),
        prop::collection::vec((name(), name(), "CREATE TRIGGER [0-9]"), 0..3),
    )
        .prop_map(|(dialect, tables, views, triggers)| {
            let mut structure = Structure {
                tables: unique_by(tables, |one| one.name.clone()),
                views: unique_by(
                    views
                        .into_iter()
                        .map(|(name, query)| View {
                            name: Name::plain(name),
                            query,
                            ..View::default()
                        })
                        .collect(),
                    |one| one.name.clone(),
                ),
                triggers: unique_by(
                    triggers
                        .into_iter()
                        .map(|(name, on, definition)| Trigger {
                            name,
                            on: Name::plain(on),
                            definition,
                            ..Trigger::default()
                        })
                        .collect(),
                    |one| (one.name.clone(), one.on.clone()),
                ),
                ..Structure::empty(dialect)
            };
            structure.sort();
            structure
        })
}

/// One change that means something, and whether it was possible. Picks by number, so that shrinking works.
fn mutate(structure: &mut Structure, which: u8, at: usize) -> bool {
    let many = structure.tables.len();
    let fresh = "zz".to_owned();
    let table = &mut structure.tables[at % many];
    match which % 15 {
        0 => table.columns.push(Column {
            name: fresh,
            data_type: "text".to_owned(),
            ..Column::default()
        }),
        1 => {
            table.columns.remove(at % table.columns.len());
        }
        2 => {
            let count = table.columns.len();
            table.columns[at % count].nullable ^= true;
        }
        3 => {
            let count = table.columns.len();
            table.columns[at % count].data_type.push('x');
        }
        4 => {
            let count = table.columns.len();
            let default = &mut table.columns[at % count].default;
            *default = Some(default.take().unwrap_or_default() + "7");
        }
        5 => table.comment = Some(table.comment.take().unwrap_or_default() + "x"),
        6 => table.indexes.push(Index {
            name: fresh,
            parts: vec![IndexPart::column("a")],
            ..Index::default()
        }),
        7 => match table.indexes.first_mut() {
            Some(index) => index.unique ^= true,
            None => return false,
        },
        8 => match table.indexes.first_mut() {
            Some(index) => index.parts.push(IndexPart::column("zz")),
            None => return false,
        },
        9 => table.constraints.push(constraint(
            fresh,
            ConstraintKind::Check {
                expression: "zz".to_owned(),
            },
        )),
        10 => match table.constraints.pop() {
            Some(_) => {}
            None => return false,
        },
        11 => match table.constraints.first_mut() {
            Some(constraint) => constraint.deferrable = Some(constraint.deferrable.is_none()),
            None => return false,
        },
        12 => match structure.views.first_mut() {
            Some(view) => view.query.push_str(" + 1"),
            None => return false,
        },
        13 => match structure.triggers.pop() {
            Some(_) => {}
            None => return false,
        },
        _ => {
            structure.tables.remove(at % many);
        }
    }
    structure.sort();
    true
}

fn shuffled(structure: &Structure) -> Structure {
    let mut other = structure.clone();
    other.tables.reverse();
    for table in &mut other.tables {
        table.columns.reverse();
        table.constraints.reverse();
        table.indexes.reverse();
        table.sql = Some("-- another text".to_owned());
        for constraint in table.constraints.iter_mut().filter(|one| one.generated_name) {
            constraint.name.push_str("_again");
        }
    }
    other.views.reverse();
    other.triggers.reverse();
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn order_and_names_the_engine_made_up_mean_nothing(structure in structure()) {
        let other = shuffled(&structure);
        prop_assert_eq!(structure.fingerprint(), other.fingerprint());
        prop_assert!(compare(&structure, &other).is_empty());
        prop_assert!(compare(&structure, &other).differences(&Renames::none()).is_empty());
    }

    #[test]
    fn every_single_change_shows(structure in structure(), which in any::<u8>(), at in 0_usize..16) {
        let mut other = structure.clone();
        prop_assume!(mutate(&mut other, which, at));
        prop_assert_ne!(structure.fingerprint(), other.fingerprint());
        prop_assert!(!compare(&structure, &other).is_empty());
        prop_assert!(!compare(&other, &structure).is_empty());
        prop_assert!(!compare(&structure, &other).differences(&Renames::none()).is_empty());
    }

    #[test]
    fn there_is_nothing_to_do_exactly_where_fingerprints_agree(one in structure(), other in structure()) {
        prop_assume!(one.dialect == other.dialect);
        prop_assert_eq!(compare(&one, &other).is_empty(), one.fingerprint() == other.fingerprint());
    }

    #[test]
    fn a_structure_survives_json(structure in structure()) {
        let text = serde_json::to_string(&structure).unwrap();
        let read: Structure = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, structure);
    }
}
