//! Which types take every value of another as it is.

use crate::Dialect;

/// Whether every value of `from` is a value of `to`, so that nothing has to be checked.
pub fn is_widening(dialect: Dialect, from: &str, to: &str) -> bool {
    let (from, to) = (Type::of(from), Type::of(to));
    if from == to {
        return true;
    }
    if dialect == Dialect::Sqlite {
        // The type is an affinity: what matters is that text is never read as a number.
        return to.affinity() == from.affinity() || to.affinity() == Affinity::Blob;
    }
    if let (Some(narrow), Some(wide)) = (from.integer_bytes(), to.integer_bytes()) {
        return narrow < wide && (from.unsigned == to.unsigned || from.unsigned);
    }
    match (from.family(), to.family()) {
        (Family::Character, Family::Text) | (Family::Integer, Family::Text) | (Family::Other, Family::Text) => {
            dialect == Dialect::Postgres || from.family() == Family::Character && to.holds_text(&from)
        }
        (Family::Character, Family::Character) => {
            from.length() <= to.length() && to.length().is_some() && from.base != "char"
        }
        (Family::Text, Family::Text) => to.holds_text(&from),
        (Family::Float, Family::Float) => to.base.starts_with("double"),
        (Family::Integer, Family::Decimal) => to.arguments.is_empty() && dialect == Dialect::Postgres,
        (Family::Decimal, Family::Decimal) => from.fits_decimal(&to),
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Type {
    base: String,
    arguments: Vec<u32>,
    unsigned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Integer,
    Decimal,
    Float,
    Character,
    Text,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Type {
    fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let (head, rest) = text.split_once('(').unwrap_or((&text, ""));
        let (inside, tail) = rest.split_once(')').unwrap_or((rest, ""));
        let words: Vec<&str> = head.split_whitespace().chain(tail.split_whitespace()).collect();
        let base: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| !matches!(*word, "unsigned" | "zerofill"))
            .collect();
        let base = match base.join(" ").as_str() {
            "character varying" => "varchar".to_owned(),
            "character" | "bpchar" => "char".to_owned(),
            "numeric" => "decimal".to_owned(),
            other => other.to_owned(),
        };
        Self {
            base,
            arguments: inside.split(',').filter_map(|one| one.trim().parse().ok()).collect(),
            unsigned: words.contains(&"unsigned"),
        }
    }

    fn family(&self) -> Family {
        match self.base.as_str() {
            _ if self.integer_bytes().is_some() => Family::Integer,
            "decimal" => Family::Decimal,
            "real" | "float" | "double" | "double precision" => Family::Float,
            "varchar" | "char" => Family::Character,
            "text" | "tinytext" | "mediumtext" | "longtext" => Family::Text,
            _ => Family::Other,
        }
    }

    fn integer_bytes(&self) -> Option<u8> {
        match self.base.as_str() {
            "tinyint" => Some(1),
            "smallint" => Some(2),
            "mediumint" => Some(3),
            "int" | "integer" => Some(4),
            "bigint" => Some(8),
            _ => None,
        }
    }

    fn length(&self) -> Option<u32> {
        match self.base.as_str() {
            "varchar" => Some(self.arguments.first().copied().unwrap_or(u32::MAX)),
            "char" => Some(self.arguments.first().copied().unwrap_or(1)),
            _ => None,
        }
    }

    /// Whether this text type has room for the other, at four bytes a character.
    fn holds_text(&self, other: &Self) -> bool {
        let room = |one: &Self| match one.base.as_str() {
            "tinytext" => 255_u64,
            "text" => 65_535,
            "mediumtext" => 16_777_215,
            "longtext" => u64::from(u32::MAX),
            _ => one.length().map_or(u64::MAX, |length| u64::from(length) * 4),
        };
        room(other) <= room(self)
    }

    fn fits_decimal(&self, wider: &Self) -> bool {
        match (self.arguments.as_slice(), wider.arguments.as_slice()) {
            (_, []) => true,
            ([], _) => false,
            (from, to) => {
                let scale = |one: &[u32]| one.get(1).copied().unwrap_or(0);
                let whole = |one: &[u32]| one[0].saturating_sub(scale(one));
                whole(from) <= whole(to) && scale(from) <= scale(to)
            }
        }
    }

    /// SQLite's rules for the affinity of a declared type, in their order.
    fn affinity(&self) -> Affinity {
        let has = |part: &str| self.base.contains(part);
        if has("int") {
            Affinity::Integer
        } else if has("char") || has("clob") || has("text") {
            Affinity::Text
        } else if has("blob") || self.base.is_empty() {
            Affinity::Blob
        } else if has("real") || has("floa") || has("doub") {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_takes_every_value_is_told_from_one_that_may_not() {
        use Dialect::{Mysql, Postgres, Sqlite};
        for (dialect, from, to, widening) in [
            (Postgres, "integer", "bigint", true),
            (Postgres, "bigint", "integer", false),
            (Postgres, "character varying(40)", "text", true),
            (Postgres, "text", "character varying(40)", false),
            (Postgres, "character varying(40)", "character varying(80)", true),
            (Postgres, "character varying(80)", "character varying", true),
            (Postgres, "numeric(8,2)", "numeric(10,2)", true),
            (Postgres, "numeric(8,2)", "numeric(8,3)", false),
            (Postgres, "text", "integer", false),
            (
                Postgres,
                "timestamp without time zone",
                "timestamp with time zone",
                false,
            ),
            (Mysql, "int(11)", "bigint(20)", true),
            (Mysql, "int(10) unsigned", "int(11)", false),
            (Mysql, "int(10) unsigned", "bigint(20)", true),
            (Mysql, "varchar(100)", "text", true),
            (Mysql, "varchar(20000)", "text", false),
            (Mysql, "longtext", "text", false),
            (Sqlite, "varchar(10)", "text", true),
            (Sqlite, "text", "integer", false),
            (Sqlite, "integer", "bigint", true),
        ] {
            assert_eq!(is_widening(dialect, from, to), widening, "{dialect}: {from} -> {to}");
        }
    }
}
