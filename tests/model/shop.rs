//! An in-memory database for random histories: facts, the event log, and which schemas are really there.
//!
//! Whole requests run one after the other, the way the runtime runs them; what breaks a rule panics.

use std::collections::{BTreeMap, BTreeSet};

use lockstep_lifecycle::{
    Activate, ActivationPlan, Deactivate, Decision, Direction, Event, EventKind, Facts, Failure, Policy, Refusal,
    RepairAction, RepairPlan, RetentionReason, Reversal, Rollback, TakeBack, begin_activation, begin_repair,
    begin_take_back, conclude_activate, conclude_deactivate, conclude_repair, conclude_rollback, fail_activate,
    fail_take_back, plan_activate, plan_deactivate, plan_expire, plan_recovery, plan_repair, plan_rollback,
};
use lockstep_registry::{
    HandlerState, Holder, InstanceId, LeaseState, Requires, SchemaState, SchemaVersion, Specs, Timestamp,
};

/// How much of a schema is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Whole,
    /// Some steps, after a failure or a crash.
    Partial,
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Nothing,
}

/// How far structural work gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Luck {
    /// All in one transaction.
    Transaction,
    /// Step by step.
    Journalled,
    /// In one transaction, in which this schema of the plan fails.
    FailsInTransaction(usize),
    /// Step by step; this schema of the plan fails, with or without traces.
    FailsJournalled(usize, bool),
    /// Step by step; the process dies in the middle of this schema of the plan.
    Crashes(usize),
    /// Taking back would lose rows: the schema is kept.
    LosesRows,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Shop {
    pub(crate) facts: Facts,
    pub(crate) specs: Specs,
    pub(crate) log: Vec<Event>,
    pub(crate) present: BTreeMap<SchemaVersion, Presence>,
}

type Answer = Result<Outcome, Refusal>;

const OPERATION: &str = "operation";

impl Shop {
    pub(crate) fn new(specs: Specs) -> Self {
        Self {
            facts: Facts {
                now: Timestamp(1_000_000),
                ..Facts::default()
            },
            specs,
            ..Self::default()
        }
    }

    /// Commits a decision: its events, and nothing but its events, change the facts.
    pub(crate) fn commit(&mut self, decision: &Decision) {
        for kind in &decision.events {
            self.take_place(kind);
            let seq = self.facts.event_seq + 1;
            self.facts
                .apply(kind, self.facts.now)
                .expect("the decision was checked");
            self.facts.event_seq = seq;
            self.log.push(Event {
                seq,
                at: self.facts.now,
                instance: InstanceId::deploy(),
                kind: kind.clone(),
            });
        }
        let mut after = decision.after.clone();
        after.event_seq = self.facts.event_seq;
        assert_eq!(after, self.facts, "the decision's facts are its events'");
    }

    /// R2: nothing is applied that is there, nothing taken back that is not.
    fn take_place(&mut self, kind: &EventKind) {
        match kind {
            EventKind::SchemaApplied { schema, .. } => {
                let before = self.present.insert(schema.clone(), Presence::Whole);
                assert_ne!(before, Some(Presence::Whole), "{schema} applied twice");
            }
            EventKind::SchemaRolledBack { schema, .. } => {
                self.present.remove(schema);
            }
            _ => {}
        }
    }

    fn applied(&self, schema: &SchemaVersion) -> EventKind {
        let (checksum, requires, compatible_with) = match self.specs.get(schema) {
            Some(spec) => (spec.checksum(), spec.requires.clone(), spec.compatible_with.clone()),
            None => {
                let record = &self.facts.schemas[schema];
                (
                    record.checksum.clone(),
                    record.requires.clone(),
                    record.compatible_with.clone(),
                )
            }
        };
        EventKind::SchemaApplied {
            schema: schema.clone(),
            operation: OPERATION.into(),
            checksum,
            requires,
            compatible_with,
            steps: 1,
            duration_us: 1,
        }
    }

    fn rolled_back(&self, schema: &SchemaVersion) -> EventKind {
        EventKind::SchemaRolledBack {
            schema: schema.clone(),
            operation: OPERATION.into(),
            steps: 1,
            duration_us: 1,
            lost: Vec::new(),
        }
    }

    /// A failed step; what an earlier failure left is still there.
    fn failure(&self, schema: &SchemaVersion, direction: Direction, traces: bool) -> Failure {
        let leaves_traces = traces || self.present.get(schema) == Some(&Presence::Partial);
        Failure {
            schema: schema.clone(),
            direction,
            step: "001".into(),
            position: 0,
            statement: "…".into(),
            error: "no".into(),
            timed_out: false,
            leaves_traces,
        }
    }

    pub(crate) fn activate(&mut self, request: &Activate, luck: Luck) -> Answer {
        let mut plan = plan_activate(self.facts.clone(), request, &self.specs)?;
        if let ActivationPlan::Apply {
            schemas, unfinished, ..
        } = &plan
            && !unfinished.is_empty()
        {
            self.recover(schemas.clone(), &request.holder)?;
            plan = plan_activate(self.facts.clone(), request, &self.specs)?;
        }
        let schemas = match plan {
            ActivationPlan::AlreadyActive { .. } => return Ok(Outcome::Nothing),
            ActivationPlan::Grant(decision) => {
                self.commit(&decision);
                return Ok(Outcome::Done);
            }
            ActivationPlan::Apply { schemas, .. } => schemas,
        };
        self.assert_buildable(&schemas);
        match luck {
            Luck::FailsInTransaction(at) => {
                let failed = &schemas[at % schemas.len()];
                let failure = self.failure(failed, Direction::Up, false);
                self.fail(request, failure)
            }
            Luck::Journalled | Luck::FailsJournalled(..) | Luck::Crashes(_) => {
                self.apply_one_by_one(request, &schemas, luck)
            }
            Luck::Transaction | Luck::LosesRows => {
                let events = schemas.iter().map(|s| self.applied(s)).collect();
                let facts = self.facts.clone();
                let decision = conclude_activate(facts, request, &self.specs, events)?;
                self.commit(&decision);
                Ok(Outcome::Done)
            }
        }
    }

    fn apply_one_by_one(&mut self, request: &Activate, schemas: &[SchemaVersion], luck: Luck) -> Answer {
        for (at, schema) in schemas.iter().enumerate() {
            let hit = |which: usize| which % schemas.len() == at;
            let operation = OPERATION.to_owned();
            let facts = self.facts.clone();
            let begun = begin_activation(facts, request, &self.specs, schema, &operation)?;
            self.facts.epoch += 1;
            let mut begun = begun;
            begun.after.epoch += 1;
            self.commit(&begun);
            match luck {
                Luck::Crashes(which) if hit(which) => {
                    self.present.insert(schema.clone(), Presence::Partial);
                    return Ok(Outcome::Done);
                }
                Luck::FailsJournalled(which, traces) if hit(which) => {
                    if traces {
                        self.present.insert(schema.clone(), Presence::Partial);
                    }
                    return self.fail(request, self.failure(schema, Direction::Up, traces));
                }
                _ => {}
            }
            let (done, facts) = (self.applied(schema), self.facts.clone());
            let decision = match at + 1 == schemas.len() {
                true => conclude_activate(facts, request, &self.specs, vec![done])?,
                false => conclude_repair(facts, done)?,
            };
            self.commit(&decision);
        }
        Ok(Outcome::Done)
    }

    fn fail(&mut self, request: &Activate, failure: Failure) -> Answer {
        let facts = self.facts.clone();
        let decision = fail_activate(facts, request, &self.specs, failure, OPERATION.into())?;
        self.commit(&decision);
        Ok(Outcome::Done)
    }

    pub(crate) fn deactivate(&mut self, request: &Deactivate, luck: Luck) -> Answer {
        let mut plan = plan_deactivate(self.facts.clone(), request)?;
        if let TakeBack::Revert { unfinished, .. } = &plan
            && !unfinished.is_empty()
        {
            self.recover(Vec::new(), &anybody())?;
            plan = plan_deactivate(self.facts.clone(), request)?;
        }
        let schemas = match plan {
            TakeBack::NotActive { .. } => return Ok(Outcome::Nothing),
            TakeBack::Release(decision) => {
                self.commit(&decision);
                return Ok(Outcome::Done);
            }
            TakeBack::Revert { schemas, .. } => schemas,
        };
        self.assert_freed(&schemas, request);
        match luck {
            Luck::FailsInTransaction(at) => self.fail_down(&schemas[at % schemas.len()], false),
            Luck::Journalled | Luck::FailsJournalled(..) | Luck::Crashes(_) => {
                self.take_back_one_by_one(Some(request), &schemas, luck)
            }
            Luck::Transaction | Luck::LosesRows => {
                let results = self.reversals(&schemas, luck);
                let decision = conclude_deactivate(self.facts.clone(), request, results)?;
                self.commit(&decision);
                Ok(Outcome::Done)
            }
        }
    }

    pub(crate) fn rollback(&mut self, schema: &SchemaVersion, luck: Luck) -> Answer {
        let request = Rollback { schema: schema.clone() };
        if let TakeBack::Revert { unfinished, .. } = plan_rollback(self.facts.clone(), &request)?
            && !unfinished.is_empty()
        {
            self.recover(Vec::new(), &anybody())?;
        }
        let TakeBack::Revert { schemas, .. } = plan_rollback(self.facts.clone(), &request)? else {
            panic!("a rollback reverts or is refused");
        };
        match luck {
            Luck::FailsInTransaction(_) => self.fail_down(schema, false),
            Luck::Journalled | Luck::FailsJournalled(..) | Luck::Crashes(_) => {
                self.take_back_one_by_one(None, &schemas, luck)
            }
            Luck::Transaction | Luck::LosesRows => {
                let results = self.reversals(&schemas, luck);
                let decision = conclude_rollback(self.facts.clone(), results)?;
                self.commit(&decision);
                Ok(Outcome::Done)
            }
        }
    }

    fn reversals(&self, schemas: &[SchemaVersion], luck: Luck) -> Vec<Reversal> {
        if luck == Luck::LosesRows {
            // What it requires cannot go either.
            let schema = schemas[0].clone();
            let reason = RetentionReason::DataLoss { losses: Vec::new() };
            return vec![Reversal::Kept { schema, reason }];
        }
        let done = |s| Reversal::Done(self.rolled_back(s));
        schemas.iter().map(done).collect()
    }

    fn take_back_one_by_one(
        &mut self,
        mut releasing: Option<&Deactivate>,
        schemas: &[SchemaVersion],
        luck: Luck,
    ) -> Answer {
        for (at, schema) in schemas.iter().enumerate() {
            let hit = |which: usize| which % schemas.len() == at;
            let operation = OPERATION.to_owned();
            let facts = self.facts.clone();
            let begun = begin_take_back(facts, releasing.take(), schema, &operation)?;
            self.commit(&begun);
            match luck {
                Luck::Crashes(which) if hit(which) => {
                    self.present.insert(schema.clone(), Presence::Partial);
                    return Ok(Outcome::Done);
                }
                Luck::FailsJournalled(which, _) if hit(which) => {
                    self.present.insert(schema.clone(), Presence::Partial);
                    return self.fail_down(schema, true);
                }
                _ => {}
            }
            let decision = conclude_repair(self.facts.clone(), self.rolled_back(schema))?;
            self.commit(&decision);
        }
        Ok(Outcome::Done)
    }

    fn fail_down(&mut self, schema: &SchemaVersion, traces: bool) -> Answer {
        let failure = self.failure(schema, Direction::Down, traces);
        let decision = fail_take_back(self.facts.clone(), failure, OPERATION.into())?;
        self.commit(&decision);
        Ok(Outcome::Done)
    }

    pub(crate) fn expire(&mut self, policy: Policy, luck: Luck) -> Answer {
        let expiry = plan_expire(self.facts.clone(), policy)?;
        self.commit(&expiry.decision);
        if expiry.unfinished {
            self.recover(Vec::new(), &anybody())?;
        }
        for schema in &expiry.due {
            match self.rollback(schema, luck) {
                Ok(_) | Err(Refusal::InUse { .. } | Refusal::NotApplied { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(Outcome::Done)
    }

    /// What a successor does under the structural lock.
    pub(crate) fn recover(&mut self, wanted: Vec<SchemaVersion>, us: &Holder) -> Answer {
        let operation = OPERATION.to_owned();
        let (decision, works) = plan_recovery(self.facts.clone(), &wanted, us, &operation)?;
        self.commit(&decision);
        for work in works {
            let done = match work.direction {
                Direction::Up => self.applied(&work.schema),
                Direction::Down => self.rolled_back(&work.schema),
            };
            let decision = conclude_repair(self.facts.clone(), done)?;
            self.commit(&decision);
        }
        Ok(Outcome::Done)
    }

    pub(crate) fn repair(&mut self, schema: &SchemaVersion, action: RepairAction) -> Answer {
        let operation = OPERATION.to_owned();
        match plan_repair(self.facts.clone(), schema, action, &operation)? {
            RepairPlan::Record(decision) => self.commit(&decision),
            RepairPlan::Run { direction } => {
                let spec = self.specs.get(schema).expect("known");
                let begun = begin_repair(self.facts.clone(), spec, direction, &operation)?;
                self.commit(&begun);
                let done = match direction {
                    Direction::Up => self.applied(schema),
                    Direction::Down => self.rolled_back(schema),
                };
                let decision = conclude_repair(self.facts.clone(), done)?;
                self.commit(&decision);
            }
        }
        Ok(Outcome::Done)
    }

    fn assert_buildable(&self, schemas: &[SchemaVersion]) {
        let mut there: BTreeSet<_> = self.whole().collect();
        for schema in schemas {
            let spec = self.specs.get(schema).expect("planned from its spec");
            for parent in &spec.requires {
                assert!(there.contains(parent), "{schema} comes before {parent}");
            }
            there.insert(schema.clone());
        }
    }

    /// The last one out frees in reverse dependency order: only what nothing else uses, and all of it.
    fn assert_freed(&self, schemas: &[SchemaVersion], request: &Deactivate) {
        let used = |schema: &SchemaVersion| {
            self.facts
                .leases_on(schema)
                .any(|l| l.holder.instance != request.instance || l.handler_version != request.handler_version)
        };
        let alive = |schema: &&SchemaVersion| !self.facts.leases_on(schema).any(|l| l.is_due(self.facts.now));
        let mut gone: BTreeSet<&SchemaVersion> = BTreeSet::new();
        for schema in schemas {
            if alive(&schema) {
                assert!(!used(schema), "{schema} is used by others");
            }
            for user in self.facts.dependents_of(schema) {
                assert!(gone.contains(user), "{schema} goes before {user}");
            }
            gone.insert(schema);
        }
        for (schema, record) in &self.facts.schemas {
            let below = schemas.iter().any(|s| self.facts.schemas[s].requires.contains(schema));
            let free = record.state == SchemaState::Applied
                && self.facts.leases_on(schema).next().is_none()
                && self.facts.dependents_of(schema).all(|d| gone.contains(d));
            assert!(!(below && free) || gone.contains(schema), "{schema} is forgotten");
        }
    }

    fn whole(&self) -> impl Iterator<Item = SchemaVersion> {
        let whole = self.present.iter().filter(|(_, p)| **p == Presence::Whole);
        whole.map(|(schema, _)| schema.clone())
    }

    /// R1, R3, R4, and what is kept has a reason.
    pub(crate) fn assert_sound(&self) {
        self.assert_replay();
        let whole: BTreeSet<_> = self.whole().collect();
        for (schema, record) in &self.facts.schemas {
            let applied = record.state == SchemaState::Applied;
            assert_eq!(applied, whole.contains(schema), "{schema} is {}", record.state);
            if record.occupies() {
                for parent in &record.requires {
                    assert!(whole.contains(parent), "R1: {schema} stands on {parent}, which is gone");
                }
            }
            assert!(
                record.occupies() || !self.present.contains_key(schema),
                "R2: {schema} is {} and leaves traces",
                record.state
            );
            let unused = applied && self.facts.references(schema) == 0;
            assert_eq!(
                record.retention.is_some(),
                unused,
                "{schema} is {}, used by {}, kept: {:?}",
                record.state,
                self.facts.references(schema),
                record.retention
            );
        }
        for lease in self.facts.leases.values() {
            if lease.state == LeaseState::Active {
                for schema in self.specs.graph().closure(&lease.schema) {
                    assert!(whole.contains(&schema), "R1: a lease without {schema}");
                }
            }
        }
        for (version, record) in &self.facts.bindings {
            let mut leases = self.facts.leases_of(version);
            let serves = matches!(record.state, HandlerState::Active | HandlerState::Draining);
            let active = leases.any(|l| l.state == LeaseState::Active);
            assert_eq!(serves, active, "R3: {version} is {}", record.state);
        }
        for (schema, usage) in self.facts.usage() {
            assert_eq!(usage.references(), self.facts.references(&schema));
        }
    }

    fn assert_replay(&self) {
        let mut replayed = Facts::default();
        for (at, event) in self.log.iter().enumerate() {
            assert_eq!(event.seq, at as u64 + 1, "R4: a gap");
            replayed.apply(&event.kind, event.at).expect("R4: replays");
        }
        replayed.event_seq = self.log.len() as u64;
        replayed.now = self.facts.now;
        replayed.epoch = self.facts.epoch;
        assert_eq!(replayed, self.facts, "R4: the log is the state");
    }
}

/// A holder that has nothing pending.
pub(crate) fn anybody() -> Holder {
    Holder {
        instance: InstanceId::deploy(),
        incarnation: lockstep_registry::Incarnation::new("anybody").expect("a name"),
    }
}
