//! Activation: apply what is missing, then grant the lease.

use lockstep_registry::{
    Binding, Compatibility, HandlerState, HandlerVersion, Holder, Lease, LeaseKey, LeaseKind, LeaseState, Requires,
    SchemaState, SchemaVersion, Specs, compatible,
};

use crate::decision::Draft;
use crate::{
    Decision, Direction, EventKind, Facts, Failure, FenceReason, LiveUse, OperationId, Refusal, RetentionReason,
};

/// A request to serve a handler version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activate {
    /// What is to be served.
    pub handler_version: HandlerVersion,
    /// What this process knows of its binding; the database's record counts where it was ever active.
    pub binding: Option<Binding>,
    /// Who serves it.
    pub holder: Holder,
    /// How the lease ends.
    pub kind: LeaseKind,
    /// Go ahead although users of another live schema may be harmed.
    pub override_incompatible: bool,
}

/// What an activation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActivationPlan {
    /// This instance already holds the lease; the facts are handed back.
    AlreadyActive {
        /// The lease.
        lease: Lease,
        /// As they were given.
        facts: Facts,
    },
    /// The schema is there: one short transaction.
    Grant(Decision),
    /// Structural work comes first: these schemas are to be applied, in this order.
    Apply {
        /// The first of them.
        first: SchemaVersion,
        /// All, in dependency order.
        schemas: Vec<SchemaVersion>,
        /// Of these, or of what they build on: somebody's unfinished work, to be recovered under the structural lock.
        unfinished: Vec<SchemaVersion>,
    },
}

/// What this process and the database know together of what requires what.
pub(crate) struct Known<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) specs: &'a Specs,
}

impl Requires for Known<'_> {
    fn requires(&self, schema: &SchemaVersion) -> &[SchemaVersion] {
        match self.specs.get(schema) {
            Some(spec) => &spec.requires,
            None => self.facts.schemas.get(schema).map_or(&[], |r| &r.requires),
        }
    }
}

impl Known<'_> {
    fn declares(&self, upper: &SchemaVersion, lower: &SchemaVersion) -> bool {
        let by_spec = self.specs.get(upper).is_some_and(|s| s.compatible_with.contains(lower));
        by_spec
            || self
                .facts
                .schemas
                .get(upper)
                .is_some_and(|r| r.compatible_with.contains(lower))
    }
}

/// Decides what activating needs, from facts read under the lock.
pub fn plan_activate(facts: Facts, request: &Activate, specs: &Specs) -> Result<ActivationPlan, Refusal> {
    let schema = bound_schema(&facts, request)?;
    let closure = Known { facts: &facts, specs }.closure(&schema);
    let mut missing = Vec::new();
    let mut unfinished = Vec::new();
    for each in &closure {
        check_unchanged(&facts, specs, each)?;
        match facts.state_of(each) {
            SchemaState::Applied => continue,
            SchemaState::Applying | SchemaState::Reverting => unfinished.push(each.clone()),
            SchemaState::Failed => check_failed(&facts, each)?,
            SchemaState::Pending | SchemaState::RolledBack => {}
        }
        // A crash while it was taken back can be finished from the stored spec; applying it anew needs the files.
        if specs.get(each).is_none() {
            return Err(Refusal::UnknownSchema { schema: each.clone() });
        }
        missing.push(each.clone());
    }
    check_compatible(&facts, request, &schema, specs)?;
    if let Some(first) = missing.first().cloned() {
        return Ok(ActivationPlan::Apply {
            first,
            schemas: missing,
            unfinished,
        });
    }
    grant(facts, request, &schema, &closure)
}

/// Grants the lease after structural work: `applied` is what became true in this very transaction.
///
/// The facts were read anew under the scope row, so a lease that appeared meanwhile counts here.
pub fn conclude_activate(
    facts: Facts,
    request: &Activate,
    specs: &Specs,
    applied: Vec<EventKind>,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    for event in applied {
        draft.push(event)?;
    }
    let done = draft.finish();
    let mut events = done.events;
    match plan_activate(done.after, request, specs)? {
        ActivationPlan::Grant(decision) => {
            events.extend(decision.events);
            Ok(Decision {
                events,
                after: decision.after,
            })
        }
        ActivationPlan::AlreadyActive { facts, .. } => Ok(Decision { events, after: facts }),
        ActivationPlan::Apply { first, .. } => Err(Refusal::NotApplied {
            state: SchemaState::Pending,
            schema: first,
        }),
    }
}

/// Records that a step failed: the schema is `failed`, its activation is over, its pending lease is given back.
pub fn fail_activate(
    facts: Facts,
    request: &Activate,
    specs: &Specs,
    failure: Failure,
    operation: OperationId,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    if let Some(binding) = &request.binding {
        draft.register(binding)?;
    }
    if let Some(spec) = specs.get(&failure.schema) {
        let (checksum, requires) = (spec.checksum(), spec.requires.clone());
        // Somebody else may have finished the schema since our transaction was taken back.
        if draft.facts.state_of(&failure.schema) != SchemaState::Applied || failure.direction == Direction::Down {
            draft.push(EventKind::SchemaFailed {
                operation,
                failure,
                checksum,
                requires,
            })?;
        }
    }
    let closure = match draft.facts.bindings.get(&request.handler_version) {
        Some(record) => Known {
            facts: &draft.facts,
            specs,
        }
        .closure(&record.binding.schema),
        None => Vec::new(),
    };
    let of = &request.handler_version;
    let key = LeaseKey {
        instance: request.holder.instance.clone(),
        handler_version: of.clone(),
    };
    if let Some(lease) = draft.facts.leases.get(&key).filter(|l| l.state == LeaseState::Pending) {
        let (holder, schema) = (lease.holder.clone(), lease.schema.clone());
        draft.push(EventKind::LeaseReleased {
            holder,
            handler_version: of.clone(),
            schema,
        })?;
    }
    let served = draft.facts.leases_of(of).next().is_some();
    let state = draft.facts.bindings.get(of).map(|r| r.state);
    if !served && !matches!(state, None | Some(HandlerState::Active | HandlerState::Failed)) {
        draft.push(EventKind::HandlerFailed {
            handler_version: of.clone(),
        })?;
    }
    // Schemas it built on may have been applied in transactions of their own.
    for schema in &closure {
        if draft.facts.schemas.get(schema).is_some_and(|r| r.retention.is_none()) {
            draft.retain(schema, None, RetentionReason::Policy)?;
        }
    }
    Ok(draft.finish())
}

fn bound_schema(facts: &Facts, request: &Activate) -> Result<SchemaVersion, Refusal> {
    let handler_version = &request.handler_version;
    match (&request.binding, facts.bindings.get(handler_version)) {
        // Whether the two may differ is `register`'s question, asked before the lease is granted.
        (Some(binding), Some(record)) => {
            let mut trial = Draft::new(Facts::default());
            trial.facts.bindings.insert(handler_version.clone(), record.clone());
            trial.register(binding)?;
            Ok(binding.schema.clone())
        }
        (Some(binding), None) => Ok(binding.schema.clone()),
        (None, Some(record)) => Ok(record.binding.schema.clone()),
        (None, None) => Err(Refusal::UnknownHandlerVersion {
            handler_version: handler_version.clone(),
            known: facts
                .bindings
                .keys()
                .filter(|v| v.handler == handler_version.handler)
                .cloned()
                .collect(),
        }),
    }
}

/// R9: what is in the database must be what the files say.
fn check_unchanged(facts: &Facts, specs: &Specs, schema: &SchemaVersion) -> Result<(), Refusal> {
    let (Some(record), Some(found)) = (facts.schemas.get(schema), specs.checksum(schema)) else {
        return Ok(());
    };
    // After a failure the steps that are in effect are compared one by one against the journal: the failed one may be mended.
    if record.state.occupies() && record.checksum != *found {
        return Err(Refusal::Tampered {
            schema: schema.clone(),
            recorded: record.checksum.clone(),
            found: found.clone(),
            steps: Vec::new(),
        });
    }
    Ok(())
}

/// A failed way up is simply tried again; a failed way down needs a decision.
fn check_failed(facts: &Facts, schema: &SchemaVersion) -> Result<(), Refusal> {
    match facts.schemas.get(schema).and_then(|r| r.failure.as_ref()) {
        Some(failure) if failure.direction == Direction::Down && failure.leaves_traces => Err(Refusal::NeedsRepair {
            schema: schema.clone(),
            failure: Box::new(failure.clone()),
        }),
        _ => Ok(()),
    }
}

fn check_compatible(facts: &Facts, request: &Activate, schema: &SchemaVersion, specs: &Specs) -> Result<(), Refusal> {
    // Another user of a schema that is live changes nothing for the users of the others.
    if request.override_incompatible || facts.leases_on(schema).next().is_some() {
        return Ok(());
    }
    let known = Known { facts, specs };
    let mut checked = std::collections::BTreeSet::new();
    for lease in facts.leases.values() {
        if !checked.insert(&lease.schema) {
            continue;
        }
        let answer = compatible(schema, &lease.schema, &known, |u, l| known.declares(u, l));
        if let Compatibility::Incompatible { upper, lower } = answer {
            return Err(Refusal::Incompatible {
                handler_version: request.handler_version.clone(),
                schema: schema.clone(),
                upper,
                lower,
                live: facts.leases_on(&lease.schema).map(LiveUse::from).collect(),
            });
        }
    }
    Ok(())
}

fn grant(
    facts: Facts,
    request: &Activate,
    schema: &SchemaVersion,
    closure: &[SchemaVersion],
) -> Result<ActivationPlan, Refusal> {
    let handler_version = request.handler_version.clone();
    let key = LeaseKey {
        instance: request.holder.instance.clone(),
        handler_version: handler_version.clone(),
    };
    let held = facts.leases.get(&key).cloned();
    let mut draft = Draft::new(facts);
    if let Some(binding) = &request.binding {
        // A deploy moves tags; an instance that merely starts again, perhaps with older files, does not.
        let known = draft
            .facts
            .bindings
            .get(&handler_version)
            .filter(|_| request.kind != LeaseKind::Pinned);
        match known.map(|record| record.binding.tags.clone()) {
            Some(tags) => draft.register(&Binding {
                tags,
                ..binding.clone()
            })?,
            None => draft.register(binding)?,
        }
    }
    if let Some(held) = held {
        let same_start = held.holder.incarnation == request.holder.incarnation;
        let timed = |kind| matches!(kind, LeaseKind::Timed { .. });
        let stays = match (held.kind, request.kind) {
            // A deploy is the same deploy whichever process speaks for it.
            (LeaseKind::Pinned, LeaseKind::Pinned) => true,
            (a, b) => same_start && timed(a) && timed(b) && !held.is_due(draft.facts.now),
        };
        if stays && held.state == LeaseState::Active {
            let decision = draft.finish();
            return Ok(if decision.events.is_empty() {
                ActivationPlan::AlreadyActive {
                    lease: held,
                    facts: decision.after,
                }
            } else {
                ActivationPlan::Grant(decision)
            });
        }
        let pending_of_ours = held.state == LeaseState::Pending && same_start;
        if !pending_of_ours {
            draft.push(EventKind::LeaseFenced {
                holder: held.holder,
                handler_version: handler_version.clone(),
                schema: held.schema,
                reason: FenceReason::Superseded,
            })?;
        }
    }
    let lease = draft.facts.lease(
        &request.holder,
        &handler_version,
        schema,
        request.kind,
        LeaseState::Active,
    );
    draft.push(EventKind::LeaseGranted { lease })?;
    draft.reuse(closure)?;
    let state = draft.facts.bindings.get(&handler_version).map(|r| r.state);
    if state != Some(HandlerState::Active) {
        draft.push(EventKind::HandlerActivated { handler_version })?;
    }
    Ok(ActivationPlan::Grant(draft.finish()))
}
