//! After a crash or a failure: go on, undo, or take a person's word for it. Also how work outside one transaction begins.
//!
//! ```text
//! T1  begin_activation / begin_take_back   state applying | reverting, pending lease, epoch + 1
//!     ... journalled steps ...
//! T2  conclude_* | fail_*                  the flip
//!     crash anywhere: plan_recovery, by whoever holds the structural lock next
//! ```

use lockstep_registry::{Holder, Lease, LeaseKey, LeaseState, Requires, SchemaState, SchemaVersion, Specs};
use serde::{Deserialize, Serialize};

use crate::activate::Known;
use crate::deactivate::{check_unused, fence_and_retain, release, unfinished};
use crate::decision::Draft;
use crate::{
    Activate, Decision, Direction, EventKind, Facts, Failure, FenceReason, OperationId, Refusal, RetentionReason,
};

/// What a person decided about a schema that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairAction {
    /// Go on in the direction it was going.
    Resume,
    /// Go back to where it came from.
    Undo,
    /// It was finished by hand: record it as done.
    MarkDone,
}

/// What a repair needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepairPlan {
    /// Only the record changes.
    Record(Decision),
    /// The remaining steps are to run this way, under the structural lock.
    Run {
        /// Which way.
        direction: Direction,
    },
}

/// Somebody's unfinished work and which way to finish it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Which schema.
    pub schema: SchemaVersion,
    /// Up where it is wanted now, down where nobody needs it any more.
    pub direction: Direction,
}

/// T1 of an activation: the schema is `applying`, the lease waits for it.
pub fn begin_activation(
    facts: Facts,
    request: &Activate,
    specs: &Specs,
    schema: &SchemaVersion,
    operation: &OperationId,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    if let Some(binding) = &request.binding {
        draft.register(binding)?;
    }
    let Some(spec) = specs.get(schema) else {
        return Err(Refusal::UnknownSchema { schema: schema.clone() });
    };
    draft.push(EventKind::SchemaApplying {
        schema: schema.clone(),
        operation: operation.clone(),
        checksum: spec.checksum(),
        requires: spec.requires.clone(),
        compatible_with: spec.compatible_with.clone(),
    })?;
    // What it builds on is used from now on.
    let below = Known {
        facts: &draft.facts,
        specs,
    }
    .closure(schema);
    draft.reuse(&below)?;
    let of = &request.handler_version;
    let key = LeaseKey {
        instance: request.holder.instance.clone(),
        handler_version: of.clone(),
    };
    if let Some(held) = draft.facts.leases.get(&key).cloned() {
        if held.holder == request.holder && held.state == LeaseState::Pending {
            return Ok(draft.finish());
        }
        draft.push(EventKind::LeaseFenced {
            holder: held.holder,
            handler_version: of.clone(),
            schema: held.schema,
            reason: FenceReason::Superseded,
        })?;
        draft.settle_handler(of, false)?;
    }
    let bound = draft
        .facts
        .bindings
        .get(of)
        .map(|r| (r.binding.schema.clone(), r.state));
    if let Some((target, state)) = bound {
        if state != lockstep_registry::HandlerState::Active {
            draft.push(EventKind::HandlerActivating {
                handler_version: of.clone(),
            })?;
        }
        let lease = draft
            .facts
            .lease(&request.holder, of, &target, request.kind, LeaseState::Pending);
        draft.push(EventKind::LeaseRequested { lease })?;
    }
    Ok(draft.finish())
}

/// T1 of taking a schema back: it is `reverting`, and no lease is granted on it from now on (R1 holds at this moment).
pub fn begin_take_back(
    facts: Facts,
    releasing: Option<&crate::Deactivate>,
    schema: &SchemaVersion,
    operation: &OperationId,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    match releasing {
        Some(request) => release(&mut draft, request)?,
        None => fence_and_retain(&mut draft)?,
    }
    begin_take_back_of(&mut draft, schema, operation)?;
    Ok(draft.finish())
}

fn begin_take_back_of(draft: &mut Draft, schema: &SchemaVersion, operation: &OperationId) -> Result<(), Refusal> {
    check_unused(&draft.facts, schema)?;
    draft.push(EventKind::SchemaReverting {
        schema: schema.clone(),
        operation: operation.clone(),
    })
}

/// Decides how to finish what was left, under the structural lock: whoever held it is gone, so its pending leases
/// are fenced; a schema that is `wanted` is finished, any other is undone. What was left may be our own, from a
/// connection that was lost: our pending lease stays only where its schema is on its way up for us.
pub fn plan_recovery(
    facts: Facts,
    wanted: &[SchemaVersion],
    us: &Holder,
    operation: &OperationId,
) -> Result<(Decision, Vec<Recovery>), Refusal> {
    let mut draft = Draft::new(facts);
    let goes_up = |facts: &Facts, schema: &SchemaVersion| {
        wanted.contains(schema) && facts.state_of(schema) != SchemaState::Reverting
    };
    fence_orphans(&mut draft, |facts, lease| {
        lease.holder != *us || !goes_up(facts, &lease.schema)
    })?;
    // Applied meanwhile, or as a part of what was given up, and used by nobody since.
    let open: Vec<_> = draft
        .facts
        .schemas
        .iter()
        .filter(|(_, r)| r.retention.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    for schema in open {
        draft.retain(&schema, None, RetentionReason::Expired)?;
    }
    let mut works = Vec::new();
    for schema in unfinished(&draft.facts) {
        let reverting = draft.facts.state_of(&schema) == SchemaState::Reverting;
        let direction = if goes_up(&draft.facts, &schema) {
            Direction::Up
        } else {
            Direction::Down
        };
        if direction == Direction::Down && !reverting {
            draft.push(EventKind::SchemaReverting {
                schema: schema.clone(),
                operation: operation.clone(),
            })?;
        }
        works.push(Recovery { schema, direction });
    }
    Ok((draft.finish(), works))
}

/// Whoever holds the structural lock knows that its former holders are gone: what they waited for they will not get.
fn fence_orphans(draft: &mut Draft, gone: impl Fn(&Facts, &Lease) -> bool) -> Result<(), Refusal> {
    let orphans: Vec<_> = draft
        .facts
        .leases
        .values()
        .filter(|l| l.state == LeaseState::Pending && gone(&draft.facts, l))
        .cloned()
        .collect();
    for lease in orphans {
        draft.push(EventKind::LeaseFenced {
            holder: lease.holder,
            handler_version: lease.handler_version.clone(),
            schema: lease.schema,
            reason: FenceReason::Crashed,
        })?;
        draft.settle_handler(&lease.handler_version, false)?;
    }
    Ok(())
}

/// A schema that is half-way is used by nobody: whoever waits for it is gone once the lock is ours, and a repair that finds
/// otherwise under the lock begins anew.
fn without_orphans(facts: Facts, schema: &SchemaVersion) -> Result<Draft, Refusal> {
    let half_way = matches!(facts.state_of(schema), SchemaState::Applying | SchemaState::Reverting);
    let mut draft = Draft::new(facts);
    if half_way {
        fence_orphans(&mut draft, |_, _| true)?;
    }
    Ok(draft)
}

/// Decides what repairing a schema needs.
pub fn plan_repair(
    facts: Facts,
    schema: &SchemaVersion,
    action: RepairAction,
    operation: &OperationId,
) -> Result<RepairPlan, Refusal> {
    let Some(record) = facts.schemas.get(schema).cloned() else {
        return Err(Refusal::NothingToRepair {
            schema: schema.clone(),
            state: SchemaState::Pending,
        });
    };
    let nothing = || Refusal::NothingToRepair {
        schema: schema.clone(),
        state: record.state,
    };
    let going = match (record.state, &record.failure) {
        (SchemaState::Applying, _) => Direction::Up,
        (SchemaState::Reverting, _) => Direction::Down,
        (SchemaState::Failed | SchemaState::Applied, Some(failure)) => failure.direction,
        (SchemaState::Failed, None) => Direction::Up,
        _ => return Err(nothing()),
    };
    let direction = match (action, going) {
        (RepairAction::Resume, direction) => direction,
        (RepairAction::Undo, Direction::Up) => Direction::Down,
        (RepairAction::Undo, Direction::Down) => Direction::Up,
        (RepairAction::MarkDone, done) => return record_done(facts, schema, done, operation),
    };
    match (direction, record.occupies(), record.state) {
        // A failed rollback took itself back: the schema is where undoing would lead.
        (Direction::Up, _, SchemaState::Applied) => Err(nothing()),
        // Nothing of it is in the database: going back is a matter of the record.
        (Direction::Down, false, _) => record_done(facts, schema, Direction::Down, operation),
        (Direction::Down, true, _) => {
            check_unused(&without_orphans(facts, schema)?.facts, schema)?;
            Ok(RepairPlan::Run { direction })
        }
        (Direction::Up, ..) => {
            check_grounded(&facts, &record.requires)?;
            Ok(RepairPlan::Run { direction })
        }
    }
}

/// R1 from above: what a schema requires may have been taken back since it failed without leaving anything.
fn check_grounded(facts: &Facts, requires: &[SchemaVersion]) -> Result<(), Refusal> {
    let lacking = requires
        .iter()
        .find(|parent| facts.state_of(parent) != SchemaState::Applied);
    match lacking {
        Some(parent) => Err(Refusal::NotApplied {
            schema: parent.clone(),
            state: facts.state_of(parent),
        }),
        None => Ok(()),
    }
}

fn record_done(
    facts: Facts,
    schema: &SchemaVersion,
    direction: Direction,
    operation: &OperationId,
) -> Result<RepairPlan, Refusal> {
    let mut draft = without_orphans(facts, schema)?;
    let Some(record) = draft.facts.schemas.get(schema).cloned() else {
        return Err(Refusal::NothingToRepair {
            schema: schema.clone(),
            state: SchemaState::Pending,
        });
    };
    let (schema, operation) = (schema.clone(), operation.clone());
    match direction {
        Direction::Up => {
            check_grounded(&draft.facts, &record.requires)?;
            draft.push(EventKind::SchemaApplied {
                schema: schema.clone(),
                operation,
                checksum: record.checksum,
                requires: record.requires.clone(),
                compatible_with: record.compatible_with,
                steps: 0,
                duration_us: 0,
            })?;
            draft.reuse(&record.requires)?;
            draft.retain(&schema, None, RetentionReason::Repaired)?;
        }
        Direction::Down => {
            check_unused(&draft.facts, &schema)?;
            draft.push(EventKind::SchemaRolledBack {
                schema,
                operation,
                steps: 0,
                duration_us: 0,
                lost: Vec::new(),
            })?;
            for parent in &record.requires {
                draft.retain(parent, None, RetentionReason::Repaired)?;
            }
        }
    }
    Ok(RepairPlan::Record(draft.finish()))
}

/// What repairing or recovering a schema came to: its final event, then what that means for its neighbours.
pub fn conclude_repair(facts: Facts, done: EventKind) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    let Some(schema) = done.schema().cloned() else {
        return Ok(draft.finish());
    };
    match &done {
        EventKind::SchemaRolledBack { .. } => check_unused(&draft.facts, &schema)?,
        EventKind::SchemaApplied { requires, .. } => check_grounded(&draft.facts, requires)?,
        _ => {}
    }
    draft.push(done)?;
    let requires = draft
        .facts
        .schemas
        .get(&schema)
        .map(|r| r.requires.clone())
        .unwrap_or_default();
    draft.reuse(&requires)?;
    for each in requires.iter().chain([&schema]) {
        draft.retain(each, None, RetentionReason::Repaired)?;
    }
    Ok(draft.finish())
}

/// Records one finished part of longer work; what uses it follows in the same piece of work.
pub fn record_part(facts: Facts, done: EventKind) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    draft.push(done)?;
    Ok(draft.finish())
}

/// T1 of a repair: the schema is on its way in that direction, under a new epoch.
pub fn begin_repair(
    facts: Facts,
    spec: &lockstep_registry::SchemaSpec,
    direction: Direction,
    operation: &OperationId,
) -> Result<Decision, Refusal> {
    let mut draft = without_orphans(facts, &spec.version)?;
    let (schema, operation) = (spec.version.clone(), operation.clone());
    match direction {
        Direction::Up => {
            check_grounded(&draft.facts, &spec.requires)?;
            if draft.facts.state_of(&schema) == SchemaState::Reverting {
                // There is no way from reverting to applying but through the failure that a crash is.
                draft.push(interrupted(&schema, spec, &operation))?;
            }
            draft.push_news(EventKind::SchemaApplying {
                schema,
                operation,
                checksum: spec.checksum(),
                requires: spec.requires.clone(),
                compatible_with: spec.compatible_with.clone(),
            })?;
            draft.reuse(&spec.requires)?;
        }
        Direction::Down => {
            check_unused(&draft.facts, &schema)?;
            draft.push_news(EventKind::SchemaReverting { schema, operation })?;
        }
    }
    Ok(draft.finish())
}

/// A rollback that a crash ended in the middle, as the failure it is.
fn interrupted(schema: &SchemaVersion, spec: &lockstep_registry::SchemaSpec, operation: &OperationId) -> EventKind {
    EventKind::SchemaFailed {
        operation: operation.clone(),
        failure: Failure {
            schema: schema.clone(),
            direction: Direction::Down,
            step: "(between steps)".to_owned(),
            position: 0,
            statement: String::new(),
            error: "the program that took it back ended in the middle".to_owned(),
            timed_out: false,
            leaves_traces: true,
        },
        checksum: spec.checksum(),
        requires: spec.requires.clone(),
    }
}

/// Records that finishing or undoing failed; leases of ours that waited for it are given back.
pub fn fail_repair(facts: Facts, failure: Failure, us: &Holder, operation: OperationId) -> Result<Decision, Refusal> {
    let failed = crate::fail_take_back(facts, failure, operation)?;
    let mut draft = Draft::new(failed.after);
    let ours = |l: &&lockstep_registry::Lease| l.state == LeaseState::Pending && l.holder.incarnation == us.incarnation;
    for lease in draft.facts.leases.values().filter(ours).cloned().collect::<Vec<_>>() {
        let of = lease.handler_version.clone();
        draft.push(EventKind::LeaseReleased {
            holder: lease.holder,
            handler_version: lease.handler_version,
            schema: lease.schema,
        })?;
        draft.settle_handler(&of, false)?;
    }
    let more = draft.finish();
    let mut events = failed.events;
    events.extend(more.events);
    Ok(Decision {
        events,
        after: more.after,
    })
}

/// Adds to a decision that a schema, if nothing uses it any more, is the next to go: should we crash first, the reaper
/// finds it due.
pub fn retain_due(decision: Decision, schema: &SchemaVersion) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(decision.after);
    let now = draft.facts.now;
    draft.retain(schema, Some(now), RetentionReason::Policy)?;
    let more = draft.finish();
    let mut events = decision.events;
    events.extend(more.events);
    Ok(Decision {
        events,
        after: more.after,
    })
}

/// Adds to a decision that a schema stays, if nothing uses it any more and nothing says so yet.
pub fn retain_unused(decision: Decision, schema: &SchemaVersion) -> Result<Decision, Refusal> {
    let known = decision.after.schemas.get(schema);
    if known.is_none_or(|r| r.retention.is_some()) {
        return Ok(decision);
    }
    let mut draft = Draft::new(decision.after);
    draft.retain(schema, None, RetentionReason::Policy)?;
    let more = draft.finish();
    let mut events = decision.events;
    events.extend(more.events);
    Ok(Decision {
        events,
        after: more.after,
    })
}
