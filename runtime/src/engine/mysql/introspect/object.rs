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
        let place = self
            .structure
            .triggers
            .iter()
            .rev()
            .take_while(|one| one.on.name == table)
            .filter(|one| one.options.get("moment") == Some(&moment))
            .count();
        let quoted = |name: &str| quote(Dialect::Mysql, name).unwrap_or_default();
        let mut trigger = Trigger {
            definition: format!(
                "CREATE TRIGGER {} {moment} ON {} FOR EACH ROW {body}",
                quoted(&name),
                quoted(&table)
            ),
            name,
            on: Name::plain(table),
            ..Trigger::default()
        };
        trigger.options.insert("moment".to_owned(), moment);
        trigger.options.insert("place".to_owned(), place.to_string());
        self.structure.triggers.push(trigger);
    }

    pub(super) fn take_routine(&mut self, cells: &mut Cells) {
        let routine = (cells.text(), cells.text());
        if !is_ours(&routine.1) {
            self.routines.push(routine);
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
        create.push_str(&body);
        self.structure.others.push(Other {
            kind: "event".to_owned(),
            name,
            on: None,
            create,
            drop: format!("DROP EVENT {quoted}"),
        });
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
