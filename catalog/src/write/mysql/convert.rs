//! Which values of one type are not what they were once they are of another.
//!
//! The server is not asked to find out: outside strict mode it cuts off, rounds and turns words into 0 without an error,
//! and even in strict mode it rounds fractions. So every conversion that can change a value has a condition that finds the
//! values it would change.

use super::data_type::DataType;
use super::number;
use crate::backtick::literal;

/// What a conversion may do to values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conversion {
    /// True of the values that would not be the same afterwards; `None` where all are.
    pub(super) lost: Option<String>,
    /// A type to go through, because the direct way takes values for something else (an enum's number for its label).
    pub(super) through: Option<&'static str>,
}

/// A column's type with its collation, where it is a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Typed<'a> {
    pub(super) data_type: &'a str,
    pub(super) collation: Option<&'a str>,
}

/// A number of 255 characters' breadth is a text in which every enum's label and every number has room.
const TEXT_BETWEEN: &str = "varchar(255)";

/// What becomes of the values of `column` (SQL that names it).
pub(super) fn conversion(column: &str, from: Typed<'_>, to: Typed<'_>) -> Conversion {
    let (old, new) = (DataType::read(from.data_type), DataType::read(to.data_type));
    let labelled = |one: &DataType| matches!(one, DataType::Enum(_) | DataType::Set(_));
    let through = ((labelled(&old) && !labelled(&new) && !new.is_text() && !new.is_bytes())
        || (labelled(&new) && !labelled(&old) && !old.is_text() && !old.is_bytes()))
    .then_some(TEXT_BETWEEN);
    let mut conditions: Vec<String> = Vec::new();
    match lost(column, &old, &new, to.collation) {
        Lost::Nothing => {}
        Lost::Where(condition) => conditions.push(condition),
        Lost::Everything => conditions.push(format!("{column} IS NOT NULL")),
    }
    // The other numbers have a range, which is asked for.
    let unsigned = |one: Typed<'_>| one.data_type.to_ascii_lowercase().contains("unsigned");
    if matches!(new, DataType::Float | DataType::Double) && unsigned(to) && !unsigned(from) {
        conditions.push(format!("{column} < 0"));
    }
    if let (Some(before), Some(after)) = (from.collation.map(charset), to.collation.map(charset))
        && old.has_collation()
        && new.has_collation()
        && before != after
    {
        if !holds(after, before) {
            conditions.push(format!(
                "BINARY CONVERT(CONVERT({column} USING {after}) USING {before}) <> BINARY {column}"
            ));
        }
        // The room of a text is counted in bytes, of which the same letters may need more.
        if let (DataType::Text { bytes: had }, DataType::Text { bytes }) = (&old, &new)
            && *bytes < had.saturating_mul(4)
            && before != "ascii"
        {
            conditions.push(format!("LENGTH(CONVERT({column} USING {after})) > {bytes}"));
        }
    }
    Conversion {
        lost: (!conditions.is_empty()).then(|| conditions.join(" OR ")),
        through,
    }
}

/// The character set of a collation: what stands before the first `_`.
pub(super) fn charset(collation: &str) -> &str {
    collation.split('_').next().unwrap_or(collation)
}

/// Whether the one character set has every character of the other.
fn holds(set: &str, other: &str) -> bool {
    set == other
        || set == "utf8mb4"
        || other == "ascii"
        || (matches!(set, "utf8mb3" | "utf8") && matches!(other, "latin1" | "utf8mb3" | "utf8"))
}

pub(super) enum Lost {
    Nothing,
    Where(String),
    Everything,
}

impl Lost {
    pub(super) fn any(conditions: Vec<String>) -> Self {
        if conditions.is_empty() {
            Self::Nothing
        } else {
            Self::Where(conditions.join(" OR "))
        }
    }
}

fn lost(column: &str, old: &DataType, new: &DataType, collation: Option<&str>) -> Lost {
    use DataType::{Enum, Json, Other, Set, Spatial};
    if old == new && !matches!(old, Enum(labels) | Set(labels) if is_unsure(labels)) {
        return Lost::Nothing;
    }
    if old.is_bytes() {
        return from_bytes(column, old, new, collation);
    }
    match (old, new) {
        (_, Set(labels)) if old.is_text() => Lost::Where(not_a_set(column, labels)),
        // The server's catalogs have a question mark for each character of four bytes, so the labels may be others.
        (Enum(before), Enum(after)) if is_unsure(before) => Lost::Where(not_a_label(column, &both(before, after))),
        (Set(before), Set(after)) if is_unsure(before) => Lost::Where(not_a_set(column, &both(before, after))),
        (Set(before), Set(after)) => Lost::any(
            before
                .iter()
                .filter(|label| !after.contains(label))
                .map(|label| format!("FIND_IN_SET({}, {column}) > 0", literal(label)))
                .collect(),
        ),
        (Enum(before), Enum(after) | Set(after)) if before.iter().all(|label| after.contains(label)) => Lost::Nothing,
        (_, Enum(labels) | Set(labels)) => Lost::Where(not_a_label(column, labels)),
        (Spatial(_), Spatial(kind)) if kind == "geometry" => Lost::Nothing,
        (Spatial(_), Spatial(kind)) => Lost::Where(format!(
            "ST_GeometryType({column}) <> {}",
            literal(&kind.to_ascii_uppercase())
        )),
        (_, Json) if old.is_text() => Lost::Where(format!("NOT JSON_VALID({column})")),
        (_, Other(kind)) if old.is_text() => Lost::Where(is_no(column, kind)),
        (Spatial(_), _) | (_, Spatial(_) | Other(_) | Json) => Lost::Everything,
        _ if new.is_text() => to_text(column, old, new, collation),
        _ if new.is_bytes() => to_bytes(column, old, new),
        _ if old.is_text() || matches!(old, Enum(_) | Set(_)) => from_text(column, new),
        _ if [old, new].iter().any(|one| one.is_time() || **one == DataType::Year) => to_time(column, old, new),
        _ => number::to_number(column, old, new),
    }
}

/// What is no uuid, and no address, becomes NULL when it is taken for one; what is NULL stays it.
fn is_no(column: &str, kind: &str) -> String {
    format!("{column} IS NOT NULL AND CAST({column} AS {kind}) IS NULL")
}

fn is_unsure(labels: &[String]) -> bool {
    labels.iter().any(|label| label.contains('?'))
}

fn both(before: &[String], after: &[String]) -> Vec<String> {
    before.iter().filter(|label| after.contains(label)).cloned().collect()
}

fn not_a_label(column: &str, labels: &[String]) -> String {
    if labels.is_empty() {
        return format!("{column} IS NOT NULL");
    }
    let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
    format!("CAST({column} AS CHAR) NOT IN ({})", labels.join(", "))
}

/// Each of the values between the commas has to be one of the labels: nothing is left when they are taken out.
fn not_a_set(column: &str, labels: &[String]) -> String {
    let mut rest = format!("CONCAT(',', REPLACE({column}, ',', ',,'), ',')");
    for label in labels {
        rest = format!("REPLACE({rest}, {}, '')", literal(&format!(",{label},")));
    }
    format!("{column} <> '' AND {rest} <> ''")
}

fn to_text(column: &str, old: &DataType, new: &DataType, collation: Option<&str>) -> Lost {
    let as_text = if old.has_collation() {
        column.to_owned()
    } else {
        format!("CAST({column} AS CHAR)")
    };
    let longest = longest(old);
    let mut conditions = Vec::new();
    match new {
        DataType::Char { length } | DataType::Varchar { length } if longest.is_none_or(|longest| longest > *length) => {
            conditions.push(format!("CHAR_LENGTH({as_text}) > {length}"));
        }
        DataType::Text { bytes }
            if longest.is_none_or(|longest| longest.saturating_mul(4) > *bytes) && !fits(old, *bytes) =>
        {
            let set = collation.map_or("utf8mb4", charset);
            conditions.push(format!("LENGTH(CONVERT({as_text} USING {set})) > {bytes}"));
        }
        _ => {}
    }
    // CHAR gives its trailing spaces away.
    if matches!(new, DataType::Char { .. }) && matches!(old, DataType::Varchar { .. } | DataType::Text { .. }) {
        conditions.push(format!(
            "CHAR_LENGTH({column}) <> CHAR_LENGTH(TRIM(TRAILING ' ' FROM {column}))"
        ));
    }
    Lost::any(conditions)
}

/// Texts of one size fit into texts of that size.
fn fits(old: &DataType, bytes: u64) -> bool {
    matches!(old, DataType::Text { bytes: before } if *before <= bytes)
}

/// The most characters that a value is written with.
fn longest(old: &DataType) -> Option<u64> {
    Some(match old {
        DataType::Char { length } | DataType::Varchar { length } => *length,
        DataType::Int { bytes: 1, .. } => 4,
        DataType::Int { bytes: 2, .. } => 6,
        DataType::Int { bytes: 3, .. } => 8,
        DataType::Int { bytes: 4, .. } => 11,
        DataType::Int { .. } => 20,
        DataType::Decimal { digits, .. } => u64::from(*digits) + 3,
        DataType::Year => 4,
        DataType::Date => 10,
        DataType::Time { .. } => 17,
        DataType::Datetime { .. } | DataType::Timestamp { .. } => 26,
        DataType::Enum(labels) => labels.iter().map(|label| label.chars().count() as u64).max()?,
        DataType::Set(labels) => labels.iter().map(|label| label.chars().count() as u64 + 1).sum(),
        _ => return None,
    })
}

fn to_bytes(column: &str, old: &DataType, new: &DataType) -> Lost {
    // They become the bytes that they are kept as, not the letters that they are shown with.
    if let DataType::Other(kind) = old {
        let width = if kind == "inet4" { 4 } else { 16 };
        return match new {
            DataType::Binary { length } if *length == width => Lost::Nothing,
            DataType::Varbinary { length: room } | DataType::Blob { bytes: room } if *room >= width => Lost::Nothing,
            _ => Lost::Everything,
        };
    }
    let bytes = if old.has_collation() {
        column.to_owned()
    } else if matches!(old, DataType::Bit { .. }) {
        return Lost::Everything;
    } else {
        format!("CAST({column} AS CHAR)")
    };
    Lost::Where(too_many_bytes(&bytes, new))
}

fn too_many_bytes(value: &str, new: &DataType) -> String {
    match new {
        // What is shorter is filled up with zeros.
        DataType::Binary { length } => format!("LENGTH({value}) <> {length}"),
        DataType::Varbinary { length } => format!("LENGTH({value}) > {length}"),
        DataType::Blob { bytes } => format!("LENGTH({value}) > {bytes}"),
        _ => "TRUE".to_owned(),
    }
}

fn from_bytes(column: &str, old: &DataType, new: &DataType, collation: Option<&str>) -> Lost {
    let most = match old {
        DataType::Binary { length } | DataType::Varbinary { length } => *length,
        DataType::Blob { bytes } => *bytes,
        _ => u64::MAX,
    };
    match new {
        DataType::Varbinary { length: room } | DataType::Blob { bytes: room } if most <= *room => Lost::Nothing,
        _ if new.is_bytes() => Lost::Where(too_many_bytes(column, new)),
        DataType::Other(kind) => Lost::Where(is_no(column, kind)),
        _ if new.is_text() => {
            let set = collation.map_or("utf8mb4", charset);
            let text = format!("CONVERT({column} USING {set})");
            // What is no text at all becomes NULL in one of the servers, and half of itself in the other.
            let mut condition = format!("{column} IS NOT NULL AND NOT (BINARY {text} <=> BINARY {column})");
            match new {
                DataType::Char { length } | DataType::Varchar { length } => {
                    condition.push_str(&format!(" OR CHAR_LENGTH({text}) > {length}"));
                }
                DataType::Text { bytes } => condition.push_str(&format!(" OR LENGTH({column}) > {bytes}")),
                _ => {}
            }
            Lost::Where(condition)
        }
        _ => Lost::Everything,
    }
}

const WHOLE: &str = "'^ *[-+]?[0-9]+ *$'";
const FRACTION: &str = "'^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+) *$'";
const FLOATING: &str = "'^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$'";

/// From a text, an enum or a set, which is taken as its label.
fn from_text(column: &str, new: &DataType) -> Lost {
    let text = format!("CAST({column} AS CHAR)");
    let condition = match new {
        DataType::Int { bytes, unsigned } => {
            let (least, most) = DataType::range(*bytes, *unsigned);
            format!("NOT {text} REGEXP {WHOLE} OR CAST({text} AS DECIMAL(65,0)) NOT BETWEEN {least} AND {most}")
        }
        DataType::Decimal {
            digits,
            scale,
            unsigned,
        } => {
            let negative = if *unsigned {
                format!(" OR CAST({text} AS DECIMAL(65,30)) < 0")
            } else {
                String::new()
            };
            format!(
                "NOT {text} REGEXP {FRACTION} OR CAST({text} AS DECIMAL(65,30)) <> CAST({text} AS \
                 DECIMAL({digits},{scale})){negative}"
            )
        }
        DataType::Float | DataType::Double => format!("NOT {text} REGEXP {FLOATING}"),
        DataType::Year => format!("NOT {text} REGEXP '^[0-9]{{4}}$' OR {text} NOT BETWEEN 1901 AND 2155"),
        DataType::Date => format!(
            "NOT {text} REGEXP '^[0-9]{{4}}-[0-9]+-[0-9]+' OR CAST({text} AS DATE) IS NULL OR CAST({text} AS \
             DATETIME(6)) <> CAST({text} AS DATE)"
        ),
        DataType::Datetime { fraction } | DataType::Timestamp { fraction } => {
            let mut condition = format!(
                "NOT {text} REGEXP '^[0-9]{{4}}-[0-9]+-[0-9]+' OR CAST({text} AS DATETIME(6)) IS NULL OR CAST({text} AS \
                 DATETIME(6)) <> CAST({text} AS DATETIME({fraction}))"
            );
            if matches!(new, DataType::Timestamp { .. }) {
                condition.push_str(&format!(
                    " OR {}",
                    outside_timestamp(&format!("CAST({text} AS DATETIME)"))
                ));
            }
            condition
        }
        DataType::Time { .. } => {
            format!("NOT {text} REGEXP '^-?[0-9]{{1,3}}:[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?$'")
        }
        _ => return Lost::Everything,
    };
    Lost::Where(condition)
}

/// A day is left at both ends for the time zone.
fn outside_timestamp(value: &str) -> String {
    format!("{value} NOT BETWEEN '1970-01-02 00:00:00' AND '2038-01-18 00:00:00'")
}

fn to_time(column: &str, old: &DataType, new: &DataType) -> Lost {
    use DataType::{Date, Datetime, Decimal, Double, Float, Int, Time, Timestamp, Year};
    let rounded = |before: u32, after: u32, kind: &str| {
        (after < before).then(|| format!("{column} <> CAST({column} AS {kind}({after}))"))
    };
    match (old, new) {
        (Date, Datetime { .. }) | (Year, Int { bytes: 2.., .. } | Float | Double) => Lost::Nothing,
        (Year, Decimal { digits, scale, .. }) if digits.saturating_sub(*scale) >= 4 => Lost::Nothing,
        (Date, Timestamp { .. }) => Lost::Where(outside_timestamp(column)),
        (Datetime { .. } | Timestamp { .. }, Date) => Lost::Where(format!("{column} <> CAST({column} AS DATE)")),
        (Time { fraction: before }, Time { fraction: after }) => {
            Lost::any(rounded(*before, *after, "TIME").into_iter().collect())
        }
        (Datetime { fraction: before } | Timestamp { fraction: before }, Datetime { fraction: after }) => {
            Lost::any(rounded(*before, *after, "DATETIME").into_iter().collect())
        }
        (Timestamp { fraction: before }, Timestamp { fraction: after }) => {
            Lost::any(rounded(*before, *after, "DATETIME").into_iter().collect())
        }
        (Datetime { fraction: before }, Timestamp { fraction: after }) => {
            let mut conditions: Vec<String> = rounded(*before, *after, "DATETIME").into_iter().collect();
            conditions.push(outside_timestamp(column));
            Lost::any(conditions)
        }
        (Int { .. }, Year) => Lost::Where(format!("{column} <> 0 AND {column} NOT BETWEEN 1901 AND 2155")),
        _ => Lost::Everything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(from: &str, to: &str) -> Option<String> {
        let typed = |data_type| Typed {
            data_type,
            collation: Some("utf8mb4_bin"),
        };
        conversion("c", typed(from), typed(to)).lost
    }

    #[test]
    fn what_only_grows_asks_nothing() {
        for (from, to) in [
            ("int(11)", "bigint(20)"),
            ("tinyint(3) unsigned", "smallint(6)"),
            ("varchar(10)", "varchar(20)"),
            ("varchar(10)", "text"),
            ("text", "longtext"),
            ("decimal(5,2)", "decimal(7,3)"),
            ("float", "double"),
            ("date", "datetime"),
            ("timestamp", "datetime(3)"),
            ("enum('a','b')", "enum('b','c','a')"),
            ("enum('a')", "varchar(1)"),
            ("varbinary(3)", "blob"),
            ("int(11)", "varchar(11)"),
            ("point", "geometry"),
            ("bit(3)", "bit(9)"),
            ("uuid", "binary(16)"),
            ("inet6", "varbinary(16)"),
        ] {
            assert_eq!(lost(from, to), None, "{from} to {to}");
        }
    }

    #[test]
    fn what_can_change_a_value_asks_for_those_it_would_change() {
        for (from, to, part) in [
            ("int(11)", "int(10) unsigned", "NOT BETWEEN 0 AND 4294967295"),
            ("varchar(20)", "varchar(10)", "CHAR_LENGTH(c) > 10"),
            ("varchar(20)", "char(20)", "TRAILING"),
            ("longtext", "text", "> 65535"),
            ("varchar(20)", "int(11)", "REGEXP"),
            ("decimal(5,2)", "decimal(5,1)", "TRUNCATE(c, 1)"),
            ("datetime(6)", "datetime", "CAST(c AS DATETIME(0))"),
            ("datetime", "date", "CAST(c AS DATE)"),
            ("enum('a','b')", "enum('a')", "NOT IN ('a')"),
            ("set('a','b')", "set('a')", "FIND_IN_SET('b', c)"),
            ("varbinary(8)", "binary(8)", "<> 8"),
            ("time", "int(11)", "IS NOT NULL"),
            ("char(36)", "uuid", "c IS NOT NULL AND CAST(c AS uuid) IS NULL"),
            ("binary(16)", "uuid", "c IS NOT NULL AND CAST(c AS uuid) IS NULL"),
            ("uuid", "binary(20)", "c IS NOT NULL"),
            ("float", "double unsigned", "c < 0"),
        ] {
            let condition = lost(from, to).unwrap_or_default();
            assert!(condition.contains(part), "{from} to {to}: {condition}");
        }
    }

    #[test]
    fn an_enum_becomes_a_number_by_its_label() {
        let typed = |data_type| Typed {
            data_type,
            collation: None,
        };
        let way = conversion("c", typed("enum('1','2')"), typed("int(11)"));
        assert_eq!(way.through, Some("varchar(255)"));
        assert!(way.lost.is_some_and(|lost| lost.contains("REGEXP")));
        assert_eq!(
            conversion("c", typed("int(11)"), typed("enum('1')")).through,
            Some("varchar(255)")
        );
    }

    #[test]
    fn a_character_set_that_lacks_characters_is_asked() {
        let typed = |collation| Typed {
            data_type: "varchar(5)",
            collation: Some(collation),
        };
        let narrow = conversion("c", typed("utf8mb4_bin"), typed("latin1_bin"));
        assert!(narrow.lost.is_some_and(|lost| lost.contains("USING latin1")));
        assert_eq!(conversion("c", typed("latin1_bin"), typed("utf8mb4_bin")).lost, None);
        let text = |data_type, collation| Typed {
            data_type,
            collation: Some(collation),
        };
        let wide = conversion("c", text("tinytext", "latin1_bin"), text("tinytext", "utf8mb4_bin"));
        assert!(wide.lost.is_some_and(|lost| lost.contains("USING utf8mb4)) > 255")));
        let roomy = conversion("c", text("tinytext", "latin1_bin"), text("text", "utf8mb4_bin"));
        assert_eq!(roomy.lost, None);
    }
}
