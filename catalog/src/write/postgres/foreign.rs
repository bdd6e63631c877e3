//! Foreign data wrappers, servers and user mappings are known as text; what their options say is changed where they are, for
//! foreign tables stand on them, and mappings keep secrets that no text shows.

use crate::Dialect;
use crate::lex;
use crate::structure::Other;

pub(super) fn is_foreign(kind: &str) -> bool {
    matches!(kind, "foreign data wrapper" | "server" | "user mapping")
}

/// The statements that change one into the other; nothing where only making it anew does.
pub(super) fn changes(from: &Other, to: &Other) -> Option<Vec<String>> {
    let (old, new) = (Said::read(&from.create)?, Said::read(&to.create)?);
    if old.head != new.head {
        return None;
    }
    let named = to.drop.strip_prefix("DROP ")?;
    let mut statement = format!("ALTER {named}");
    match (&old.version, &new.version) {
        (one, other) if one == other => {}
        // The server takes one version for another, but not away.
        (_, None) => return None,
        (_, Some(version)) => statement.push_str(&format!(" VERSION {version}")),
    }
    let options = options(&old.options, &new.options);
    if !options.is_empty() {
        statement.push_str(&format!(" OPTIONS ({options})"));
    }
    Some(vec![statement])
}

/// What to add, set and take away, as `OPTIONS (…)` takes it.
pub(super) fn changed_options(from: Option<&str>, to: Option<&str>) -> String {
    let read = |text: Option<&str>| pairs(text.unwrap_or_default()).unwrap_or_default();
    options(&read(from), &read(to))
}

fn options(old: &[(String, String)], new: &[(String, String)]) -> String {
    let find = |list: &[(String, String)], name: &str| {
        list.iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.clone())
    };
    let mut list = Vec::new();
    for (name, value) in new {
        match find(old, name) {
            None => list.push(format!("ADD {name} {value}")),
            Some(before) if before != *value => list.push(format!("SET {name} {value}")),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(name, _)| find(new, name).is_none());
    list.extend(gone.map(|(name, _)| format!("DROP {name}")));
    list.join(", ")
}

/// A statement in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    /// Everything else, word for word.
    head: Vec<String>,
    version: Option<String>,
    options: Vec<(String, String)>,
}

impl Said {
    fn read(text: &str) -> Option<Self> {
        let tokens = words(text);
        let mut said = Self {
            head: Vec::new(),
            version: None,
            options: Vec::new(),
        };
        let mut at = 0;
        while at < tokens.len() {
            match tokens[at].as_str() {
                "VERSION" => {
                    said.version = tokens.get(at + 1).cloned();
                    at += 2;
                }
                "OPTIONS" => {
                    said.options = pairs_of(&tokens[at + 1..])?;
                    break;
                }
                other => {
                    said.head.push(other.to_owned());
                    at += 1;
                }
            }
        }
        Some(said)
    }
}

fn words(text: &str) -> Vec<String> {
    lex::lex(Dialect::Postgres, text)
        .lexemes
        .iter()
        .filter(|lexeme| !lexeme.text.trim().is_empty())
        .map(|lexeme| lexeme.text.to_owned())
        .collect()
}

fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    pairs_of(&words(text))
}

fn pairs_of(tokens: &[String]) -> Option<Vec<(String, String)>> {
    let inner: Vec<&String> = tokens
        .iter()
        .filter(|token| !matches!(token.as_str(), "(" | ")" | ","))
        .collect();
    if !inner.len().is_multiple_of(2) {
        return None;
    }
    Some(inner.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(create: &str) -> Other {
        Other {
            kind: "server".to_owned(),
            name: "s".to_owned(),
            create: create.to_owned(),
            drop: "DROP SERVER s".to_owned(),
            ..Other::default()
        }
    }

    #[test]
    fn what_options_say_is_changed_in_place() {
        let from = server("CREATE SERVER s VERSION '1' FOREIGN DATA WRAPPER w OPTIONS (host 'a, (b', port '1')");
        let to = server("CREATE SERVER s VERSION '2' FOREIGN DATA WRAPPER w OPTIONS (dbname 'x', host 'it''s')");
        assert_eq!(
            changes(&from, &to),
            Some(vec![
                "ALTER SERVER s VERSION '2' OPTIONS (ADD dbname 'x', SET host 'it''s', DROP port)".to_owned()
            ])
        );
        let other = server("CREATE SERVER s FOREIGN DATA WRAPPER v");
        assert_eq!(changes(&from, &other), None);
    }
}
