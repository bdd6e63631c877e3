//! Which values another type would change, or refuse.
//!
//! What a type is called decides how SQLite stores a value (its affinity), and what a person expects of the column: `DATE`
//! and `UUID` have the affinity of numbers and are filled with text, which has to stay as it was written; in an `INTEGER` a
//! text is a value that was not converted.

use super::projection::{Affinity, affinity};

/// When a value would not be what it was, once it is stored in a column of this type.
pub(super) fn changed_by(data_type: &str, held: &str) -> Option<String> {
    let number = format!("CAST({held} AS NUMERIC)");
    // A comparison with a CAST applies its affinity to the text: '12' is 12, 'abc' is not 0.
    let no_number = format!("(typeof({held}) = 'text' AND {number} <> {held})");
    // A text becomes a number of 15 digits at most where it is no whole number of 64 bits.
    let cut = format!(
        "(typeof({held}) = 'text' AND typeof({number}) = 'real' AND \
         length(replace(ltrim(trim({held}), '+-0.'), '.', '')) > 15)"
    );
    match affinity(data_type) {
        Affinity::Numeric if !is_number(data_type) => Some(format!(
            "typeof({held}) = 'text' AND {number} = {held} AND CAST({number} AS TEXT) <> {held}"
        )),
        Affinity::Integer | Affinity::Numeric => Some(format!("{no_number} OR {cut}")),
        Affinity::Real => Some(format!(
            "{no_number} OR {cut} OR (typeof({held}) IN ('integer', 'text') AND typeof({number}) = 'integer' AND \
             CAST(CAST({number} AS REAL) AS INTEGER) <> {number})"
        )),
        Affinity::Text => Some(format!(
            "typeof({held}) = 'real' AND CAST(CAST({held} AS TEXT) AS REAL) <> {held}"
        )),
        Affinity::Blob => None,
    }
}

/// What a STRICT table would refuse, or change.
pub(super) fn refused_by_strict(data_type: &str, held: &str) -> Option<String> {
    let number = format!("typeof({held}) = 'blob' OR (typeof({held}) = 'text' AND CAST({held} AS NUMERIC) <> {held})");
    match affinity(data_type) {
        Affinity::Integer => Some(format!(
            "{held} IS NOT NULL AND ({number} OR (typeof({held}) <> 'integer' AND CAST(CAST({held} AS NUMERIC) AS INTEGER) \
             <> CAST({held} AS NUMERIC)))"
        )),
        Affinity::Real => Some(number),
        Affinity::Text => Some(format!("typeof({held}) = 'blob'")),
        Affinity::Blob if data_type == "blob" => Some(format!("typeof({held}) NOT IN ('blob', 'null')")),
        _ => None,
    }
}

/// Whether a type that has the affinity of numbers is called like one.
fn is_number(data_type: &str) -> bool {
    [
        "num", "dec", "bool", "bit", "money", "currency", "serial", "fixed", "byte",
    ]
    .iter()
    .any(|word| data_type.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_number_by_what_it_is_called() {
        for (data_type, expected) in [
            ("numeric(10,2)", true),
            ("decimal", true),
            ("boolean", true),
            ("date", false),
            ("datetime", false),
            ("timestamp with time zone", false),
            ("uuid", false),
            ("json", false),
            ("string", false),
        ] {
            assert_eq!(is_number(data_type), expected, "{data_type}");
        }
    }
}
