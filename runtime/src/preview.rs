//! Dry runs: what an operation would do, from one reading, without a lock.

use lockstep_catalog::{Dialect, Statement};
use lockstep_lifecycle::{Activate, ActivationPlan, Direction, LiveUse, Refusal, TakeBack, plan_activate};
use lockstep_registry::{SchemaSpec, SchemaVersion};
use serde::Serialize;
use std::time::Duration;

use crate::core::Core;
use crate::deactivation::Request;
use crate::statements::{Work, check_spec, runs_alone, work_of};
use crate::{Error, Result};

/// What an operation would do as things are now.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// In one word: `nothing`, `grant`, `apply`, `not_active`, `release`, `roll_back` or `refused`.
    pub action: &'static str,
    /// In a sentence.
    pub summary: String,
    /// The schemas whose steps would run, in order.
    pub schemas: Vec<PreviewSchema>,
    /// Who uses one of these schemas, or one they build on, right now.
    pub affected: Vec<LiveUse>,
    /// Half-way work of others that would be finished or undone first.
    pub unfinished: Vec<SchemaVersion>,
    /// The rule that forbids it, where it is refused.
    pub rule: Option<&'static str>,
}

/// The steps of one schema that would run.
#[derive(Debug, Clone, Serialize)]
pub struct PreviewSchema {
    /// Which schema.
    pub schema: SchemaVersion,
    /// Which way.
    pub direction: Direction,
    /// Whether all of it is one transaction.
    pub transactional: bool,
    /// In the order they would run.
    pub steps: Vec<PreviewStep>,
}

/// One step that would run.
#[derive(Debug, Clone, Serialize)]
pub struct PreviewStep {
    /// Its name.
    pub step: String,
    /// Exactly what would be sent, in order; empty for code.
    pub statements: Vec<String>,
    /// Whether it is Rust code.
    pub code: bool,
    /// Whether it runs inside a transaction.
    pub transactional: bool,
    /// When it would be stopped.
    pub timeout: Duration,
    /// The strongest lock each statement takes at the server, where that can be told from its first words.
    pub locks: Vec<&'static str>,
    /// Tables and columns that the statements name as removed; rows in them are counted when it runs (R8).
    pub removes: Vec<String>,
}

impl Preview {
    fn new(action: &'static str, summary: String) -> Self {
        Self {
            action,
            summary,
            schemas: Vec::new(),
            affected: Vec::new(),
            unfinished: Vec::new(),
            rule: None,
        }
    }

    fn refused(refusal: &Refusal) -> Self {
        Self {
            rule: refusal.rule(),
            ..Self::new("refused", refusal.to_string())
        }
    }
}

pub(crate) async fn activation(core: &Core, request: &Activate) -> Result<Preview> {
    let facts = core.engine.facts(core.scope()).await?.unwrap_or_default();
    let specs = core.specs.load_full();
    let of = &request.handler_version;
    let (schemas, unfinished) = match plan_activate(facts.clone(), request, &specs) {
        Err(refusal) => {
            let Error::Refused(refusal) = core.explain(refusal).await else {
                return Err(Error::bug("a refusal became something else"));
            };
            return match refusal.rule() {
                Some(_) => Ok(Preview::refused(&refusal)),
                None => Err(Error::Refused(refusal)),
            };
        }
        Ok(ActivationPlan::AlreadyActive { .. }) => {
            return Ok(Preview::new(
                "nothing",
                format!("{of} is already active for {}", request.holder.instance),
            ));
        }
        Ok(ActivationPlan::Grant(_)) => {
            return Ok(Preview::new(
                "grant",
                format!("the schema of {of} is applied: only a lease would be granted"),
            ));
        }
        Ok(ActivationPlan::Apply {
            schemas, unfinished, ..
        }) => (schemas, unfinished),
    };
    let mut preview = Preview::new(
        "apply",
        format!("{} would be applied, then {of} activated", count(schemas.len())),
    );
    for schema in &schemas {
        if let Some(spec) = specs.get(schema) {
            check_spec(core.dialect(), spec)?;
            preview.schemas.push(preview_schema(core, spec, Direction::Up)?);
        }
    }
    preview.unfinished = unfinished;
    preview.affected = affected(&facts, &specs, &schemas);
    Ok(preview)
}

pub(crate) async fn deactivation(core: &Core, request: Request) -> Result<Preview> {
    let facts = core.engine.facts(core.scope()).await?.unwrap_or_default();
    let (schemas, unfinished) = match request.plan(facts.clone()) {
        Err(refusal) if refusal.rule().is_some() => return Ok(Preview::refused(&refusal)),
        Err(refusal) => return Err(refusal.into()),
        Ok(TakeBack::NotActive { others }) => {
            let summary = "this instance does not hold it: nothing would change".to_owned();
            return Ok(Preview {
                affected: others,
                ..Preview::new("not_active", summary)
            });
        }
        Ok(TakeBack::Release(decision)) => {
            let kept = decision.events.iter().find_map(|e| match e {
                lockstep_lifecycle::EventKind::LeaseReleased { schema, .. } => Some(schema.clone()),
                _ => None,
            });
            let mut preview = Preview::new("release", "the lease would be released and the schema kept".to_owned());
            if let Some(schema) = kept {
                preview.affected = decision.after.leases_on(&schema).map(LiveUse::from).collect();
            }
            return Ok(preview);
        }
        Ok(TakeBack::Revert { schemas, unfinished }) => (schemas, unfinished),
    };
    let mut preview = Preview::new(
        "roll_back",
        format!(
            "{} would be taken back, unless rows would be lost",
            count(schemas.len())
        ),
    );
    for schema in &schemas {
        let spec = core.applied_spec(schema).await?;
        preview.schemas.push(preview_schema(core, &spec, Direction::Down)?);
    }
    preview.unfinished = unfinished;
    Ok(preview)
}

fn count(schemas: usize) -> String {
    if schemas == 1 {
        "1 schema".to_owned()
    } else {
        format!("{schemas} schemas")
    }
}

/// Who uses what these schemas build on, or are.
fn affected(
    facts: &lockstep_lifecycle::Facts,
    specs: &lockstep_registry::Specs,
    schemas: &[SchemaVersion],
) -> Vec<LiveUse> {
    use lockstep_registry::Requires;
    let below: std::collections::BTreeSet<_> = schemas
        .iter()
        .flat_map(|schema| specs.graph().closure(schema))
        .collect();
    facts
        .leases
        .values()
        .filter(|lease| below.contains(&lease.schema))
        .map(LiveUse::from)
        .collect()
}

fn preview_schema(core: &Core, spec: &SchemaSpec, direction: Direction) -> Result<PreviewSchema> {
    let mut steps = Vec::new();
    for step in &spec.steps {
        let work = work_of(core.dialect(), &spec.version, step, direction)?;
        let statements = work.statements();
        let alone = runs_alone(core.dialect(), step, direction, &work);
        steps.push(PreviewStep {
            step: step.name.clone(),
            code: matches!(work, Work::Code),
            transactional: !alone,
            timeout: step.timeout.unwrap_or(core.settings.step_timeout),
            locks: statements.iter().filter_map(|s| lock_of(core.dialect(), s)).collect(),
            removes: statements.iter().filter_map(removed_by).collect(),
            statements: statements.iter().map(|s| s.text.clone()).collect(),
        });
    }
    if direction == Direction::Down {
        steps.reverse();
    }
    Ok(PreviewSchema {
        schema: spec.version.clone(),
        direction,
        transactional: core.engine.transactional_ddl() && spec.is_transactional(),
        steps,
    })
}

fn words(statement: &Statement) -> Vec<String> {
    statement
        .text
        .split_whitespace()
        .take(12)
        .map(str::to_ascii_uppercase)
        .collect()
}

/// The strongest lock a statement takes, by the manuals of the engines.
fn lock_of(dialect: Dialect, statement: &Statement) -> Option<&'static str> {
    let words = words(statement);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    if dialect == Dialect::Sqlite {
        return (!matches!(words.first(), Some(&"SELECT"))).then_some("the database's writer lock");
    }
    if dialect == Dialect::Mysql {
        return lock_of_mysql(&words);
    }
    match words.as_slice() {
        ["CREATE", "INDEX", "CONCURRENTLY", ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", ..] => {
            Some("SHARE UPDATE EXCLUSIVE on the table: reads and writes go on")
        }
        ["DROP", "INDEX", "CONCURRENTLY", ..] => Some("SHARE UPDATE EXCLUSIVE on the table: reads and writes go on"),
        ["CREATE", "INDEX", ..] | ["CREATE", "UNIQUE", "INDEX", ..] => Some("SHARE on the table: writes wait"),
        ["ALTER", "TABLE", rest @ ..] if rest.contains(&"VALIDATE") => {
            Some("SHARE UPDATE EXCLUSIVE on the table: reads and writes go on")
        }
        ["ALTER", "TABLE", ..] | ["DROP", "TABLE" | "INDEX" | "VIEW", ..] | ["TRUNCATE", ..] => {
            Some("ACCESS EXCLUSIVE on the table: reads and writes wait")
        }
        ["CREATE", "TRIGGER", ..] | ["CREATE", "OR", "REPLACE", "TRIGGER", ..] => {
            Some("SHARE ROW EXCLUSIVE on the table: writes wait")
        }
        ["INSERT" | "UPDATE" | "DELETE", ..] => Some("row locks"),
        _ => None,
    }
}

/// Online changes copy nothing and block nobody but at their ends; which ones are, the server decides.
fn lock_of_mysql(words: &[&str]) -> Option<&'static str> {
    match words {
        ["ALTER", "TABLE", ..]
        | ["CREATE" | "DROP", "INDEX", ..]
        | ["CREATE", "UNIQUE" | "FULLTEXT" | "SPATIAL", ..] => Some(
            "the table's metadata lock, exclusive at its beginning and end; writes wait in between unless it is done online",
        ),
        ["DROP" | "TRUNCATE" | "RENAME", "TABLE", ..] => {
            Some("the table's metadata lock, exclusive: reads and writes wait")
        }
        ["CREATE" | "DROP", "TRIGGER", ..] => Some("the table's metadata lock, exclusive: reads and writes wait"),
        ["INSERT" | "UPDATE" | "DELETE" | "REPLACE", ..] => Some("row locks"),
        _ => None,
    }
}

/// The table or column a statement says it removes.
fn removed_by(statement: &Statement) -> Option<String> {
    let original: Vec<_> = statement.text.split_whitespace().collect();
    let upper = words(statement);
    let word = |at: usize| original.get(at).map(|w| w.trim_end_matches([';', ',']).to_owned());
    let skip = |at: usize| {
        if upper.get(at).is_some_and(|w| w == "IF") {
            at + 2
        } else {
            at
        }
    };
    match upper.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["DROP", "TABLE", ..] => word(skip(2)).map(|table| format!("table {table}")),
        ["ALTER", "TABLE", ..] => {
            let drop = upper.iter().position(|w| w == "DROP")?;
            let table = word(skip(2))?;
            let named = if upper.get(drop + 1).is_some_and(|w| w == "COLUMN") {
                drop + 2
            } else {
                drop + 1
            };
            let constraint = upper.get(drop + 1).is_some_and(|w| {
                matches!(
                    w.as_str(),
                    "CONSTRAINT" | "NOT" | "DEFAULT" | "PRIMARY" | "IDENTITY" | "EXPRESSION"
                )
            });
            (!constraint).then(|| word(skip(named)).map(|column| format!("column {table}.{column}")))?
        }
        _ => None,
    }
}
