//! `repair`: after a failure, what a person decides; without a decision, what each would do.

use std::collections::BTreeSet;

use lockstep::lifecycle::{Direction, JournalEntry, LiveUse, Progress, Refusal};
use lockstep::{Runtime, SchemaState, SchemaStatus, Status};

use crate::app::{Access, App, Open};
use crate::args::Repair;
use crate::exit;
use crate::files::Files;
use crate::output::documents::{Choice, RepairChoices, RepairDone};
use crate::terminal;
use crate::trouble::Result;

pub(crate) async fn repair(app: &App, args: Repair) -> Result<u8> {
    let Some(action) = args.way.action() else {
        return look(app, &args).await;
    };
    let runtime = app.open(Open::to(Access::Change, Files::Needed)).await?;
    let label = format!("repairing {}", args.schema);
    let work = runtime.repair(args.schema, action, args.allow_data_loss);
    let repaired = terminal::working(&label, Some(runtime.events()), work).await?;
    app.show(&RepairDone {
        command: "repair",
        repaired,
    });
    Ok(exit::DONE)
}

async fn look(app: &App, args: &Repair) -> Result<u8> {
    let runtime = app.open(Open::to(Access::Look, Files::Helpful)).await?;
    let status = app.in_time(async { Ok(runtime.report().await?) }).await?;
    let Some(found) = status.schemas.iter().find(|s| s.schema == args.schema) else {
        return Err(lockstep::Error::from(Refusal::UnknownSchema {
            schema: args.schema.clone(),
        })
        .into());
    };
    let journal = if status.prepared {
        app.in_time(async { Ok(runtime.history(Some(&args.schema), u32::MAX).await?) })
            .await?
    } else {
        Vec::new()
    };
    let steps = StepNames::of(&runtime, found, &journal);
    app.show(&RepairChoices {
        command: "repair",
        schema: found.schema.clone(),
        state: found.state,
        failure: found.failure.clone(),
        in_effect: steps.named(steps.in_effect.iter().copied()),
        used_by: users(&status, found),
        choices: choices(found, &steps),
    });
    Ok(exit::DONE)
}

fn users(status: &Status, found: &SchemaStatus) -> Vec<LiveUse> {
    status
        .leases
        .iter()
        .filter(|l| l.lease.schema == found.schema)
        .map(|l| LiveUse::from(&l.lease))
        .collect()
}

/// The steps of a schema by their place, and what is in effect of them.
struct StepNames {
    names: Vec<String>,
    in_effect: BTreeSet<u32>,
}

impl StepNames {
    fn of(runtime: &Runtime, found: &SchemaStatus, journal: &[JournalEntry]) -> Self {
        let mut names: Vec<String> = match runtime.specs().get(&found.schema) {
            Some(spec) => spec.steps.iter().map(|step| step.name.clone()).collect(),
            None => Vec::new(),
        };
        for entry in journal {
            let at = entry.position as usize;
            while names.len() <= at {
                names.push(format!("step {}", names.len() + 1));
            }
            names[at].clone_from(&entry.step);
        }
        // A schema that is applied is so with all its steps, whatever a person marked as done without the journal.
        let in_effect = match found.state {
            SchemaState::Applied => (0..u32::try_from(names.len()).unwrap_or(u32::MAX)).collect(),
            _ => Progress::of(journal).in_effect.into_keys().collect(),
        };
        Self { names, in_effect }
    }

    fn named(&self, positions: impl IntoIterator<Item = u32>) -> Vec<String> {
        positions
            .into_iter()
            .filter_map(|at| self.names.get(at as usize).cloned())
            .collect()
    }

    /// In the order they would run.
    fn remaining(&self, direction: Direction) -> Vec<String> {
        let all = 0..u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        match direction {
            Direction::Up => self.named(all.filter(|at| !self.in_effect.contains(at))),
            Direction::Down => self.named(self.in_effect.iter().rev().copied()),
        }
    }
}

/// Which way it was going, where there is something to repair.
fn going(found: &SchemaStatus) -> Option<Direction> {
    match (found.state, &found.failure) {
        (SchemaState::Applying, _) => Some(Direction::Up),
        (SchemaState::Reverting, _) => Some(Direction::Down),
        (SchemaState::Failed | SchemaState::Applied, Some(failure)) => Some(failure.direction),
        (SchemaState::Failed, None) => Some(Direction::Up),
        _ => None,
    }
}

fn choices(found: &SchemaStatus, steps: &StepNames) -> Vec<Choice> {
    let Some(going) = going(found) else {
        return Vec::new();
    };
    let back = match going {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    };
    let traces = found.state.occupies() || found.failure.as_ref().is_none_or(|f| f.leaves_traces);
    let mut all = vec![choice("--resume", going, traces, steps)];
    // A failed way back that took itself back is where undoing would lead.
    if !(back == Direction::Up && found.state == SchemaState::Applied) {
        all.push(choice("--undo", back, traces, steps));
    }
    all.push(Choice {
        flag: "--mark-done",
        does: format!("runs nothing: records that a person has finished its way {going}"),
        steps: Vec::new(),
        leads_to: end_of(going),
    });
    all
}

fn choice(flag: &'static str, direction: Direction, traces: bool, steps: &StepNames) -> Choice {
    let (does, steps) = match (direction, traces) {
        (Direction::Down, false) => (
            "nothing of it is in the database: only the record changes".to_owned(),
            Vec::new(),
        ),
        (Direction::Up, _) => (
            "runs the ups that are not in effect, with the files as they are now".to_owned(),
            steps.remaining(Direction::Up),
        ),
        (Direction::Down, true) => (
            "runs the downs of what is in effect, in reverse; refused while it is in use, or where rows would be lost"
                .to_owned(),
            steps.remaining(Direction::Down),
        ),
    };
    Choice {
        flag,
        does,
        steps,
        leads_to: end_of(direction),
    }
}

fn end_of(direction: Direction) -> SchemaState {
    match direction {
        Direction::Up => SchemaState::Applied,
        Direction::Down => SchemaState::RolledBack,
    }
}
