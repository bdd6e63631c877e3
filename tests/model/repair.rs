//! What a person decides about a schema that failed or was left half-way: go on, go back, or take their word for it.

use lockstep_lifecycle::Direction;
use lockstep_registry::SchemaState;

use super::decisions::{Answer, Call};
use super::explorer::Violation;
use super::protocol::Moves;
use super::setting::{Breakage, Engine, Few, Mend, Request};
use super::store::Caller;
use super::world::{At, World};

impl Moves<'_> {
    /// Nobody holds the structural lock, no statement is in flight: a person may work by hand.
    pub(super) fn is_quiet(&self) -> bool {
        self.world.lock.is_none() && self.world.orphan.is_none()
    }

    /// A person finished the schema by hand and said so: what is recorded is the truth, and the journal knows.
    pub(super) fn by_hand(&self, next: &mut World, schema: u8) -> Option<Violation> {
        let at = usize::from(schema);
        let direction = match self.model.store.summary(next.facts).state[at] {
            SchemaState::Applied => Direction::Up,
            SchemaState::RolledBack => Direction::Down,
            other => return Some(Violation::of("bug", format!("marked as done, and it is {other}"))),
        };
        next.truth[at] = match direction {
            Direction::Up => self.model.full(at),
            Direction::Down => 0,
        };
        if !self.broken(Breakage::MarksDoneUnjournalled) {
            next.journal[at].finish(self.model.setting().steps[at], direction);
        }
        None
    }

    /// Under the structural lock, planned anew: somebody may have repaired it meanwhile.
    pub(super) fn repair_locked(
        &self,
        next: &mut World,
        caller: Caller,
        schema: u8,
        mend: Mend,
    ) -> (String, Option<Violation>) {
        let request = Request::Repair(schema, mend);
        let of = usize::from(caller.instance);
        match &*self.model.store.ask(next.facts, Call::Plan(caller, request)) {
            Answer::Repair(direction) if self.model.setting().engine == Engine::Transactional => {
                next.instances[of].at = At::Running {
                    request,
                    direction: *direction,
                    schemas: Few::of([schema]),
                    next: 0,
                    read: next.facts,
                };
                (format!("plans anew and begins to {request}"), None)
            }
            Answer::Repair(direction) => {
                let call = Call::BeginRepair(caller, schema, *direction);
                match &*self.model.store.ask(next.facts, call) {
                    Answer::Commit(rows) => {
                        let broken = self.committed(next, rows);
                        self.start_work(next, caller, request, true, schema, *direction);
                        (format!("plans anew, T1 of {request}, epoch + 1"), broken)
                    }
                    Answer::Bug(what) | Answer::Refused(what) => {
                        let broken = Violation::of("bug", format!("T1 of what was planned: {what}"));
                        (format!("T1 of {request}"), Some(broken))
                    }
                    _ => unreachable!("a beginning is a commit"),
                }
            }
            Answer::Work { .. } => match &*self.model.store.ask(next.facts, Call::Mark(caller, schema)) {
                Answer::Commit(rows) => {
                    let broken = self.committed(next, rows);
                    let broken = broken.or_else(|| self.by_hand(next, schema));
                    Self::rest(next, caller.instance);
                    (format!("{request}: epoch + 1"), broken)
                }
                Answer::Bug(what) | Answer::Refused(what) => {
                    let broken = Violation::of("bug", format!("what may be marked as done cannot be: {what}"));
                    (format!("{request}"), Some(broken))
                }
                _ => unreachable!("marking is a commit"),
            },
            Answer::Bug(what) => (format!("{request}"), Some(Violation::of("bug", what.as_str()))),
            // It failed meanwhile: the record alone is to change, which the next attempt does.
            Answer::Commit(_) | Answer::Refused(_) | Answer::Nothing => {
                self.withdraw(next, caller);
                Self::rest(next, caller.instance);
                (format!("plans anew: nothing to do for {request}"), None)
            }
            Answer::Recovery { .. } | Answer::Expiry { .. } => unreachable!("not an answer to a repair"),
        }
    }
}
