//! Structural work step by step: journalled as started, executed, journalled as done; and what a server does with orphans.

use lockstep_lifecycle::{Direction, JournalState};

use super::decisions::{Answer, Call};
use super::explorer::Violation;
use super::protocol::{Moves, statement};
use super::setting::{Breakage, Few, INSTANCES, Request};
use super::store::Caller;
use super::world::{At, Phase, Work, World};

impl Moves<'_> {
    pub(super) fn start_work(
        &self,
        next: &mut World,
        caller: Caller,
        request: Request,
        recovers: bool,
        schema: u8,
        direction: Direction,
    ) {
        let mut work = Work {
            request,
            recovers,
            schema,
            direction,
            epoch: self.model.store.summary(next.facts).epoch,
            phase: Phase::Resolve,
            todo: Few::default(),
        };
        if next.journal[usize::from(schema)].in_doubt().is_none() {
            self.aim(next, &mut work);
        }
        next.instances[usize::from(caller.instance)].at = At::Working(work);
    }

    /// What the journal leaves to do.
    pub(super) fn aim(&self, next: &World, work: &mut Work) {
        let schema = usize::from(work.schema);
        let steps = self.model.setting().steps[schema];
        work.todo = next.journal[schema].remaining(steps, work.direction);
        work.phase = self.phase(work.todo);
    }

    pub(super) fn phase(&self, todo: Few) -> Phase {
        let early = usize::from(self.broken(Breakage::ConcludesEarly));
        match todo.slice().len() > early {
            true => Phase::Start,
            false => Phase::Conclude,
        }
    }

    /// One piece of journalled work. Every write to the journal asks first whether the epoch is still ours.
    pub(super) fn work(&mut self, instance: u8, mut work: Work) {
        let who = INSTANCES[usize::from(instance)];
        let mut next = *self.world;
        let ours = self.model.store.summary(self.world.facts).epoch == work.epoch;
        let unchecked = match work.phase {
            Phase::Execute => true,
            Phase::Conclude => self.broken(Breakage::ConclusionIgnoresTheEpoch),
            _ => self.broken(Breakage::StepsIgnoreTheEpoch),
        };
        if !ours && !unchecked {
            Self::rest(&mut next, instance);
            let what = format_args!("finds the epoch taken, stops");
            return self.push(who, what, next, None);
        }
        let schema = usize::from(work.schema);
        let journal = &mut next.journal[schema];
        match work.phase {
            Phase::Resolve => {
                let known = journal.in_doubt();
                if let Some((step, way)) = known {
                    journal.add(self.looked_up(work.schema, step, way), step, way);
                }
                self.aim(&next, &mut work);
                next.instances[usize::from(instance)].at = At::Working(work);
                let what = format_args!("looks up what became of the step in doubt");
                self.push(who, what, next, None);
            }
            Phase::Start => {
                let step = work.todo.first().expect("a step to start");
                journal.add(JournalState::Started, step, work.direction);
                work.phase = Phase::Execute;
                next.instances[usize::from(instance)].at = At::Working(work);
                let what = format_args!("journals {} started", statement(&work));
                self.push(who, what, next, None);
            }
            Phase::Execute => self.execute_journalled(instance, work),
            Phase::Done => {
                let step = work.todo.first().expect("a step that ran");
                journal.add(JournalState::Done, step, work.direction);
                let what = statement(&work);
                work.todo = work.todo.rest();
                work.phase = self.phase(work.todo);
                next.instances[usize::from(instance)].at = At::Working(work);
                self.push(who, format_args!("journals {what} done"), next, None);
            }
            Phase::Conclude => self.conclude(instance, work),
        }
    }

    /// What the catalog says about a step that was started, in words of the journal.
    pub(super) fn looked_up(&self, schema: u8, step: u8, way: Direction) -> JournalState {
        let there = self.world.truth[usize::from(schema)] & (1 << step) != 0;
        let took_effect = if self.broken(Breakage::TrustsStartedAsDone) {
            true
        } else if self.broken(Breakage::TrustsStartedAsNotDone) {
            false
        } else {
            there == (way == Direction::Up)
        };
        match took_effect {
            true => JournalState::Done,
            false => JournalState::Failed,
        }
    }

    pub(super) fn execute_journalled(&mut self, instance: u8, mut work: Work) {
        let who = INSTANCES[usize::from(instance)];
        let of = usize::from(instance);
        let mut next = *self.world;
        if !self.world.instances[of].connected {
            Self::rest(&mut next, instance);
            let what = format_args!("finds its connection gone, gives up");
            return self.push(who, what, next, None);
        }
        let statement = statement(&work);
        let broken = match self.world.orphan {
            Some(orphan) => {
                let found = format!("{statement} runs while {orphan} is still in flight");
                Some(Violation::of("R11", found))
            }
            None => self.execute(statement, &mut next.truth),
        };
        work.phase = Phase::Done;
        next.instances[of].at = At::Working(work);
        self.push(who, format_args!("executes {statement}"), next, broken);
        let ours = self.model.store.summary(self.world.facts).epoch == work.epoch;
        if self.world.failures > 0 && ours {
            let left = self.world.journal[usize::from(work.schema)].in_effect() != 0;
            self.fail(
                instance,
                work.request,
                work.direction,
                work.schema,
                statement.step,
                left,
            );
        }
    }

    /// T2: the state flips, and a lease is granted where that was the last of it.
    pub(super) fn conclude(&mut self, instance: u8, work: Work) {
        let who = INSTANCES[usize::from(instance)];
        let caller = self.caller(instance);
        let mut next = *self.world;
        let grants = !work.recovers && work.request == Request::Activate(work.schema);
        let call = Call::Finish {
            caller,
            request: work.request,
            direction: work.direction,
            schema: work.schema,
            grants,
            recovers: work.recovers,
        };
        let broken = match &*self.model.store.ask(self.world.facts, call) {
            Answer::Commit(rows) => self.committed(&mut next, rows),
            Answer::Bug(what) => Some(Violation::of("bug", what.as_str())),
            Answer::Refused(what) => Some(Violation::of("R7", format!("finished work cannot be recorded: {what}"))),
            _ => unreachable!("a conclusion is a commit"),
        };
        let connected = self.world.instances[usize::from(instance)].connected;
        let request = work.request;
        if grants {
            self.remember(&mut next, caller, request);
            Self::rest(&mut next, instance);
        } else if matches!(request, Request::Repair(..)) {
            Self::rest(&mut next, instance);
        } else if connected && !work.recovers {
            next.instances[usize::from(instance)].at = At::Holding { request };
        } else {
            Self::wait_again(&mut next, instance, request);
        }
        let what = format_args!("T2: the work on schema_v{} is recorded", work.schema + 1);
        self.push(who, what, next, broken);
    }

    /// The server ends an orphaned statement, one way or the other.
    pub(super) fn orphan(&mut self) {
        let Some(statement) = self.world.orphan else {
            return;
        };
        let mut next = *self.world;
        next.orphan = None;
        let dropped = format_args!("drops the orphaned {statement}");
        self.push("server", dropped, next, None);
        let broken = self.execute(statement, &mut next.truth);
        let carried = format_args!("carries out the orphaned {statement}");
        self.push("server", carried, next, broken);
    }
}
