//! A seeded scheduler: random schedules of the model, far deeper than an exploration of every order can go.
//!
//! ```text
//! root seed ──► one seed a schedule ──► engine, policy, who is quick, what goes wrong ──► steps, each judged
//!                                                                                   └──► calm: it must come to rest
//! ```
//!
//! The same seed is the same schedule, whatever ran before it: a schedule that breaks a rule is told by its seed.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use lockstep_lifecycle::Policy;

use super::explorer::{Counterexample, Machine, Mix, Step, Violation};
use super::protocol::{Model, Part};
use super::setting::{Breakage, Engine, Mend, Request, Setting};
use super::world::{At, World};
use crate::seeded::{Rng, seed_of};

/// Every instance may ask for everything.
const ALL: &[Request] = &[
    Request::Activate(0),
    Request::Activate(1),
    Request::Deactivate(0),
    Request::Deactivate(1),
    Request::Expire,
    Request::Rollback(0),
    Request::Rollback(1),
    Request::Repair(0, Mend::Resume),
    Request::Repair(0, Mend::Undo),
    Request::Repair(0, Mend::MarkDone),
    Request::Repair(1, Mend::Resume),
    Request::Repair(1, Mend::Undo),
    Request::Repair(1, Mend::MarkDone),
];

const BASE: Setting = Setting {
    engine: Engine::Transactional,
    steps: [2, 2],
    compatible: true,
    policy: Policy::Retain,
    requests: [ALL; 3],
    budget: u8::MAX,
    time: true,
    crashes: 3,
    cuts: 2,
    failures: 2,
    unanswered: 2,
    jumps: 2,
    breakage: None,
};

/// Random steps of one schedule, at most; then it is left in peace.
const STEPS: u64 = 80;
/// Steps within which what was begun comes to its end once nothing new is asked for and nothing goes wrong.
const CALM: usize = 400;

/// Requests that an idle instance tries in turn before it leaves the others to go on.
const TRIES: usize = 4;
/// What a model remembers of the product's answers, at most: then it begins anew.
const MEMORY: usize = 20_000;

/// A schedule that broke a rule.
pub(crate) struct Found {
    pub(crate) seed: u64,
    pub(crate) told: Counterexample,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "schedule {}", self.seed)?;
        write!(f, "{}", self.told)
    }
}

/// What a run came to.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) schedules: u64,
    pub(crate) steps: u64,
    /// Steps that were bad luck.
    pub(crate) faults: u64,
    /// Different states, by a fingerprint of 64 bits.
    pub(crate) states: usize,
    pub(crate) found: Option<Found>,
}

/// The models that schedules run in; decisions are asked of the product once and shared by all schedules.
pub(crate) struct Scheduler {
    models: Vec<Model>,
    seen: HashSet<u64, BuildHasherDefault<Mix>>,
}

/// How one schedule likes to go.
struct Temper {
    instances: [u64; 3],
    parts: [u64; 4],
    /// Out of 16 steps that could go wrong, how many do.
    bad_luck: u64,
    length: u64,
}

const PARTS: [Part; 4] = [Part::Program, Part::Misfortune, Part::Leases, Part::Surroundings];

impl Scheduler {
    pub(crate) fn new(breakage: Option<Breakage>) -> Self {
        let mut models = Vec::new();
        for engine in [Engine::Transactional, Engine::Journalled] {
            for compatible in [true, false] {
                let grace = Policy::Grace(std::time::Duration::from_secs(60));
                for policy in [Policy::Retain, Policy::Rollback, grace] {
                    models.push(Model::new(Setting {
                        engine,
                        compatible,
                        policy,
                        breakage,
                        ..BASE
                    }));
                }
            }
        }
        Self {
            models,
            seen: HashSet::default(),
        }
    }

    /// Runs schedules until one breaks a rule, at most `count`.
    pub(crate) fn run(&mut self, root: u64, count: u64) -> Tally {
        let mut tally = Tally::default();
        for index in 0..count {
            let seed = seed_of(root, index);
            let broken = self.schedule(seed, &mut tally);
            tally.schedules += 1;
            for model in self.models.iter_mut().filter(|m| m.store.distinct_facts() > MEMORY) {
                *model = Model::new(*model.setting());
            }
            if let Some(violation) = broken {
                let told = self.replay(seed).unwrap_or_else(|| Counterexample {
                    violation,
                    steps: Vec::new(),
                    end: "the schedule does not repeat itself: the simulation is not deterministic".to_owned(),
                });
                tally.found = Some(Found { seed, told });
                break;
            }
        }
        tally.states = self.seen.len();
        tally
    }

    /// Runs one schedule and tells its steps, if it breaks a rule.
    pub(crate) fn replay(&mut self, seed: u64) -> Option<Counterexample> {
        for model in &self.models {
            model.tell(true);
        }
        let mut walk = self.walk(seed);
        let mut labels = Vec::new();
        let broken = walk.go(|step| labels.push(step.label.clone()));
        let told = broken.map(|violation| Counterexample {
            violation,
            end: walk.model.describe(&walk.world),
            steps: labels,
        });
        for model in &self.models {
            model.tell(false);
        }
        told
    }

    fn schedule(&mut self, seed: u64, tally: &mut Tally) -> Option<Violation> {
        let mut walk = self.walk(seed);
        let (model, which, mut prints) = (walk.model, walk.which, Vec::new());
        let broken = walk.go(|step| {
            let facts = model.store.summary(step.next.facts).print;
            let state = World { facts: 0, ..step.next };
            let mut print = Mix::default();
            (which, facts, state).hash(&mut print);
            prints.push(print.finish());
            tally.faults += u64::from(step.fault);
        });
        tally.steps += prints.len() as u64;
        self.seen.extend(prints);
        broken
    }

    fn walk(&self, seed: u64) -> Walk<'_> {
        let mut rng = Rng::new(seed);
        let which = rng.below(self.models.len() as u64) as usize;
        let model = &self.models[which];
        Walk {
            model,
            which,
            world: model.start(),
            temper: Temper {
                instances: std::array::from_fn(|_| rng.one_of(&[1, 1, 2, 4, 12])),
                parts: [
                    rng.one_of(&[8, 12, 16]),
                    rng.one_of(&[0, 1, 2]),
                    rng.one_of(&[0, 1, 4]),
                    rng.one_of(&[1, 4]),
                ],
                bad_luck: rng.one_of(&[0, 1, 2, 8]),
                length: 1 + rng.below(STEPS),
            },
            rng,
            out: Vec::new(),
        }
    }
}

/// One schedule under way.
struct Walk<'a> {
    model: &'a Model,
    which: usize,
    world: World,
    temper: Temper,
    rng: Rng,
    out: Vec<Step<World>>,
}

impl Walk<'_> {
    fn go(&mut self, mut saw: impl FnMut(&Step<World>)) -> Option<Violation> {
        for _ in 0..self.temper.length {
            self.wild();
            if let Err(violation) = self.take(&mut saw) {
                return Some(violation);
            }
        }
        for _ in 0..CALM {
            if self.model.at_rest(&self.world) {
                return None;
            }
            self.calm();
            if let Err(violation) = self.take(&mut saw) {
                return Some(violation);
            }
        }
        Some(Violation::of(
            "R5",
            "nothing goes wrong any more, and it does not come to rest",
        ))
    }

    /// What may happen next, to one instance, of one kind.
    fn wild(&mut self) {
        let instance = self.rng.weighed(&self.temper.instances) as u8;
        let part = PARTS[self.rng.weighed(&self.temper.parts)];
        let of = &self.world.instances[usize::from(instance)];
        if part == Part::Program && of.at == At::Idle && !of.unsure {
            // One request, drawn first: most would be refused, and asking for all of them costs the most.
            for _ in 0..TRIES {
                let request = self.rng.one_of(ALL);
                self.model.ask(&self.world, instance, request, &mut self.out);
                if !self.out.is_empty() {
                    break;
                }
            }
        } else {
            self.model.part(&self.world, part, instance, &mut self.out);
        }
        let goes_wrong = part == Part::Misfortune || self.rng.below(16) < self.temper.bad_luck;
        if self.out.iter().any(|step| step.fault == goes_wrong) {
            self.out.retain(|step| step.fault == goes_wrong);
        } else if !goes_wrong {
            self.out.clear();
        }
    }

    /// What was begun goes on; what a crash left is for the reaper.
    fn calm(&mut self) {
        let world = &self.world;
        let busy = |i: &u8| {
            let instance = &world.instances[usize::from(*i)];
            instance.at != At::Idle || instance.unsure
        };
        let first = self.rng.below(3) as u8;
        let mut order = (0..3).map(|i| (i + first) % 3);
        if order.clone().any(|i| busy(&i)) || world.orphan.is_some() {
            for instance in order.filter(busy) {
                self.model.part(world, Part::Program, instance, &mut self.out);
            }
            self.model.part(world, Part::Surroundings, 0, &mut self.out);
        } else if let Some(instance) = order.next() {
            self.model.ask(world, instance, Request::Expire, &mut self.out);
        }
        self.out.retain(|step| !step.fault);
    }

    /// Takes one of the steps that were found.
    fn take(&mut self, saw: &mut impl FnMut(&Step<World>)) -> Result<(), Violation> {
        if self.out.is_empty() {
            return Ok(());
        }
        let which = self.rng.below(self.out.len() as u64) as usize;
        let step = self.out.swap_remove(which);
        self.out.clear();
        saw(&step);
        self.world = step.next;
        match step.broken {
            Some(violation) => Err(violation),
            None => self.model.judge(&self.world),
        }
    }
}
