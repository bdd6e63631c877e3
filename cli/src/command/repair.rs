//! `repair`: after a failure, what a person decides; without a decision, what each would do.

use lockstep::lifecycle::{Direction, LiveUse, Refusal};
use lockstep::registry::LeaseState;
use lockstep::{Examination, SchemaState, SchemaStatus, Sight, Status};

use crate::app::{Access, App, Open};
use crate::args::Repair;
use crate::exit;
use crate::files::Files;
use crate::output::documents::{Choice, RepairChoices, RepairDone};
use crate::terminal;
use crate::trouble::{Result, Trouble};

pub(crate) async fn repair(app: &App, args: Repair) -> Result<u8> {
    let Some(action) = args.way.action() else {
        return look(app, &args).await;
    };
    let runtime = app.open(Open::to(Access::Change, Files::Recorded)).await?;
    let label = format!("repairing {}", args.schema);
    let schema = args.schema.clone();
    let work = runtime.repair(args.schema, action, args.allow_data_loss);
    let repaired = match terminal::working(&label, Some(runtime.events()), work).await {
        Err(error) if matches!(error.code(), "data_loss" | "loss_unknown") => {
            let again = format!("lockstep repair {schema} {} --allow-data-loss", args.way.flag());
            return Err(Trouble::from(error).next(format!("save the rows, or accept the loss: {again}")));
        }
        done => done?,
    };
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
    let seen = app.in_time(async { Ok(runtime.examine(&args.schema).await?) }).await?;
    app.show(&RepairChoices {
        command: "repair",
        schema: found.schema.clone(),
        state: found.state,
        failure: found.failure.clone(),
        in_effect: seen
            .steps
            .iter()
            .filter(|s| s.recorded)
            .map(|s| s.step.clone())
            .collect(),
        used_by: users(&status, found),
        choices: choices(found, &seen),
        seen,
    });
    Ok(exit::DONE)
}

fn users(status: &Status, found: &SchemaStatus) -> Vec<LiveUse> {
    status
        .leases
        .iter()
        // Who only waits for it does not use it yet.
        .filter(|l| l.lease.schema == found.schema && l.lease.state == LeaseState::Active)
        .map(|l| LiveUse::from(&l.lease))
        .collect()
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

fn choices(found: &SchemaStatus, seen: &Examination) -> Vec<Choice> {
    let Some(going) = going(found) else {
        return Vec::new();
    };
    let back = match going {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    };
    let traces = found.state.occupies() || found.failure.as_ref().is_none_or(|f| f.leaves_traces);
    let mut all = vec![choice("--resume", going, traces, seen)];
    // A failed way back that took itself back is where undoing would lead.
    if !(back == Direction::Up && found.state == SchemaState::Applied) {
        all.push(choice("--undo", back, traces, seen));
    }
    all.push(Choice {
        flag: "--mark-done",
        does: format!("runs nothing: records that a person has finished its way {going}"),
        steps: Vec::new(),
        stopped_by: None,
        leads_to: end_of(going),
    });
    all
}

fn choice(flag: &'static str, direction: Direction, traces: bool, seen: &Examination) -> Choice {
    let way = seen.way(direction);
    let does = match (direction, traces, flag) {
        (Direction::Down, false, _) => "nothing of it is in the database: only the record changes",
        (Direction::Up, ..) => "runs the ups that are not in effect, with the files as they are now",
        (Direction::Down, true, "--undo") => {
            "runs the downs of what is in effect, in reverse, and what its steps made goes with its rows; refused while it \
             is in use"
        }
        (Direction::Down, true, _) => {
            "runs the downs of what is in effect, in reverse, as they were applied; refused while it is in use, or where \
             rows would be lost"
        }
    };
    let runs = direction == Direction::Up || traces;
    let chosen = format!("{does}{}", if runs { settling(seen) } else { "" });
    Choice {
        flag,
        does: chosen,
        steps: if runs { way.steps.clone() } else { Vec::new() },
        stopped_by: way.stopped_by.clone().filter(|_| runs),
        leads_to: end_of(direction),
    }
}

/// What comes first where a step is in doubt.
fn settling(seen: &Examination) -> &'static str {
    match seen.doubt.as_ref().map(|doubt| (doubt.seen, doubt.session_lives)) {
        None => "",
        Some((_, Some(true))) => "; waits first for the session that may still be at it, and looks anew",
        Some((Sight::CannotTell, _)) => "; takes the step in doubt as not in effect",
        Some(_) => "; looks at the step in doubt anew first",
    }
}

fn end_of(direction: Direction) -> SchemaState {
    match direction {
        Direction::Up => SchemaState::Applied,
        Direction::Down => SchemaState::RolledBack,
    }
}
