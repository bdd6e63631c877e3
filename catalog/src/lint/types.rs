//! Types as people write them and as servers print them, brought to one spelling.

use crate::Dialect;
use crate::compare::is_widening;

/// The one spelling of a type: PostgreSQL's short forms are written out, MySQL's widths of integers are left out.
pub(super) fn canonical(dialect: Dialect, text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let (head, rest) = match text.split_once('(') {
        Some((head, rest)) => (head.trim(), format!("({rest}")),
        None => (text.as_str(), String::new()),
    };
    let inner = rest.split_once(')').map_or(rest.as_str(), |(inside, _)| inside);
    let tail = rest.split_once(')').map_or("", |(_, tail)| tail);
    let size = if inner.is_empty() {
        String::new()
    } else {
        format!("{})", inner.replace(' ', ""))
    };
    match dialect {
        Dialect::Postgres => {
            let base = match head {
                "int" | "int4" | "serial" | "serial4" => "integer",
                "int8" | "bigserial" | "serial8" => "bigint",
                "int2" | "smallserial" | "serial2" => "smallint",
                "bool" => "boolean",
                "float8" | "float" => "double precision",
                "float4" => "real",
                "varchar" => "character varying",
                "char" | "bpchar" => "character",
                "decimal" => "numeric",
                "timestamptz" => return format!("timestamp{size} with time zone"),
                "timestamp" if tail.trim().is_empty() => return format!("timestamp{size} without time zone"),
                "timetz" => return format!("time{size} with time zone"),
                other => other,
            };
            let with_zone = base.strip_prefix("timestamp ");
            match with_zone {
                Some(zone) => format!("timestamp{size} {zone}"),
                None => format!("{base}{size}{tail}"),
            }
        }
        Dialect::Mysql => {
            let (head, sign) = match head.split_once(' ') {
                Some((head, "unsigned")) => (head, " unsigned"),
                _ => (head, ""),
            };
            let base = match head {
                "integer" => "int",
                "bool" | "boolean" => "tinyint",
                "dec" | "numeric" => "decimal",
                "character varying" => "varchar",
                "character" => "char",
                other => other,
            };
            let sign = if tail.contains("unsigned") { " unsigned" } else { sign };
            if base.ends_with("int") {
                format!("{base}{sign}")
            } else {
                format!("{base}{size}{sign}")
            }
        }
        Dialect::Sqlite => text,
    }
}

/// The type without what stands in brackets.
pub(super) fn base(canonical: &str) -> &str {
    canonical.split('(').next().unwrap_or_default().trim()
}

/// The first number in brackets.
pub(super) fn size(canonical: &str) -> Option<u64> {
    let (_, rest) = canonical.split_once('(')?;
    rest.split([',', ')']).next()?.trim().parse().ok()
}

/// Whether a type change is a note in PostgreSQL's catalog, rather than a new copy of the table.
pub(super) fn is_free(from: &str, to: &str) -> bool {
    let (from, to) = (canonical(Dialect::Postgres, from), canonical(Dialect::Postgres, to));
    if from == to {
        return true;
    }
    let strings = |text: &str| matches!(base(text), "character varying" | "text");
    match (base(&from), base(&to)) {
        _ if strings(&from) && strings(&to) => match (size(&from), size(&to)) {
            (_, None) => true,
            (Some(from), Some(to)) => from <= to,
            (None, Some(_)) => false,
        },
        ("numeric", "numeric") => size(&to).is_none() || same_scale(&from, &to) && size(&from) <= size(&to),
        ("cidr", "inet") => true,
        _ => false,
    }
}

fn same_scale(from: &str, to: &str) -> bool {
    let scale = |text: &str| text.split_once(',').map(|(_, rest)| rest.to_owned());
    scale(from) == scale(to) && size(from).is_some()
}

/// Whether every value of one type is one of the other.
pub(super) fn keeps_values(dialect: Dialect, from: &str, to: &str) -> bool {
    is_widening(dialect, &canonical(dialect, from), &canonical(dialect, to))
}

/// The smallest and the greatest of an integer type.
pub(super) fn range(canonical: &str) -> Option<(i128, i128)> {
    let unsigned = canonical.contains("unsigned");
    let bits = match base(canonical).trim_end_matches(" unsigned") {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "int" | "integer" => 32,
        "bigint" => 64,
        _ => return None,
    };
    Some(if unsigned {
        (0, (1 << bits) - 1)
    } else {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    })
}
