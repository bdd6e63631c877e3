//! Tables that are cut into partitions in another way: PostgreSQL has no statement for that, so the rows move.
//!
//! ```text
//!  parts ──rename──► lockstep_before_parts     (its partitions, indexes and counters give up their names with it)
//!  CREATE parts … PARTITION BY …  and its partitions
//!  INSERT INTO parts SELECT … FROM lockstep_before_parts
//!  foreign keys, views, triggers to and on it;  DROP lockstep_before_parts
//! ```
//!
//! To the rest of the writer one table goes and another comes. That every row finds a partition is asked before anything runs.

use super::change::Mode;
use super::columns;
use super::context::Context;
use super::conversion;
use super::graph::{Act, Graph};
use super::names::{ident, literal, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::recut::is_recut;
use super::{relations, rows, sequences, tables, types};
use crate::compare::{Comparison, Rename, Renames};
use crate::structure::{Column, ConstraintKind, Kind, Name, ObjectRef, Structure, Table};
use crate::write::{Change, Check, WriteError};

/// A table whose rows move.
#[derive(Debug)]
pub(super) struct Rebuild {
    pub(super) table: Name,
    /// What it is called until its rows have moved.
    aside: Name,
    /// It and its partitions, by those names.
    old: Vec<Name>,
    /// It and its partitions as they will be.
    new: Vec<Name>,
}

impl Rebuild {
    /// Whether a table is one of those that made way: the names of its parts are others by then.
    pub(super) fn is_aside(&self, table: &Name) -> bool {
        self.old.contains(table)
    }
}

/// The tables whose rows move, what makes way for them, and what there is after that.
#[derive(Debug)]
pub(super) struct Rebuilds {
    pub(super) all: Vec<Rebuild>,
    pub(super) statements: Vec<Change>,
    pub(super) from: Structure,
}

pub(super) fn find(comparison: &Comparison<'_>) -> Result<Option<Rebuilds>, WriteError> {
    let (from, to) = (comparison.from, comparison.to);
    let mut found = Rebuilds {
        all: Vec::new(),
        statements: Vec::new(),
        from: Structure::empty(to.dialect),
    };
    for pair in &comparison.tables {
        let Some((old, new)) = pair.table.from().zip(pair.table.to()) else {
            continue;
        };
        if is_recut(from, to, old, new) {
            found.all.push(rebuild(from, to, old, new)?);
        }
    }
    if found.all.is_empty() {
        return Ok(None);
    }
    found.from = from.clone();
    for name in found.all.iter().flat_map(|one| tree(from, &one.table)) {
        let Some(table) = from.table(&name) else { continue };
        let aside = aside(&name);
        found.statements.extend(make_way(table, &aside));
        set_aside(&mut found.from, &name, &aside);
    }
    Ok(Some(found))
}

fn rebuild(from: &Structure, to: &Structure, old: &Table, new: &Table) -> Result<Rebuild, WriteError> {
    let refuse = |why: String| {
        Err(WriteError::Unsupported {
            about: format!("table {}", new.name),
            message: format!(
                "PostgreSQL cannot change how a table is cut into partitions, and its rows cannot move by themselves: {why}; make a \
                 new table, copy the rows, and rename"
            ),
        })
    };
    if old.partition_of.is_some() || new.partition_of.is_some() {
        return refuse("it is a partition itself".to_owned());
    }
    let children = |one: &&Table| one.inherits.contains(&old.name) || one.inherits.contains(&new.name);
    if let Some(child) = from.tables.iter().chain(&to.tables).find(children) {
        return refuse(format!("{} inherits from it", child.name));
    }
    let (olds, news) = (tree(from, &old.name), tree(to, &new.name));
    for name in &olds {
        if to.table(name).is_some() && !news.contains(name) {
            return refuse(format!("its partition {name} stays as a table of its own"));
        }
        if from
            .table(name)
            .is_some_and(|one| one.options.contains_key("foreign_server"))
        {
            return refuse(format!("its partition {name} is a foreign table"));
        }
    }
    Ok(Rebuild {
        table: new.name.clone(),
        aside: aside(&old.name),
        old: olds.iter().map(aside).collect(),
        new: news,
    })
}

/// A table and all partitions below it.
fn tree(structure: &Structure, root: &Name) -> Vec<Name> {
    let mut names = vec![root.clone()];
    let mut at = 0;
    while at < names.len() {
        let below = structure
            .tables
            .iter()
            .filter(|one| one.partition_of.as_ref().is_some_and(|part| part.parent == names[at]))
            .map(|one| one.name.clone())
            .collect::<Vec<_>>();
        names.extend(below);
        at += 1;
    }
    names
}

fn aside(name: &Name) -> Name {
    types::old_name(name)
}

/// Gives up every name that the new table may want.
fn make_way(table: &Table, aside: &Name) -> Vec<Change> {
    let about = id::of(Kind::Table, &table.name);
    let schema = &table.name.schema;
    let rename = |word: &str, name: &Name| {
        let sql = format!(
            "ALTER {word} {} RENAME TO {}",
            qualified(name),
            ident(&types::old_name(name).name)
        );
        Change::new(&about, sql, "make way for the new one").locks(&table.name, Mode::AccessExclusive)
    };
    let by_index = table.constraints.iter().filter(|one| {
        matches!(
            one.kind,
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion { .. }
        )
    });
    let mut statements: Vec<Change> = by_index
        .map(|one| &one.name)
        .chain(table.indexes.iter().map(|one| &one.name))
        .map(|name| rename("INDEX", &Name::new(schema, name)))
        .collect();
    let counters = table
        .columns
        .iter()
        .filter_map(|one| one.identity.as_ref()?.counter.as_ref());
    statements.extend(counters.map(|counter| rename("SEQUENCE", counter)));
    let sql = format!(
        "ALTER TABLE {} RENAME TO {}",
        qualified(&table.name),
        ident(&aside.name)
    );
    statements.push(Change::new(&about, sql, "set the table aside").locks(&table.name, Mode::AccessExclusive));
    statements
}

/// The same in the structure, who needs whom included.
fn set_aside(structure: &mut Structure, name: &Name, aside: &Name) {
    let renames = Renames(vec![Rename::Table {
        from: name.clone(),
        to: aside.clone(),
    }]);
    *structure = renames.applied_to(structure);
    let (was, is) = (name.to_string(), aside.to_string());
    let follow = |one: &mut ObjectRef| match one.kind {
        Kind::Table | Kind::Default | Kind::Constraint | Kind::Index | Kind::Trigger if one.name == *name => {
            one.name = aside.clone();
        }
        Kind::Other if one.part.as_ref() == Some(&was) => one.part = Some(is.clone()),
        _ => {}
    };
    for dependency in &mut structure.dependencies {
        follow(&mut dependency.of);
        follow(&mut dependency.on);
    }
}

pub(super) fn nodes<'a>(context: &Context<'a>, nodes: &mut Nodes<'a>) {
    for one in context.rebuilds {
        let (Some(old), Some(new)) = (context.table_from(&one.aside), context.table_to(&one.table)) else {
            continue;
        };
        let about = id::part(Kind::Other, &one.table, "rows");
        let mut node = Node::new(about, Thing::Rows(one), State::Create);
        node.checks = checks(context, one, old, new);
        nodes.add(node);
    }
}

/// What has to come before the rows move, and what after.
pub(super) fn hold(nodes: &Nodes<'_>, graph: &mut Graph, at: usize, one: &Rebuild) {
    let Some(moves) = graph.place_of(at, Act::Create) else {
        return;
    };
    let gone = graph.place(nodes, &id::of(Kind::Table, &one.aside), Act::Drop);
    for other in 0..graph.operations.len() {
        let operation = graph.operations[other];
        let node = &nodes.all[operation.node];
        let creates = operation.act != Act::Drop;
        match &node.thing {
            Thing::Table(_) if !creates && one.old.contains(&node.id.name) => graph.edge(Some(moves), Some(other)),
            Thing::Table(_) | Thing::Attachment(_) if creates && one.new.contains(&node.id.name) => {
                graph.edge(Some(other), Some(moves));
            }
            Thing::Constraint { .. } if creates && super::graph::is_foreign(node) => {
                graph.edge(Some(moves), Some(other));
            }
            Thing::View(_) if creates => graph.edge(Some(moves), Some(other)),
            Thing::Index { on, .. } if creates && one.new.contains(on) => graph.edge(Some(moves), Some(other)),
            Thing::Trigger(pair) if creates && pair.to().is_some_and(|to| one.new.contains(&to.on)) => {
                graph.edge(Some(moves), Some(other));
            }
            Thing::Other(pair)
                if creates
                    && pair
                        .to()
                        .and_then(|to| to.on.as_ref())
                        .is_some_and(|on| one.new.contains(on)) =>
            {
                graph.edge(Some(moves), Some(other));
                graph.edge(gone, Some(other));
            }
            _ => {}
        }
    }
}

/// The columns that keep their values, with the expressions that give them.
fn kept<'a>(
    context: &Context<'_>,
    one: &Rebuild,
    old: &'a Table,
    new: &'a Table,
) -> Vec<(&'a Column, String, Vec<Check>)> {
    let stays = |column: &&'a Column| column.generated.is_none();
    let with_old = |column: &'a Column| Some((column, old.column(&column.name)?));
    let mut list = Vec::new();
    for (now, was) in new.columns.iter().filter(stays).filter_map(with_old) {
        let mut value = ident(&now.name);
        let mut asked = Vec::new();
        let swapped = context.of_swapped.contains(&(one.aside.clone(), now.name.clone()));
        if was.data_type != now.data_type || was.collation != now.collation || swapped {
            let conversion = conversion::between(context, &one.table, was, now, swapped);
            value = conversion.using.unwrap_or(value);
            asked = conversion.checks;
        }
        if was.nullable && !now.nullable {
            match &now.default {
                Some(default) => value = format!("COALESCE({value}, {default})"),
                None => asked.extend(rows::not_null(context, &one.table, &now.name)),
            }
        }
        list.push((now, value, asked));
    }
    list
}

fn checks(context: &Context<'_>, one: &Rebuild, old: &Table, new: &Table) -> Vec<Check> {
    let mut checks: Vec<Check> = kept(context, one, old, new)
        .into_iter()
        .flat_map(|(_, _, checks)| checks)
        .collect();
    for column in new.columns.iter().filter(|column| old.column(&column.name).is_none()) {
        checks.extend(rows::added_column(context, &one.table, column));
    }
    for constraint in new.constraints.iter().filter(|one| relations::is_inline(one)) {
        checks.extend(rows::constraint(context, &one.table, constraint));
    }
    if new.partitioning.is_some() {
        let leaves = one.new.iter().filter_map(|name| context.table_to(name));
        let leaves: Vec<&Table> = leaves.filter(|table| table.partitioning.is_none()).collect();
        checks.extend(rows::homeless(context, &one.table, &leaves));
    }
    checks
}

pub(super) fn fill(context: &Context<'_>, about: &ObjectRef, one: &Rebuild) -> Vec<Change> {
    let (Some(old), Some(new)) = (context.table_from(&one.aside), context.table_to(&one.table)) else {
        return Vec::new();
    };
    let (source, target) = (qualified(&one.aside), qualified(&one.table));
    let mut statements = Vec::new();
    if old.options.contains_key("row_security") {
        // Rows that a policy hides would stay behind.
        let sql = format!("ALTER TABLE {source} DISABLE ROW LEVEL SECURITY");
        statements.push(Change::new(about, sql, "every row moves"));
    }
    let kept = kept(context, one, old, new);
    let names: Vec<String> = kept.iter().map(|(column, ..)| ident(&column.name)).collect();
    let values: Vec<&str> = kept.iter().map(|(_, value, _)| value.as_str()).collect();
    let columns = match names.is_empty() {
        true => String::new(),
        false => format!(" ({})", names.join(", ")),
    };
    let sql = format!(
        "INSERT INTO {target}{columns} OVERRIDING SYSTEM VALUE SELECT {} FROM {source}",
        values.join(", ")
    );
    statements.push(Change::new(about, sql, "move the rows").rewrites(true).scans(true));
    for column in &new.columns {
        statements.extend(counter(about, old, new, column));
    }
    statements.extend(tables::row_security(about, None, new));
    statements
}

/// A counter goes on where it was.
fn counter(about: &ObjectRef, old: &Table, new: &Table, column: &Column) -> Option<Change> {
    let identity = column.identity.as_ref()?;
    let counter = identity.counter.as_ref()?;
    let was = old.column(&column.name)?;
    match was.identity.as_ref().filter(|was| was.sequence == identity.sequence) {
        Some(was) => {
            let sql = format!(
                "SELECT pg_catalog.setval({}, last_value, is_called) FROM {}",
                literal(&qualified(counter)),
                qualified(&types::old_name(was.counter.as_ref()?))
            );
            Some(Change::new(about, sql, "the counter goes on where it was"))
        }
        None => columns::counts_up(identity)
            .then(|| sequences::go_on(about, &literal(&qualified(counter)), &new.name, &column.name)),
    }
}
