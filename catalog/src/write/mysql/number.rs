//! Which numbers are not what they were once they are numbers of another type.

use super::convert::Lost;
use super::data_type::DataType;

pub(super) fn to_number(column: &str, old: &DataType, new: &DataType) -> Lost {
    use DataType::{Bit, Decimal, Double, Float, Int};
    match (old, new) {
        (Int { .. }, _) => from_int(column, old, new),
        (Bit { bits }, _) => from_bits(column, *bits, new),
        (Decimal { .. }, _) => from_decimal(column, old, new),
        (Float, Double) => Lost::Nothing,
        (Double, Float) => Lost::Where(format!("CAST({column} AS FLOAT) <> {column}")),
        (Float | Double, Int { bytes, unsigned }) => Lost::Where(format!(
            "{column} <> ROUND({column}) OR {}",
            outside(column, *bytes, *unsigned)
        )),
        (Float | Double, Decimal { .. }) => from_floating(column, new),
        _ => Lost::Everything,
    }
}

fn from_int(column: &str, old: &DataType, new: &DataType) -> Lost {
    use DataType::{Bit, Decimal, Double, Float, Int};
    let Int { bytes, unsigned } = old else {
        return Lost::Everything;
    };
    Lost::Where(match new {
        Int {
            bytes: room,
            unsigned: positive,
        } => {
            let (before, after) = (DataType::range(*bytes, *unsigned), DataType::range(*room, *positive));
            if after.0 <= before.0 && before.1 <= after.1 {
                return Lost::Nothing;
            }
            outside(column, *room, *positive)
        }
        Decimal {
            digits,
            scale,
            unsigned: positive,
        } => {
            let mut condition = beyond(column, *digits, *scale);
            if *positive {
                condition.push_str(&format!(" OR {column} < 0"));
            }
            condition
        }
        Double if *bytes == 8 => format!("ABS({column}) > 9007199254740992"),
        Float if *bytes >= 4 => format!("ABS({column}) > 16777216"),
        Double | Float => return Lost::Nothing,
        Bit { bits } => format!("{column} NOT BETWEEN 0 AND {}", most_of_bits(*bits)),
        _ => return Lost::Everything,
    })
}

fn from_bits(column: &str, before: u32, new: &DataType) -> Lost {
    let most = match new {
        DataType::Bit { bits } if before <= *bits => return Lost::Nothing,
        DataType::Bit { bits } => most_of_bits(*bits).to_string(),
        DataType::Int { bytes, unsigned } => DataType::range(*bytes, *unsigned).1.to_string(),
        _ => return Lost::Everything,
    };
    Lost::Where(format!("{column} + 0 > {most}"))
}

fn from_decimal(column: &str, old: &DataType, new: &DataType) -> Lost {
    use DataType::{Decimal, Double, Float, Int};
    let Decimal {
        digits,
        scale,
        unsigned,
    } = old
    else {
        return Lost::Everything;
    };
    match new {
        Decimal {
            digits: room,
            scale: places,
            unsigned: positive,
        } => {
            let mut conditions = Vec::new();
            if places < scale {
                conditions.push(format!("{column} <> TRUNCATE({column}, {places})"));
            }
            if room.saturating_sub(*places) < digits.saturating_sub(*scale) {
                conditions.push(beyond(column, *room, *places));
            }
            if *positive && !*unsigned {
                conditions.push(format!("{column} < 0"));
            }
            Lost::any(conditions)
        }
        Int { bytes, unsigned } => Lost::Where(format!(
            "{column} <> TRUNCATE({column}, 0) OR {}",
            outside(column, *bytes, *unsigned)
        )),
        Double if *digits <= 15 => Lost::Nothing,
        Float if *digits <= 6 => Lost::Nothing,
        Double | Float => {
            let kind = if *new == Double { "DOUBLE" } else { "FLOAT" };
            Lost::Where(format!(
                "CAST(CAST({column} AS {kind}) AS DECIMAL({digits},{scale})) <> {column}"
            ))
        }
        _ => Lost::Everything,
    }
}

/// The shortest way to write a floating number counts, not what it is down to the last bit.
fn from_floating(column: &str, new: &DataType) -> Lost {
    let DataType::Decimal {
        digits,
        scale,
        unsigned,
    } = new
    else {
        return Lost::Everything;
    };
    let negative = if *unsigned {
        format!(" OR {column} < 0")
    } else {
        String::new()
    };
    Lost::Where(format!(
        "CAST(CAST({column} AS CHAR) AS DECIMAL(65,30)) <> CAST({column} AS DECIMAL({digits},{scale})){negative}"
    ))
}

fn most_of_bits(bits: u32) -> u128 {
    (1_u128 << bits.min(64)) - 1
}

/// More digits in front of the point than there is room for.
fn beyond(column: &str, digits: u32, scale: u32) -> String {
    let room = (digits - scale.min(digits)) as usize;
    format!("ABS({column}) >= 1{}", "0".repeat(room))
}

fn outside(column: &str, bytes: u32, unsigned: bool) -> String {
    let (least, most) = DataType::range(bytes, unsigned);
    format!("{column} NOT BETWEEN {least} AND {most}")
}
