//! Expressions in the form in which the server prints them to the end.
//!
//! `code IN ('a', 'b')` on a `varchar` is kept as one cast of a whole list, and printed so; read again, the cast is on each
//! element, and so it is printed from then on. Both are the same expression: here it always has the second form.

use std::borrow::Cow;

const LIST: &str = "(ARRAY[";

/// The form that stays the same when it is read and printed again.
pub(super) fn settled(text: &str) -> Cow<'_, str> {
    if !text.contains(LIST) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, list)) = at_list(rest) {
        out.push_str(before);
        match Cast::read(list) {
            Some(cast) => {
                let elements: Vec<String> = cast
                    .elements
                    .iter()
                    .map(|element| format!("({})::{}", settled(element), cast.to))
                    .collect();
                out.push_str(&format!("ARRAY[{}]", elements.join(", ")));
                rest = &list[cast.length..];
            }
            None => {
                out.push_str(LIST);
                rest = &list[LIST.len()..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands before the first list outside of quotes, and what begins with it.
fn at_list(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') if text[at..].starts_with(LIST) => return Some(text.split_at(at)),
            _ => {}
        }
    }
    None
}

/// `(ARRAY[…])::type[]`
struct Cast<'a> {
    elements: Vec<&'a str>,
    /// The type of an element.
    to: &'a str,
    length: usize,
}

impl<'a> Cast<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (mut depth, mut quote) = (0_u32, None);
        let mut from = LIST.len();
        let mut elements = Vec::new();
        for (at, character) in text.char_indices().skip(LIST.len()) {
            match (quote, character) {
                (Some(open), _) if character == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(character),
                (None, '(' | '[') => depth += 1,
                (None, ',') if depth == 0 => {
                    elements.push(text[from..at].trim());
                    from = at + 1;
                }
                (None, ']') if depth == 0 => {
                    elements.push(text[from..at].trim());
                    let tail = text[at..].strip_prefix("])::")?;
                    let end = tail.find("[]")?;
                    let to = &tail[..end];
                    let is_name = to
                        .chars()
                        .all(|one| one.is_alphanumeric() || matches!(one, '_' | '.' | '"' | ' '));
                    return is_name.then_some(Self {
                        elements,
                        to,
                        length: at + "])::".len() + end + "[]".len(),
                    });
                }
                (None, ')' | ']') => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::settled;

    #[test]
    fn a_cast_of_a_list_is_a_list_of_casts() {
        for (printed, last) in [
            ("(a = 1)", "(a = 1)"),
            (
                "((code)::text = ANY ((ARRAY['a'::character varying, 'b, (]'::character varying])::text[]))",
                "((code)::text = ANY (ARRAY[('a'::character varying)::text, ('b, (]'::character varying)::text]))",
            ),
            ("('(ARRAY[1])::text[]' = a)", "('(ARRAY[1])::text[]' = a)"),
            ("(ARRAY[f(1, 2), 3])", "(ARRAY[f(1, 2), 3])"),
        ] {
            assert_eq!(settled(printed), last);
            assert_eq!(settled(last), last);
        }
    }
}
