//! Entity types and their tables.

use super::*;
use crate::structure::{ConstraintKind, IndexTarget};

const PRODUCT: &str = r#"
[entities.product]
comment = "what is sold"
attributes = [
  { code = "sku", backend_type = "varchar", required = true, unique = true, searchable = true, length = 40 },
  { code = "name", backend_type = "varchar", filterable = true, default = "it's new" },
  { code = "price", backend_type = "decimal", filterable = true, default = 0 },
  { code = "body", backend_type = "text", searchable = true, filterable = true },
  { code = "active", backend_type = "boolean", default = true },
  { code = "since", backend_type = "datetime", default = "now" },
]

[entities.shop]
attributes = [{ code = "city", backend_type = "varchar" }]
"#;

fn expanded(dialect: Dialect, only: Option<&str>) -> Declared {
    match entities(dialect, Format::Toml, PRODUCT, only) {
        Ok(declared) => declared,
        Err(faults) => panic!("{dialect}:\n{faults}"),
    }
}

#[test]
fn attributes_of_one_backend_type_share_a_table() {
    for dialect in Dialect::ALL {
        let structure = expanded(dialect, None).structure;
        let names: Vec<_> = structure.tables.iter().map(|table| table.name.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "product",
                "product_boolean",
                "product_datetime",
                "product_decimal",
                "product_text",
                "product_varchar",
                "shop",
                "shop_varchar"
            ]
        );
        let values = structure
            .tables
            .iter()
            .find(|table| table.name.name == "product_varchar")
            .unwrap();
        let sku = values.column("sku").unwrap();
        assert_eq!((sku.data_type.as_str(), sku.nullable), ("varchar(40)", false));
        assert_eq!(values.column("name").unwrap().default.as_deref(), Some("'it''s new'"));
        assert!(values.column("name").unwrap().nullable);
        let unique = values
            .constraints
            .iter()
            .filter(|one| matches!(one.kind, ConstraintKind::Unique(_)));
        assert_eq!(unique.count(), 1);
        let key = values.constraints.iter().find_map(|one| match &one.kind {
            ConstraintKind::ForeignKey(key) => Some(key),
            _ => None,
        });
        assert_eq!(key.unwrap().on_delete, "CASCADE");
        let filter = values
            .indexes
            .iter()
            .find(|one| one.name == "product_varchar_name_filter")
            .unwrap();
        assert_eq!(filter.parts.len(), 2);
    }
}

#[test]
fn what_is_searched_in_is_indexed_as_the_engine_can() {
    for (dialect, method) in [
        (Dialect::Sqlite, ""),
        (Dialect::Postgres, "gin"),
        (Dialect::Mysql, "fulltext"),
    ] {
        let structure = expanded(dialect, Some("product")).structure;
        let texts = structure
            .tables
            .iter()
            .find(|table| table.name.name == "product_text")
            .unwrap();
        let search = texts
            .indexes
            .iter()
            .find(|one| one.name == "product_text_body_search")
            .unwrap();
        assert_eq!(search.method, method);
        let is_expression = matches!(search.parts[0].on, IndexTarget::Expression(_));
        assert_eq!(is_expression, dialect == Dialect::Postgres);
        let filter = texts
            .indexes
            .iter()
            .find(|one| one.name == "product_text_body_filter")
            .unwrap();
        assert_eq!(filter.parts[0].prefix.is_some(), dialect == Dialect::Mysql);
    }
}

#[test]
fn one_entity_type_can_be_looked_at_alone() {
    let structure = expanded(Dialect::Sqlite, Some("shop")).structure;
    assert_eq!(structure.tables.len(), 2);
    let unknown = entities(Dialect::Sqlite, Format::Toml, PRODUCT, Some("user")).unwrap_err();
    assert!(unknown.to_string().contains("there are product, shop"), "{unknown}");
    assert_eq!(
        entity_tables(Format::Toml, PRODUCT, "shop").unwrap(),
        ["shop", "shop_varchar"]
    );
}

#[test]
fn what_is_wrong_with_an_entity_type_names_its_place() {
    let one = |attribute: &str| {
        format!(
            "[entities.e]\nattributes = [\n  {{ code = \"a\", backend_type = \"int\" }},\n  {{ {attribute} }},\n]\n"
        )
    };
    for (dialect, attribute, place, said) in [
        (
            Dialect::Sqlite,
            "code = \"A\", backend_type = \"int\"",
            "4:5:",
            "already",
        ),
        (
            Dialect::Sqlite,
            "code = \"b c\", backend_type = \"int\"",
            "4:5:",
            "letters, digits",
        ),
        (
            Dialect::Sqlite,
            "code = \"entity_id\", backend_type = \"int\"",
            "4:5:",
            "leads to the entity",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"money\"",
            "4:",
            "unknown variant `money`",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"int\", default = \"much\"",
            "4:39:",
            "a whole number",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"boolean\", default = 2",
            "4:43:",
            "true or false",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"datetime\", default = \"soon\"",
            "4:44:",
            "\"now\"",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"int\", length = 3",
            "4:39:",
            "no length",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"decimal\", precision = 3, scale = 4",
            "4:43:",
            "cannot be",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"json\", unique = true",
            "4:17:",
            "document",
        ),
        (
            Dialect::Mysql,
            "code = \"b\", backend_type = \"text\", unique = true",
            "4:40:",
            "make it varchar",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"int\", renamed_from = \"a\"",
            "4:39:",
            "still an attribute",
        ),
        (
            Dialect::Sqlite,
            "code = \"b\", backend_type = \"int\", searchabel = true",
            "4:",
            "unknown field `searchabel`",
        ),
    ] {
        let faults = entities(dialect, Format::Toml, &one(attribute), None).unwrap_err();
        let told: Vec<_> = faults.0.iter().map(Fault::to_string).collect();
        let fits = |fault: &String| fault.starts_with(place) && fault.contains(said);
        assert!(told.iter().any(fits), "{place} {said}\n{attribute}\n{faults}");
    }
    let long = format!(
        "[entities.{}]\nattributes = [{{ code = \"b\", backend_type = \"varchar\" }}]\n",
        "e".repeat(60)
    );
    let faults = entities(Dialect::Postgres, Format::Toml, &long, None).unwrap_err();
    assert!(faults.0[0].to_string().starts_with("1:11:"), "{faults}");
    let same = "[entities.a]\nattributes = [{ code = \"b\", backend_type = \"int\" }]\n[entities.a_int]\n";
    let faults = entities(Dialect::Sqlite, Format::Toml, same, None).unwrap_err();
    assert!(
        faults.to_string().contains("would both have a table \"a_int\""),
        "{faults}"
    );
}
