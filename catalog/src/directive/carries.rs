//! The names behind `carries=`: tables and columns, in quotes where they are no plain words.

/// How a table (one part, or its schema and it) or a column is written behind `carries=`; `None` where it has a name that no
/// line can hold. A name that is not a plain word stands in double quotes, those in it doubled.
///
/// ```
/// use lockstep_catalog::directive::{carried_path, carries_entry};
///
/// let entry = carries_entry(&["order items", "price"]).unwrap();
/// assert_eq!(entry, r#""order items".price"#);
/// assert_eq!(carried_path(&entry).unwrap(), ["order items", "price"]);
/// ```
pub fn carries_entry<T: AsRef<str>>(parts: &[T]) -> Option<String> {
    let mut entry = String::new();
    for (at, part) in parts.iter().map(AsRef::as_ref).enumerate() {
        if part.is_empty() || part.contains(['\n', '\r', '\0']) {
            return None;
        }
        entry.push_str(if at > 0 { "." } else { "" });
        if part.contains(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '"')) {
            entry.push_str(&format!("\"{}\"", part.replace('"', "\"\"")));
        } else {
            entry.push_str(part);
        }
    }
    (!entry.is_empty() && parts.len() <= 3).then_some(entry)
}

/// The names in an entry of `carries=`: of a table, perhaps its schema before it, perhaps a column behind it.
pub fn carried_path(entry: &str) -> Option<Vec<String>> {
    let mut rest = entry;
    let path = path(&mut rest).ok()?;
    rest.is_empty().then_some(path)
}

/// What is wrong in a list, and at which byte of it.
pub(super) struct Wrong {
    pub(super) entry: String,
    pub(super) at: usize,
}

/// The entries of a list, each in the one way of writing it.
pub(super) fn carried(list: &str) -> Result<Vec<String>, Wrong> {
    let mut entries = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start();
        let (entry, start) = (rest, list.len() - rest.len());
        let wrong = |at: usize| Wrong {
            entry: entry.split(',').next().unwrap_or_default().trim().to_owned(),
            at,
        };
        let path = path(&mut rest).map_err(|at| wrong(start + at))?;
        entries.push(carries_entry(&path).ok_or_else(|| wrong(start))?);
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(entries);
        }
        rest = rest.strip_prefix(',').ok_or_else(|| wrong(start))?;
    }
}

/// Takes `table`, `table.column` or `schema.table.column` off the front; else says at which byte it goes wrong.
fn path(rest: &mut &str) -> Result<Vec<String>, usize> {
    let whole = rest.len();
    let mut parts = Vec::new();
    loop {
        let at = whole - rest.len();
        let part = match quoted_name(rest) {
            Some((name, after)) => {
                *rest = after;
                name
            }
            None if rest.starts_with('"') => return Err(at),
            None => {
                let ends = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | '"');
                let (name, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
                *rest = after;
                name.to_owned()
            }
        };
        if part.is_empty() || parts.len() == 3 {
            return Err(if parts.is_empty() { 0 } else { at });
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(after) => *rest = after,
            None => return Ok(parts),
        }
    }
}

/// A name in quotes of whatever kind it begins with, those in it doubled, and what follows; `None` where it is not in quotes,
/// or nothing ends them.
pub(crate) fn quoted_name(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('[') {
        // Nothing stands for a closing bracket in brackets.
        return rest.split_once(']').map(|(name, after)| (name.to_owned(), after));
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '`' | '\''))?;
    let mut name = String::new();
    let mut rest = &text[1..];
    loop {
        let (part, after) = rest.split_once(quote)?;
        name.push_str(part);
        match after.strip_prefix(quote) {
            Some(more) => {
                name.push(quote);
                rest = more;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_that_are_no_plain_words_stand_in_quotes() {
        let text = r#"-- lockstep: carries="order, items"."the ""price""", "plain"."a.b" , shop.t.c"#;
        let carries = super::super::read(text).unwrap().carries;
        assert_eq!(
            carries,
            [r#""order, items"."the ""price""""#, r#"plain."a.b""#, "shop.t.c"]
        );
        for (entry, path) in carries.iter().zip([
            &["order, items", "the \"price\""][..],
            &["plain", "a.b"],
            &["shop", "t", "c"],
        ]) {
            assert_eq!(carried_path(entry).unwrap(), path);
            assert_eq!(carries_entry(path).as_ref(), Some(entry));
        }
        assert_eq!(carries_entry(&["a\nb"]), None);
        assert_eq!(carries_entry(&["a", ""]), None);
    }
}
