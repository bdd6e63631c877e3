//! Data types as MySQL prints them, taken apart as far as conversions need it.

use crate::backtick;

/// A data type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DataType {
    /// `tinyint` to `bigint`.
    Int {
        bytes: u32,
        unsigned: bool,
    },
    Decimal {
        digits: u32,
        scale: u32,
        unsigned: bool,
    },
    Float,
    Double,
    Bit {
        bits: u32,
    },
    Year,
    Date,
    Time {
        fraction: u32,
    },
    Datetime {
        fraction: u32,
    },
    Timestamp {
        fraction: u32,
    },
    Char {
        length: u64,
    },
    Varchar {
        length: u64,
    },
    /// `tinytext` to `longtext`, by the bytes they hold.
    Text {
        bytes: u64,
    },
    Binary {
        length: u64,
    },
    Varbinary {
        length: u64,
    },
    /// `tinyblob` to `longblob`.
    Blob {
        bytes: u64,
    },
    Enum(Vec<String>),
    Set(Vec<String>),
    Json,
    /// `point`, `geometry`, …
    Spatial(String),
    /// `uuid`, `inet6`, …
    Other(String),
}

impl DataType {
    pub(super) fn read(printed: &str) -> Self {
        let lower = printed.to_ascii_lowercase();
        let base: String = lower.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        let arguments: Vec<u64> = printed
            .split_once('(')
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(inside, _)| inside.split(',').filter_map(|n| n.trim().parse().ok()).collect())
            .unwrap_or_default();
        let argument = |at: usize, default: u64| arguments.get(at).copied().unwrap_or(default);
        let small = |at: usize, default: u64| u32::try_from(argument(at, default)).unwrap_or(0);
        let unsigned = lower.contains("unsigned");
        let int = |bytes| Self::Int { bytes, unsigned };
        match base.as_str() {
            "tinyint" => int(1),
            "smallint" => int(2),
            "mediumint" => int(3),
            "int" => int(4),
            "bigint" => int(8),
            "decimal" => Self::Decimal {
                digits: small(0, 10),
                scale: small(1, 0),
                unsigned,
            },
            "float" => Self::Float,
            "double" => Self::Double,
            "bit" => Self::Bit { bits: small(0, 1) },
            "year" => Self::Year,
            "date" => Self::Date,
            "time" => Self::Time { fraction: small(0, 0) },
            "datetime" => Self::Datetime { fraction: small(0, 0) },
            "timestamp" => Self::Timestamp { fraction: small(0, 0) },
            "char" => Self::Char { length: argument(0, 1) },
            "varchar" => Self::Varchar { length: argument(0, 1) },
            "tinytext" => Self::Text { bytes: 255 },
            "text" => Self::Text { bytes: 65_535 },
            "mediumtext" => Self::Text { bytes: 16_777_215 },
            "longtext" => Self::Text {
                bytes: u64::from(u32::MAX),
            },
            "binary" => Self::Binary { length: argument(0, 1) },
            "varbinary" => Self::Varbinary { length: argument(0, 1) },
            "tinyblob" => Self::Blob { bytes: 255 },
            "blob" => Self::Blob { bytes: 65_535 },
            "mediumblob" => Self::Blob { bytes: 16_777_215 },
            "longblob" => Self::Blob {
                bytes: u64::from(u32::MAX),
            },
            "enum" => Self::Enum(backtick::labels(printed)),
            "set" => Self::Set(backtick::labels(printed)),
            "json" => Self::Json,
            "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
            | "geometrycollection" | "geomcollection" => Self::Spatial(base),
            _ => Self::Other(base),
        }
    }

    /// Whether its values are texts in a character set.
    pub(super) fn has_collation(&self) -> bool {
        self.is_text() || matches!(self, Self::Enum(_) | Self::Set(_))
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Char { .. } | Self::Varchar { .. } | Self::Text { .. })
    }

    pub(super) fn is_bytes(&self) -> bool {
        matches!(self, Self::Binary { .. } | Self::Varbinary { .. } | Self::Blob { .. })
    }

    pub(super) fn is_time(&self) -> bool {
        matches!(
            self,
            Self::Date | Self::Time { .. } | Self::Datetime { .. } | Self::Timestamp { .. }
        )
    }

    /// The smallest and the greatest integer.
    pub(super) fn range(bytes: u32, unsigned: bool) -> (i128, i128) {
        let bits = bytes * 8;
        if unsigned {
            (0, (1_i128 << bits) - 1)
        } else {
            (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_taken_apart() {
        assert_eq!(
            DataType::read("int(10) unsigned zerofill"),
            DataType::Int {
                bytes: 4,
                unsigned: true
            }
        );
        assert_eq!(
            DataType::read("decimal(5,2)"),
            DataType::Decimal {
                digits: 5,
                scale: 2,
                unsigned: false
            }
        );
        assert_eq!(DataType::read("timestamp(3)"), DataType::Timestamp { fraction: 3 });
        assert_eq!(
            DataType::read("enum('a(','b''c')"),
            DataType::Enum(vec!["a(".to_owned(), "b'c".to_owned()])
        );
        assert_eq!(DataType::read("uuid"), DataType::Other("uuid".to_owned()));
        assert_eq!(DataType::range(1, false), (-128, 127));
        assert_eq!(DataType::range(8, true).1, i128::from(u64::MAX));
    }
}
