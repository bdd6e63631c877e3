//! Structural work in one transaction: steps nobody else sees, then the scope row and the commit of all of it.

use lockstep_lifecycle::{Direction, JournalState};

use super::decisions::{Answer, Call};
use super::explorer::Violation;
use super::protocol::Moves;
use super::setting::{Breakage, Engine, Few, INSTANCES, Request};
use super::world::{At, Statement};

impl Moves<'_> {
    /// One step of transactional work, or its end.
    pub(super) fn run(&mut self, instance: u8) {
        let at = self.world.instances[usize::from(instance)].at;
        let At::Running {
            request,
            direction,
            schemas,
            next: ran,
            read,
        } = at
        else {
            return;
        };
        let who = INSTANCES[usize::from(instance)];
        let steps = self.statements(schemas, direction);
        let Some(statement) = steps.get(usize::from(ran)) else {
            return self.commit_run(instance, request, direction, schemas, read);
        };
        // What this transaction did so far is visible to itself.
        let mut truth = self.world.truth;
        for earlier in &steps[..usize::from(ran)] {
            let _ = earlier.execute(&mut truth);
        }
        let broken = self.execute(*statement, &mut truth);
        let mut next = *self.world;
        next.instances[usize::from(instance)].at = At::Running {
            request,
            direction,
            schemas,
            next: ran + 1,
            read,
        };
        let what = format_args!("in its transaction, {statement}");
        self.push(who, what, next, broken);
        if self.world.failures > 0 {
            let mut next = *self.world;
            next.failures -= 1;
            Self::rest(&mut next, instance);
            next.instances[usize::from(instance)].at = At::Failing {
                request,
                direction,
                schema: statement.schema,
                step: statement.step,
            };
            let what = format_args!("{statement} fails, its transaction is rolled back");
            self.push_fault(who, what, next);
        }
    }

    pub(super) fn statements(&self, schemas: Few, direction: Direction) -> Vec<Statement> {
        let mut all = Vec::new();
        for schema in schemas.slice() {
            let steps = 0..self.model.setting().steps[usize::from(*schema)];
            let statement = |step| Statement {
                schema: *schema,
                step,
                direction,
            };
            match direction {
                Direction::Up => all.extend(steps.map(statement)),
                Direction::Down => all.extend(steps.rev().map(statement)),
            }
        }
        all
    }

    /// Runs a statement: R2, and what it builds on has to be there (R1).
    pub(super) fn execute(&self, statement: Statement, truth: &mut [u8; 2]) -> Option<Violation> {
        let floating = statement.schema == 1 && truth[0] != self.model.full(0);
        match statement.execute(truth) {
            Err(found) => Some(Violation::of("R2", found)),
            Ok(()) if floating => {
                let found = format!("{statement} ran while schema_v1 is not in effect");
                Some(Violation::of("R1", found))
            }
            Ok(()) => None,
        }
    }

    /// The last transaction of transactional work: scope row, facts again, conclude.
    pub(super) fn commit_run(&mut self, instance: u8, request: Request, direction: Direction, done: Few, read: u32) {
        let caller = self.caller(instance);
        let who = INSTANCES[usize::from(instance)];
        let stale = self.broken(Breakage::NeverReadsLeasesAgain);
        let call = Call::Conclude {
            caller,
            request,
            direction,
            done,
            read: if stale { read } else { self.world.facts },
        };
        let mut next = *self.world;
        match &*self.model.store.ask(self.world.facts, call) {
            Answer::Commit(rows) => {
                let broken = self.committed(&mut next, rows);
                for statement in self.statements(done, direction) {
                    let _ = statement.execute(&mut next.truth);
                    let journal = &mut next.journal[usize::from(statement.schema)];
                    journal.add(JournalState::Done, statement.step, direction);
                }
                self.remember(&mut next, caller, request);
                Self::rest(&mut next, instance);
                if let Request::TakeBack(list) | Request::Reap(list) = request
                    && list.rest().first().is_some()
                {
                    Self::wait_again(&mut next, instance, Request::TakeBack(list.rest()));
                }
                let what = format_args!("reads leases again and commits {request}");
                self.push(who, what, next, broken);
            }
            Answer::Refused(refusal) => {
                Self::wait_again(&mut next, instance, request);
                let what = format_args!("rolls back and starts over: {refusal}");
                self.push(who, what, next, None);
            }
            Answer::Bug(what) => {
                let broken = Violation::of("bug", what.as_str());
                self.push(who, format_args!("commits {request}"), next, Some(broken));
            }
            _ => unreachable!("a conclusion is a commit"),
        }
    }

    /// Records a failure and gives up.
    pub(super) fn fail(
        &mut self,
        instance: u8,
        request: Request,
        direction: Direction,
        schema: u8,
        step: u8,
        traces: bool,
    ) {
        let call = Call::Fail {
            caller: self.caller(instance),
            request,
            direction,
            schema,
            step,
            traces,
        };
        let who = INSTANCES[usize::from(instance)];
        let mut next = *self.world;
        Self::rest(&mut next, instance);
        if traces || matches!(self.model.setting().engine, Engine::Journalled) {
            next.failures -= 1;
            next.journal[usize::from(schema)].add(JournalState::Failed, step, direction);
        }
        let broken = match &*self.model.store.ask(self.world.facts, call) {
            Answer::Commit(rows) => self.committed(&mut next, rows),
            Answer::Bug(what) | Answer::Refused(what) => {
                Some(Violation::of("bug", format!("recording a failure: {what}")))
            }
            _ => unreachable!("a failure is a commit"),
        };
        let what = format_args!("records that step {} failed, gives up", step + 1);
        let fault = matches!(self.model.setting().engine, Engine::Journalled);
        self.push_any(who, what, next, broken, fault);
    }
}
