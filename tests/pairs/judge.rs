//! One case, from a database in its current state to the desired one and back.

use std::collections::BTreeMap;

use lockstep::catalog::compare::{Rename, Renames, compare};
use lockstep::catalog::quote;
use lockstep::catalog::structure::{Selection, Structure, Table};
use lockstep::structure::{Database as Looked, Diff, DiffOptions, Migration, Side, Source, diff};
use lockstep::{DeactivateOptions, Policy, SchemaSpec, SchemaVersion, Settings};

use super::case::Case;
use crate::support::{Database, Engine};

/// What tables hold: by table, the rows as texts, sorted.
type Rows = BTreeMap<String, Vec<Vec<String>>>;

/// What queries answered: of each, the rows.
type Answers = Vec<Vec<Vec<String>>>;

pub async fn judge(engine: Engine, case: &Case) -> Result<(), String> {
    let database = Database::new(engine).await;
    let judged = on(&database, case).await;
    database.drop().await;
    judged
}

async fn on(database: &Database, case: &Case) -> Result<(), String> {
    for script in [&case.current, &case.rows] {
        if !script.trim().is_empty() {
            // A case may begin with rows that point nowhere.
            let script = match database.engine {
                Engine::Sqlite => format!("PRAGMA foreign_keys = off;\n{script}"),
                Engine::Postgres | Engine::Mysql => script.clone(),
            };
            database
                .try_execute(&script)
                .await
                .map_err(|e| format!("the case itself: {e}"))?;
        }
    }
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .map_err(told)?;
    let judged = looked_at(database, &looked, case).await;
    looked.close().await;
    judged
}

async fn looked_at(database: &Database, looked: &Looked, case: &Case) -> Result<(), String> {
    let start = structure(looked).await?;
    let rows_before = rows_of(database, &start).await;
    let kept_before = answers(database, &case.keeps).await;
    let returned_before = answers(database, &case.returns).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("desired.sql");
    std::fs::write(&file, &case.desired).expect("written");
    let desired = match Source::Sql(file)
        .read(Some(looked), &Settings::default(), &Selection::all())
        .await
    {
        Ok(desired) => desired,
        Err(error) => return Err(format!("the desired side cannot be read: {error}")),
    };
    let leaves_privileges = desired.leaves_privileges;
    let goal = desired.structure.clone();
    let found = difference(looked, desired).await;
    if let Some(words) = &case.refused {
        refused_with(words, found)?;
        return expect("after a refusal", &structure(looked).await?, &start);
    }
    let diff = found?;
    // Nothing but privileges comes from the other side.
    let goal = match leaves_privileges {
        true => goal.with_privileges_of(&diff.to),
        false => goal,
    };
    if let Some(obstacle) = diff.obstacles.first() {
        return Err(format!("an obstacle: {obstacle:?}"));
    }
    if diff.plan.statements.is_empty() {
        return expect("nothing was planned, but", &start, &goal);
    }
    there_and_back(
        database,
        looked,
        case,
        &diff,
        &goal,
        &start,
        (rows_before, kept_before, returned_before),
    )
    .await
}

async fn there_and_back(
    database: &Database,
    looked: &Looked,
    case: &Case,
    diff: &Diff,
    goal: &Structure,
    start: &Structure,
    (rows_before, kept_before, returned_before): (Rows, Answers, Answers),
) -> Result<(), String> {
    let migration = Migration::of(looked, diff, "pair", &Selection::all())
        .await
        .map_err(told)?;
    let script = |steps: &[lockstep::Step]| format!("{steps:#?}");
    let steps = migration.steps.clone();
    let reversible = steps.iter().all(|step| step.down.is_some());
    let says = migration.notes.iter().any(|note| note.contains("there is no way back"));
    // The other engines' cases do not mark it yet.
    let marked = case
        .one_way
        .filter(|one_way| *one_way || database.engine == Engine::Sqlite);
    if marked.is_some_and(|one_way| one_way == reversible || one_way != says) {
        return Err(format!("reversible: {reversible}, and told: {:?}", migration.notes));
    }
    let runtime = database.runtime(|builder| builder).await;
    let version = SchemaVersion::new("pair").expect("valid");
    let done = async {
        runtime
            .add_schema(SchemaSpec::new(version, migration.steps))
            .map_err(told)?;
        let of: lockstep::HandlerVersion = "pair@1.0.0".parse().expect("valid");
        runtime.register(of.clone(), "pair").await.map_err(told)?;
        let activated = runtime.activate(of.clone()).await.map_err(told);
        if let Some(words) = &case.stopped {
            let said = activated.err().unwrap_or_default();
            if !said.contains(words) {
                return Err(format!("it is stopped in other words than {words:?}: {said}"));
            }
            let now = structure(looked).await?;
            expect("after it was stopped", &now, start)?;
            return match rows_of(database, &now).await == rows_before {
                true => Ok(()),
                false => Err("rows changed although it was stopped".to_owned()),
            };
        }
        activated?;
        let there = structure(looked).await?;
        expect("after the up", &there, goal)?;
        kept(
            "after the up",
            &rows_before,
            &rows_of(database, &there).await,
            start,
            &there,
            diff,
        )?;
        same(
            "after the up",
            &case.keeps,
            &kept_before,
            &answers(database, &case.keeps).await,
        )?;
        if !reversible {
            return Ok(());
        }
        let options = DeactivateOptions {
            policy: Some(Policy::Rollback),
            allow_data_loss: true,
            ..DeactivateOptions::default()
        };
        let deactivation = runtime.deactivate_with(of, options).await.map_err(told)?;
        let back = structure(looked).await?;
        expect("after the down", &back, start).map_err(|why| format!("{why}\n    {deactivation:?}"))?;
        let rows = rows_of(database, &back).await;
        if rows != rows_before {
            return Err(format!(
                "after the down the rows differ:\n    {rows_before:?}\n    {rows:?}"
            ));
        }
        for (queries, before) in [(&case.keeps, &kept_before), (&case.returns, &returned_before)] {
            same("after the down", queries, before, &answers(database, queries).await)?;
        }
        Ok(())
    }
    .await;
    runtime.shutdown().await;
    done.map_err(|why: String| format!("{why}\n    in: {}", script(&steps)))
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn structure(looked: &Looked) -> Result<Structure, String> {
    looked.structure(&Selection::all()).await.map_err(told)
}

async fn difference(looked: &Looked, desired: Side) -> Result<Diff, String> {
    let from = looked.side(&Selection::all()).await.map_err(told)?;
    diff(from, desired, &DiffOptions::default()).await.map_err(told)
}

fn refused_with(words: &str, found: Result<Diff, String>) -> Result<(), String> {
    let said = match found {
        Err(said) => said,
        Ok(diff) if diff.obstacles.is_empty() => {
            return Err(format!("it is not refused: {:?}", diff.plan.statements));
        }
        Ok(diff) => diff
            .obstacles
            .iter()
            .map(|one| format!("{}: {:?}", one.check.message, one.rows))
            .collect::<Vec<_>>()
            .join("; "),
    };
    if said.contains(words) {
        Ok(())
    } else {
        Err(format!("it is refused in other words than {words:?}: {said}"))
    }
}

fn expect(when: &str, found: &Structure, expected: &Structure) -> Result<(), String> {
    let comparison = compare(found, expected);
    if comparison.is_empty() != (found.fingerprint() == expected.fingerprint()) {
        return Err(format!(
            "{when} comparison and fingerprint disagree (compared: {}):\n{}\n{}",
            comparison.is_empty(),
            serde_json::to_string(&found.canonical()).unwrap(),
            serde_json::to_string(&expected.canonical()).unwrap()
        ));
    }
    if comparison.is_empty() {
        return Ok(());
    }
    let left: Vec<String> = comparison
        .differences(&Renames::none())
        .iter()
        .map(ToString::to_string)
        .collect();
    Err(format!("{when} there are differences: {left:?}"))
}

fn same(when: &str, queries: &[String], before: &Answers, after: &Answers) -> Result<(), String> {
    for (query, (before, after)) in queries.iter().zip(before.iter().zip(after)) {
        if before != after {
            return Err(format!("{when} {query} answers {after:?}, before {before:?}"));
        }
    }
    Ok(())
}

async fn answers(database: &Database, queries: &[String]) -> Answers {
    let mut answers = Vec::new();
    for query in queries {
        answers.push(database.rows(query).await);
    }
    answers
}

/// The rows of every table of a structure that keeps rows of its own, whatever their types: as texts.
async fn rows_of(database: &Database, structure: &Structure) -> Rows {
    let mut rows = Rows::new();
    for table in structure.tables.iter().filter(|one| holds_rows(one)) {
        let names: Vec<&str> = columns(table).collect();
        if names.is_empty() {
            continue;
        }
        let mut found = database.rows(&query(database.engine, table, &names)).await;
        found.sort();
        rows.insert(table.name.to_string(), found);
    }
    rows
}

fn holds_rows(table: &Table) -> bool {
    table.partitioning.is_none() || table.partition_of.is_none()
}

/// The columns that are written, not computed, in one order whatever the table's.
fn columns(table: &Table) -> impl Iterator<Item = &str> {
    let mut names: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| column.generated.is_none())
        .map(|column| column.name.as_str())
        .collect();
    names.sort_unstable();
    names.into_iter()
}

fn query(engine: Engine, table: &Table, names: &[&str]) -> String {
    let dialect = engine.dialect();
    let name = |name: &str| quote(dialect, name).expect("a name");
    let parts: Vec<String> = names
        .iter()
        .map(|column| {
            let column = name(column);
            match engine {
                Engine::Sqlite => format!("quote({column})"),
                Engine::Postgres => format!("{column}::text"),
                Engine::Mysql => format!("hex({column})"),
            }
        })
        .collect();
    let mut whole = name(&table.name.name);
    if !table.name.schema.is_empty() {
        whole = format!("{}.{whole}", name(&table.name.schema));
    }
    format!("SELECT {} FROM {whole}", parts.join(", "))
}

/// Every table that stays keeps as many rows, and what is of the same type on both sides keeps its values.
fn kept(
    when: &str,
    before: &Rows,
    after: &Rows,
    start: &Structure,
    there: &Structure,
    diff: &Diff,
) -> Result<(), String> {
    for table in &there.tables {
        let old_name = diff.renames.original_table(&table.name);
        // A new one under a name that another one gave up.
        let given_up = |one: &Rename| matches!(one, Rename::Table { from, .. } if *from == table.name);
        if old_name == table.name && diff.renames.0.iter().any(given_up) {
            continue;
        }
        let Some(old) = start.table(&old_name) else { continue };
        let (Some(were), Some(are)) = (before.get(&old.name.to_string()), after.get(&table.name.to_string())) else {
            continue;
        };
        if were.len() != are.len() {
            return Err(format!(
                "{when} {} has {} rows, before {}",
                table.name,
                are.len(),
                were.len()
            ));
        }
        let (old_columns, new_columns): (Vec<&str>, Vec<&str>) = (columns(old).collect(), columns(table).collect());
        for (at, column) in new_columns.iter().enumerate() {
            let original = diff.renames.original_column(&table.name, column);
            let Some(was_at) = old_columns.iter().position(|one| one.eq_ignore_ascii_case(&original)) else {
                continue;
            };
            // Another character set, too, makes other bytes of the same text.
            let data_type = |of: &Table, name: &str| {
                of.column(name).map(|one| {
                    let said = one.options.get("charset").or(of.options.get("charset"));
                    let charset = said.or(of.options.get("collation")).cloned();
                    (one.data_type.clone(), one.nullable, one.collation.clone(), charset)
                })
            };
            if data_type(old, old_columns[was_at]) != data_type(table, column) {
                continue;
            }
            let values = |rows: &[Vec<String>], at: usize| {
                let mut values: Vec<String> = rows.iter().map(|row| row[at].clone()).collect();
                values.sort();
                values
            };
            if values(were, was_at) != values(are, at) {
                return Err(format!(
                    "{when} the values of {}.{column} differ: {were:?} -> {are:?}",
                    table.name
                ));
            }
        }
    }
    Ok(())
}
