//! How what is wrong is refused: with the place, and with what to do.

use super::*;

/// The faults of a definition, as `line:column: message`.
fn refused(dialect: Dialect, text: &str) -> Vec<String> {
    let format = if text.trim_start().starts_with('{') {
        Format::Json
    } else {
        Format::Toml
    };
    match definition(dialect, format, text) {
        Ok(_) => panic!("taken: {text}"),
        Err(faults) => faults.0.iter().map(Fault::to_string).collect(),
    }
}

/// A table with these lines besides its two columns.
fn with(lines: &str) -> String {
    format!(
        "[tables.t]\ncolumns = [\n  {{ name = \"id\", type = \"integer\" }},\n  {{ name = \"body\", type = \"varchar(9)\" }},\n]\n{lines}\n"
    )
}

#[test]
fn each_fault_names_its_place() {
    let own = "name = \"x\"\ntable = \"t\"";
    for (text, place, said) in [
        (with("colour = 1"), "6:1:", "unknown field `colour`"),
        (
            with("primary_key = [\"id\", \"nr\"]"),
            "6:22:",
            "no column \"nr\"; it has id, body",
        ),
        (with("unique = [[\"id\"], [\"nope\"]]"), "6:19:", "no column \"nope\""),
        (
            with("unique = [{ columns = [\"id\", \"id\"] }]"),
            "6:30:",
            "stands twice",
        ),
        (with("checks = [\"(id > 0\"]"), "6:11:", "never closed"),
        (with("checks = [\"id > 0; DROP TABLE t\"]"), "6:11:", "semicolon"),
        (
            with("foreign_keys = [{ columns = [\"id\"], references_table = \"gone\" }]"),
            "6:37:",
            "\"gone\", which is not declared; declared are t",
        ),
        (
            with("foreign_keys = [{ columns = [\"id\"], references_table = \"t\" }]"),
            "6:37:",
            "has no primary key",
        ),
        (
            with("foreign_keys = [{ columns = [\"id\"], references_table = \"t\", on_delete = \"explode\" }]"),
            "6:",
            "expected CASCADE",
        ),
        (
            with(&format!("[[indexes]]\n{own}\ncolumns = [\"body\", \"when\"]")),
            "9:20:",
            "no column \"when\"",
        ),
        (
            with("[[indexes]]\nname = \"x\"\ntable = \"u\"\ncolumns = [\"id\"]"),
            "8:1:",
            "\"u\", which is not declared",
        ),
        (with(&format!("[[indexes]]\n{own}\ncolumns = []")), "6:1:", "no columns"),
        (
            with("[tables.T]\ncolumns = [{ name = \"a\", type = \"text\" }]"),
            "1:9:",
            "does not tell them apart",
        ),
        (with("[tables.t]\ncolumns = []"), "6:", "duplicate key"),
        (
            with("[tables.lockstep_x]\ncolumns = [{ name = \"a\", type = \"text\" }]"),
            "6:9:",
            "Lockstep's own",
        ),
        (
            with("[tables.\"\"]\ncolumns = [{ name = \"a\", type = \"text\" }]"),
            "6:9:",
            "empty",
        ),
        (with("[migrations]\n\"1.0\" = []"), "7:1:", "no version"),
        (format!("version = \"one\"\n{}", with("")), "1:1:", "no version"),
        (
            with("[migrations]\n\"1.0.0\" = \"UPDATE t SET id = 1\""),
            "7:",
            "list of statements in brackets",
        ),
        (with("renamed_from = \"t\""), "6:1:", "same as the name now"),
    ] {
        let faults = refused(Dialect::Sqlite, &text);
        let fits = |fault: &String| fault.starts_with(place) && fault.contains(said);
        assert!(faults.iter().any(fits), "{place} {said}\n{text}\n{}", faults.join("\n"));
    }
}

#[test]
fn columns_name_their_place() {
    let one = |column: &str| {
        format!("[tables.t]\ncolumns = [\n  {{ name = \"id\", type = \"text\" }},\n  {{ {column} }},\n]\n")
    };
    for (column, place, said) in [
        (
            "name = \"ID\", type = \"text\"",
            "4:5:",
            "has a column \"id\" already, its first",
        ),
        ("name = \"\", type = \"text\"", "4:5:", "empty"),
        (
            "name = \"a\", type = \"text); DROP TABLE x; --\"",
            "4:17:",
            "no piece of SQL",
        ),
        (
            "name = \"a\", type = \"text\", default = \"draft\"",
            "4:32:",
            "write \"'draft'\"",
        ),
        (
            "name = \"a\", type = \"text\", default = \"'open\"",
            "4:32:",
            "never closed",
        ),
        (
            "name = \"a\", type = \"text\", renamed_from = \"id\"",
            "4:32:",
            "still a column",
        ),
        (
            "name = \"a\", type = \"text\", autoincrement = true",
            "4:32:",
            "whole number",
        ),
        ("name = \"a\", typ = \"text\"", "4:", "unknown field `typ`"),
        ("name = \"a\"", "4:", "missing field `type`"),
        ("name = 7, type = \"text\"", "4:12:", "expected a string"),
    ] {
        let faults = refused(Dialect::Sqlite, &one(column));
        let fits = |fault: &String| fault.starts_with(place) && fault.contains(said);
        assert!(
            faults.iter().any(fits),
            "{place} {said}\n{column}\n{}",
            faults.join("\n")
        );
    }
}

#[test]
fn names_that_a_server_would_cut_off_are_refused() {
    let table = |name: &str| format!("[tables.\"{name}\"]\ncolumns = [{{ name = \"a\", type = \"text\" }}]\n");
    for (dialect, longest, over) in [
        (Dialect::Postgres, "x".repeat(63), "x".repeat(64)),
        (Dialect::Postgres, "ü".repeat(31), "ü".repeat(32)),
        (Dialect::Mysql, "ü".repeat(64), "ü".repeat(65)),
    ] {
        declared(dialect, &table(&longest));
        let faults = refused(dialect, &table(&over));
        assert!(
            faults[0].starts_with("1:9:") && faults[0].contains("shorter name"),
            "{faults:?}"
        );
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_lines() {
    let text = with("primary_key = [\"x\"]\nunique = [[\"y\"]]\nchecks = [\"\"]");
    let lines: Vec<String> = refused(Dialect::Postgres, &text);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines
            .iter()
            .zip(["6:", "7:", "8:"])
            .all(|(fault, line)| fault.starts_with(line)),
        "{lines:?}"
    );
}

#[test]
fn json_names_its_places_too() {
    let text = "{\n  \"tables\": {\n    \"t\": {\n      \"columns\": [{\"name\": \"a\", \"type\": \"text\"}],\n      \"unique_constraints\": [{\"columns\": [\"b\"]}]\n    }\n  }\n}";
    assert!(
        refused(Dialect::Sqlite, text)[0].starts_with("5:43: "),
        "{:?}",
        refused(Dialect::Sqlite, text)
    );
    let twice = "{\"tables\": {\"t\": {\"columns\": []},\n \"t\": {\"columns\": []}}}";
    let faults = refused(Dialect::Postgres, twice);
    assert!(
        faults[0].starts_with("2:") && faults[0].contains("declared twice"),
        "{faults:?}"
    );
    let unknown = "{\"tables\": {},\n \"tabels\": {}}";
    let faults = refused(Dialect::Sqlite, unknown);
    assert!(
        faults[0].starts_with("2:") && faults[0].contains("unknown field `tabels`"),
        "{faults:?}"
    );
    let broken = "{\"tables\": {},\n}";
    assert!(refused(Dialect::Sqlite, broken)[0].starts_with("2:"));
}

#[test]
fn what_an_engine_does_not_have_is_refused_for_it() {
    let fts = "[[virtual_tables]]\nname = \"w\"\ntype = \"fts5\"\ncolumns = [\"a\"]\n";
    assert!(refused(Dialect::Postgres, fts)[0].contains("no virtual tables"));
    let long = "[tables.t]\ncolumns = [{ name = \"a\", type = \"text\", unique = true }]\n";
    assert!(refused(Dialect::Mysql, long)[0].contains("varchar(255)"));
    let kept = "[views.v]\nquery = \"SELECT 1\"\nmaterialized = true\n";
    assert!(refused(Dialect::Sqlite, kept)[0].starts_with("3:1:"));
    let partial = format!(
        "{}[[indexes]]\nname = \"i\"\ntable = \"t\"\ncolumns = [\"id\"]\nwhere = \"id > 0\"\n",
        with("")
    );
    assert!(refused(Dialect::Mysql, &partial)[0].contains("no partial indexes"));
}

#[test]
fn text_that_is_nothing_at_all_is_refused_and_never_panics() {
    for text in [
        "",
        "{",
        "[",
        "\u{0}",
        "[[tables]]",
        "{\"tables\": []}",
        "tables = 1",
        "{\"tables\": {\"t\": null}}",
    ] {
        for dialect in Dialect::ALL {
            for format in [Format::Json, Format::Toml] {
                let _ = definition(dialect, format, text);
                let _ = entities(dialect, format, text, None);
            }
        }
    }
}
