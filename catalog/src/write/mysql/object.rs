//! Views, triggers, routines, events, sequences.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Writer, about, change, full, in_order, lock, quoted};
use crate::backtick;
use crate::compare::Pair;
use crate::structure::{Kind, Name, ObjectRef, Options, Routine, RoutineKind, Sequence, Trigger, View};
use crate::write::WriteError;

/// What fires together: the table and the moment.
type Moment<'a> = (&'a str, &'a str);

impl Writer<'_> {
    /// Triggers of one moment run in the order they were made: those behind the first difference go and come back.
    pub(super) fn drop_triggers(&mut self) -> Result<(), WriteError> {
        let comparison = self.comparison;
        let gone: HashSet<&str> = comparison
            .tables
            .iter()
            .filter_map(|pair| match pair.table {
                Pair::Dropped(table) => Some(table.name.name.as_str()),
                _ => None,
            })
            .collect();
        let from = moments(&comparison.from.triggers);
        let to = moments(&comparison.to.triggers);
        for (moment, triggers) in &from {
            if gone.contains(moment.0) {
                continue;
            }
            let stays = self.staying(moment, triggers, to.get(moment).map_or(&[], Vec::as_slice));
            for trigger in triggers.iter().filter(|one| !stays.contains(one.name.as_str())) {
                self.push(change(
                    format!("DROP TRIGGER {}", quoted(&trigger.name)?),
                    format!("trigger {} on {}", trigger.name, trigger.on),
                    ObjectRef::part(Kind::Trigger, trigger.on.clone(), trigger.name.as_str()),
                ));
            }
        }
        Ok(())
    }

    pub(super) fn create_triggers(&mut self) -> Result<(), WriteError> {
        let comparison = self.comparison;
        let from = moments(&comparison.from.triggers);
        let to = moments(&comparison.to.triggers);
        for (moment, triggers) in &to {
            let stays = self.staying(moment, from.get(moment).map_or(&[], Vec::as_slice), triggers);
            for trigger in triggers.iter().filter(|one| !stays.contains(one.name.as_str())) {
                same_reading(&trigger.options, format!("trigger {}", trigger.name))?;
                self.push(change(
                    trigger.definition.clone(),
                    format!("trigger {} on {}", trigger.name, trigger.on),
                    ObjectRef::part(Kind::Trigger, trigger.on.clone(), trigger.name.as_str()),
                ));
            }
        }
        Ok(())
    }

    /// The triggers of a moment that are left alone.
    fn staying<'t>(&self, moment: &Moment<'_>, from: &[&'t Trigger], to: &[&'t Trigger]) -> HashSet<&'t str> {
        // They would fire when rows are filled, for which nobody asked.
        if self.filled.contains(moment.0) && moment.1.ends_with("UPDATE") {
            return HashSet::new();
        }
        let same = |a: &Trigger, b: &Trigger| a.name == b.name && a.definition == b.definition;
        let kept = from.iter().filter(|old| to.iter().any(|new| same(old, new)));
        kept.zip(to)
            .take_while(|(old, new)| same(old, new))
            .map(|(old, _)| old.name.as_str())
            .collect()
    }

    pub(super) fn drop_events(&mut self) {
        for pair in &self.comparison.others {
            if let (Some(old), true) = (pair.from(), pair.differs())
                && !old.drop.is_empty()
            {
                let about = other(&old.kind, &old.name);
                self.push(change(old.drop.clone(), format!("{} {}", old.kind, old.name), about));
            }
        }
    }

    pub(super) fn create_events(&mut self) {
        for pair in &self.comparison.others {
            if let (Some(new), true) = (pair.to(), pair.differs()) {
                let about = other(&new.kind, &new.name);
                self.push(change(new.create.clone(), format!("{} {}", new.kind, new.name), about));
            }
        }
    }

    pub(super) fn drop_routines(&mut self) -> Result<(), WriteError> {
        for pair in &self.comparison.routines {
            if let (Some(old), true) = (pair.from(), pair.differs()) {
                let sql = format!("DROP {} {}", kind(old), full(&old.name)?);
                self.push(change(sql, describe(old), about(Kind::Routine, &old.name)));
            }
        }
        Ok(())
    }

    pub(super) fn create_routines(&mut self) -> Result<(), WriteError> {
        for pair in &self.comparison.routines {
            if let (Some(new), true) = (pair.to(), pair.differs()) {
                same_reading(&new.options, describe(new))?;
                self.push(change(
                    new.definition.clone(),
                    describe(new),
                    about(Kind::Routine, &new.name),
                ));
            }
        }
        Ok(())
    }

    pub(super) fn drop_views(&mut self) -> Result<(), WriteError> {
        for pair in &self.comparison.views {
            if let Pair::Dropped(view) = pair {
                self.push(change(
                    format!("DROP VIEW {}", full(&view.name)?),
                    format!("view {}", view.name),
                    about(Kind::View, &view.name),
                ));
            }
        }
        Ok(())
    }

    /// New and changed views, each after those it is over.
    pub(super) fn create_views(&mut self) -> Result<(), WriteError> {
        let mut coming: HashMap<&str, &View> = HashMap::new();
        let mut replaced: HashSet<&str> = HashSet::new();
        let mut names: Vec<String> = Vec::new();
        for pair in &self.comparison.views {
            if let (Some(view), true) = (pair.to(), pair.differs()) {
                coming.insert(&view.name.name, view);
                names.push(view.name.name.clone());
                if pair.from().is_some() {
                    replaced.insert(&view.name.name);
                }
            }
        }
        let needs: HashMap<String, HashSet<String>> = coming
            .iter()
            .map(|(name, view)| ((*name).to_owned(), backtick::names(&view.query).into_iter().collect()))
            .collect();
        let (order, circle) = in_order(&names, &needs);
        for name in order.iter().chain(&circle) {
            let Some(view) = coming.get(name.as_str()) else {
                continue;
            };
            let sql = create_view(view, replaced.contains(name.as_str()))?;
            self.push(change(sql, format!("view {name}"), about(Kind::View, &view.name)));
        }
        Ok(())
    }

    pub(super) fn sequences(&mut self) -> Result<(), WriteError> {
        for pair in &self.comparison.sequences {
            let (verb, sequence) = match *pair {
                Pair::Added(sequence) => ("CREATE", sequence),
                Pair::Both { to, alike: false, .. } => ("ALTER", to),
                _ => continue,
            };
            self.push(change(
                format!("{verb} SEQUENCE {} {}", full(&sequence.name)?, settings(sequence)),
                format!("sequence {}", sequence.name),
                about(Kind::Sequence, &sequence.name),
            ));
        }
        Ok(())
    }

    pub(super) fn drop_sequences(&mut self) -> Result<(), WriteError> {
        for pair in &self.comparison.sequences {
            if let Pair::Dropped(sequence) = *pair {
                let mut dropping = change(
                    format!("DROP SEQUENCE {}", full(&sequence.name)?),
                    format!("sequence {}", sequence.name),
                    about(Kind::Sequence, &sequence.name),
                );
                dropping.lock = lock(&sequence.name.name, false);
                self.push(dropping);
            }
        }
        Ok(())
    }
}

/// The triggers by what they fire at, each list in the order they fire.
fn moments(triggers: &[Trigger]) -> BTreeMap<Moment<'_>, Vec<&Trigger>> {
    let mut found: BTreeMap<Moment<'_>, Vec<&Trigger>> = BTreeMap::new();
    for trigger in triggers {
        let moment = trigger.options.get("moment").map_or("", String::as_str);
        found.entry((&trigger.on.name, moment)).or_default().push(trigger);
    }
    for together in found.values_mut() {
        together.sort_by_key(|one| {
            let place = one.options.get("place").and_then(|place| place.parse::<u32>().ok());
            place.unwrap_or(u32::MAX)
        });
    }
    found
}

/// What was made under a mode that reads its text otherwise would be something else, made again without.
fn same_reading(options: &Options, about: String) -> Result<(), WriteError> {
    match options.get("sql_mode") {
        None => Ok(()),
        Some(modes) => Err(WriteError::Unsupported {
            about,
            message: format!(
                "it was made under sql_mode {modes}, and its text would mean something else without; make it again with a \
                 text that needs no such mode first"
            ),
        }),
    }
}

fn other(kind: &str, name: &str) -> ObjectRef {
    about(Kind::Other, &Name::plain(format!("{kind}:{name}")))
}

fn kind(routine: &Routine) -> &'static str {
    match routine.kind {
        RoutineKind::Procedure => "PROCEDURE",
        RoutineKind::Function | RoutineKind::Aggregate => "FUNCTION",
    }
}

fn describe(routine: &Routine) -> String {
    format!("{} {}", kind(routine).to_ascii_lowercase(), routine.name)
}

fn create_view(view: &View, replaces: bool) -> Result<String, WriteError> {
    let option = |name: &str| view.options.get(name);
    let mut sql = String::from(if replaces { "CREATE OR REPLACE" } else { "CREATE" });
    // Replaced, a view keeps what is not said.
    match option("algorithm") {
        Some(algorithm) => sql.push_str(&format!(" ALGORITHM = {algorithm}")),
        None if replaces => sql.push_str(" ALGORITHM = UNDEFINED"),
        None => {}
    }
    match option("security") {
        Some(security) => sql.push_str(&format!(" SQL SECURITY {security}")),
        None if replaces => sql.push_str(" SQL SECURITY DEFINER"),
        None => {}
    }
    let columns = option("columns").map_or_else(String::new, |names| format!(" ({names})"));
    sql.push_str(&format!(" VIEW {}{columns} AS {}", full(&view.name)?, view.query));
    if let Some(check) = option("check_option") {
        sql.push_str(&format!(" WITH {check} CHECK OPTION"));
    }
    Ok(sql)
}

fn settings(sequence: &Sequence) -> String {
    let settings = &sequence.settings;
    let cache = match settings.cache.as_str() {
        "0" => "NOCACHE".to_owned(),
        cache => format!("CACHE {cache}"),
    };
    format!(
        "START WITH {} MINVALUE {} MAXVALUE {} INCREMENT BY {} {cache} {}",
        settings.start,
        settings.minimum,
        settings.maximum,
        settings.increment,
        if settings.cycle { "CYCLE" } else { "NOCYCLE" }
    )
}
