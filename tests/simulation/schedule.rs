//! A seeded scheduler of whole runtimes: what happens next is drawn, and then everything runs until it waits again.
//!
//! ```text
//! seed ──► kind of database, policy, who is quick, what goes wrong ──► steps, each judged ──► calm: it must come to rest
//! ```
//! Time is the executor's and stands still: it moves when the schedule lets it, or when all that is left to do is to wait.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use lockstep::Policy;
use lockstep::registry::{Lease, LeaseState};
use lockstep::simulation::{Contents, Fate, Kind, Request, Sabotage, Simulation};

use super::judge::{Judge, Luck, described};
use super::process::{Process, TTL, Work, schema, table};
use crate::model::explorer::{Counterexample, Violation};
use crate::seeded::{Rng, seed_of};

/// Programs, each with a name of its own.
const SLOTS: usize = 3;
/// Random steps of one schedule, at most; then it is left in peace.
const STEPS: u64 = 120;
/// Steps for which everybody is as quick, or stands as still, as before.
const PHASE: u64 = 20;
/// Steps within which what was begun comes to its end once nothing goes wrong any more.
const CALM: usize = 600;
/// Work that an idle program tries to find something to do for.
const TRIES: usize = 4;
/// A pause before another attempt is over within this, however it was spread.
const PAUSE: Duration = Duration::from_millis(310);
/// How often everybody who can go on is let, until all of them wait: the longest chain of tasks that wake each other is a
/// handful. No time passes meanwhile.
const TURNS: usize = 40;

/// Lets everybody go on until all of them wait.
pub(crate) async fn quiet() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

/// A schedule that broke a rule.
pub(crate) struct Found {
    pub(crate) seed: u64,
    pub(crate) told: Counterexample,
}

/// What a run came to.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) schedules: u64,
    pub(crate) steps: u64,
    /// Steps that were bad luck.
    pub(crate) faults: u64,
    /// Pieces of work that were begun.
    pub(crate) works: u64,
    /// Different contents of the database, by a fingerprint of 64 bits.
    pub(crate) states: HashSet<u64>,
    pub(crate) found: Option<Found>,
}

impl Tally {
    /// Takes another's in.
    #[cfg_attr(test, allow(dead_code, reason = "the gate runs on one thread"))]
    pub(crate) fn add(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.steps += other.steps;
        self.faults += other.faults;
        self.works += other.works;
        self.states.extend(other.states);
        self.found = self.found.take().or(other.found);
    }
}

/// Runs the schedules of a root seed with these numbers, until one breaks a rule.
pub(crate) fn run(sabotage: Option<Sabotage>, root: u64, numbers: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::default();
    for number in numbers {
        let seed = seed_of(root, number);
        let ended = play(sabotage, seed, false);
        tally.schedules += 1;
        tally.steps += ended.steps;
        tally.faults += ended.faults;
        tally.works += ended.works;
        tally.states.extend(&ended.states);
        if ended.broken.is_some() {
            let told = replay(sabotage, seed).unwrap_or_else(|| Counterexample {
                violation: Violation::of("determinism", "the schedule does not repeat itself"),
                steps: Vec::new(),
                end: String::new(),
            });
            tally.found = Some(Found { seed, told });
            break;
        }
    }
    tally
}

/// Runs one schedule and tells its steps, if it breaks a rule.
pub(crate) fn replay(sabotage: Option<Sabotage>, seed: u64) -> Option<Counterexample> {
    let ended = play(sabotage, seed, true);
    ended.broken.map(|violation| Counterexample {
        violation,
        steps: ended.labels,
        end: ended.end,
    })
}

#[derive(Default)]
struct Ended {
    steps: u64,
    faults: u64,
    works: u64,
    states: Vec<u64>,
    broken: Option<Violation>,
    labels: Vec<String>,
    end: String,
}

fn play(sabotage: Option<Sabotage>, seed: u64, tell: bool) -> Ended {
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("an executor without input and output");
    executor.block_on(async {
        let mut play = Play::new(sabotage, seed, tell).await;
        play.ended.broken = play.go().await.err();
        if tell {
            let contents = play.simulation.contents();
            play.ended.end = format!("then {}; {}", described(&contents, 0), described(&contents, 1));
        }
        play.ended
    })
}

/// How one schedule likes to go.
struct Temper {
    /// How quick each program is for now; one that stands still is not served.
    slots: [u64; SLOTS],
    /// Of work, of bad luck, of requests, of time, of rows, of a statement's end without its connection.
    parts: [u64; 6],
    /// Of each kind of work: a schedule that does little of many things seldom gets far with any.
    works: [u64; Work::ALL.len()],
    /// Of requests that come to nothing, crashes, names taken over, clocks set, locks lost, statements on their own.
    misfortunes: [u64; 6],
    policy: Policy,
    length: u64,
}

/// One schedule under way.
struct Play {
    rng: Rng,
    temper: Temper,
    simulation: Simulation,
    judge: Judge,
    processes: Vec<Process>,
    /// Starts that were replaced and live on, unknown to whoever replaced them.
    ghosts: Vec<Process>,
    /// Leases of processes that crashed.
    gone: Vec<Arc<lockstep::Lease>>,
    started: u8,
    luck: Luck,
    tell: bool,
    ended: Ended,
}

impl Play {
    async fn new(sabotage: Option<Sabotage>, seed: u64, tell: bool) -> Self {
        let mut rng = Rng::new(seed);
        let kind = rng.one_of(&[Kind::Transactional, Kind::Journalled, Kind::Apart]);
        let temper = Temper {
            slots: [1; SLOTS],
            parts: [
                rng.one_of(&[2, 4, 8]),
                rng.one_of(&[0, 1, 2, 4]),
                24,
                rng.one_of(&[0, 1, 2]),
                rng.one_of(&[0, 1]),
                rng.one_of(&[0, 1, 4]),
            ],
            works: std::array::from_fn(|at| rng.one_of(&[0, 1, 6]) + u64::from(Work::ALL[at] == Work::Lease(0))),
            misfortunes: std::array::from_fn(|at| rng.one_of(&[0, 1, 4]) + u64::from(at == 0)),
            policy: rng.one_of(&[Policy::Rollback, Policy::Rollback, Policy::Retain]),
            length: 1 + rng.below(STEPS),
        };
        let simulation = Simulation::new(kind, sabotage);
        let mut processes = Vec::new();
        for slot in 0..SLOTS {
            processes.push(Process::start(&simulation, slot, slot as u8, temper.policy).await);
        }
        Self {
            rng,
            temper,
            simulation,
            judge: Judge::new(kind),
            processes,
            ghosts: Vec::new(),
            gone: Vec::new(),
            started: SLOTS as u8,
            luck: Luck::default(),
            tell,
            ended: Ended::default(),
        }
    }

    async fn go(&mut self) -> Result<(), Violation> {
        for step in 0..self.temper.length {
            if step % PHASE == 0 {
                // One is always there to go on while others stand still.
                self.temper.slots = std::array::from_fn(|_| self.rng.one_of(&[0, 1, 2, 12]));
                self.temper.slots[self.rng.below(SLOTS as u64) as usize] += 1;
            }
            self.wild().await;
            self.settle().await?;
        }
        for _ in 0..CALM {
            if !self.calm().await {
                return self.peace().await;
            }
            self.settle().await?;
        }
        Err(Violation::of(
            "R5",
            "nothing goes wrong any more, and it does not come to rest",
        ))
    }

    fn note(&mut self, label: impl FnOnce() -> String) {
        self.ended.steps += 1;
        if self.tell {
            self.ended.labels.push(label());
        }
    }

    fn unlucky(&mut self, label: impl FnOnce() -> String) {
        self.luck.bad = true;
        self.ended.faults += 1;
        self.note(label);
    }

    /// Lets everybody go on until all of them wait, and judges.
    async fn settle(&mut self) -> Result<(), Violation> {
        quiet().await;
        for process in self.processes.iter_mut().chain(&mut self.ghosts) {
            process.collect().await?;
        }
        let contents = self.judge.judge(&self.simulation, &self.processes, self.luck)?;
        for process in &mut self.processes {
            process.drop_lost();
        }
        self.ended.states.push(print(&contents));
        Ok(())
    }

    /// One random thing.
    async fn wild(&mut self) {
        match self.rng.weighed(&self.temper.parts) {
            0 => self.work(),
            1 => self.misfortune().await,
            2 => {
                if !self.serve() {
                    if self.processes.iter().any(Process::is_busy) {
                        self.pass(PAUSE).await;
                    } else {
                        self.work();
                    }
                }
            }
            3 => {
                let time = self.rng.one_of(&[TTL / 3, TTL / 2, TTL * 2]);
                self.pass(time).await;
            }
            4 => {
                let at = self.rng.below(2) as u8;
                // Whoever writes without a lease that lives is on his own.
                let contents = self.simulation.contents();
                let live = |lease: &Lease| lease.schema == schema(at) && lease.state == LeaseState::Active;
                if contents.facts.leases.values().any(live) && self.simulation.write_row(table(at)) {
                    self.note(|| format!("a program writes into {}", table(at)));
                }
            }
            _ => {
                if self.simulation.end_orphan() {
                    self.note(|| "a statement without its connection ends".to_owned());
                }
            }
        }
    }

    fn work(&mut self) {
        let slot = self.rng.weighed(&self.temper.slots);
        if self.processes[slot].is_busy() {
            return;
        }
        for _ in 0..TRIES {
            let work = Work::ALL[self.rng.weighed(&self.temper.works)];
            if self.processes[slot].begin(work) {
                self.ended.works += 1;
                self.note(|| format!("web-{slot}: {work:?}"));
                return;
            }
        }
    }

    /// How quick a start is: a program's, or that of one that was replaced.
    fn weight(&self, start: u8) -> u64 {
        let slot = self.processes.iter().position(|process| process.number == start);
        slot.map_or(1, |slot| self.temper.slots[slot])
    }

    /// Serves a request of one who is not stopped; false where there is none.
    fn serve(&mut self) -> bool {
        let mut ready = self.simulation.requests();
        ready.retain(|request| request.ready);
        let weights: Vec<_> = ready.iter().map(|request| self.weight(request.process)).collect();
        if weights.iter().sum::<u64>() == 0 {
            return false;
        }
        let at = self.rng.weighed(&weights);
        self.answer(&ready[at], Fate::Served);
        true
    }

    fn answer(&mut self, request: &Request, fate: Fate) {
        self.simulation.answer(request.id, fate);
        let label = || format!("start {}: {} {fate:?}", request.process, request.what);
        match fate {
            Fate::Served | Fate::Busy => self.note(label),
            _ => self.unlucky(label),
        }
    }

    async fn misfortune(&mut self) {
        match self.rng.weighed(&self.temper.misfortunes) {
            0 => self.fail(),
            1 => self.crash().await,
            2 => self.replace().await,
            3 => {
                let by = self
                    .rng
                    .one_of(&[-3_600_000_000, -20_000_000, 20_000_000, 3_600_000_000]);
                self.simulation.turn_clock(by);
                self.luck.surprising = true;
                self.unlucky(|| format!("the server's clock is set by {} s", by / 1_000_000));
            }
            4 => {
                if self.simulation.lose_lock() {
                    self.unlucky(|| "the connection with the structural lock breaks".to_owned());
                }
            }
            _ => {
                let requests = self.simulation.requests();
                if let Some(request) = requests.iter().find(|request| request.may_be_orphaned) {
                    self.answer(request, Fate::Orphaned);
                }
            }
        }
    }

    /// A request comes to nothing, or nobody hears what it came to.
    fn fail(&mut self) {
        let requests = self.simulation.requests();
        if requests.is_empty() {
            return;
        }
        let at = self.rng.below(requests.len() as u64) as usize;
        let request = &requests[at];
        let fates: &[Fate] = match (request.ready, request.may_be_orphaned) {
            (false, _) => &[Fate::Busy, Fate::Busy, Fate::Cut],
            (true, true) => &[Fate::Refused, Fate::Cut, Fate::Unanswered, Fate::Orphaned],
            (true, false) => &[Fate::Refused, Fate::Cut, Fate::Unanswered],
        };
        let fate = self.rng.one_of(fates);
        self.answer(request, fate);
    }

    async fn crash(&mut self) {
        let slot = self.rng.below(SLOTS as u64) as usize;
        let running = self.rng.below(2) == 0;
        let number = self.processes[slot].number;
        self.simulation.crash(number, running);
        self.unlucky(|| format!("start {number} crashes; web-{slot} starts again"));
        let again = self.start(slot).await;
        let crashed = std::mem::replace(&mut self.processes[slot], again);
        self.gone.extend(crashed.vanish());
    }

    /// Another start takes a program's name over, and the old one lives on.
    async fn replace(&mut self) {
        let slot = self.rng.below(SLOTS as u64) as usize;
        self.luck.surprising = true;
        self.unlucky(|| format!("web-{slot} starts a second time"));
        let again = self.start(slot).await;
        let ghost = std::mem::replace(&mut self.processes[slot], again);
        self.ghosts.push(ghost);
    }

    async fn start(&mut self, slot: usize) -> Process {
        self.started += 1;
        Process::start(&self.simulation, slot, self.started, self.temper.policy).await
    }

    async fn pass(&mut self, time: Duration) {
        self.note(|| format!("{time:?} pass"));
        tokio::time::sleep(time).await;
        quiet().await;
    }

    /// What was begun goes on; returns false once there is nothing left to do.
    async fn calm(&mut self) -> bool {
        if self.simulation.end_orphan() {
            self.note(|| "a statement without its connection ends".to_owned());
            return true;
        }
        let requests = self.simulation.requests();
        if let Some(ready) = requests.iter().find(|request| request.ready) {
            self.answer(ready, Fate::Served);
            return true;
        }
        if let Some(stuck) = requests.first() {
            self.answer(stuck, Fate::Busy);
            return true;
        }
        if self.processes.iter().chain(&self.ghosts).any(Process::is_busy) {
            self.pass(PAUSE).await;
            return true;
        }
        if !Judge::is_at_rest(&self.simulation.contents()) {
            // What a crash left is for the reaper, once its lease ran out.
            self.pass(TTL / 4).await;
            if self.simulation.requests().is_empty() {
                self.processes[0].begin(Work::Reap);
            }
            return true;
        }
        false
    }

    /// All is at rest: after a while everybody knows what became of it.
    async fn peace(&mut self) -> Result<(), Violation> {
        for _ in 0..6 {
            self.pass(TTL / 3).await;
            while let Some(ready) = self.simulation.requests().into_iter().find(|request| request.ready) {
                self.answer(&ready, Fate::Served);
                quiet().await;
            }
        }
        self.settle().await?;
        let ghosts = std::mem::take(&mut self.ghosts);
        self.processes.extend(ghosts);
        self.judge.at_peace(&self.simulation, &self.processes, self.luck)
    }
}

fn print(contents: &Contents) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (schema, record) in &contents.facts.schemas {
        (schema, record.state.as_str(), record.retention.is_some()).hash(&mut hasher);
    }
    for (version, record) in &contents.facts.bindings {
        (version, record.state.as_str()).hash(&mut hasher);
    }
    for lease in contents.facts.leases.values() {
        (&lease.holder.instance, &lease.handler_version, lease.state.as_str()).hash(&mut hasher);
    }
    (contents.facts.operation.is_some(), contents.structural).hash(&mut hasher);
    (
        &contents.objects.tables,
        &contents.objects.marks,
        contents.guarded.len(),
    )
        .hash(&mut hasher);
    hasher.finish()
}
