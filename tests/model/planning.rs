//! From a request to its plan: in a short transaction, then anew under the structural lock.

use lockstep_lifecycle::Direction;

use super::decisions::{Answer, Call};
use super::explorer::Violation;
use super::protocol::Moves;
use super::setting::{Breakage, Engine, Few, INSTANCES, Mend, Request};
use super::store::Caller;
use super::world::{At, World};

impl Moves<'_> {
    /// A request arrives: plan in a short transaction, and act at once where only rows change.
    pub(super) fn ask(&mut self, instance: u8, request: Request) {
        let caller = self.caller(instance);
        let who = INSTANCES[usize::from(instance)];
        let mut next = *self.world;
        let endless = next.budget == u8::MAX || request == Request::Expire;
        let costs = u8::from(!endless);
        if next.budget < costs {
            return;
        }
        next.budget -= costs;
        let answer = self.model.store.ask(self.world.facts, Call::Plan(caller, request));
        match &*answer {
            Answer::Refused(_) | Answer::Nothing | Answer::Recovery { .. } => {}
            Answer::Bug(what) => {
                let broken = Violation::of("bug", what.as_str());
                self.push(who, format_args!("{request}"), next, Some(broken));
            }
            // A person looks first: nobody is at it, and no statement is on its way.
            Answer::Commit(_) if matches!(request, Request::Repair(..)) && !self.is_quiet() => {}
            Answer::Commit(rows) => {
                let mut broken = self.committed(&mut next, rows);
                if let Request::Repair(schema, Mend::MarkDone) = request {
                    broken = broken.or_else(|| self.by_hand(&mut next, schema));
                }
                self.remember(&mut next, caller, request);
                let what = format_args!("{request}: one short transaction");
                self.push(who, what, next, broken);
            }
            Answer::Work { .. } | Answer::Repair(_) => {
                self.wait(&mut next, caller, request);
                let what = format_args!("{request}: structural work is needed, announces it");
                self.push(who, what, next, None);
            }
            Answer::Expiry { rows, due, unfinished } => {
                let broken = rows.as_ref().and_then(|r| self.committed(&mut next, r));
                let recovers = *unfinished && next.lock.is_none();
                if due.first().is_some() || recovers {
                    self.wait(&mut next, caller, Request::Reap(*due));
                } else if rows.is_none() {
                    return;
                }
                let what = format_args!("reaps, in one short transaction");
                self.push(who, what, next, broken);
            }
        }
    }

    pub(super) fn wait(&self, next: &mut World, caller: Caller, request: Request) {
        let stale = self.broken(Breakage::PlansFromBeforeTheWait);
        let read = if stale { self.world.facts } else { 0 };
        let call = Call::Announce(caller);
        if let Answer::Commit(rows) = &*self.model.store.ask(next.facts, call) {
            next.facts = rows.facts;
        }
        next.instances[usize::from(caller.instance)].at = At::Waiting { request, read };
    }

    /// Holding the lock: read everything anew and plan from that.
    pub(super) fn plan_anew(&mut self, instance: u8, request: Request, read: u32) {
        let caller = self.caller(instance);
        let mut next = *self.world;
        next.lock = Some(instance);
        next.instances[usize::from(instance)].connected = true;
        let (what, broken) = self.plan_locked(&mut next, caller, request, read);
        let who = INSTANCES[usize::from(instance)];
        self.push(who, format_args!("has the lock, {what}"), next, broken);
    }

    pub(super) fn plan_locked(
        &self,
        next: &mut World,
        caller: Caller,
        request: Request,
        read: u32,
    ) -> (String, Option<Violation>) {
        let journalled = self.model.setting().engine == Engine::Journalled;
        let stale = self.broken(Breakage::PlansFromBeforeTheWait) && read != 0;
        let read = if stale { read } else { next.facts };
        let asked = match request {
            Request::Reap(due) if !journalled => {
                return self.plan_locked(next, caller, Request::TakeBack(due), 0);
            }
            Request::Reap(due) => {
                let after = Request::TakeBack(due);
                return self
                    .recover(next, caller, after, Few::default())
                    .unwrap_or_else(|| self.plan_locked(next, caller, after, 0));
            }
            Request::Repair(schema, mend) => return self.repair_locked(next, caller, schema, mend),
            Request::TakeBack(list) => match list.first() {
                Some(first) => Request::Rollback(first),
                None => {
                    let broken = match &*self.model.store.ask(next.facts, Call::End) {
                        Answer::Commit(rows) => self.committed(next, rows),
                        _ => Some(Violation::of("bug", "the end of taking back is refused")),
                    };
                    Self::rest(next, caller.instance);
                    return ("nothing is left to take back".into(), broken);
                }
            },
            request => request,
        };
        match &*self.model.store.ask(read, Call::Plan(caller, asked)) {
            Answer::Bug(what) => ("…".into(), Some(Violation::of("bug", what.as_str()))),
            Answer::Refused(_) if asked != request => {
                let Request::TakeBack(list) = request else {
                    unreachable!("only a list asks for something else than itself")
                };
                self.plan_locked(next, caller, Request::TakeBack(list.rest()), 0)
            }
            // The scope row comes later, and with it the facts that count.
            Answer::Commit(_) => {
                next.instances[usize::from(caller.instance)].at = At::Running {
                    request,
                    direction: Direction::Up,
                    schemas: Few::default(),
                    next: 0,
                    read: self.remembered(next),
                };
                (format!("plans anew: {request} needs only rows"), None)
            }
            Answer::Work {
                unfinished: true,
                schemas,
            } if journalled => {
                let wanted = match request {
                    Request::Activate(_) => *schemas,
                    _ => Few::default(),
                };
                self.recover(next, caller, request, wanted)
                    .unwrap_or_else(|| ("finds nothing to recover".into(), None))
            }
            Answer::Work { schemas, .. } => self.begin(next, caller, request, *schemas),
            _ => {
                self.withdraw(next, caller);
                Self::rest(next, caller.instance);
                (format!("plans anew: nothing to do for {request}"), None)
            }
        }
    }

    /// Takes over what others left; `None` where nothing is left.
    pub(super) fn recover(
        &self,
        next: &mut World,
        caller: Caller,
        request: Request,
        wanted: Few,
    ) -> Option<(String, Option<Violation>)> {
        let answer = self.model.store.ask(next.facts, Call::Recover(caller, wanted));
        match &*answer {
            Answer::Recovery {
                rows: Some(rows),
                works,
            } => {
                let broken = self.committed(next, rows);
                match works.first() {
                    Some(work) => {
                        let direction = match work % 2 {
                            0 => Direction::Up,
                            _ => Direction::Down,
                        };
                        self.start_work(next, caller, request, true, work / 2, direction);
                    }
                    None => Self::wait_again(next, caller.instance, request),
                }
                Some(("recovers what was left, epoch + 1".into(), broken))
            }
            Answer::Bug(what) | Answer::Refused(what) => {
                let broken = Violation::of("bug", what.as_str());
                Some(("cannot recover".into(), Some(broken)))
            }
            _ => None,
        }
    }

    /// What a broken runtime will decide from at the end of its transaction.
    fn remembered(&self, world: &World) -> u32 {
        match self.broken(Breakage::NeverReadsLeasesAgain) {
            true => world.facts,
            false => 0,
        }
    }

    /// Structural work begins: in a transaction of its own, or with T1.
    pub(super) fn begin(
        &self,
        next: &mut World,
        caller: Caller,
        request: Request,
        schemas: Few,
    ) -> (String, Option<Violation>) {
        let up = matches!(request, Request::Activate(_));
        let direction = if up { Direction::Up } else { Direction::Down };
        let of = usize::from(caller.instance);
        if self.model.setting().engine == Engine::Transactional {
            next.instances[of].at = At::Running {
                request,
                direction,
                schemas,
                next: 0,
                read: self.remembered(next),
            };
            return (format!("plans anew and begins to {request}"), None);
        }
        let first = schemas.first().expect("work has a schema");
        let after = match request {
            Request::Activate(_) => request,
            Request::TakeBack(list) => Request::TakeBack(list.rest()),
            _ => Request::TakeBack(schemas.rest()),
        };
        let call = Call::Begin(caller, request, first);
        match &*self.model.store.ask(next.facts, call) {
            Answer::Commit(rows) => {
                let broken = self.committed(next, rows);
                if !up {
                    self.remember(next, caller, request);
                }
                self.start_work(next, caller, after, false, first, direction);
                (format!("plans anew, T1 of {request}, epoch + 1"), broken)
            }
            // Only a plan from before the wait can be refused by now.
            Answer::Refused(what) if self.broken(Breakage::PlansFromBeforeTheWait) => {
                self.withdraw(next, caller);
                Self::rest(next, caller.instance);
                (format!("T1 is refused: {what}"), None)
            }
            Answer::Bug(what) | Answer::Refused(what) => {
                let broken = Violation::of("bug", format!("T1 of what was planned: {what}"));
                (format!("T1 of {request}"), Some(broken))
            }
            _ => unreachable!("a beginning is a commit"),
        }
    }
}
