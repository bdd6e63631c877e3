//! The questions the model's instances ask of the product, and the commits the answers lead to.

use lockstep_lifecycle::{
    Activate, ActivationPlan, Deactivate, Decision, Direction, EventKind, Facts, Failure, OperationChange, Refusal,
    RepairPlan, Reversal, Rollback, TakeBack, begin_activation, begin_repair, begin_take_back, conclude_activate,
    conclude_deactivate, conclude_repair, conclude_rollback, fail_activate, fail_repair, fail_take_back, plan_activate,
    plan_deactivate, plan_expire, plan_recovery, plan_repair, plan_rollback, record_part, retain_unused,
};
use lockstep_registry::{Binding, SchemaState};

use super::setting::{Breakage, Few, Mend, Request};
use super::store::{Caller, Rows, Store};

/// A question. The answer depends on it and on the facts alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Call {
    /// What a request needs.
    Plan(Caller, Request),
    /// Announce an operation where none is.
    Announce(Caller),
    /// Withdraw the caller's announcement.
    Withdraw(Caller),
    /// Time passes for one lease, or a renewal gives it more.
    RunOut { instance: u8, version: u8, over: bool },
    /// The clock is set, and with it what is over.
    Jump { forward: bool },
    /// Number the named epochs anew.
    Renumber(u64),
    /// The last transaction of transactional work on these schemas, decided from facts `read` by then.
    Conclude {
        caller: Caller,
        request: Request,
        direction: Direction,
        done: Few,
        read: u32,
    },
    /// T1 of journalled work on a schema.
    Begin(Caller, Request, u8),
    /// T1 of a repair.
    BeginRepair(Caller, u8, Direction),
    /// Record under the structural lock what a person finished.
    Mark(Caller, u8),
    /// Take over what others left; these schemas are wanted.
    Recover(Caller, Few),
    /// T2 of journalled work on a schema; `grants` where that is all the request needs.
    Finish {
        caller: Caller,
        request: Request,
        direction: Direction,
        schema: u8,
        grants: bool,
        recovers: bool,
    },
    /// The last transaction of taking back schema by schema.
    End,
    /// A step failed; anything left of the schema?
    Fail {
        caller: Caller,
        request: Request,
        direction: Direction,
        schema: u8,
        step: u8,
        traces: bool,
    },
}

/// An answer.
pub(crate) enum Answer {
    Refused(String),
    /// A move that is not in the table.
    Bug(String),
    /// There is nothing to do.
    Nothing,
    Commit(Rows),
    /// Structural work: these schemas, after recovery where something is unfinished.
    Work {
        schemas: Few,
        unfinished: bool,
    },
    /// Steps of a repair, this way.
    Repair(Direction),
    Expiry {
        rows: Option<Rows>,
        due: Few,
        unfinished: bool,
    },
    /// Works: schema times two, plus one for down.
    Recovery {
        rows: Option<Rows>,
        works: Few,
    },
}

enum Stop {
    Refused(String),
    Bug(String),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::IllegalMove(illegal) => Self::Bug(illegal.to_string()),
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}

impl Store {
    pub(crate) fn decide(&self, facts: u32, call: Call) -> Answer {
        let answer = match call {
            Call::Plan(caller, request) => self.plan(facts, caller, request),
            Call::Announce(caller) => {
                let operation = match self.facts(facts).operation {
                    Some(_) => OperationChange::Keep,
                    None => OperationChange::Announce(self.announcement(caller)),
                };
                self.only(facts, operation)
            }
            Call::Withdraw(caller) => self.only(facts, OperationChange::Clear(self.operation(caller))),
            Call::RunOut {
                instance,
                version,
                over,
            } => Ok(Answer::Commit(self.run_out(facts, instance, version, over))),
            Call::Jump { forward } => Ok(Answer::Commit(self.jump(facts, forward))),
            Call::Renumber(named) => Ok(Answer::Commit(self.renumber(facts, named))),
            Call::Conclude {
                caller,
                request,
                direction,
                done,
                read,
            } => self.conclude(facts, caller, request, direction, done, read),
            Call::Begin(caller, request, schema) => self.begin(facts, caller, request, schema),
            Call::BeginRepair(caller, schema, direction) => self.begin_repair(facts, caller, schema, direction),
            Call::Mark(caller, schema) => self.mark(facts, caller, schema),
            Call::Recover(caller, wanted) => self.recover(facts, caller, wanted),
            Call::Finish {
                caller,
                request,
                direction,
                schema,
                grants,
                recovers,
            } => {
                let done = self.done(caller, direction, schema);
                self.finish(facts, caller, grants.then_some(request), done, recovers)
            }
            Call::End => self.end(facts),
            Call::Fail {
                caller,
                request,
                direction,
                schema,
                step,
                traces,
            } => {
                let failure = self.failure(direction, schema, step, traces);
                self.fail(facts, caller, request, failure)
            }
        };
        match answer {
            Ok(answer) => answer,
            Err(Stop::Refused(why)) => Answer::Refused(why),
            Err(Stop::Bug(what)) => Answer::Bug(what),
        }
    }

    fn activate(&self, caller: Caller, version: u8) -> Activate {
        let at = usize::from(version);
        Activate {
            handler_version: self.versions[at].clone(),
            binding: Some(Binding::new(self.versions[at].clone(), self.schemas[at].clone())),
            holder: self.holder(caller),
            kind: Self::lease_kind(caller),
            override_incompatible: false,
        }
    }

    fn deactivate(&self, caller: Caller, version: u8) -> Deactivate {
        Deactivate {
            handler_version: self.versions[usize::from(version)].clone(),
            instance: self.holder(caller).instance,
            incarnation: None,
            policy: lockstep_lifecycle::Policy::Rollback,
        }
    }

    fn few<'a>(&self, schemas: impl IntoIterator<Item = &'a lockstep_registry::SchemaVersion>) -> Few {
        Few::of(schemas.into_iter().map(|s| self.schema_index(s)))
    }

    /// The facts as a decision gets to see them.
    fn read(&self, facts: u32) -> Facts {
        let mut seen = self.facts(facts);
        for record in seen.schemas.values_mut() {
            if self.setting.is_broken(Breakage::ForgetsDependents) {
                record.requires.clear();
            }
            if self.setting.is_broken(Breakage::GrantsWhileReverting) && record.state == SchemaState::Reverting {
                record.state = SchemaState::Applied;
            }
        }
        seen
    }

    fn write(
        &self,
        facts: u32,
        decision: &Decision,
        operation: OperationChange,
        takes_epoch: bool,
    ) -> Result<Rows, Stop> {
        let after = self.setting.breakage.is_none().then_some(&decision.after);
        self.commit(facts, &decision.events, after, operation, takes_epoch)
            .map_err(Stop::Bug)
    }

    fn only(&self, facts: u32, operation: OperationChange) -> Result<Answer, Stop> {
        self.commit(facts, &[], None, operation, false)
            .map(Answer::Commit)
            .map_err(Stop::Bug)
    }

    fn plan(&self, facts: u32, caller: Caller, request: Request) -> Result<Answer, Stop> {
        let seen = self.read(facts);
        let ours = OperationChange::Clear(self.operation(caller));
        match request {
            Request::Activate(version) => {
                let request = self.activate(caller, version);
                match plan_activate(seen, &request, &self.specs)? {
                    ActivationPlan::AlreadyActive { .. } => Ok(Answer::Nothing),
                    ActivationPlan::Grant(decision) => self.write(facts, &decision, ours, false).map(Answer::Commit),
                    ActivationPlan::Apply {
                        schemas, unfinished, ..
                    } => Ok(Answer::Work {
                        schemas: self.few(&schemas),
                        unfinished: !unfinished.is_empty(),
                    }),
                }
            }
            Request::Deactivate(version) => {
                let request = self.deactivate(caller, version);
                self.take_back(facts, plan_deactivate(seen, &request)?, ours)
            }
            Request::Rollback(schema) => {
                let schema = self.schemas[usize::from(schema)].clone();
                self.take_back(facts, plan_rollback(seen, &Rollback { schema })?, ours)
            }
            Request::Repair(schema, mend) => self.plan_repair(facts, caller, schema, mend),
            Request::Expire => {
                let expiry = plan_expire(seen, self.setting.policy)?;
                let rows = match expiry.decision.events.is_empty() {
                    true => None,
                    false => {
                        let keep = OperationChange::Keep;
                        Some(self.write(facts, &expiry.decision, keep, false)?)
                    }
                };
                Ok(Answer::Expiry {
                    rows,
                    due: self.few(&expiry.due),
                    unfinished: expiry.unfinished,
                })
            }
            Request::TakeBack(_) | Request::Reap(_) => Ok(Answer::Nothing),
        }
    }

    fn take_back(&self, facts: u32, plan: TakeBack, ours: OperationChange) -> Result<Answer, Stop> {
        match plan {
            TakeBack::NotActive { .. } => Ok(Answer::Nothing),
            TakeBack::Release(decision) => self.write(facts, &decision, ours, false).map(Answer::Commit),
            TakeBack::Revert { schemas, unfinished } => Ok(Answer::Work {
                schemas: self.few(&schemas),
                unfinished: !unfinished.is_empty(),
            }),
        }
    }

    fn plan_repair(&self, facts: u32, caller: Caller, at: u8, mend: Mend) -> Result<Answer, Stop> {
        let seen = self.read(facts);
        let schema = &self.schemas[usize::from(at)];
        let half_way = matches!(seen.state_of(schema), SchemaState::Applying | SchemaState::Reverting);
        let ours = OperationChange::Clear(self.operation(caller));
        match plan_repair(seen, schema, mend.into(), &self.operation(caller))? {
            // Only the structural lock proves that nobody is at it.
            RepairPlan::Record(_) if half_way => Ok(Answer::Work {
                schemas: Few::of([at]),
                unfinished: false,
            }),
            RepairPlan::Record(decision) => self.write(facts, &decision, ours, false).map(Answer::Commit),
            RepairPlan::Run { direction } => Ok(Answer::Repair(direction)),
        }
    }

    fn mark(&self, facts: u32, caller: Caller, schema: u8) -> Result<Answer, Stop> {
        let schema = &self.schemas[usize::from(schema)];
        let mend = Mend::MarkDone.into();
        match plan_repair(self.read(facts), schema, mend, &self.operation(caller))? {
            RepairPlan::Record(decision) => self
                .write(facts, &decision, OperationChange::ClearStale, true)
                .map(Answer::Commit),
            RepairPlan::Run { .. } => Err(Stop::Bug("marking as done runs steps".into())),
        }
    }

    fn begin_repair(&self, facts: u32, caller: Caller, schema: u8, direction: Direction) -> Result<Answer, Stop> {
        let spec = self.specs.get(&self.schemas[usize::from(schema)]).expect("known");
        let decision = begin_repair(self.read(facts), spec, direction, &self.operation(caller))?;
        let announce = OperationChange::Announce(self.announcement(caller));
        self.write(facts, &decision, announce, true).map(Answer::Commit)
    }

    /// The event that a schema was applied or taken back.
    fn done(&self, caller: Caller, direction: Direction, schema: u8) -> EventKind {
        let schema = self.schemas[usize::from(schema)].clone();
        let operation = self.operation(caller);
        let spec = self.specs.get(&schema).expect("known");
        match direction {
            Direction::Up => EventKind::SchemaApplied {
                operation,
                checksum: spec.checksum(),
                requires: spec.requires.clone(),
                compatible_with: spec.compatible_with.clone(),
                steps: 1,
                duration_us: 1,
                schema,
            },
            Direction::Down => EventKind::SchemaRolledBack {
                schema,
                operation,
                steps: 1,
                duration_us: 1,
                lost: Vec::new(),
            },
        }
    }

    fn conclude(
        &self,
        facts: u32,
        caller: Caller,
        request: Request,
        direction: Direction,
        done: Few,
        read: u32,
    ) -> Result<Answer, Stop> {
        let seen = self.read(read);
        let events = done.slice().iter();
        let mut events = events.map(|schema| self.done(caller, direction, *schema));
        let decision = match request {
            Request::Activate(version) => {
                let request = self.activate(caller, version);
                conclude_activate(seen, &request, &self.specs, events.collect())?
            }
            Request::Deactivate(version) => {
                let request = self.deactivate(caller, version);
                conclude_deactivate(seen, &request, events.map(Reversal::Done).collect())?
            }
            Request::Repair(..) => conclude_repair(seen, events.next().expect("a repair has a schema"))?,
            _ => {
                let first = events.next().map(Reversal::Done);
                conclude_rollback(seen, first.into_iter().collect())?
            }
        };
        let takes_epoch = done.first().is_some();
        self.write(facts, &decision, OperationChange::ClearStale, takes_epoch)
            .map(Answer::Commit)
    }

    fn begin(&self, facts: u32, caller: Caller, request: Request, schema: u8) -> Result<Answer, Stop> {
        let seen = self.read(facts);
        let operation = self.operation(caller);
        let schema = &self.schemas[usize::from(schema)];
        let decision = match request {
            Request::Activate(version) => {
                let request = self.activate(caller, version);
                begin_activation(seen, &request, &self.specs, schema, &operation)?
            }
            Request::Deactivate(version) => {
                let releasing = self.deactivate(caller, version);
                begin_take_back(seen, Some(&releasing), schema, &operation)?
            }
            _ => begin_take_back(seen, None, schema, &operation)?,
        };
        let announce = OperationChange::Announce(self.announcement(caller));
        self.write(facts, &decision, announce, true).map(Answer::Commit)
    }

    fn recover(&self, facts: u32, caller: Caller, wanted: Few) -> Result<Answer, Stop> {
        let wanted: Vec<_> = wanted
            .slice()
            .iter()
            .map(|s| self.schemas[usize::from(*s)].clone())
            .collect();
        let (us, operation) = (self.holder(caller), self.operation(caller));
        let (decision, works) = plan_recovery(self.read(facts), &wanted, &us, &operation)?;
        let works = Few::of(
            works
                .iter()
                .map(|work| self.schema_index(&work.schema) * 2 + u8::from(work.direction == Direction::Down)),
        );
        if decision.events.is_empty() && works.first().is_none() {
            return Ok(Answer::Recovery { rows: None, works });
        }
        let announce = OperationChange::Announce(self.announcement(caller));
        let takes_epoch = !self.setting.is_broken(Breakage::RecoveryTakesNoEpoch);
        let rows = Some(self.write(facts, &decision, announce, takes_epoch)?);
        Ok(Answer::Recovery { rows, works })
    }

    /// T2. Only the last part grants the lease or clears the announcement; recovery is a piece of work of its own.
    fn finish(
        &self,
        facts: u32,
        caller: Caller,
        granted: Option<Request>,
        done: EventKind,
        recovers: bool,
    ) -> Result<Answer, Stop> {
        let seen = self.read(facts);
        let (decision, operation) = match granted {
            Some(Request::Activate(version)) => {
                let request = self.activate(caller, version);
                let decision = conclude_activate(seen, &request, &self.specs, vec![done])?;
                (decision, OperationChange::ClearStale)
            }
            _ if recovers => {
                let ours = OperationChange::Clear(self.operation(caller));
                (conclude_repair(seen, done)?, ours)
            }
            _ => (record_part(seen, done)?, OperationChange::Keep),
        };
        self.write(facts, &decision, operation, false).map(Answer::Commit)
    }

    fn end(&self, facts: u32) -> Result<Answer, Stop> {
        let decision = conclude_rollback(self.read(facts), Vec::new())?;
        let decision = retain_unused(decision, &self.schemas[0])?;
        self.write(facts, &decision, OperationChange::ClearStale, false)
            .map(Answer::Commit)
    }

    fn failure(&self, direction: Direction, schema: u8, step: u8, leaves_traces: bool) -> Failure {
        Failure {
            schema: self.schemas[usize::from(schema)].clone(),
            direction,
            step: format!("{:03}", step + 1),
            position: u32::from(step),
            statement: "…".into(),
            error: "no".into(),
            timed_out: false,
            leaves_traces,
        }
    }

    fn fail(&self, facts: u32, caller: Caller, request: Request, failure: Failure) -> Result<Answer, Stop> {
        let seen = self.read(facts);
        let operation = self.operation(caller);
        let decision = match (request, failure.direction) {
            (Request::Activate(version), Direction::Up) => {
                let request = self.activate(caller, version);
                fail_activate(seen, &request, &self.specs, failure, operation.clone())?
            }
            (Request::Repair(..), _) => fail_repair(seen, failure, &self.holder(caller), operation.clone())?,
            _ => fail_take_back(seen, failure, operation.clone())?,
        };
        self.write(facts, &decision, OperationChange::Clear(operation), false)
            .map(Answer::Commit)
    }

    /// Gives the epochs that are still named the numbers 0, 1, 2 …: only their order means anything.
    fn renumber(&self, facts: u32, named: u64) -> Rows {
        self.touch(facts, |rows| {
            rows.epoch = u64::from(rank(named, rows.epoch));
            for lease in rows.leases.values_mut() {
                lease.epoch = u64::from(rank(named, lease.epoch));
            }
        })
    }
}

/// How many smaller epochs are named.
pub(crate) fn rank(named: u64, epoch: u64) -> u8 {
    super::store::small(u64::from((named & ((1 << epoch) - 1)).count_ones()))
}
