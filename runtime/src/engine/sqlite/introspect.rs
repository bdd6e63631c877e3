//! What a SQLite database looks like, in four queries at most however many tables there are.
//!
//! ```text
//!  sqlite_schema ──── text ──► catalog's reader ──► tables, indexes, views, triggers
//!  table_list ─────── which tables are a virtual table's own (asked only where there is one)
//!  table_xinfo ────── columns; where the reader did not understand a text, or saw something else, the engine is right
//! ```

use std::collections::{BTreeSet, HashMap, HashSet};

use lockstep_catalog::read::sqlite as read;
use lockstep_catalog::structure::{
    Column, ConstraintKind, Dependency, Generated, Kind, Name, ObjectRef, Selection, Structure, Table, Trigger, View,
};
use lockstep_catalog::{Dialect, canonical_sql};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::connect::own;
use crate::Result;

const DOING: &str = "reading what the database looks like";

const OBJECTS: &str = "\
SELECT type, name, tbl_name, sql FROM sqlite_schema
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'lockstep\\_%' ESCAPE '\\'";

const SHADOWS: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";

const COLUMNS: &str = "\
SELECT m.name, x.name, lower(x.type), x.\"notnull\", x.dflt_value, x.hidden
FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name NOT LIKE 'lockstep\\_%' ESCAPE '\\'
  AND m.sql NOT LIKE 'CREATE VIRTUAL %'
ORDER BY m.rowid, x.cid";

const VIRTUAL_COLUMNS: &str = "\
SELECT m.name, x.name, lower(x.type), x.\"notnull\", x.dflt_value, x.hidden
FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x
WHERE m.type = 'table' AND m.sql LIKE 'CREATE VIRTUAL %' AND x.hidden = 0 ORDER BY m.rowid, x.cid";

pub(super) async fn structure(connection: &mut SqliteConnection, selection: &Selection) -> Result<Structure> {
    let mut objects = Vec::new();
    for row in all(connection, OBJECTS).await? {
        objects.push(Object::of(&row).map_err(own(DOING))?);
    }
    let has_virtual = objects.iter().any(Object::is_virtual);
    let mut shadows = HashSet::new();
    let mut columns = HashMap::new();
    if has_virtual {
        for row in all(connection, SHADOWS).await? {
            shadows.insert(row.try_get::<String, _>(0).map_err(own(DOING))?);
        }
        // A module that this build does not have cannot say its columns; its text is still all there is to know.
        if let Ok(rows) = all(connection, VIRTUAL_COLUMNS).await {
            by_table(&rows, &mut columns)?;
        }
    }
    by_table(&all(connection, COLUMNS).await?, &mut columns)?;
    objects.retain(|one| !shadows.contains(&one.table) && !shadows.contains(&one.name));
    let mut structure = assembled(objects, columns);
    structure.select(selection);
    structure.sort();
    Ok(structure)
}

/// Another one after every change of the schema, by whatever process.
pub(super) async fn change_marker(connection: &mut SqliteConnection) -> Result<String> {
    let version: i64 = sqlx::query_scalar("PRAGMA schema_version")
        .fetch_one(connection)
        .await
        .map_err(own("reading the schema's version"))?;
    Ok(version.to_string())
}

async fn all(connection: &mut SqliteConnection, query: &'static str) -> Result<Vec<SqliteRow>> {
    sqlx::query(query)
        .persistent(false)
        .fetch_all(connection)
        .await
        .map_err(own(DOING))
}

struct Object {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

impl Object {
    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            kind: row.try_get(0)?,
            name: row.try_get(1)?,
            table: row.try_get(2)?,
            sql: row.try_get(3)?,
        })
    }

    fn is_virtual(&self) -> bool {
        self.sql
            .get(..15)
            .is_some_and(|start| start.eq_ignore_ascii_case("CREATE VIRTUAL "))
    }
}

/// The engine's own word on a column.
struct Seen {
    name: String,
    data_type: String,
    nullable: bool,
    default: Option<String>,
    hidden: i64,
}

fn by_table(rows: &[SqliteRow], columns: &mut HashMap<String, Vec<Seen>>) -> Result<()> {
    for row in rows {
        let mut read = || -> Result<(), sqlx::Error> {
            let table: &str = row.try_get(0)?;
            let seen = Seen {
                name: row.try_get(1)?,
                data_type: row.try_get(2)?,
                nullable: row.try_get::<i64, _>(3)? == 0,
                default: row.try_get(4)?,
                hidden: row.try_get(5)?,
            };
            match columns.get_mut(table) {
                Some(of) => of.push(seen),
                None => {
                    columns.insert(table.to_owned(), vec![seen]);
                }
            }
            Ok(())
        };
        read().map_err(own(DOING))?;
    }
    Ok(())
}

fn assembled(objects: Vec<Object>, mut columns: HashMap<String, Vec<Seen>>) -> Structure {
    let mut structure = Structure::empty(Dialect::Sqlite);
    let mut places: HashMap<String, usize> = HashMap::new();
    let (tables, rest): (Vec<Object>, Vec<Object>) = objects.into_iter().partition(|one| one.kind == "table");
    for object in tables {
        let seen = columns.remove(&object.name).unwrap_or_default();
        places.insert(read::fold(&object.name), structure.tables.len());
        structure.tables.push(table(object, seen));
    }
    for object in rest {
        match object.kind.as_str() {
            "index" => {
                let Some(table) = places
                    .get(&read::fold(&object.table))
                    .and_then(|at| structure.tables.get_mut(*at))
                else {
                    continue;
                };
                let known: HashSet<String> = table.columns.iter().map(|one| read::fold(&one.name)).collect();
                let is_column = |name: &str| known.contains(&read::fold(name));
                let mut index = read::index(&object.sql, &is_column).unwrap_or_default();
                index.name = object.name;
                index.definition = Some(object.sql);
                table.indexes.push(index);
            }
            "view" => structure.views.push(view(object)),
            _ => structure.triggers.push(trigger(object)),
        }
    }
    structure.dependencies = dependencies(&structure);
    structure
}

fn table(object: Object, seen: Vec<Seen>) -> Table {
    if object.is_virtual() {
        let mut table = read::virtual_table(&object.sql).unwrap_or_default();
        table.columns = seen.into_iter().map(Seen::column).collect();
        table.name = Name::plain(object.name);
        table.sql = Some(object.sql);
        return table;
    }
    let read = read::table(&object.sql).map(|read| read.table);
    let agrees = |table: &Table| {
        table.columns.len() == seen.len() && table.columns.iter().zip(&seen).all(|(one, seen)| one.name == seen.name)
    };
    let mut table = match read {
        Some(table) if agrees(&table) => table,
        _ => {
            // Two texts that nobody here understands are alike where they are the same text.
            let mut table = Table {
                columns: seen.iter().map(Seen::copied).collect(),
                sql: Some(object.sql.clone()),
                ..Table::default()
            };
            let text = canonical_sql(Dialect::Sqlite, &object.sql);
            table.options.insert("definition".to_owned(), text);
            table
        }
    };
    for (column, seen) in table.columns.iter_mut().zip(seen) {
        column.nullable = seen.nullable;
    }
    table.name = Name::plain(object.name);
    table
}

impl Seen {
    fn column(self) -> Column {
        Column {
            generated: (self.hidden > 1).then(|| Generated {
                expression: String::new(),
                stored: self.hidden == 3,
            }),
            name: self.name,
            data_type: self.data_type,
            nullable: self.nullable,
            default: self.default,
            ..Column::default()
        }
    }

    fn copied(&self) -> Column {
        Self {
            name: self.name.clone(),
            data_type: self.data_type.clone(),
            default: self.default.clone(),
            ..*self
        }
        .column()
    }
}

fn view(object: Object) -> View {
    let mut view = read::view(&object.sql).unwrap_or_else(|| View {
        query: canonical_sql(Dialect::Sqlite, &object.sql),
        sql: Some(object.sql.clone()),
        ..View::default()
    });
    view.name = Name::plain(object.name);
    view
}

fn trigger(object: Object) -> Trigger {
    let mut trigger = read::trigger(&object.sql).unwrap_or_else(|| Trigger {
        definition: canonical_sql(Dialect::Sqlite, &object.sql),
        sql: Some(object.sql.clone()),
        ..Trigger::default()
    });
    trigger.name = object.name;
    trigger.on = Name::plain(object.table);
    trigger
}

/// Foreign keys, and what views and triggers mention: SQLite itself resolves those names only when they are used.
fn dependencies(structure: &Structure) -> Vec<Dependency> {
    let mut known: HashMap<String, ObjectRef> = HashMap::new();
    for table in &structure.tables {
        known.insert(
            read::fold(&table.name.name),
            ObjectRef::new(Kind::Table, table.name.clone()),
        );
    }
    for view in &structure.views {
        known.insert(
            read::fold(&view.name.name),
            ObjectRef::new(Kind::View, view.name.clone()),
        );
    }
    let mut found = BTreeSet::new();
    for table in &structure.tables {
        for constraint in &table.constraints {
            if let ConstraintKind::ForeignKey(key) = &constraint.kind
                && let Some(on) = known.get(&key.references.name)
            {
                found.insert(Dependency {
                    of: ObjectRef::new(Kind::Table, table.name.clone()),
                    on: on.clone(),
                });
            }
        }
    }
    let mut mentions = |of: ObjectRef, text: &str, own: &str| {
        for name in read::mentioned(text) {
            if let Some(on) = known.get(&name)
                && name != own
            {
                found.insert(Dependency {
                    of: of.clone(),
                    on: on.clone(),
                });
            }
        }
    };
    for view in &structure.views {
        let of = ObjectRef::new(Kind::View, view.name.clone());
        mentions(of, &view.query, &read::fold(&view.name.name));
    }
    for trigger in &structure.triggers {
        let of = ObjectRef::part(Kind::Trigger, trigger.on.clone(), trigger.name.as_str());
        mentions(of, &trigger.definition, "");
    }
    found.into_iter().collect()
}
