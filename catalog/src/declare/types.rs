//! Portable names of types.
//!
//! A name that the engine has itself is taken as it is, even where another engine means something else by it; a name
//! that it has not is replaced by what comes closest without losing anything.

use crate::Dialect;

/// The type in the engine's own words. `strict`: for a strict table of SQLite, which knows six names only.
pub(super) fn data_type(dialect: Dialect, declared: &str, strict: bool) -> String {
    let spaced = declared.split_whitespace().collect::<Vec<_>>().join(" ");
    let (base, rest) = match spaced.find('(') {
        Some(bracket) => spaced.split_at(bracket),
        None => (spaced.as_str(), ""),
    };
    let base = base.trim_end().to_ascii_lowercase();
    match dialect {
        Dialect::Sqlite => sqlite(&base, rest, strict),
        Dialect::Postgres => postgres(&base, rest),
        Dialect::Mysql => mysql(&base, rest),
    }
}

/// Whether the type is one that MySQL cannot put into a key without saying how much of it.
pub(super) fn needs_prefix(mysql: &str) -> bool {
    let base = mysql.split(['(', ' ']).next().unwrap_or_default();
    matches!(
        base,
        "text" | "tinytext" | "mediumtext" | "longtext" | "blob" | "tinyblob" | "mediumblob" | "longblob" | "json"
    )
}

/// SQLite keeps any word and judges by its letters how values are stored. Those by which text that looks like a number
/// would be changed are replaced.
fn sqlite(base: &str, rest: &str, strict: bool) -> String {
    let plain = match base {
        "uuid" | "json" | "jsonb" | "date" | "time" | "timestamp" | "timestamptz" | "datetime" | "string" => "text",
        "bytes" | "bytea" => "blob",
        _ if !strict => return format!("{base}{rest}"),
        "boolean" | "bool" | "bigint" | "smallint" | "tinyint" | "mediumint" => "integer",
        "varchar" | "char" | "decimal" | "numeric" => "text",
        "double" | "double precision" | "float" => "real",
        _ => return format!("{base}{rest}"),
    };
    plain.to_owned()
}

fn postgres(base: &str, rest: &str) -> String {
    let own = match base {
        "datetime" => "timestamp",
        "double" => "double precision",
        "float" if rest.is_empty() => "double precision",
        "blob" | "bytes" | "longblob" => return "bytea".to_owned(),
        "string" if rest.is_empty() => "text",
        "string" => "varchar",
        "tinyint" => return "smallint".to_owned(),
        "mediumint" => return "integer".to_owned(),
        "longtext" | "mediumtext" => return "text".to_owned(),
        _ => base,
    };
    format!("{own}{rest}")
}

fn mysql(base: &str, rest: &str) -> String {
    let own = match base {
        "timestamptz" => "timestamp",
        "bytes" | "bytea" => "blob",
        "uuid" => return "char(36)".to_owned(),
        "jsonb" => "json",
        "varchar" | "string" if rest.is_empty() => return "varchar(255)".to_owned(),
        "string" => "varchar",
        _ => base,
    };
    format!("{own}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portable_name_becomes_what_the_engine_has() {
        for (declared, in_sqlite, in_postgres, in_mysql) in [
            ("text", "text", "text", "text"),
            ("INTEGER", "integer", "integer", "integer"),
            ("VarChar (40)", "varchar(40)", "varchar(40)", "varchar(40)"),
            ("varchar", "varchar", "varchar", "varchar(255)"),
            ("decimal(10, 2)", "decimal(10, 2)", "decimal(10, 2)", "decimal(10, 2)"),
            ("boolean", "boolean", "boolean", "boolean"),
            ("double", "double", "double precision", "double"),
            ("uuid", "text", "uuid", "char(36)"),
            ("json", "text", "json", "json"),
            ("timestamptz", "text", "timestamptz", "timestamp"),
            ("datetime", "text", "timestamp", "datetime"),
            ("timestamp(3)", "text", "timestamp(3)", "timestamp(3)"),
            ("bytes", "blob", "bytea", "blob"),
            ("int unsigned", "int unsigned", "int unsigned", "int unsigned"),
            ("text[]", "text[]", "text[]", "text[]"),
            (
                "enum('A','b c')",
                "enum('A','b c')",
                "enum('A','b c')",
                "enum('A','b c')",
            ),
            (
                "timestamp(3) with time zone",
                "text",
                "timestamp(3) with time zone",
                "timestamp(3) with time zone",
            ),
        ] {
            assert_eq!(data_type(Dialect::Sqlite, declared, false), in_sqlite, "{declared}");
            assert_eq!(data_type(Dialect::Postgres, declared, false), in_postgres, "{declared}");
            assert_eq!(data_type(Dialect::Mysql, declared, false), in_mysql, "{declared}");
        }
        assert_eq!(data_type(Dialect::Sqlite, "decimal(10,2)", true), "text");
        assert_eq!(data_type(Dialect::Sqlite, "bigint", true), "integer");
    }

    #[test]
    fn what_mysql_cannot_index_whole_is_known() {
        assert!(needs_prefix("text"));
        assert!(needs_prefix("blob"));
        assert!(!needs_prefix("varchar(20)"));
    }
}
