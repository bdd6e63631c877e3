//! A breadth-first explorer: every state a machine can reach, and the shortest way to the first that breaks a rule.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A rule that does not hold, and what was found instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    pub(crate) found: String,
}

impl Violation {
    pub(crate) fn of(rule: &'static str, found: impl Into<String>) -> Self {
        let found = found.into();
        Self { rule, found }
    }
}

/// One thing that can happen in a state.
pub(crate) struct Step<S> {
    /// For people; machines may leave it empty until a counterexample is told.
    pub(crate) label: String,
    pub(crate) next: S,
    /// Bad luck (a crash, a failing statement): nothing may depend on its happening.
    pub(crate) fault: bool,
    /// A rule that the step itself breaks, whatever the next state looks like.
    pub(crate) broken: Option<Violation>,
}

/// What is explored.
pub(crate) trait Machine {
    type State: Clone + Eq + Hash;

    fn start(&self) -> Self::State;
    fn steps(&self, state: &Self::State, out: &mut Vec<Step<Self::State>>);
    fn judge(&self, state: &Self::State) -> Result<(), Violation>;
    /// Nothing is under way; such a state must stay reachable without further faults.
    fn at_rest(&self, state: &Self::State) -> bool;
    fn describe(&self, state: &Self::State) -> String;
    /// Whether labels are wanted: they cost more than everything else.
    fn tell(&self, labels: bool);
}

/// The shortest way from the start to a broken rule.
#[derive(Debug)]
pub(crate) struct Counterexample {
    pub(crate) violation: Violation,
    pub(crate) steps: Vec<String>,
    pub(crate) end: String,
}

impl std::fmt::Display for Counterexample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {}", self.violation.rule, self.violation.found)?;
        for (at, label) in self.steps.iter().enumerate() {
            writeln!(f, "  {:>2}. {label}", at + 1)?;
        }
        write!(f, "      {}", self.end)
    }
}

/// What an exploration came to.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    pub(crate) depth: usize,
    /// Whether every reachable state was seen; false at the bound and after a counterexample.
    pub(crate) complete: bool,
    pub(crate) resting: usize,
    pub(crate) counterexample: Option<Counterexample>,
}

/// Visits every reachable state, at most `bound` of them, nearest first.
pub(crate) fn explore<M: Machine>(machine: &M, bound: usize) -> Explored {
    let mut search = Search::new(machine);
    let broken = search.run(bound);
    let complete = broken.is_none() && search.queue.is_empty();
    let broken = broken.or_else(|| search.stranded(complete));
    Explored {
        states: search.origins.len(),
        transitions: search.transitions,
        depth: search.depth,
        complete,
        resting: search.resting.iter().filter(|r| **r).count(),
        counterexample: broken.map(|(at, last, violation)| search.tell(at, last, violation)),
    }
}

/// A broken rule: the state, the step out of it where the step broke it, and the rule.
type Broken = (u32, Option<u16>, Violation);

struct Search<'a, M: Machine> {
    machine: &'a M,
    seen: HashMap<M::State, u32, BuildHasherDefault<Mix>>,
    /// How each state was first reached: from where, by which of the steps there.
    origins: Vec<(u32, u16)>,
    resting: Vec<bool>,
    /// Steps without bad luck.
    calm: Vec<(u32, u32)>,
    queue: VecDeque<(M::State, u32, u32)>,
    transitions: usize,
    depth: usize,
}

impl<'a, M: Machine> Search<'a, M> {
    fn new(machine: &'a M) -> Self {
        machine.tell(false);
        let mut search = Self {
            machine,
            seen: HashMap::default(),
            origins: Vec::new(),
            resting: Vec::new(),
            calm: Vec::new(),
            queue: VecDeque::new(),
            transitions: 0,
            depth: 0,
        };
        search.visit(machine.start(), (0, 0), 0);
        search
    }

    fn visit(&mut self, state: M::State, origin: (u32, u16), depth: u32) -> (u32, bool) {
        let fresh = u32::try_from(self.origins.len()).expect("fewer than 2^32 states");
        match self.seen.entry(state) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(place) => {
                self.resting.push(self.machine.at_rest(place.key()));
                self.queue.push_back((place.key().clone(), fresh, depth));
                place.insert(fresh);
                self.origins.push(origin);
                self.depth = self.depth.max(depth as usize);
                (fresh, true)
            }
        }
    }

    fn run(&mut self, bound: usize) -> Option<Broken> {
        if let Err(violation) = self.machine.judge(&self.machine.start()) {
            return Some((0, None, violation));
        }
        let mut out = Vec::new();
        while self.origins.len() < bound {
            let (state, at, depth) = self.queue.pop_front()?;
            self.machine.steps(&state, &mut out);
            for (which, step) in out.drain(..).enumerate() {
                let which = u16::try_from(which).expect("few steps");
                self.transitions += 1;
                if let Some(violation) = step.broken {
                    return Some((at, Some(which), violation));
                }
                let judged = step.next.clone();
                let (next, is_new) = self.visit(step.next, (at, which), depth + 1);
                if !step.fault && next != at {
                    self.calm.push((at, next));
                }
                if is_new && let Err(violation) = self.machine.judge(&judged) {
                    return Some((next, None, violation));
                }
            }
        }
        None
    }

    /// A state from which no way without further bad luck leads back to rest: somebody is stuck for good.
    fn stranded(&self, complete: bool) -> Option<Broken> {
        if !complete {
            return None;
        }
        let n = self.origins.len();
        let mut begin = vec![0u32; n + 1];
        for (_, to) in &self.calm {
            begin[*to as usize + 1] += 1;
        }
        for at in 0..n {
            begin[at + 1] += begin[at];
        }
        let mut fill = begin.clone();
        let mut from = vec![0u32; self.calm.len()];
        for (source, to) in &self.calm {
            from[fill[*to as usize] as usize] = *source;
            fill[*to as usize] += 1;
        }
        let mut home = self.resting.clone();
        let mut open: Vec<_> = (0..n).filter(|at| home[*at]).collect();
        while let Some(at) = open.pop() {
            for source in &from[begin[at] as usize..begin[at + 1] as usize] {
                let source = *source as usize;
                if !home[source] {
                    home[source] = true;
                    open.push(source);
                }
            }
        }
        let stuck = home.iter().position(|home| !home)?;
        let violation = Violation::of("R5", "from here nothing leads back to rest");
        Some((u32::try_from(stuck).expect("an index"), None, violation))
    }

    fn tell(&self, at: u32, last: Option<u16>, violation: Violation) -> Counterexample {
        let mut way: Vec<u16> = last.into_iter().collect();
        let mut here = at;
        while here != 0 {
            let (from, which) = self.origins[here as usize];
            way.push(which);
            here = from;
        }
        self.machine.tell(true);
        let mut state = self.machine.start();
        let mut steps = Vec::new();
        for which in way.into_iter().rev() {
            let mut out = Vec::new();
            self.machine.steps(&state, &mut out);
            let step = out.swap_remove(usize::from(which));
            steps.push(step.label);
            state = step.next;
        }
        self.machine.tell(false);
        Counterexample {
            violation,
            steps,
            end: self.machine.describe(&state),
        }
    }
}

/// A hash that is quick without optimisation; states are small and nobody chooses them to collide.
#[derive(Default)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        let x = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x ^ (x >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up by one or two, down by three; `trap` is a number it cannot leave.
    struct Counter {
        forbidden: u8,
        trap: Option<u8>,
    }

    impl Machine for Counter {
        type State = u8;

        fn start(&self) -> u8 {
            0
        }

        fn steps(&self, at: &u8, out: &mut Vec<Step<u8>>) {
            if self.trap == Some(*at) {
                return;
            }
            for (label, next) in [("one", at + 1), ("two", at + 2), ("back", 0)] {
                if next < 12 {
                    out.push(Step {
                        label: label.into(),
                        next,
                        fault: false,
                        broken: None,
                    });
                }
            }
        }

        fn judge(&self, at: &u8) -> Result<(), Violation> {
            match *at == self.forbidden {
                true => Err(Violation::of("forbidden", at.to_string())),
                false => Ok(()),
            }
        }

        fn at_rest(&self, at: &u8) -> bool {
            *at == 0
        }

        fn describe(&self, at: &u8) -> String {
            format!("at {at}")
        }

        fn tell(&self, _: bool) {}
    }

    #[test]
    fn the_explorer_sees_every_state_and_stops_at_its_bound() {
        let free = Counter {
            forbidden: 99,
            trap: None,
        };
        let all = explore(&free, 1000);
        assert!(all.complete && all.counterexample.is_none());
        assert_eq!((all.states, all.depth, all.resting), (12, 6, 1));
        assert!(!explore(&free, 5).complete);
    }

    #[test]
    fn the_explorer_tells_the_shortest_way_to_a_broken_rule() {
        let found = explore(
            &Counter {
                forbidden: 7,
                trap: None,
            },
            1000,
        );
        let told = found.counterexample.expect("seven is reachable");
        assert_eq!(told.steps.len(), 4);
        assert_eq!(told.end, "at 7");
    }

    #[test]
    fn the_explorer_finds_who_is_stuck() {
        let found = explore(
            &Counter {
                forbidden: 99,
                trap: Some(5),
            },
            1000,
        );
        let told = found.counterexample.expect("five is a trap");
        assert_eq!((told.violation.rule, told.end.as_str()), ("R5", "at 5"));
    }
}
