//! A comparison as a list: what differs, how grave it is, and what to do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Comparison, Pair, Rename, Renames, TablePair, conversion};
use crate::structure::{
    Column, Constraint, ConstraintKind, Index, Kind, Name, ObjectRef, Table, UserType, UserTypeKind,
};
use crate::write::fill::filled_with;

/// What is to be done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is missing.
    Add,
    /// It is there, and different.
    Modify,
    /// It is not wanted any more.
    Drop,
    /// It is there, and has to be made anew.
    Recreate,
    /// It gets another name.
    Rename,
}

/// How grave a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing breaks: speed, or consistency.
    Info,
    /// Something is accepted that should not be, or refused that should.
    Warning,
    /// Operations fail, or rows are at stake.
    Critical,
}

/// What a difference is about, by the field's usual distinction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Whether a table is there.
    Tables,
    /// Whether a column is there.
    Columns,
    /// What a column holds.
    DataTypes,
    /// Whether a column may be empty.
    Nullability,
    /// Keys, foreign keys, checks, exclusions.
    Constraints,
    /// Indexes.
    Indexes,
    /// Defaults.
    Defaults,
    /// Types, domains, sequences, extensions.
    Types,
    /// Views, routines, triggers, policies: what runs in the database.
    Code,
    /// Comments and settings.
    Settings,
}

impl Dimension {
    /// How grave a difference of this kind is.
    pub fn severity(self) -> Severity {
        match self {
            Self::Tables | Self::Columns | Self::DataTypes => Severity::Critical,
            Self::Nullability | Self::Constraints | Self::Types | Self::Code => Severity::Warning,
            Self::Indexes | Self::Defaults | Self::Settings => Severity::Info,
        }
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// In one word for programs: `missing_table`, `missing_column`, `missing_index`, `type_mismatch`, `orphaned_column`, …
    pub difference_type: String,
    /// What is to be done.
    pub action: Action,
    /// How grave it is.
    pub severity: Severity,
    /// What it is about.
    pub dimension: Dimension,
    /// The object.
    pub object: ObjectRef,
    /// The object, for people: `column orders.total`.
    pub what: String,
    /// How it is, where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How it should be, where it should be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What to do, in a sentence.
    pub recommended_action: String,
    /// Whether rows or values go with it.
    pub loses_data: bool,
    /// Whether values have to become something else, and some may not be able to.
    pub converts: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.action {
            Action::Add => '+',
            Action::Drop => '-',
            Action::Modify | Action::Recreate => '~',
            Action::Rename => '>',
        };
        write!(f, "{mark} {}", self.what)?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, ": {from} -> {to}"),
            (Some(only), None) | (None, Some(only)) => write!(f, ": {only}"),
            (None, None) => Ok(()),
        }
    }
}

impl Comparison<'_> {
    /// Everything that differs, tables first, each with its parts. `renames` are those that were applied to `from`.
    pub fn differences(&self, renames: &Renames) -> Vec<Difference> {
        let mut found: Vec<Difference> = renames.0.iter().map(renamed).collect();
        for one in &self.namespaces {
            let what = |kind: &str| format!("{kind} {}", name_of(one, |o| o.name.clone()));
            found.extend(whole(
                one,
                Kind::Namespace,
                |o| Name::plain(o.name.as_str()),
                what("schema"),
                Dimension::Types,
            ));
        }
        for one in &self.extensions {
            let what = format!("extension {}", name_of(one, |o| o.name.clone()));
            found.extend(whole(
                one,
                Kind::Extension,
                |o| Name::plain(o.name.as_str()),
                what,
                Dimension::Types,
            ));
        }
        for one in &self.types {
            found.extend(user_type(one));
        }
        for one in &self.sequences {
            let what = format!("sequence {}", name_of(one, |o| o.name.to_string()));
            found.extend(whole(one, Kind::Sequence, |o| o.name.clone(), what, Dimension::Types));
        }
        for one in &self.tables {
            table(one, &mut found, self.to.dialect);
        }
        for one in &self.views {
            let materialized = one.to().or(one.from()).is_some_and(|o| o.materialized);
            let word = if materialized { "materialized view" } else { "view" };
            let what = format!("{word} {}", name_of(one, |o| o.name.to_string()));
            found.extend(whole(one, Kind::View, |o| o.name.clone(), what, Dimension::Code));
        }
        for one in &self.routines {
            let what = format!("routine {}", name_of(one, |o| format!("{}({})", o.name, o.arguments)));
            found.extend(whole(one, Kind::Routine, |o| o.name.clone(), what, Dimension::Code));
        }
        for one in &self.triggers {
            let what = format!("trigger {}", name_of(one, |o| format!("{} on {}", o.name, o.on)));
            found.extend(
                whole(one, Kind::Trigger, |o| o.on.clone(), what, Dimension::Code).map(|difference| Difference {
                    object: ObjectRef {
                        part: Some(name_of(one, |o| o.name.clone())),
                        ..difference.object
                    },
                    ..difference
                }),
            );
        }
        for one in &self.others {
            let what = format!(
                "{} {}",
                name_of(one, |o| o.kind.clone()),
                name_of(one, |o| o.name.clone())
            );
            let name = |o: &crate::structure::Other| Name::plain(format!("{}:{}", o.kind, o.name));
            found.extend(whole(one, Kind::Other, name, what, Dimension::Code));
        }
        found
    }
}

fn name_of<T>(pair: &Pair<'_, T>, name: impl Fn(&T) -> String) -> String {
    pair.to().or(pair.from()).map(name).unwrap_or_default()
}

fn difference(action: Action, dimension: Dimension, object: ObjectRef, what: String) -> Difference {
    let noun = what.split(' ').next().unwrap_or_default().to_owned();
    let (difference_type, advice) = match action {
        Action::Add => (format!("missing_{noun}"), format!("create {what}")),
        Action::Drop => (format!("orphaned_{noun}"), format!("drop {what}, or declare it")),
        Action::Modify => (format!("{noun}_mismatch"), format!("change {what}")),
        Action::Recreate => (format!("{noun}_mismatch"), format!("make {what} anew")),
        Action::Rename => (format!("renamed_{noun}"), format!("rename {what}")),
    };
    Difference {
        difference_type,
        action,
        severity: dimension.severity(),
        dimension,
        object,
        what,
        from: None,
        to: None,
        recommended_action: advice,
        loses_data: false,
        converts: false,
    }
}

/// An object that is compared as a whole.
fn whole<T>(
    pair: &Pair<'_, T>,
    kind: Kind,
    name: impl Fn(&T) -> Name,
    what: String,
    dimension: Dimension,
) -> Option<Difference> {
    let action = match pair {
        Pair::Added(_) => Action::Add,
        Pair::Dropped(_) => Action::Drop,
        Pair::Both { alike: true, .. } => return None,
        Pair::Both { .. } => Action::Modify,
    };
    let name = pair.to().or(pair.from()).map(name)?;
    Some(difference(action, dimension, ObjectRef::new(kind, name), what))
}

fn renamed(rename: &Rename) -> Difference {
    let (kind, name, part, noun, from, to) = match rename {
        Rename::Table { from, to } => (Kind::Table, to, None, "table", from.to_string(), to.to_string()),
        Rename::View { from, to } => (Kind::View, to, None, "view", from.to_string(), to.to_string()),
        Rename::Type { from, to } => (Kind::Type, to, None, "type", from.to_string(), to.to_string()),
        Rename::Sequence { from, to } => (Kind::Sequence, to, None, "sequence", from.to_string(), to.to_string()),
        Rename::Label { of, from, to } => (Kind::Type, of, Some(to), "value", from.clone(), to.clone()),
        Rename::Column { table, from, to } => (Kind::Table, table, Some(to), "column", from.clone(), to.clone()),
        Rename::Index { table, from, to } => (Kind::Table, table, Some(to), "index", from.clone(), to.clone()),
        Rename::Constraint { table, from, to } => {
            (Kind::Table, table, Some(to), "constraint", from.clone(), to.clone())
        }
    };
    let what = match part {
        Some(_) => format!("{noun} {name}.{from}"),
        None => format!("{noun} {from}"),
    };
    let object = ObjectRef {
        kind,
        name: name.clone(),
        part: part.cloned(),
    };
    Difference {
        severity: Severity::Warning,
        from: Some(from),
        to: Some(to),
        ..difference(Action::Rename, Dimension::Settings, object, what)
    }
}

fn user_type(pair: &Pair<'_, UserType>) -> Option<Difference> {
    let what = format!("type {}", name_of(pair, |o| o.name.to_string()));
    let mut found = whole(pair, Kind::Type, |o| o.name.clone(), what, Dimension::Types)?;
    if let Some((from, to)) = pair.changed()
        && let (UserTypeKind::Enum { labels: from }, UserTypeKind::Enum { labels: to }) = (&from.kind, &to.kind)
    {
        found.converts = from.iter().any(|label| !to.contains(label));
        found.from = Some(from.join(", "));
        found.to = Some(to.join(", "));
    }
    Some(found)
}

fn table(pair: &TablePair<'_>, found: &mut Vec<Difference>, dialect: crate::Dialect) {
    let name = name_of(&pair.table, |o| o.name.to_string());
    let what = format!("table {name}");
    if let Some(mut one) = whole(&pair.table, Kind::Table, |o| o.name.clone(), what, Dimension::Tables) {
        one.loses_data = one.action == Action::Drop;
        if let Some((from, to)) = pair.table.changed() {
            settle(&mut one, from, to);
        }
        found.push(one);
    }
    let Some(owner) = pair.table.to().or(pair.table.from()) else {
        return;
    };
    for one in &pair.columns {
        column(&owner.name, one, found, dialect);
    }
    for one in &pair.constraints {
        found.extend(constraint(&owner.name, one));
    }
    for one in &pair.indexes {
        found.extend(index(&owner.name, one));
    }
}

/// A table's own settings differ: what they are, and how grave that is.
fn settle(one: &mut Difference, from: &Table, to: &Table) {
    let structural = from.virtual_table != to.virtual_table
        || from.partitioning != to.partitioning
        || from.partition_of != to.partition_of
        || from.inherits != to.inherits;
    if structural {
        one.action = Action::Recreate;
        one.recommended_action = format!("make {} anew and take its rows along", one.what);
        return;
    }
    one.dimension = Dimension::Settings;
    one.severity = Severity::Info;
    let told = |table: &Table| {
        let mut told: Vec<String> = table
            .options
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        told.extend(table.comment.iter().map(|comment| format!("comment {comment:?}")));
        if told.is_empty() {
            "defaults".to_owned()
        } else {
            told.join(", ")
        }
    };
    one.from = Some(told(from));
    one.to = Some(told(to));
}

fn column(table: &Name, pair: &Pair<'_, Column>, found: &mut Vec<Difference>, dialect: crate::Dialect) {
    let name = name_of(pair, |o| o.name.clone());
    let object = || ObjectRef::part(Kind::Table, table.clone(), name.as_str());
    let what = format!("column {table}.{name}");
    let (from, to) = match *pair {
        Pair::Added(to) => {
            found.push(Difference {
                to: Some(declared(to)),
                ..difference(Action::Add, Dimension::Columns, object(), what)
            });
            return;
        }
        Pair::Dropped(from) => {
            found.push(Difference {
                from: Some(declared(from)),
                loses_data: from.generated.is_none(),
                ..difference(Action::Drop, Dimension::Columns, object(), what)
            });
            return;
        }
        Pair::Both { alike: true, .. } => return,
        Pair::Both { from, to, .. } => (from, to),
    };
    let mut differs = |dimension: Dimension, kind: &str, is: String, should: String, converts: bool| {
        found.push(Difference {
            difference_type: kind.to_owned(),
            from: Some(is),
            to: Some(should),
            converts,
            ..difference(Action::Modify, dimension, object(), what.clone())
        });
    };
    if from.data_type != to.data_type || from.collation != to.collation {
        let told = |column: &Column| match &column.collation {
            Some(collation) => format!("{} collate {collation}", column.data_type),
            None => column.data_type.clone(),
        };
        let converts = !conversion::is_widening(dialect, &from.data_type, &to.data_type);
        differs(Dimension::DataTypes, "type_mismatch", told(from), told(to), converts);
    }
    if from.nullable != to.nullable {
        let told = |column: &Column| if column.nullable { "NULL" } else { "NOT NULL" }.to_owned();
        differs(
            Dimension::Nullability,
            "nullability_mismatch",
            told(from),
            told(to),
            false,
        );
    }
    let default = |column: &Column| column.default.clone().unwrap_or_else(|| "no default".to_owned());
    if from.default != to.default {
        differs(
            Dimension::Defaults,
            "default_mismatch",
            default(from),
            default(to),
            false,
        );
    }
    if from.generated != to.generated || from.identity != to.identity || from.auto_increment != to.auto_increment {
        differs(
            Dimension::DataTypes,
            "generation_mismatch",
            declared(from),
            declared(to),
            false,
        );
    }
    if from.comment != to.comment || from.options != to.options || from.inherited != to.inherited {
        differs(
            Dimension::Settings,
            "setting_mismatch",
            settings(from),
            settings(to),
            false,
        );
    }
    if let Some(default) = filled_with(from, to) {
        let own = found.iter_mut().rev().take_while(|one| one.what == what);
        for one in own.filter(|one| one.dimension == Dimension::Nullability) {
            let more = format!("; where it is NULL it becomes {default}");
            one.recommended_action.push_str(&more);
        }
    }
}

fn settings(column: &Column) -> String {
    let mut told: Vec<String> = column
        .options
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    told.extend(column.comment.iter().map(|comment| format!("comment {comment:?}")));
    if column.inherited {
        told.push("inherited".to_owned());
    }
    if told.is_empty() {
        "defaults".to_owned()
    } else {
        told.join(", ")
    }
}

/// A column in one line, for people.
pub(crate) fn declared(column: &Column) -> String {
    let mut text = column.data_type.clone();
    if !column.nullable {
        text.push_str(" not null");
    }
    if let Some(default) = &column.default {
        text.push_str(&format!(" default {default}"));
    }
    if let Some(generated) = &column.generated {
        let kept = if generated.stored { "stored" } else { "virtual" };
        text.push_str(&format!(" generated ({}) {kept}", generated.expression));
    }
    if let Some(identity) = &column.identity {
        text.push_str(if identity.always {
            " identity always"
        } else {
            " identity by default"
        });
    }
    if column.auto_increment {
        text.push_str(" auto_increment");
    }
    text.trim_start().to_owned()
}

fn constraint(table: &Name, pair: &Pair<'_, Constraint>) -> Option<Difference> {
    if !pair.differs() {
        return None;
    }
    let one = pair.to().or(pair.from())?;
    let noun = match one.kind {
        ConstraintKind::PrimaryKey(_) => "primary_key",
        ConstraintKind::Unique(_) => "unique",
        ConstraintKind::ForeignKey(_) => "foreign_key",
        ConstraintKind::Check { .. } => "check",
        ConstraintKind::Exclusion { .. } => "exclusion",
    };
    let what = if one.name.is_empty() {
        format!("{noun} of {table}")
    } else {
        format!("{noun} {table}.{}", one.name)
    };
    let told = |one: &Constraint| one.definition.clone().unwrap_or_else(|| one.kind.to_string());
    let action = match pair {
        Pair::Added(_) => Action::Add,
        Pair::Dropped(_) => Action::Drop,
        Pair::Both { .. } => Action::Recreate,
    };
    Some(Difference {
        from: pair.from().map(told),
        to: pair.to().map(told),
        ..difference(
            action,
            Dimension::Constraints,
            ObjectRef::part(Kind::Table, table.clone(), one.name.as_str()),
            what,
        )
    })
}

fn index(table: &Name, pair: &Pair<'_, Index>) -> Option<Difference> {
    if !pair.differs() {
        return None;
    }
    let one = pair.to().or(pair.from())?;
    let action = match pair {
        Pair::Added(_) => Action::Add,
        Pair::Dropped(_) => Action::Drop,
        Pair::Both { .. } => Action::Recreate,
    };
    Some(Difference {
        from: pair.from().map(Index::to_string),
        to: pair.to().map(Index::to_string),
        ..difference(
            action,
            Dimension::Indexes,
            ObjectRef::part(Kind::Table, table.clone(), one.name.as_str()),
            format!("index {table}.{}", one.name),
        )
    })
}
