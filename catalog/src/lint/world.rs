//! What is there when a statement runs: what the database had before, and what the statements above did to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::Dialect;
use crate::structure::{self, Name, Structure};

use super::act::{Act, Action, AlterTable, ColumnDef, ConstraintKind, CreateTable, Dropped};
use super::words::{Named, folded, is_default_schema};

/// A table at a moment.
#[derive(Debug, Clone, Default)]
pub(super) struct TableAt {
    /// Its columns by name; `None` where they are not known.
    pub(super) columns: Option<BTreeMap<String, ColumnAt>>,
    /// Whether this migration made it, so that nobody uses it yet.
    pub(super) made_here: bool,
    /// How many rows it had before.
    pub(super) rows: Option<u64>,
    /// What it is called in the database, while it is still as it is there.
    pub(super) in_database: Option<Name>,
    /// Indexes, keys: the columns each begins with.
    pub(super) keys: Vec<Vec<String>>,
    /// Columns of which a validated check says that they are not null.
    pub(super) proven: BTreeSet<String>,
    /// Checks of this kind that are not validated yet, by name.
    pub(super) unproven: BTreeMap<String, String>,
    /// Constraints that were added without looking at the rows, by this migration's scripts.
    pub(super) not_valid: BTreeSet<String>,
    /// Its indexes and triggers that go with it, by name.
    pub(super) belongings: BTreeSet<(&'static str, String)>,
    /// Columns that are primary key or unique.
    pub(super) key_columns: BTreeSet<String>,
}

/// A column at a moment.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnAt {
    /// Empty where it is not known.
    pub(super) data_type: String,
    /// As the database has it, untouched so far.
    pub(super) column: Option<structure::Column>,
}

/// Why a table is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    Dropped,
    Renamed,
}

/// Everything at a moment.
#[derive(Debug, Clone)]
pub(super) struct World {
    dialect: Dialect,
    pub(super) tables: HashMap<String, TableAt>,
    pub(super) gone: HashMap<String, (Gone, bool)>,
    /// Whether every table that exists is known.
    pub(super) complete: bool,
    /// Which table an index is on.
    indexes: HashMap<String, String>,
}

impl World {
    pub(super) fn of(dialect: Dialect, database: Option<&Structure>, rows: Option<&HashMap<Name, u64>>) -> Self {
        let mut world = Self {
            dialect,
            tables: HashMap::new(),
            gone: HashMap::new(),
            complete: database.is_some(),
            indexes: HashMap::new(),
        };
        let Some(database) = database else {
            return world;
        };
        for table in &database.tables {
            let key = world.key(&table.name);
            let mut at = TableAt {
                rows: rows.and_then(|rows| rows.get(&table.name)).copied(),
                in_database: Some(table.name.clone()),
                columns: table.virtual_table.is_none().then(|| {
                    let columns = table.columns.iter();
                    columns.map(|one| (world.fold(&one.name), ColumnAt::of(one))).collect()
                }),
                ..TableAt::default()
            };
            world.known_keys(table, &mut at);
            for index in &table.indexes {
                world.indexes.insert(world.fold(&index.name), key.clone());
            }
            world.tables.insert(key, at);
        }
        for view in &database.views {
            world.tables.insert(world.key(&view.name), TableAt::default());
        }
        for trigger in &database.triggers {
            let (on, name) = (world.key(&trigger.on), world.fold(&trigger.name));
            if let Some(table) = world.tables.get_mut(&on) {
                table.belongings.insert(("TRIGGER", name));
            }
        }
        world
    }

    fn known_keys(&self, table: &structure::Table, at: &mut TableAt) {
        let columns = |parts: &[structure::IndexPart]| -> Vec<String> {
            let named = parts.iter().map_while(|part| part.column_name());
            named.map(|name| self.fold(name)).collect()
        };
        for constraint in &table.constraints {
            match &constraint.kind {
                structure::ConstraintKind::PrimaryKey(key) | structure::ConstraintKind::Unique(key) => {
                    at.key_columns.extend(columns(&key.parts));
                    at.keys.push(columns(&key.parts));
                }
                structure::ConstraintKind::Check { expression } if !constraint.unchecked => {
                    let text = expression.trim_matches(|c: char| c == '(' || c == ')' || c.is_whitespace());
                    if let Some(column) = text.strip_suffix("IS NOT NULL") {
                        at.proven.insert(column.trim().trim_matches('"').to_owned());
                    }
                }
                _ => {}
            }
        }
        for index in &table.indexes {
            at.keys.push(columns(&index.parts));
            if index.unique {
                at.key_columns.extend(columns(&index.parts));
            }
            at.belongings.insert(("INDEX", self.fold(&index.name)));
        }
    }

    fn key(&self, name: &Name) -> String {
        let own = self.fold(&name.name);
        if name.schema.is_empty() || is_default_schema(&name.schema) {
            own
        } else {
            format!("{}.{own}", name.schema)
        }
    }

    fn fold(&self, name: &str) -> String {
        // The catalog's names are exact, as if they were quoted.
        folded(self.dialect, name, true)
    }

    /// The table of this name; without a schema it may be in any of them.
    pub(super) fn table(&self, name: &Named) -> Option<&TableAt> {
        self.tables.get(&self.key_of(name))
    }

    fn key_of(&self, name: &Named) -> String {
        let key = name.key();
        if name.schema.is_none() && !self.tables.contains_key(&key) && self.dialect != Dialect::Sqlite {
            let suffix = format!(".{key}");
            if let Some(found) = self.tables.keys().find(|one| one.ends_with(&suffix)) {
                return found.clone();
            }
        }
        if name.schema.is_some() && self.dialect == Dialect::Mysql && !self.tables.contains_key(&key) {
            return name.ident.key.clone();
        }
        key
    }

    /// Whether this migration made the table, so that nobody waits for it.
    pub(super) fn is_new(&self, name: &Named) -> bool {
        self.table(name).is_some_and(|table| table.made_here)
    }

    /// The table an index is on.
    pub(super) fn table_of_index(&self, name: &Named) -> Option<&TableAt> {
        self.tables.get(self.indexes.get(&name.ident.key)?)
    }

    /// The next migration begins: what was made before is in use by now.
    pub(super) fn next_migration(&mut self) {
        for table in self.tables.values_mut() {
            table.made_here = false;
        }
        for (_, here) in self.gone.values_mut() {
            *here = false;
        }
    }

    /// What stood in another script is in effect by now.
    pub(super) fn next_transaction(&mut self) {
        for table in self.tables.values_mut() {
            table.not_valid.clear();
        }
    }

    /// After a statement.
    pub(super) fn apply(&mut self, act: &Act) {
        match act {
            Act::CreateTable(create) => self.create(create),
            Act::AlterTable(alter) => self.alter(alter),
            Act::CreateIndex(index) => {
                let key = self.key_of(&index.table);
                if let Some(table) = self.tables.get_mut(&key) {
                    let columns: Vec<String> = index.columns.iter().map(|one| one.key.clone()).collect();
                    if index.unique {
                        table.key_columns.extend(columns.clone());
                    }
                    table.keys.push(columns);
                    if let Some(name) = &index.name {
                        table.belongings.insert(("INDEX", name.ident.key.clone()));
                    }
                }
                if let Some(name) = &index.name {
                    self.indexes.insert(name.ident.key.clone(), key);
                }
            }
            Act::Create { kind, name, on, .. } => {
                if *kind == "VIEW" {
                    let view = TableAt {
                        made_here: true,
                        ..TableAt::default()
                    };
                    self.gone.remove(&name.key());
                    self.tables.insert(name.key(), view);
                }
                if let Some(on) = on {
                    let key = self.key_of(on);
                    if let Some(table) = self.tables.get_mut(&key) {
                        table.belongings.insert(("TRIGGER", name.ident.key.clone()));
                    }
                }
            }
            Act::Drop(dropped) => self.drop(dropped),
            Act::RenameTables(pairs) => {
                for (from, to) in pairs {
                    self.rename(from, to);
                }
            }
            Act::Opaque => self.complete = false,
            _ => {}
        }
    }

    fn create(&mut self, create: &CreateTable) {
        let key = create.name.key();
        if create.if_not_exists && self.tables.contains_key(&key) {
            return;
        }
        self.gone.remove(&key);
        let columns = create
            .columns
            .iter()
            .map(|one| (one.name.key.clone(), ColumnAt::made(one)));
        let mut at = TableAt {
            columns: (!create.more_columns).then(|| columns.collect()),
            made_here: true,
            ..TableAt::default()
        };
        for column in &create.columns {
            if column.primary_key.is_some() || column.unique.is_some() {
                at.keys.push(vec![column.name.key.clone()]);
                at.key_columns.insert(column.name.key.clone());
            }
        }
        for constraint in &create.constraints {
            if matches!(constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique) {
                let columns: Vec<String> = constraint.columns.iter().map(|one| one.key.clone()).collect();
                at.key_columns.extend(columns.clone());
                at.keys.push(columns);
            }
        }
        for (columns, _) in &create.indexes {
            at.keys.push(columns.iter().map(|one| one.key.clone()).collect());
        }
        self.tables.insert(key, at);
    }

    fn drop(&mut self, dropped: &Dropped) {
        for name in &dropped.names {
            match dropped.kind {
                "TABLE" | "VIEW" => {
                    let key = self.key_of(name);
                    self.tables.remove(&key);
                    self.gone.insert(key, (Gone::Dropped, true));
                }
                "INDEX" | "TRIGGER" => {
                    for table in self.tables.values_mut() {
                        table.belongings.remove(&(dropped.kind, name.ident.key.clone()));
                    }
                }
                _ => {}
            }
            if dropped.cascade.is_some() {
                self.complete = false;
            }
        }
    }

    fn rename(&mut self, from: &Named, to: &Named) {
        let key = self.key_of(from);
        let new = match (&to.schema, key.rsplit_once('.')) {
            (None, Some((schema, _))) => format!("{schema}.{}", to.ident.key),
            _ => to.key(),
        };
        let mut table = self.tables.remove(&key).unwrap_or_default();
        table.in_database = None;
        for on in self.indexes.values_mut().filter(|on| **on == key) {
            on.clone_from(&new);
        }
        self.gone.remove(&new);
        self.gone.insert(key, (Gone::Renamed, true));
        self.tables.insert(new, table);
    }

    fn alter(&mut self, alter: &AlterTable) {
        let mut renamed = None;
        // A table that is used is there, whether anything else is known of it or not.
        let key = self.key_of(&alter.table);
        let table = self.tables.entry(key).or_default();
        for (action, _) in &alter.actions {
            match action {
                Action::RenameTable(to) => renamed = Some(to.clone()),
                other => table.apply(other),
            }
        }
        if let Some(to) = renamed {
            self.rename(&alter.table, &to);
        }
    }
}

impl ColumnAt {
    fn of(column: &structure::Column) -> Self {
        Self {
            data_type: column.data_type.clone(),
            column: Some(column.clone()),
        }
    }

    pub(super) fn made(column: &ColumnDef) -> Self {
        Self {
            data_type: column.data_type.clone(),
            column: None,
        }
    }
}

impl TableAt {
    fn apply(&mut self, action: &Action) {
        let columns = self.columns.as_mut();
        match action {
            Action::AddColumn { column, .. } => {
                if let Some(columns) = columns {
                    columns.insert(column.name.key.clone(), ColumnAt::made(column));
                }
                if column.primary_key.is_some() || column.unique.is_some() {
                    self.keys.push(vec![column.name.key.clone()]);
                }
            }
            Action::DropColumn { column, .. } => {
                columns.map(|columns| columns.remove(&column.key));
            }
            Action::RenameColumn { from, to } => {
                if let Some(columns) = columns
                    && let Some(mut found) = columns.remove(&from.key)
                {
                    found.column = None;
                    columns.insert(to.key.clone(), found);
                }
                let renamed = |key: &mut String| {
                    if *key == from.key {
                        key.clone_from(&to.key);
                    }
                };
                self.keys.iter_mut().flatten().for_each(renamed);
            }
            Action::Modify { from, column } => {
                if let Some(columns) = columns {
                    columns.remove(&from.as_ref().unwrap_or(&column.name).key);
                    columns.insert(column.name.key.clone(), ColumnAt::made(column));
                }
            }
            Action::SetType { column, data_type, .. } => {
                if let Some(found) = columns.and_then(|columns| columns.get_mut(&column.key)) {
                    found.data_type.clone_from(data_type);
                    found.column = None;
                }
            }
            Action::AddConstraint(constraint) => {
                let named = constraint.name.as_ref().map(|name| name.key.clone());
                if let (Some(name), true) = (&named, constraint.not_valid) {
                    self.not_valid.insert(name.clone());
                }
                match (&constraint.is_not_null, &named) {
                    (Some(column), _) if !constraint.not_valid => {
                        self.proven.insert(column.clone());
                    }
                    (Some(column), Some(name)) => {
                        self.unproven.insert(name.clone(), column.clone());
                    }
                    _ => {}
                }
                if matches!(constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique) {
                    self.keys
                        .push(constraint.columns.iter().map(|one| one.key.clone()).collect());
                }
            }
            Action::Validate(Some(name)) => {
                if let Some(column) = self.unproven.remove(&name.key) {
                    self.proven.insert(column);
                }
            }
            Action::AddIndex { columns, .. } => self.keys.push(columns.iter().map(|one| one.key.clone()).collect()),
            _ => {}
        }
    }

    /// Whether an index or a key begins with these columns, in any order.
    pub(super) fn has_key_for(&self, columns: &[String]) -> bool {
        self.keys.iter().any(|key| {
            let begin = key.get(..columns.len());
            begin.is_some_and(|begin| columns.iter().all(|column| begin.contains(column)))
        })
    }
}
