//! The programs of the instances: the runtime's protocol (DESIGN.md, section 6), one atomic piece a step.
//!
//! ```text
//! Idle ──short: plan──► Waiting ──structural lock, plan anew──► Running ─steps─► scope row, conclude ──► Idle
//!   ▲        │ grant, release                 │                    └─ fail ──► Failing ──short──► Idle
//!   └────────┘                                └─T1, epoch+1──► Working: (started, execute, done)* ──T2──► Idle
//!                                             └─unfinished: plan_recovery, epoch+1──► Working ──► Holding ─► plan anew
//! ```

use std::cell::Cell;

use super::decisions::{Answer, Call, rank};
use super::explorer::{Machine, Step, Violation};
use super::setting::{Breakage, PINS, Request, Setting};
use super::store::{Caller, Rows, Store};
use super::world::{At, Handle, Instance, Journal, Statement, Work, World};

/// A setting, ready to be explored.
pub(crate) struct Model {
    pub(crate) store: Store,
    labels: Cell<bool>,
}

impl Model {
    pub(crate) fn new(setting: Setting) -> Self {
        Self {
            store: Store::new(setting),
            labels: Cell::new(false),
        }
    }

    pub(crate) fn setting(&self) -> &Setting {
        &self.store.setting
    }

    /// All steps of a schema.
    pub(crate) fn full(&self, schema: usize) -> u8 {
        (1 << self.setting().steps[schema]) - 1
    }
}

impl Machine for Model {
    type State = World;

    fn start(&self) -> World {
        let instance = Instance {
            incarnation: 1,
            connected: true,
            at: At::Idle,
            unsure: false,
            held: [None; 2],
            ghost: None,
        };
        let setting = self.setting();
        World {
            facts: 0,
            truth: [0; 2],
            journal: [Journal::default(); 2],
            lock: None,
            orphan: None,
            instances: [instance; 3],
            crashes: setting.crashes,
            cuts: setting.cuts,
            failures: setting.failures,
            unanswered: setting.unanswered,
            jumps: setting.jumps,
            budget: setting.budget,
        }
    }

    fn steps(&self, world: &World, out: &mut Vec<Step<World>>) {
        let moves = &mut Moves {
            model: self,
            world,
            out,
        };
        for instance in 0..3 {
            moves.part(Part::Program, instance);
            moves.part(Part::Misfortune, instance);
            moves.part(Part::Leases, instance);
        }
        moves.part(Part::Surroundings, 0);
    }

    fn judge(&self, world: &World) -> Result<(), Violation> {
        super::invariants::judge(self, world)
    }

    fn at_rest(&self, world: &World) -> bool {
        super::invariants::at_rest(self, world)
    }

    fn describe(&self, world: &World) -> String {
        super::invariants::describe(self, world)
    }

    fn tell(&self, labels: bool) {
        self.labels.set(labels);
    }
}

/// Where steps out of a state come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// What an instance does next, or asks for.
    Program,
    Misfortune,
    /// Leases run out and are renewed.
    Leases,
    /// The server and its clock.
    Surroundings,
}

impl Model {
    /// The steps of one part alone: what a scheduler needs, which takes one step and never looks at the others.
    pub(crate) fn part(&self, world: &World, part: Part, instance: u8, out: &mut Vec<Step<World>>) {
        Moves {
            model: self,
            world,
            out,
        }
        .part(part, instance);
    }

    /// The steps that follow from one request.
    pub(crate) fn ask(&self, world: &World, instance: u8, request: Request, out: &mut Vec<Step<World>>) {
        let mut moves = Moves {
            model: self,
            world,
            out,
        };
        let first = moves.out.len();
        moves.ask(instance, request);
        moves.lose_answers(instance, first);
    }
}

/// The steps out of one state, as they are collected.
pub(super) struct Moves<'a> {
    pub(super) model: &'a Model,
    pub(super) world: &'a World,
    out: &'a mut Vec<Step<World>>,
}

impl Moves<'_> {
    pub(super) fn broken(&self, how: Breakage) -> bool {
        self.model.setting().is_broken(how)
    }

    pub(super) fn caller(&self, instance: u8) -> Caller {
        Caller {
            instance,
            incarnation: self.world.instances[usize::from(instance)].incarnation,
        }
    }

    pub(super) fn push(&mut self, who: &str, what: std::fmt::Arguments<'_>, next: World, broken: Option<Violation>) {
        self.push_any(who, what, next, broken, false);
    }

    /// A step that is nobody's wish.
    pub(super) fn push_fault(&mut self, who: &str, what: std::fmt::Arguments<'_>, next: World) {
        self.push_any(who, what, next, None, true);
    }

    pub(super) fn push_any(
        &mut self,
        who: &str,
        what: std::fmt::Arguments<'_>,
        mut next: World,
        broken: Option<Violation>,
        fault: bool,
    ) {
        let label = match self.model.labels.get() {
            true => format!("{who}: {what}"),
            false => String::new(),
        };
        self.renumber(&mut next);
        self.out.push(Step {
            label,
            next,
            fault,
            broken,
        });
    }

    /// Epochs only ever grow; what matters is which are equal and which is newer.
    pub(super) fn renumber(&self, world: &mut World) {
        let mut named = self.model.store.summary(world.facts).epochs;
        for instance in &world.instances {
            let handles = instance.held.iter().flatten();
            for handle in handles.chain(instance.ghost.as_ref().map(|g| &g.handle)) {
                named |= 1 << handle.epoch;
            }
            if let At::Working(work) = instance.at {
                named |= 1 << work.epoch;
            }
        }
        if (named + 1).is_power_of_two() {
            return;
        }
        let anew = |epoch: &mut u8| *epoch = rank(named, u64::from(*epoch));
        for instance in &mut world.instances {
            for handle in instance.held.iter_mut().flatten() {
                anew(&mut handle.epoch);
            }
            if let Some(ghost) = &mut instance.ghost {
                anew(&mut ghost.handle.epoch);
            }
            if let At::Working(work) = &mut instance.at {
                anew(&mut work.epoch);
            }
        }
        if let Answer::Commit(rows) = &*self.model.store.ask(world.facts, Call::Renumber(named)) {
            world.facts = rows.facts;
        }
    }

    /// Makes a commit the state of the database, and the model's own note of which leases ended.
    pub(super) fn committed(&self, next: &mut World, rows: &Rows) -> Option<Violation> {
        next.facts = rows.facts;
        for (instance, version, incarnation) in &rows.ended {
            let of = &mut next.instances[usize::from(*instance)];
            if of.incarnation == *incarnation
                && let Some(handle) = &mut of.held[usize::from(*version)]
            {
                handle.ended = true;
            }
            if let Some(ghost) = &mut of.ghost
                && (ghost.version, ghost.incarnation) == (*version, *incarnation)
            {
                ghost.handle.ended = true;
            }
        }
        rows.broken.clone()
    }

    /// The holder of a timed lease remembers its epoch; one that let go forgets it.
    pub(super) fn remember(&self, next: &mut World, caller: Caller, request: Request) {
        let (Request::Activate(version) | Request::Deactivate(version)) = request else {
            return;
        };
        let version = usize::from(version);
        let held = match request {
            Request::Activate(_) if caller.instance != PINS => {
                let summary = self.model.store.summary(next.facts);
                let row = summary.leases[usize::from(caller.instance)][version];
                row.map(|row| Handle {
                    epoch: row.epoch,
                    ended: false,
                })
            }
            _ => None,
        };
        next.instances[usize::from(caller.instance)].held[version] = held;
    }

    /// Lets the lock go and waits for it again.
    pub(super) fn wait_again(next: &mut World, instance: u8, request: Request) {
        Self::rest(next, instance);
        next.instances[usize::from(instance)].at = At::Waiting { request, read: 0 };
    }

    /// Lets the lock go and waits for the next request.
    pub(super) fn rest(next: &mut World, instance: u8) {
        if next.lock == Some(instance) {
            next.lock = None;
        }
        let of = &mut next.instances[usize::from(instance)];
        of.at = At::Idle;
        of.unsure = false;
        of.connected = true;
    }

    pub(super) fn withdraw(&self, next: &mut World, caller: Caller) {
        let call = Call::Withdraw(caller);
        if let Answer::Commit(rows) = &*self.model.store.ask(next.facts, call) {
            next.facts = rows.facts;
        }
    }

    fn part(&mut self, part: Part, instance: u8) {
        match part {
            Part::Program => {
                let first = self.out.len();
                self.proceed(instance);
                self.lose_answers(instance, first);
            }
            Part::Misfortune => self.misfortune(instance),
            Part::Leases => self.leases(instance),
            Part::Surroundings => {
                self.orphan();
                self.jump();
            }
        }
    }

    /// Each commit among the steps from `first` on may count without its instance hearing of it.
    fn lose_answers(&mut self, instance: u8, first: usize) {
        if self.world.unanswered == 0 {
            return;
        }
        for at in first..self.out.len() {
            let step = &self.out[at];
            if step.next.facts == self.world.facts || step.fault || step.broken.is_some() {
                continue;
            }
            let mut next = step.next;
            next.unanswered -= 1;
            next.instances[usize::from(instance)].unsure = true;
            let label = match self.model.labels.get() {
                true => format!("{}; no answer comes", step.label),
                false => String::new(),
            };
            self.out.push(Step {
                label,
                next,
                fault: true,
                broken: None,
            });
        }
    }

    pub(super) fn proceed(&mut self, instance: u8) {
        if self.world.instances[usize::from(instance)].unsure {
            return self.resolve(instance);
        }
        match self.world.instances[usize::from(instance)].at {
            At::Idle => {
                for request in self.model.setting().requests[usize::from(instance)] {
                    self.ask(instance, *request);
                }
            }
            At::Waiting { request, read } => {
                let free = self.world.orphan.is_none() || self.broken(Breakage::IgnoresOrphanedStatements);
                if self.world.lock.is_none() && free {
                    self.plan_anew(instance, request, read);
                }
            }
            At::Holding { request } => self.plan_anew(instance, request, 0),
            At::Running { .. } => self.run(instance),
            At::Failing {
                request,
                direction,
                schema,
                step,
            } => self.fail(instance, request, direction, schema, step, false),
            At::Working(work) => self.work(instance, work),
        }
    }
}

pub(super) fn statement(work: &Work) -> Statement {
    Statement {
        schema: work.schema,
        step: work.todo.first().expect("a step"),
        direction: work.direction,
    }
}
