//! Views, triggers, routines and events.

use std::collections::HashSet;

use lockstep_catalog::structure::{Dependency, Kind, Name, ObjectRef, Other, Trigger};
use lockstep_catalog::{Dialect, backtick, quote};

use super::show::ended;
use super::{Cells, Reading};

impl Reading {
    pub(super) fn take_view(&mut self, cells: &mut Cells) {
        let (name, query) = (cells.text(), cells.text());
        let query = backtick::without_database(&query, &self.database);
        let (check, security) = (cells.text(), cells.text());
        let algorithm = cells.filled();
        let Some(view) = self.views.get(&name).and_then(|at| self.structure.views.get_mut(*at)) else {
            return;
        };
        view.query = query;
        if self.mariadb && is_inexact(&view.query) {
            self.inexact.push(Inexact {
                kind: "VIEW",
                name,
                head: String::new(),
            });
        }
        let mut set = |option: &str, value: String| view.options.insert(option.to_owned(), value);
        if check != "NONE" && !check.is_empty() {
            set("check_option", check);
        }
        if security != "DEFINER" && !security.is_empty() {
            set("security", security);
        }
        if let Some(algorithm) = algorithm.filter(|one| one != "UNDEFINED") {
            set("algorithm", algorithm);
        }
    }

    /// The order among the triggers of one moment is kept as their place.
    pub(super) fn take_trigger(&mut self, cells: &mut Cells) {
        let (table, name) = (cells.text(), cells.text());
        let moment = format!("{} {}", cells.text(), cells.text());
        let body = ended(&cells.text()).to_owned();
        let modes = other_modes(&cells.text(), &cells.text());
        let place = self
            .structure
            .triggers
            .iter()
            .rev()
            .take_while(|one| one.on.name == table)
            .filter(|one| one.options.get("moment") == Some(&moment))
            .count();
        let quoted = |name: &str| quote(Dialect::Mysql, name).unwrap_or_default();
        let head = format!(
            "CREATE TRIGGER {} {moment} ON {} FOR EACH ROW ",
            quoted(&name),
            quoted(&table)
        );
        let mut trigger = Trigger {
            definition: format!("{head}{body}"),
            name: name.clone(),
            on: Name::plain(table),
            ..Trigger::default()
        };
        trigger.options.insert("moment".to_owned(), moment);
        trigger.options.insert("place".to_owned(), place.to_string());
        if let Some(modes) = felt_modes(&modes, &body) {
            trigger.options.insert("sql_mode".to_owned(), modes);
        }
        self.structure.triggers.push(trigger);
        self.note_inexact("TRIGGER", name, head, &body);
    }

    pub(super) fn take_routine(&mut self, cells: &mut Cells) {
        let (kind, name) = (cells.text(), cells.text());
        if !is_ours(&name) {
            let modes = other_modes(&cells.text(), &cells.text());
            self.routines.push(ToldRoutine { kind, name, modes });
        }
    }

    pub(super) fn take_event(&mut self, cells: &mut Cells) {
        let (name, kind) = (cells.text(), cells.text());
        let at = cells.text();
        let (every, field) = (cells.text(), cells.text());
        let (starts, ends) = (cells.filled(), cells.filled());
        let status = cells.text();
        let completion = cells.text();
        let comment = cells.filled();
        let body = ended(&cells.text()).to_owned();
        let Ok(quoted) = quote(Dialect::Mysql, &name) else {
            return;
        };
        let mut create = format!("CREATE EVENT {quoted} ON SCHEDULE ");
        if kind == "RECURRING" {
            create.push_str(&format!("EVERY {} {field}", interval(&every)));
            for (word, time) in [(" STARTS ", starts), (" ENDS ", ends)] {
                if let Some(time) = time {
                    create.push_str(word);
                    create.push_str(&backtick::literal(&time));
                }
            }
        } else {
            create.push_str(&format!("AT {}", backtick::literal(&at)));
        }
        create.push_str(&format!(" ON COMPLETION {completion}"));
        create.push_str(match status.as_str() {
            "ENABLED" => " ENABLE",
            "DISABLED" => " DISABLE",
            _ if self.mariadb => " DISABLE ON SLAVE",
            _ => " DISABLE ON REPLICA",
        });
        if let Some(comment) = comment {
            create.push_str(" COMMENT ");
            create.push_str(&backtick::literal(&comment));
        }
        create.push_str(" DO ");
        self.structure.others.push(Other {
            kind: "event".to_owned(),
            name: name.clone(),
            on: None,
            create: format!("{create}{body}"),
            drop: format!("DROP EVENT {quoted}"),
        });
        self.note_inexact("EVENT", name, create, &body);
    }

    fn note_inexact(&mut self, kind: &'static str, name: String, head: String, body: &str) {
        if is_inexact(body) {
            self.inexact.push(Inexact { kind, name, head });
        }
    }

    /// The body of a trigger or an event as it was written, out of its whole text.
    pub(super) fn exact_body(&mut self, kind: &str, name: &str, text: &str) {
        let Some(inexact) = self.inexact.iter().find(|one| one.kind == kind && one.name == name) else {
            return;
        };
        let body = match kind {
            "TRIGGER" => backtick::behind(text, &["FOR", "EACH", "ROW"]).map(without_place),
            _ => backtick::behind(text, &["DO"]),
        };
        let Some(body) = body.map(|body| ended(body.trim_start())) else {
            return;
        };
        let whole = format!("{}{body}", inexact.head);
        if kind == "TRIGGER" {
            let trigger = self.structure.triggers.iter_mut().find(|one| one.name == name);
            trigger.into_iter().for_each(|one| one.definition.clone_from(&whole));
        } else {
            let mut others = self.structure.others.iter_mut();
            let event = others.find(|one| one.kind == "event" && one.name == name);
            event.into_iter().for_each(|one| one.create.clone_from(&whole));
        }
    }

    /// A view's query, its algorithm and the names of its columns, out of its whole text.
    pub(super) fn view_text(&mut self, name: &str, text: &str) {
        let Some(view) = self.views.get(name).and_then(|at| self.structure.views.get_mut(*at)) else {
            return;
        };
        for algorithm in ["MERGE", "TEMPTABLE"] {
            if text.starts_with(&format!("CREATE ALGORITHM={algorithm} ")) {
                view.options.insert("algorithm".to_owned(), algorithm.to_owned());
            }
        }
        let (Some(named), Some(query)) = (backtick::behind(text, &["VIEW"]), backtick::behind(text, &["AS"])) else {
            return;
        };
        // MySQL keeps the names of the columns apart from the query.
        let named = &named[..named.len() - query.len()];
        if let (Some(open), Some(close)) = (named.find("` (`"), named.rfind(')')) {
            view.options
                .insert("columns".to_owned(), named[open + "` (".len()..close].to_owned());
        }
        let check = view.options.get("check_option");
        let ending = check.map_or_else(String::new, |check| format!(" WITH {check} CHECK OPTION"));
        let query = query.trim_start();
        let query = query.strip_suffix(ending.as_str()).unwrap_or(query);
        view.query = backtick::without_database(query, &self.database);
    }

    /// Which views are over which tables and views: every name in their texts that is one.
    pub(super) fn view_dependencies(&mut self) {
        let mut dependencies = Vec::new();
        for view in &self.structure.views {
            let named: HashSet<String> = backtick::names(&view.query).into_iter().collect();
            for name in named {
                let kind = if self.tables.contains_key(&name) {
                    Kind::Table
                } else if self.views.contains_key(&name) && name != view.name.name {
                    Kind::View
                } else {
                    continue;
                };
                dependencies.push(Dependency {
                    of: ObjectRef::new(Kind::View, view.name.clone()),
                    on: ObjectRef::new(kind, Name::plain(name)),
                });
            }
        }
        self.structure.dependencies.extend(dependencies);
    }
}

/// A text that information_schema may not tell as it is: there, the servers resolve or lose what is escaped in strings, lose
/// the character set in front of one, and put `?` for characters of four bytes.
fn is_inexact(text: &str) -> bool {
    text.bytes()
        .any(|byte| matches!(byte, b'\'' | b'"' | b'\\' | b'?') || !byte.is_ascii())
}

/// A routine whose text is still to be read.
pub(super) struct ToldRoutine {
    /// `PROCEDURE` or `FUNCTION`.
    pub(super) kind: String,
    pub(super) name: String,
    /// The modes it was made under that we do not read under.
    pub(super) modes: Vec<&'static str>,
}

/// The modes under which a text reads otherwise, each with what it has to hold to be read otherwise.
const READING: [(&str, &str); 4] = [
    ("ANSI_QUOTES", "\""),
    ("NO_BACKSLASH_ESCAPES", "\\"),
    ("PIPES_AS_CONCAT", "||"),
    ("ORACLE", ""),
];

/// The modes that read texts otherwise, under which something was made, and this session is not.
fn other_modes(made: &str, ours: &str) -> Vec<&'static str> {
    let has = |modes: &str, mode: &str| modes.split(',').any(|one| one == mode);
    let modes = READING.iter().map(|(mode, _)| *mode);
    modes.filter(|mode| has(made, mode) && !has(ours, mode)).collect()
}

/// Those of the modes that this text would be read otherwise without.
pub(super) fn felt_modes(modes: &[&str], text: &str) -> Option<String> {
    let felt = |mode: &&str| READING.iter().any(|(one, sign)| one == mode && text.contains(sign));
    let felt: Vec<&str> = modes.iter().copied().filter(felt).collect();
    (!felt.is_empty()).then(|| felt.join(","))
}

/// What is asked for once more, by its name.
pub(super) struct Inexact {
    /// `TRIGGER`, `EVENT` or `VIEW`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// What stands in front of the body.
    head: String,
}

/// A trigger's body without `FOLLOWS other` in front of it.
fn without_place(body: &str) -> &str {
    let body = body.trim_start();
    let rest = ["FOLLOWS", "PRECEDES"].iter().find_map(|word| {
        let is = body.get(..word.len())?.eq_ignore_ascii_case(word);
        let rest = body.get(word.len()..).filter(|_| is)?;
        rest.starts_with([' ', '\t', '\n', '\r', '`', '"'])
            .then(|| rest.trim_start())
    });
    let Some(rest) = rest else { return body };
    match rest.chars().next() {
        Some(quote @ ('`' | '"')) => {
            let mut pieces = rest[1..].match_indices(quote).peekable();
            while let Some((at, _)) = pieces.next() {
                if pieces.next_if(|(next, _)| *next == at + 1).is_none() {
                    return rest.get(at + 2..).unwrap_or_default();
                }
            }
            body
        }
        _ => rest.find(char::is_whitespace).map_or(body, |end| &rest[end..]),
    }
}

/// A number stands as it is, anything else (`1:30`) in quotes; MariaDB prints them with quotes, MySQL without.
fn interval(every: &str) -> String {
    let bare = every.trim_matches('\'');
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        bare.to_owned()
    } else {
        backtick::literal(bare)
    }
}

fn is_ours(name: &str) -> bool {
    name.get(..9)
        .is_some_and(|start| start.eq_ignore_ascii_case("lockstep_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_trigger_is_no_part_of_its_body() {
        assert_eq!(without_place(" follows `a``b` set @a = 1"), " set @a = 1");
        assert_eq!(without_place("\nPRECEDES other begin end"), " begin end");
        assert_eq!(without_place(" begin end"), "begin end");
        assert_eq!(without_place(" followsx: begin end"), "followsx: begin end");
    }

    #[test]
    fn a_mode_counts_where_the_text_would_be_read_otherwise_without_it() {
        let modes = other_modes("PIPES_AS_CONCAT,ANSI_QUOTES,STRICT_TRANS_TABLES", "ANSI_QUOTES");
        assert_eq!(modes, ["PIPES_AS_CONCAT"]);
        assert_eq!(felt_modes(&modes, "select a || b").as_deref(), Some("PIPES_AS_CONCAT"));
        assert_eq!(felt_modes(&modes, "select a or b"), None);
    }

    #[test]
    fn strings_make_a_text_inexact() {
        assert!(is_inexact("select 'a'"));
        assert!(is_inexact("select ü"));
        assert!(!is_inexact("select `a` from `b` where `c` > 1"));
    }
}
