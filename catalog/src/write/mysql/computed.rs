//! Computed columns that come, or are computed otherwise: the rows whose values would have no room, asked before the server
//! finds the first of them.

use super::Writer;
use super::data_type::DataType;
use crate::structure::{Column, Table};
use crate::write::WriteError;

impl Writer<'_> {
    /// The rows whose value of a computed column would not fit its type.
    pub(super) fn ask_computed(&mut self, table: &Table, column: &Column) -> Result<(), WriteError> {
        let Some(generated) = &column.generated else {
            return Ok(());
        };
        let Some(value) = self.before(table, &generated.expression)? else {
            return Ok(());
        };
        let mut conditions: Vec<String> = has_no_room(&value, &DataType::read(&column.data_type))
            .into_iter()
            .collect();
        if !column.nullable {
            conditions.push(format!("({value}) IS NULL"));
        }
        if conditions.is_empty() {
            return Ok(());
        }
        self.ask(
            table,
            &column.name,
            &format!("({value})"),
            &conditions.join(" OR "),
            format!("is what {} would be, which has no room for it", column.name),
        )
    }
}

/// True of the values that the type does not hold. What is only rounded, or loses blanks at its end, is let in.
fn has_no_room(value: &str, data_type: &DataType) -> Option<String> {
    match data_type {
        DataType::Int { bytes, unsigned } => {
            let (least, most) = DataType::range(*bytes, *unsigned);
            Some(format!("ROUND({value}) NOT BETWEEN {least} AND {most}"))
        }
        DataType::Decimal {
            digits,
            scale,
            unsigned,
        } => {
            let beyond = format!("1{}", "0".repeat(digits.saturating_sub(*scale) as usize));
            let negative = match unsigned {
                true => format!(" OR ROUND({value}, {scale}) < 0"),
                false => String::new(),
            };
            Some(format!("ABS(ROUND({value}, {scale})) >= {beyond}{negative}"))
        }
        DataType::Char { length } | DataType::Varchar { length } => {
            Some(format!("CHAR_LENGTH(TRIM(TRAILING ' ' FROM ({value}))) > {length}"))
        }
        DataType::Binary { length } | DataType::Varbinary { length } => Some(format!("LENGTH({value}) > {length}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_asked_for() {
        let asked = |data_type| has_no_room("`a` * 2", &DataType::read(data_type));
        for (data_type, expected) in [
            ("tinyint(4)", "ROUND(`a` * 2) NOT BETWEEN -128 AND 127"),
            ("decimal(5,2)", "ABS(ROUND(`a` * 2, 2)) >= 1000"),
            (
                "decimal(3,0) unsigned",
                "ABS(ROUND(`a` * 2, 0)) >= 1000 OR ROUND(`a` * 2, 0) < 0",
            ),
            ("varchar(5)", "CHAR_LENGTH(TRIM(TRAILING ' ' FROM (`a` * 2))) > 5"),
            ("varbinary(5)", "LENGTH(`a` * 2) > 5"),
        ] {
            assert_eq!(asked(data_type).as_deref(), Some(expected), "{data_type}");
        }
        assert_eq!(asked("text"), None);
    }
}
