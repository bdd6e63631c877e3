//! From a step to the statements a database runs, checked before anything runs.

use lockstep_catalog::{
    Conduct, Dialect, Statement, conduct, forbids_transaction, index_of_concurrent, kind_of, split,
};
use lockstep_lifecycle::Direction;
use lockstep_registry::{Action, Checksum, SchemaSpec, SchemaVersion, Step};

use crate::{Error, Result};

/// What one direction of a step runs.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Sql(Vec<Statement>),
    Code,
    /// The author declared that there is no way back.
    Irreversible,
}

impl Work {
    pub(crate) fn statements(&self) -> &[Statement] {
        match self {
            Self::Sql(statements) => statements,
            Self::Code | Self::Irreversible => &[],
        }
    }
}

fn origin(schema: &SchemaVersion, step: &Step, direction: Direction) -> String {
    format!("{schema}/{}.{direction}.sql", step.name)
}

/// The statements of one direction of a step, split and checked for the dialect.
pub(crate) fn work_of(dialect: Dialect, schema: &SchemaVersion, step: &Step, direction: Direction) -> Result<Work> {
    let action = match direction {
        Direction::Up => Some(&step.up),
        Direction::Down => step.down.as_ref(),
    };
    match action {
        None => Ok(Work::Irreversible),
        Some(Action::Code { .. }) => Ok(Work::Code),
        Some(Action::Sql(text)) => {
            let origin = origin(schema, step, direction);
            let statements = split(dialect, text).map_err(|error| Error::script(&origin, &error))?;
            let work = Work::Sql(statements);
            let alone = runs_alone(dialect, step, direction, &work);
            check_transaction(dialect, &origin, alone, work.statements())?;
            if alone {
                check_certain(dialect, &origin, step, direction, work.statements())?;
            }
            Ok(work)
        }
    }
}

/// Whether the direction runs outside a transaction: where its author said so, or, on MySQL, where a statement commits
/// whatever its author says.
pub(crate) fn runs_alone(dialect: Dialect, step: &Step, direction: Direction, work: &Work) -> bool {
    match (dialect, direction) {
        (Dialect::Mysql, _) => {
            let mut statements = work.statements().iter();
            statements.any(|statement| conduct(dialect, statement) != Conduct::Transactional)
        }
        (_, Direction::Up) => step.no_transaction,
        (_, Direction::Down) => step.down_no_transaction,
    }
}

/// Whether a person is to tell after a crash whether the direction took effect.
pub(crate) fn is_manual(step: &Step, direction: Direction) -> bool {
    match direction {
        Direction::Up => step.manual,
        Direction::Down => step.down_manual,
    }
}

/// After a crash somebody must be able to tell whether a statement outside a transaction took effect.
fn check_certain(
    dialect: Dialect,
    origin: &str,
    step: &Step,
    direction: Direction,
    statements: &[Statement],
) -> Result<()> {
    let told = step.verify.is_some() || is_manual(step, direction);
    let unknown = statements
        .iter()
        .find(|statement| conduct(dialect, statement) == Conduct::Opaque);
    let (Some(statement), false) = (unknown, told) else {
        return Ok(());
    };
    let kind = kind_of(dialect, statement);
    let instead = match kind.as_str() {
        "TRUNCATE" | "TRUNCATE TABLE" => ", write DELETE FROM, which is part of a transaction,",
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" => ", take 'no-transaction' out, so that it is part of a transaction,",
        _ => "",
    };
    Err(Error::Script {
        origin: origin.to_owned(),
        line: statement.line,
        column: 1,
        message: format!(
            "after a crash nothing tells whether {kind} took effect: add {step}.verify.sql, a query that returns one row, \
             true, once it did{instead} or put '-- lockstep: manual' at the top, and a person decides",
            step = step.name
        ),
    })
}

fn check_transaction(dialect: Dialect, origin: &str, alone: bool, statements: &[Statement]) -> Result<()> {
    let fault = |line: u32, message: String| Error::Script {
        origin: origin.to_owned(),
        line,
        column: 1,
        message,
    };
    if alone && dialect == Dialect::Sqlite {
        let message = "SQLite runs every step in a transaction; take the directive 'no-transaction' out";
        return Err(fault(1, message.to_owned()));
    }
    for statement in statements {
        match forbids_transaction(dialect, statement) {
            Some(what) if !alone => {
                let advice = match dialect {
                    Dialect::Sqlite => "it cannot be part of a schema".to_owned(),
                    _ => "put it alone into a step with '-- lockstep: no-transaction'".to_owned(),
                };
                return Err(fault(
                    statement.line,
                    format!("{what} cannot run inside a transaction; {advice}"),
                ));
            }
            _ => {}
        }
        let unnamed = index_of_concurrent(dialect, statement).is_some_and(|index| index.name.is_none());
        if unnamed {
            let message = "give the index a name, so that it can be found again after a crash";
            return Err(fault(statement.line, message.to_owned()));
        }
    }
    let commits = |s: &&Statement| conduct(dialect, s) != Conduct::Transactional;
    if let (Dialect::Mysql, true, Some(statement)) = (dialect, statements.len() > 1, statements.iter().find(commits)) {
        let message = format!(
            "{} commits by itself on MySQL, so the server cannot take half of this step back; split it into several \
             steps, each with one statement that changes the schema, or with statements that only change rows",
            kind_of(dialect, statement)
        );
        return Err(fault(statement.line, message));
    }
    if alone && statements.len() != 1 {
        let message = format!(
            "a step outside a transaction holds exactly one statement, this one holds {}; split it into several steps",
            statements.len()
        );
        return Err(fault(1, message));
    }
    Ok(())
}

/// What is asked before a step is undone.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The table.
    pub(crate) table: String,
    /// The column, where it is about one.
    pub(crate) column: Option<String>,
    /// Why values would not come back.
    pub(crate) why: String,
    /// Returns how many.
    pub(crate) query: Statement,
}

/// The queries of a step's `lost`, each with what the line above it says: `-- table.column: why`.
fn questions(dialect: Dialect, schema: &SchemaVersion, step: &Step) -> Result<Vec<Question>> {
    let Some(text) = &step.lost else {
        return Ok(Vec::new());
    };
    let origin = format!("{schema}/{}.lost.sql", step.name);
    let fault = |line: u32, message: &str| Error::Script {
        origin: origin.clone(),
        line,
        column: 1,
        message: message.to_owned(),
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut questions = Vec::new();
    for query in split(dialect, text).map_err(|error| Error::script(&origin, &error))? {
        let above = (query.line as usize).checked_sub(2).and_then(|at| lines.get(at));
        let told = above.and_then(|line| line.trim().strip_prefix("--")?.split_once(": "));
        let Some((of, why)) = told else {
            let message = "say in the line above a query what it counts, and why that would go: -- table.column: why";
            return Err(fault(query.line, message));
        };
        if !matches!(kind_of(dialect, &query).as_str(), "SELECT" | "WITH") {
            return Err(fault(query.line, "only queries are asked here, each for one number"));
        }
        let of = of.trim();
        let (table, column) = match of.rsplit_once('.') {
            Some((table, column)) => (table, Some(column.to_owned())),
            None => (of, None),
        };
        questions.push(Question {
            table: table.to_owned(),
            column,
            why: why.trim().to_owned(),
            query,
        });
    }
    if questions.is_empty() {
        return Err(fault(1, "there is no query in it"));
    }
    Ok(questions)
}

/// A spec with its statements split and its checksums taken, once.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) checksum: Checksum,
    pub(crate) steps: Vec<CompiledStep>,
}

#[derive(Debug)]
pub(crate) struct CompiledStep {
    pub(crate) up: Work,
    pub(crate) down: Work,
    pub(crate) lost: Vec<Question>,
    pub(crate) checksum: Checksum,
}

impl CompiledStep {
    pub(crate) fn work(&self, direction: Direction) -> &Work {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// Checks everything about a spec that can be known without a database: names, statements, transaction control.
pub fn check_spec(dialect: Dialect, spec: &SchemaSpec) -> Result<()> {
    compile(dialect, spec).map(|_| ())
}

/// Checks a spec and prepares it for running.
pub(crate) fn compile(dialect: Dialect, spec: &SchemaSpec) -> Result<Compiled> {
    spec.check().map_err(lockstep_registry::SpecsError::from)?;
    let steps = spec.steps.iter().map(|step| {
        Ok(CompiledStep {
            up: checked(dialect, spec, step, Direction::Up)?,
            down: checked(dialect, spec, step, Direction::Down)?,
            lost: questions(dialect, &spec.version, step)?,
            checksum: step.checksum(),
        })
    });
    Ok(Compiled {
        checksum: spec.checksum(),
        steps: steps.collect::<Result<_>>()?,
    })
}

fn checked(dialect: Dialect, spec: &SchemaSpec, step: &Step, direction: Direction) -> Result<Work> {
    let work = work_of(dialect, &spec.version, step, direction)?;
    match &work {
        Work::Sql(statements) if statements.is_empty() => Err(Error::Script {
            origin: origin(&spec.version, step, direction),
            line: 1,
            column: 1,
            message: "there is no statement in it".to_owned(),
        }),
        Work::Code if dialect != Dialect::Mysql && !spec.is_transactional() => Err(Error::Format {
            path: format!("{}/{}", spec.version, step.name),
            line: None,
            message:
                "a code step runs inside its schema's transaction, and another step here is marked no-transaction; \
                      give it a schema of its own"
                    .to_owned(),
        }),
        _ => Ok(work),
    }
}
