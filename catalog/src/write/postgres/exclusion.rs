//! What an exclusion constraint demands of the rows that are there.
//!
//! The engine prints `EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled)`; the question pairs every row
//! with every other one for which all operators say yes.

use crate::structure::ObjectRef;
use crate::write::Check;

/// The rows that exclude another one; nothing where the definition is not understood.
pub(super) fn check(about: ObjectRef, source: &str, key: &str, definition: &str, name: &str) -> Option<Check> {
    let (elements, filter) = read(definition)?;
    let values: Vec<String> = elements
        .iter()
        .enumerate()
        .map(|(at, (value, _))| format!("({value}) AS lockstep_{at}"))
        .collect();
    let meets: Vec<String> = elements
        .iter()
        .enumerate()
        .map(|(at, (_, operator))| format!("one.lockstep_{at} {operator} other.lockstep_{at}"))
        .collect();
    let shown: Vec<String> = (0..elements.len()).map(|at| format!("one.lockstep_{at}")).collect();
    let filter = filter.map_or_else(String::new, |filter| format!(" WHERE {filter}"));
    let keys: Vec<&str> = key.split(", ").filter(|one| *one != "ctid").collect();
    let named: String = keys.iter().map(|one| format!("{one}, ")).collect();
    let told: String = keys.iter().map(|one| format!("one.{one}, ")).collect();
    Some(Check {
        about,
        query: format!(
            "WITH lockstep_rows AS (SELECT {named}ctid AS lockstep_row, {} FROM {source}{filter}) \
             SELECT {told}{} FROM lockstep_rows one WHERE EXISTS (SELECT FROM lockstep_rows other \
             WHERE one.lockstep_row <> other.lockstep_row AND {})",
            values.join(", "),
            shown.join(", "),
            meets.join(" AND ")
        ),
        message: format!("excludes another row by {name}"),
    })
}

/// Values with their operators, and the condition on rows.
type Read<'a> = (Vec<(String, String)>, Option<&'a str>);

fn read(definition: &str) -> Option<Read<'_>> {
    let open = definition.find(" (")? + 1;
    let close = open + closing(&definition[open..])?;
    let mut elements = Vec::new();
    for element in split(&definition[open + 1..close]) {
        let at = element.rfind(" WITH ")?;
        let operator = element[at + " WITH ".len()..].trim();
        elements.push((value(element[..at].trim())?.to_owned(), operator.to_owned()));
    }
    let rest = &definition[close + 1..];
    let filter = rest.find(" WHERE ").and_then(|at| {
        let text = &rest[at + " WHERE ".len()..];
        Some(&text[..=closing(text)?])
    });
    (!elements.is_empty()).then_some((elements, filter))
}

/// Without what says how it is compared.
fn value(element: &str) -> Option<&str> {
    if let Some(rest) = element.strip_prefix('"') {
        let mut end = 0;
        loop {
            end += rest[end..].find('"')?;
            if !rest[end + 1..].starts_with('"') {
                return Some(&element[..end + 2]);
            }
            end += 2;
        }
    }
    let word = element.find(' ').unwrap_or(element.len());
    match element.find('(') {
        Some(open) if open <= word => Some(&element[..=open + closing(&element[open..])?]),
        _ => Some(&element[..word]),
    }
}

/// Where the bracket that `text` begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_u32, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// At the commas that no bracket or quote holds.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut from) = (0_i32, None, 0);
    let mut parts = Vec::new();
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_falls_into_values_operators_and_a_condition() {
        let text =
            "EXCLUDE USING gist (room WITH =, tsrange(a, b) range_ops WITH &&, \"x, (y\" WITH <>) WHERE ((NOT (gone)))";
        let (elements, filter) = read(text).unwrap();
        let of = |value: &str, operator: &str| (value.to_owned(), operator.to_owned());
        assert_eq!(
            elements,
            [of("room", "="), of("tsrange(a, b)", "&&"), of("\"x, (y\"", "<>")]
        );
        assert_eq!(filter, Some("((NOT (gone)))"));
        assert_eq!(value("\"a\"\"b\" text_ops"), Some("\"a\"\"b\""));
    }
}
