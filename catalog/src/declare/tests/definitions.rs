//! What a definition means.

use super::*;
use crate::compare::Rename;
use crate::structure::{ConstraintKind, IndexTarget, UserTypeKind};

#[test]
fn a_dictionary_of_another_language_is_read_as_it_stands() {
    let declared = declared(Dialect::Sqlite, FILES_JSON);
    assert_eq!(declared.version, Some(Version::new(1, 0, 0)));
    assert!(declared.notes.is_empty(), "{:?}", declared.notes);
    let files = declared.structure.table(&Name::plain("files")).unwrap();
    assert!(files.column("id").unwrap().auto_increment);
    assert_eq!(files.column("deleted").unwrap().default.as_deref(), Some("0"));
    assert_eq!(files.indexes[0].predicate.as_deref(), Some("deleted = 1"));
    let key = files.constraints.iter().find_map(|one| match &one.kind {
        ConstraintKind::ForeignKey(key) => Some(key),
        _ => None,
    });
    let key = key.unwrap();
    assert_eq!(
        (key.references.name.as_str(), key.on_delete.as_str()),
        ("projects", "CASCADE")
    );
    assert_eq!(key.on_update, "NO ACTION");
    let projects = declared.structure.table(&Name::plain("projects")).unwrap();
    let created = projects.column("created_at").unwrap();
    assert_eq!(created.default.as_deref(), Some("(julianday('now'))"));
    let uniques = projects
        .constraints
        .iter()
        .filter(|one| matches!(one.kind, ConstraintKind::Unique(_)));
    assert_eq!(uniques.count(), 1, "said twice, meant once");
    let words = declared.structure.table(&Name::plain("files_fts")).unwrap();
    let module = words.virtual_table.as_ref().unwrap();
    assert_eq!(module.arguments, ["path", "content_rowid='rowid'", "content='files'"]);
}

const SHOP: &str = r#"
version = "2.1.0"

[enums]
state = ["open", "it's \\ done"]

[tables.customers]
comment = "who buys"
columns = [
  { name = "id", type = "bigint", primary_key = true, autoincrement = true },
  { name = "mail", type = "varchar(80)", not_null = true, unique = true, renamed_from = "email" },
]

[tables.orders]
renamed_from = "purchases"
checks = ["total >= 0", { name = "few", expression = "count < 100" }]
primary_key = ["customer", "nr"]
columns = [
  { name = "customer", type = "bigint", not_null = true },
  { name = "nr", type = "integer", not_null = true },
  { name = "state", type = "state", default = "'open'" },
  { name = "count", type = "integer", default = 1, check = "count > 0" },
  { name = "total", type = "decimal(10,2)", generated = "count * 2" },
]
foreign_keys = [{ columns = ["customer"], references_table = "customers", on_delete = "set null", on_update = "NO_ACTION" }]

[[indexes]]
name = "orders_newest"
table = "orders"
columns = [{ column = "nr", descending = true }, { expression = "lower(state)" }]

[views]
open_orders = "SELECT * FROM orders WHERE state = 'open';"

[[raw]]
dialect = "postgres"
sql = "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"

[[raw]]
sql = "CREATE VIEW v AS SELECT 1 AS one"

[migrations]
"2.0.0" = ["UPDATE orders SET count = 1"]
"2.1.0" = "fill_mails"
"#;

#[test]
fn one_definition_speaks_each_engines_words() {
    for dialect in Dialect::ALL {
        let declared = declared(dialect, SHOP);
        let schema = if dialect == Dialect::Postgres { "public" } else { "" };
        let orders = declared.structure.table(&Name::new(schema, "orders")).unwrap();
        let state = orders.column("state").unwrap();
        let expected = match dialect {
            Dialect::Sqlite => "text",
            Dialect::Postgres => "\"public\".\"state\"",
            Dialect::Mysql => "enum('open','it''s \\\\ done')",
        };
        assert_eq!(state.data_type, expected);
        assert_eq!(orders.primary_key().unwrap().parts.len(), 2);
        let key = orders.constraints.iter().find_map(|one| match &one.kind {
            ConstraintKind::ForeignKey(key) => Some(key),
            _ => None,
        });
        let key = key.unwrap();
        assert_eq!(key.referenced, ["id"], "the primary key is meant");
        assert_eq!(
            (key.on_delete.as_str(), key.on_update.as_str()),
            ("SET NULL", "NO ACTION")
        );
        let checks = orders
            .constraints
            .iter()
            .filter(|one| matches!(one.kind, ConstraintKind::Check { .. }));
        assert_eq!(checks.count(), if dialect == Dialect::Sqlite { 4 } else { 3 });
        let id = declared
            .structure
            .table(&Name::new(schema, "customers"))
            .unwrap()
            .column("id")
            .unwrap();
        assert_eq!(id.identity.is_some(), dialect == Dialect::Postgres);
        assert_eq!(id.auto_increment, dialect != Dialect::Postgres);
        assert_eq!(
            id.data_type,
            if dialect == Dialect::Sqlite {
                "integer"
            } else {
                "bigint"
            }
        );
        assert_eq!(
            declared.structure.types.len(),
            usize::from(dialect == Dialect::Postgres)
        );
        assert_eq!(declared.raw.len(), if dialect == Dialect::Postgres { 2 } else { 1 });
        assert!(declared.raw.iter().all(|raw| raw.line > 30), "{:?}", declared.raw);
        assert_eq!(
            declared.structure.views[0].query,
            "SELECT * FROM orders WHERE state = 'open'"
        );
        assert_eq!(declared.migrations.len(), 2);
        assert_eq!(
            declared.migrations[1].work,
            MigrationDefinition::Code("fill_mails".to_owned())
        );
        let parts = &orders.indexes[0].parts;
        assert!(parts[0].descending);
        assert_eq!(parts[1].on, IndexTarget::Expression("lower(state)".to_owned()));
    }
}

#[test]
fn renames_are_those_that_were_declared() {
    let renames = declared(Dialect::Sqlite, SHOP).renames;
    assert_eq!(
        renames.0,
        [
            Rename::Column {
                table: Name::plain("customers"),
                from: "email".to_owned(),
                to: "mail".to_owned(),
            },
            Rename::Table {
                from: Name::plain("purchases"),
                to: Name::plain("orders"),
            },
        ]
    );
}

#[test]
fn an_enum_of_postgres_keeps_its_history() {
    let text = r#"
        [enums.mood]
        values = ["glad", "sad"]
        renamed_from = "feeling"
        renamed_values = { glad = "happy" }
    "#;
    let declared = declared(Dialect::Postgres, text);
    let UserTypeKind::Enum { labels } = &declared.structure.types[0].kind else {
        panic!("an enum");
    };
    assert_eq!(labels, &["glad", "sad"]);
    assert_eq!(declared.renames.0.len(), 2);
}

#[test]
fn a_schema_is_part_of_a_name_on_postgres_only() {
    let text = r#"
        [tables."app.users"]
        columns = [{ name = "id", type = "integer", primary_key = true }]
        [tables.'"a.b"']
        columns = [{ name = "id", type = "integer" }]
    "#;
    let declared = declared(Dialect::Postgres, text);
    assert!(declared.structure.table(&Name::new("app", "users")).is_some());
    assert!(declared.structure.table(&Name::new("public", "a.b")).is_some());
    assert_eq!(declared.structure.namespaces[0].name, "app");
    let plain = definition(Dialect::Sqlite, Format::Toml, text).unwrap();
    assert!(plain.structure.table(&Name::plain("app.users")).is_some());
}

#[test]
fn names_are_taken_as_they_are() {
    let text = r#"{"tables": {
        "select": {"columns": [{"name": "a \"b\" `c` 'd'", "type": "text"}, {"name": "grüße 🎉", "type": "text"}]},
        "with space": {"columns": [{"name": "from", "type": "text"}]}
    }}"#;
    for dialect in Dialect::ALL {
        let declared = declared(dialect, text);
        let columns: Vec<_> = declared.structure.tables[0]
            .columns
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(columns, ["a \"b\" `c` 'd'", "grüße 🎉"], "{dialect}");
    }
}

#[test]
fn a_circle_that_no_row_can_enter_is_named() {
    let text = r#"
        [tables.a]
        columns = [{ name = "id", type = "integer", primary_key = true }, { name = "b", type = "integer", not_null = true }]
        foreign_keys = [{ columns = ["b"], references_table = "b" }]
        [tables.b]
        columns = [{ name = "id", type = "integer", primary_key = true }, { name = "c", type = "integer", not_null = true }]
        foreign_keys = [{ columns = ["c"], references_table = "c" }]
        [tables.c]
        columns = [{ name = "id", type = "integer", primary_key = true }, { name = "a", type = "integer", not_null = true }]
        foreign_keys = [{ columns = ["a"], references_table = "a" }]
        [tables.d]
        columns = [{ name = "id", type = "integer", primary_key = true }, { name = "me", type = "integer", not_null = true }]
        foreign_keys = [{ columns = ["me"], references_table = "d" }, { columns = ["id"], references_table = "a" }]
    "#;
    let notes = declared(Dialect::Sqlite, text).notes;
    assert_eq!(notes.len(), 1);
    assert!(notes[0].message.contains("a -> b -> c -> a"), "{}", notes[0].message);
    assert_eq!(notes[0].line, 2);
    let free = text.replacen("type = \"integer\", not_null = true", "type = \"integer\"", 1);
    assert!(declared(Dialect::Sqlite, &free).notes.is_empty());
    let late = text.replacen(
        "references_table = \"b\"",
        "references_table = \"b\", deferrable = true",
        1,
    );
    assert!(declared(Dialect::Postgres, &late).notes.is_empty());
}

#[test]
fn what_a_file_holds_is_told_by_its_keys() {
    for (format, text, expected) in [
        (Format::Json, FILES_JSON, Holds::Definition),
        (Format::Toml, SHOP, Holds::Definition),
        (Format::Json, r#"{"dialect": "sqlite", "tables": []}"#, Holds::Snapshot),
        (Format::Json, r#"{"entity_types": {}}"#, Holds::Entities),
        (Format::Toml, "[entities.product]", Holds::Entities),
        (Format::Toml, "no = toml = at all", Holds::Definition),
    ] {
        assert_eq!(holds(format, text), expected, "{text:.40}");
    }
}
