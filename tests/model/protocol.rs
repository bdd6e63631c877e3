//! The programs of the instances: the runtime's protocol (DESIGN.md, section 6), one atomic piece a step.
//!
//! ```text
//! Idle ──short: plan──► Waiting ──structural lock, plan anew──► Running ─steps─► scope row, conclude ──► Idle
//!   ▲        │ grant, release                 │                    └─ fail ──► Failing ──short──► Idle
//!   └────────┘                                └─T1, epoch+1──► Working: (started, execute, done)* ──T2──► Idle
//!                                             └─unfinished: plan_recovery, epoch+1──► Working ──► Holding ─► plan anew
//! ```

use std::cell::Cell;

use lockstep_lifecycle::{Direction, JournalState};

use super::decisions::{Answer, Call, rank};
use super::explorer::{Machine, Step, Violation};
use super::setting::{Breakage, Engine, Few, INSTANCES, PINS, Request, Setting};
use super::store::{Caller, Rows, Store};
use super::world::{At, Handle, Instance, Journal, Phase, Statement, Work, World};

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
            moves.proceed(instance);
            moves.misfortune(instance);
            moves.leases(instance);
        }
        moves.orphan();
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

/// The steps out of one state, as they are collected.
pub(super) struct Moves<'a> {
    pub(super) model: &'a Model,
    pub(super) world: &'a World,
    out: &'a mut Vec<Step<World>>,
}

impl Moves<'_> {
    fn broken(&self, how: Breakage) -> bool {
        self.model.setting().is_broken(how)
    }

    pub(super) fn caller(&self, instance: u8) -> Caller {
        Caller {
            instance,
            incarnation: self.world.instances[usize::from(instance)].incarnation,
        }
    }

    fn push(
        &mut self,
        who: &str,
        what: std::fmt::Arguments<'_>,
        next: World,
        broken: Option<Violation>,
    ) {
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
    fn renumber(&self, world: &mut World) {
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
    fn committed(&self, next: &mut World, rows: &Rows) -> Option<Violation> {
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
    fn remember(&self, next: &mut World, caller: Caller, request: Request) {
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
    fn wait_again(next: &mut World, instance: u8, request: Request) {
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
        of.connected = true;
    }

    fn withdraw(&self, next: &mut World, caller: Caller) {
        let call = Call::Withdraw(caller);
        if let Answer::Commit(rows) = &*self.model.store.ask(next.facts, call) {
            next.facts = rows.facts;
        }
    }

    fn proceed(&mut self, instance: u8) {
        match self.world.instances[usize::from(instance)].at {
            At::Idle => {
                for request in self.model.setting().requests[usize::from(instance)] {
                    self.ask(instance, *request);
                }
            }
            At::Waiting { request, read } => {
                let free = self.world.orphan.is_none()
                    || self.broken(Breakage::IgnoresOrphanedStatements);
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

    /// A request arrives: plan in a short transaction, and act at once where only rows change.
    fn ask(&mut self, instance: u8, request: Request) {
        let caller = self.caller(instance);
        let who = INSTANCES[usize::from(instance)];
        let mut next = *self.world;
        let endless = next.budget == u8::MAX || request == Request::Expire;
        let costs = u8::from(!endless);
        if next.budget < costs {
            return;
        }
        next.budget -= costs;
        let answer = self
            .model
            .store
            .ask(self.world.facts, Call::Plan(caller, request));
        match &*answer {
            Answer::Refused(_) | Answer::Nothing | Answer::Recovery { .. } => {}
            Answer::Bug(what) => {
                let broken = Violation::of("bug", what.as_str());
                self.push(who, format_args!("{request}"), next, Some(broken));
            }
            Answer::Commit(rows) => {
                let broken = self.committed(&mut next, rows);
                self.remember(&mut next, caller, request);
                let what = format_args!("{request}: one short transaction");
                self.push(who, what, next, broken);
            }
            Answer::Work { .. } => {
                self.wait(&mut next, caller, request);
                let what = format_args!("{request}: structural work is needed, announces it");
                self.push(who, what, next, None);
            }
            Answer::Expiry {
                rows,
                due,
                unfinished,
            } => {
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

    fn wait(&self, next: &mut World, caller: Caller, request: Request) {
        let stale = self.broken(Breakage::PlansFromBeforeTheWait);
        let read = if stale { self.world.facts } else { 0 };
        let call = Call::Announce(caller);
        if let Answer::Commit(rows) = &*self.model.store.ask(next.facts, call) {
            next.facts = rows.facts;
        }
        next.instances[usize::from(caller.instance)].at = At::Waiting { request, read };
    }

    /// Holding the lock: read everything anew and plan from that.
    fn plan_anew(&mut self, instance: u8, request: Request, read: u32) {
        let caller = self.caller(instance);
        let mut next = *self.world;
        next.lock = Some(instance);
        next.instances[usize::from(instance)].connected = true;
        let (what, broken) = self.plan_locked(&mut next, caller, request, read);
        let who = INSTANCES[usize::from(instance)];
        self.push(who, format_args!("has the lock, {what}"), next, broken);
    }

    fn plan_locked(
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
                    read: next.facts,
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
    fn recover(
        &self,
        next: &mut World,
        caller: Caller,
        request: Request,
        wanted: Few,
    ) -> Option<(String, Option<Violation>)> {
        let answer = self
            .model
            .store
            .ask(next.facts, Call::Recover(caller, wanted));
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

    /// Structural work begins: in a transaction of its own, or with T1.
    fn begin(
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
            let remembers = self.broken(Breakage::NeverReadsLeasesAgain);
            next.instances[of].at = At::Running {
                request,
                direction,
                schemas,
                next: 0,
                read: if remembers { next.facts } else { 0 },
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
            Answer::Bug(what) | Answer::Refused(what) => {
                let broken = Violation::of("bug", format!("T1 of what was planned: {what}"));
                ("…".into(), Some(broken))
            }
            _ => unreachable!("a beginning is a commit"),
        }
    }

    fn start_work(
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
    fn aim(&self, next: &World, work: &mut Work) {
        let schema = usize::from(work.schema);
        let steps = self.model.setting().steps[schema];
        work.todo = next.journal[schema].remaining(steps, work.direction);
        work.phase = self.phase(work.todo);
    }

    fn phase(&self, todo: Few) -> Phase {
        let early = usize::from(self.broken(Breakage::ConcludesEarly));
        match todo.slice().len() > early {
            true => Phase::Start,
            false => Phase::Conclude,
        }
    }

    /// One step of transactional work, or its end.
    fn run(&mut self, instance: u8) {
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

    fn statements(&self, schemas: Few, direction: Direction) -> Vec<Statement> {
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
    fn execute(&self, statement: Statement, truth: &mut [u8; 2]) -> Option<Violation> {
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
    fn commit_run(
        &mut self,
        instance: u8,
        request: Request,
        direction: Direction,
        done: Few,
        read: u32,
    ) {
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
    fn fail(
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

    /// One piece of journalled work. Every write to the journal asks first whether the epoch is still ours.
    fn work(&mut self, instance: u8, mut work: Work) {
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
    fn looked_up(&self, schema: u8, step: u8, way: Direction) -> JournalState {
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

    fn execute_journalled(&mut self, instance: u8, mut work: Work) {
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
    fn conclude(&mut self, instance: u8, work: Work) {
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
            Answer::Refused(what) => Some(Violation::of(
                "R7",
                format!("finished work cannot be recorded: {what}"),
            )),
            _ => unreachable!("a conclusion is a commit"),
        };
        let connected = self.world.instances[usize::from(instance)].connected;
        let request = work.request;
        if grants {
            self.remember(&mut next, caller, request);
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
    fn orphan(&mut self) {
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

pub(super) fn statement(work: &Work) -> Statement {
    Statement {
        schema: work.schema,
        step: work.todo.first().expect("a step"),
        direction: work.direction,
    }
}
