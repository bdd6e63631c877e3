//! What the catalog says about a schema's steps: the one a crash left in doubt, and those on record.
//!
//! ```text
//!  facts ─► journal ─► Doubt::judge ◄─► snapshot, author's query, index, session   ─► Examination
//! ```
//! Only looks: no lock is taken and nothing is changed, so what is told may be over a moment later. The decision is the
//! one recovery makes under the lock (`journalled::doubt`).

use std::collections::BTreeMap;
use std::sync::Arc;

use lockstep_catalog::{Became, Footprint, Snapshot, Statement};
use lockstep_lifecycle::{Direction, JournalEntry, JournalState, Progress, Refusal};
use lockstep_registry::{Checksum, SchemaSpec, SchemaState, SchemaVersion, Step, Timestamp};
use serde::Serialize;

use crate::clock::Deadline;
use crate::core::Core;
use crate::engine::Settled;
use crate::journalled::doubt::{Answers, Doubt, Question, Sent, Verdict, verdict};
use crate::journalled::{WHOLE_JOURNAL, unchanged};
use crate::statements::{runs_alone, work_of};
use crate::steps::shorten;
use crate::{Error, Result};

/// What a look at the catalog shows of a schema, and what going on and going back would do now.
#[derive(Debug, Clone, Serialize)]
pub struct Examination {
    /// Which schema.
    pub schema: SchemaVersion,
    /// Where it is in its life, as recorded.
    pub state: SchemaState,
    /// The step whose end nobody heard of.
    pub doubt: Option<InDoubt>,
    /// Every step, in order.
    pub steps: Vec<OnRecord>,
    /// What going on upward would run.
    pub up: Way,
    /// What going back would run.
    pub down: Way,
}

impl Examination {
    /// What one direction would run.
    pub fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// A step that was sent, and whose end nobody heard of.
#[derive(Debug, Clone, Serialize)]
pub struct InDoubt {
    /// Its name.
    pub step: String,
    /// Which way it was going.
    pub direction: Direction,
    /// What was sent, shortened for people.
    pub statement: String,
    /// When.
    pub started_at: Timestamp,
    /// The database session that ran it.
    pub session: String,
    /// Whether that session is still there, and so may still be at it; `None` where that cannot be seen.
    pub session_lives: Option<bool>,
    /// What the catalog shows.
    pub seen: Sight,
    /// What tells that: the author's query, an index, objects that changed; or why nothing does.
    pub because: String,
    /// Whether the next activation, or `reap`, settles it without a person.
    pub settles_itself: bool,
}

/// What a look shows of a step's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// It is there.
    InEffect,
    /// It is not.
    NotInEffect,
    /// The catalog shows that something changed, and the author's query does not bear it out.
    Disputed,
    /// Nothing tells.
    CannotTell,
}

/// One step as the record has it, beside what a look shows.
#[derive(Debug, Clone, Serialize)]
pub struct OnRecord {
    /// Its name.
    pub step: String,
    /// Whether its up is in effect, by the record.
    pub recorded: bool,
    /// What its verify query, or the index it builds, shows; `None` where it has neither, or is the one in doubt.
    pub seen: Option<Sight>,
    /// What it names and is there, such as `table:users`.
    pub there: Vec<String>,
}

impl OnRecord {
    /// Whether what is seen is not what is recorded.
    pub fn differs(&self) -> bool {
        match self.seen {
            Some(Sight::InEffect) => !self.recorded,
            Some(Sight::NotInEffect) => self.recorded,
            _ => false,
        }
    }
}

/// What finishing in one direction would run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Way {
    /// The steps, in order.
    pub steps: Vec<String>,
    /// Why it would stop before the first of them.
    pub stopped_by: Option<String>,
}

/// Looks; nothing is locked or changed.
pub(crate) async fn examine(core: &Arc<Core>, schema: &SchemaVersion) -> Result<Examination> {
    let facts = core.engine.facts(core.scope()).await?;
    let known = core.specs.load().get(schema).cloned();
    let recorded = facts.as_ref().is_some_and(|facts| facts.schemas.contains_key(schema));
    if known.is_none() && !recorded {
        return Err(Refusal::UnknownSchema { schema: schema.clone() }.into());
    }
    let (state, stored, journal) = match facts {
        None => (SchemaState::Pending, None, Vec::new()),
        Some(facts) => (
            facts.state_of(schema),
            core.engine.stored_spec(core.scope(), schema).await?.map(Arc::new),
            core.engine.journal(core.scope(), Some(schema), WHOLE_JOURNAL).await?,
        ),
    };
    let (going_up, going_down) = (known.clone().or_else(|| stored.clone()), stored.or(known));
    let mut progress = Progress::of(&journal);
    let started = progress.in_doubt.take().and(
        // The one that recovery would settle.
        journal.iter().rev().find(|entry| entry.state == JournalState::Started),
    );
    if state == SchemaState::Applied
        && let Some(spec) = &going_down
    {
        // Applied is applied with all its steps, whatever a person marked as done without the journal.
        progress.in_effect = (0..).zip(spec.steps.iter().map(Step::checksum)).collect();
    }
    let snapshot = core.engine.snapshot().await?;
    let look = Look {
        core,
        snapshot: &snapshot,
        deadline: core.deadline(),
    };
    let (mut doubt, mut settled) = (None, None);
    if let Some(started) = started {
        let spec = match started.direction {
            Direction::Up => &going_up,
            Direction::Down => &going_down,
        };
        let (seen, told) = look.doubt(spec.as_deref(), started).await?;
        settled = Some((started, told));
        doubt = Some(seen);
    }
    let in_doubt = started.map(|started| started.position);
    let steps = look.record(going_up.as_deref(), &journal, &progress, in_doubt).await;
    let way = |direction, spec: Option<&SchemaSpec>| way(direction, spec, &journal, &progress, settled);
    Ok(Examination {
        schema: schema.clone(),
        state,
        doubt,
        steps,
        up: way(Direction::Up, going_up.as_deref()),
        down: way(Direction::Down, going_down.as_deref()),
    })
}

/// What recovery would do in one direction once a person has chosen it.
fn way(
    going: Direction,
    spec: Option<&SchemaSpec>,
    journal: &[JournalEntry],
    progress: &Progress,
    settled: Option<(&JournalEntry, Settled)>,
) -> Way {
    let mut progress = progress.clone();
    let mut stopped_by = None;
    if let Some((started, settled)) = settled {
        match (verdict(settled, started.direction, going, true), started.direction) {
            (Verdict::Done, Direction::Up) => {
                progress.in_effect.insert(started.position, started.checksum.clone());
            }
            (Verdict::Done, Direction::Down) => drop(progress.in_effect.remove(&started.position)),
            (Verdict::NotDone, _) => {}
            (Verdict::Ask(why), _) => stopped_by = Some(format!("step {}: {why}", started.step)),
        }
    }
    if let (Direction::Up, Some(spec)) = (going, spec)
        && let Err(changed) = unchanged(spec, &progress)
    {
        stopped_by.get_or_insert(changed.to_string());
    }
    let names = names(spec, journal);
    let total = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let remaining = progress.remaining(total, going);
    let steps = remaining.into_iter().filter_map(|at| names.get(at as usize).cloned());
    Way {
        steps: steps.collect(),
        stopped_by,
    }
}

/// The steps' names by their place: as the spec has them, or, where there is none, as the journal saw them.
fn names(spec: Option<&SchemaSpec>, journal: &[JournalEntry]) -> Vec<String> {
    if let Some(spec) = spec {
        return spec.steps.iter().map(|step| step.name.clone()).collect();
    }
    let seen: BTreeMap<u32, &str> = journal.iter().map(|e| (e.position, e.step.as_str())).collect();
    let last = seen.keys().next_back().map_or(0, |last| last + 1);
    let name = |at: u32| match seen.get(&at) {
        Some(name) => (*name).to_owned(),
        None => format!("step {}", at + 1),
    };
    (0..last).map(name).collect()
}

struct Look<'a> {
    core: &'a Core,
    snapshot: &'a Snapshot,
    deadline: Deadline,
}

impl Look<'_> {
    async fn doubt(&self, spec: Option<&SchemaSpec>, started: &JournalEntry) -> Result<(InDoubt, Settled)> {
        let step = spec.and_then(|spec| spec.steps.get(started.position as usize));
        let session_lives = self.core.engine.session_lives(&started.session).await?;
        let sent = Sent::of(started);
        let (settled, because) = match &sent {
            None => (Settled::Unknown, "the journal does not say what was sent".to_owned()),
            Some(sent) => {
                let statement = Statement {
                    text: sent.statement.clone(),
                    line: 1,
                };
                let doubt = Doubt {
                    dialect: self.core.dialect(),
                    direction: started.direction,
                    statement: &statement,
                    verify: step.and_then(|step| step.verify.as_deref()),
                    before: sent.objects.as_ref(),
                    transactional: sent.transactional,
                };
                match self.judged(&doubt, step).await {
                    Ok((settled, answers)) => {
                        let because = because(&doubt, &answers, settled);
                        (settled, because)
                    }
                    Err(error) => (Settled::Unknown, error.to_string()),
                }
            }
        };
        let seen = InDoubt {
            step: started.step.clone(),
            direction: started.direction,
            statement: sent.map(|sent| shorten(&sent.statement)).unwrap_or_default(),
            started_at: started.started_at,
            session: started.session.clone(),
            session_lives,
            seen: sight(settled),
            because,
            // Whichever way it goes on.
            settles_itself: [Direction::Up, Direction::Down]
                .iter()
                .all(|going| !matches!(verdict(settled, started.direction, *going, false), Verdict::Ask(_))),
        };
        Ok((seen, settled))
    }

    /// Asks until the answers tell.
    async fn judged(&self, doubt: &Doubt<'_>, step: Option<&Step>) -> Result<(Settled, Answers)> {
        let engine = &self.core.engine;
        let limit = self.core.step_limit(step.and_then(|step| step.timeout), self.deadline);
        let mut answers = Answers::default();
        loop {
            match doubt.judge(&answers) {
                Ok(settled) => return Ok((settled, answers)),
                Err(Question::Verify(query)) => {
                    let holds = engine.ask(query, &limit).await;
                    answers.verify = Some(holds.map_err(|fault| Error::Database {
                        doing: "running its verify query",
                        message: fault.message,
                        code: None,
                        transient: false,
                    })?);
                }
                Err(Question::Index(index)) => answers.index = Some(engine.index(&index).await?),
                Err(Question::Objects) => {
                    answers.objects = Some(Footprint::of(doubt.dialect, doubt.statement, self.snapshot));
                }
            }
        }
    }

    async fn record(
        &self,
        spec: Option<&SchemaSpec>,
        journal: &[JournalEntry],
        progress: &Progress,
        in_doubt: Option<u32>,
    ) -> Vec<OnRecord> {
        let recorded: &BTreeMap<u32, Checksum> = &progress.in_effect;
        let mut all = Vec::new();
        for (at, name) in (0..).zip(names(spec, journal)) {
            let mut line = OnRecord {
                step: name,
                recorded: recorded.contains_key(&at),
                seen: None,
                there: Vec::new(),
            };
            if let Some((spec, step)) = spec.and_then(|spec| Some((spec, spec.steps.get(at as usize)?))) {
                self.on_record(spec, step, in_doubt == Some(at), &mut line).await;
            }
            all.push(line);
        }
        all
    }

    async fn on_record(&self, spec: &SchemaSpec, step: &Step, in_doubt: bool, line: &mut OnRecord) {
        let dialect = self.core.dialect();
        // A file that cannot be read as SQL is told of elsewhere; here it names nothing.
        let Ok(work) = work_of(dialect, &spec.version, step, Direction::Up) else {
            return;
        };
        for statement in work.statements() {
            let named = Footprint::of(dialect, statement, self.snapshot);
            line.there.extend(named.names().map(str::to_owned));
        }
        line.there.sort_unstable();
        line.there.dedup();
        // Every table's key is called so there, and PRIMARY is a word of most statements.
        let tables: Vec<_> = line
            .there
            .iter()
            .filter_map(|name| name.strip_prefix("table:"))
            .map(str::to_owned)
            .collect();
        let of_a_stranger = |name: &str| {
            let table = name
                .strip_prefix("index:")
                .and_then(|name| name.strip_suffix(".PRIMARY"));
            table.is_some_and(|table| !tables.iter().any(|named| named == table))
        };
        line.there.retain(|name| !of_a_stranger(name));
        let alone = runs_alone(dialect, step, Direction::Up, &work);
        let (Some(statement), false) = (work.statements().first(), in_doubt) else {
            return;
        };
        let doubt = Doubt {
            dialect,
            direction: Direction::Up,
            statement,
            verify: step.verify.as_deref(),
            before: None,
            transactional: false,
        };
        // Without a query, and without an index of its own, nothing tells how it was before.
        let asks = match doubt.judge(&Answers::default()) {
            Err(Question::Verify(_)) => true,
            Err(Question::Index(_)) => alone,
            _ => false,
        };
        if asks && let Ok((settled, _)) = self.judged(&doubt, Some(step)).await {
            line.seen = Some(sight(settled));
        }
    }
}

fn sight(settled: Settled) -> Sight {
    match settled {
        Settled::Done => Sight::InEffect,
        Settled::NotDone | Settled::Leftover => Sight::NotInEffect,
        Settled::Disputed => Sight::Disputed,
        Settled::Unknown => Sight::CannotTell,
    }
}

/// What tells, in words.
fn because(doubt: &Doubt<'_>, answers: &Answers, settled: Settled) -> String {
    if settled == Settled::Leftover {
        return "an invalid index is there, left half-built; it is dropped before it is built again".to_owned();
    }
    if doubt.transactional {
        return "it was part of a transaction that would have recorded it".to_owned();
    }
    let changes = match (doubt.before, &answers.objects) {
        (Some(before), Some(now)) => {
            let changes: Vec<_> = before.changes(now).map(|(name, became)| change(name, became)).collect();
            match changes.is_empty() {
                true => Some("what it names is as it was before".to_owned()),
                false => Some(changes.join(", ")),
            }
        }
        _ => None,
    };
    let query = answers.verify.map(|holds| match holds {
        true => "its verify query returns true",
        false => "its verify query does not return true",
    });
    let index = answers.index.map(|seen| match seen {
        crate::engine::IndexSeen::Valid => "its index is there, and valid",
        _ => "its index is not there",
    });
    let told: Vec<String> = query.or(index).map(str::to_owned).into_iter().chain(changes).collect();
    if told.is_empty() {
        return "nothing in the catalog shows what such a statement does, and it has no verify query".to_owned();
    }
    told.join("; ")
}

fn change(name: &str, became: Became) -> String {
    let name = name.replacen(':', " ", 1);
    match became {
        Became::Created => format!("{name} is there, and was not before"),
        Became::Dropped => format!("{name} was there before, and is gone"),
        Became::Changed => format!("{name} is not as it was before"),
    }
}
