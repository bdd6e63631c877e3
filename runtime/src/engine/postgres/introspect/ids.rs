//! From the ids of the catalog to names.

use std::collections::{HashMap, HashSet};

use lockstep_catalog::structure::{Kind, Name, ObjectRef};

use super::answers::Answers;
use super::queries::About;

/// The catalogs whose ids are looked up, with the ids that they have had since PostgreSQL began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Relation,
    Type,
    Routine,
    Default,
    Constraint,
    Rule,
    Trigger,
    Namespace,
    Extension,
    Policy,
    Statistics,
    Other(u32),
}

impl Class {
    pub(super) fn of(oid: u32) -> Self {
        match oid {
            1259 => Self::Relation,
            1247 => Self::Type,
            1255 => Self::Routine,
            2604 => Self::Default,
            2606 => Self::Constraint,
            2618 => Self::Rule,
            2620 => Self::Trigger,
            2615 => Self::Namespace,
            3079 => Self::Extension,
            3256 => Self::Policy,
            3381 => Self::Statistics,
            other => Self::Other(other),
        }
    }

    /// The catalog of this name, for those that are kept as text.
    pub(super) fn named(catalog: &str) -> Self {
        Self::Other(match catalog {
            "pg_event_trigger" => 3466,
            "pg_collation" => 3456,
            "pg_cast" => 2605,
            "pg_operator" => 2617,
            "pg_ts_dict" => 3600,
            "pg_ts_config" => 3602,
            "pg_foreign_data_wrapper" => 2328,
            "pg_foreign_server" => 1417,
            "pg_publication" => 6104,
            "pg_opclass" => 2616,
            "pg_opfamily" => 2753,
            "pg_am" => 2601,
            "pg_conversion" => 2607,
            "pg_user_mapping" => 1418,
            _ => 0,
        })
    }
}

/// Who is behind an id.
#[derive(Default)]
pub(super) struct Ids {
    objects: HashMap<(Class, u32), ObjectRef>,
    columns: HashMap<(u32, i64), String>,
    /// Columns that are not compared as their type usually is.
    collated: HashSet<(u32, String)>,
    /// What came with a parent's: known by the parent's name, and with no needs of its own.
    handed_down: HashSet<(Class, u32)>,
    comments: HashMap<(Class, u32, i64), String>,
    namespaces: HashMap<u32, String>,
}

impl Ids {
    pub(super) fn new(answers: &Answers) -> Self {
        let comments = answers
            .of(About::Descriptions)
            .iter()
            .map(|row| ((Class::of(row.id(0)), row.id(1), row.number(2)), row.text(3).to_owned()))
            .collect();
        Self {
            comments,
            ..Self::default()
        }
    }

    pub(super) fn comment(&self, class: Class, id: u32, part: i64) -> Option<String> {
        self.comments.get(&(class, id, part)).cloned()
    }

    pub(super) fn namespace(&mut self, id: u32, name: &str) {
        self.namespaces.insert(id, name.to_owned());
    }

    pub(super) fn namespace_name(&self, id: u32) -> Option<&str> {
        self.namespaces.get(&id).map(String::as_str)
    }

    pub(super) fn learn(&mut self, class: Class, id: u32, object: ObjectRef) {
        self.objects.insert((class, id), object);
    }

    /// What a parent handed down to its partition stands for the parent's own: it comes and goes with it.
    pub(super) fn learn_handed_down(&mut self, class: Class, id: u32, root: &ObjectRef) {
        self.objects.insert((class, id), root.clone());
        self.handed_down.insert((class, id));
    }

    pub(super) fn is_handed_down(&self, class: Class, id: u32) -> bool {
        self.handed_down.contains(&(class, id))
    }

    pub(super) fn learn_column(&mut self, table: u32, number: i64, name: &str) {
        self.columns.insert((table, number), name.to_owned());
    }

    pub(super) fn learn_collation(&mut self, table: u32, column: &str) {
        self.collated.insert((table, column.to_owned()));
    }

    pub(super) fn has_collation(&self, table: u32, column: &str) -> bool {
        !self.collated.is_empty() && self.collated.contains(&(table, column.to_owned()))
    }

    pub(super) fn column(&self, table: u32, number: i64) -> Option<&str> {
        self.columns.get(&(table, number)).map(String::as_str)
    }

    /// The name of a table or view.
    pub(super) fn relation(&self, id: u32) -> Option<&Name> {
        let object = self.objects.get(&(Class::Relation, id))?;
        matches!(object.kind, Kind::Table | Kind::View | Kind::Sequence).then_some(&object.name)
    }

    /// The object itself, a column of it where one is meant.
    pub(super) fn find(&self, class: Class, id: u32, part: i64) -> Option<ObjectRef> {
        let object = self.objects.get(&(class, id))?;
        if part == 0 || object.part.is_some() || object.kind != Kind::Table {
            return Some(object.clone());
        }
        let column = self.column(id, part)?;
        Some(ObjectRef::part(Kind::Table, object.name.clone(), column))
    }
}
