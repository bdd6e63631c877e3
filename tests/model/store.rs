//! The shared database of the model: facts, the event log they replay from, and the product's decisions about them.
//!
//! Facts are interned: a state names them by number, and each decision is asked of the product once per question.
//! That is sound because the functions are pure, and it is what makes millions of states affordable.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use lockstep_lifecycle::{EventKind, Facts, Operation, OperationChange, OperationKind};
use lockstep_registry::{
    HandlerState, HandlerVersion, Holder, Incarnation, InstanceId, Lease, LeaseKey, LeaseKind, LeaseState, Requires,
    SchemaSpec, SchemaState, SchemaVersion, Specs, Step, Timestamp,
};

use super::decisions::{Answer, Call};
use super::explorer::{Mix, Violation};
use super::setting::{Breakage, INSTANCES, PINS, SCHEMAS, Setting, VERSIONS};

/// The time at which everything happens; "later" is a lease whose end was moved into the past.
pub(crate) const NOW: Timestamp = Timestamp(1_000_000_000);
const PAST: Timestamp = Timestamp(0);
const TTL: std::time::Duration = std::time::Duration::from_secs(15);

/// One start of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Caller {
    pub(crate) instance: u8,
    pub(crate) incarnation: u8,
}

/// A lease row as instances and invariants look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LeaseRow {
    pub(crate) incarnation: u8,
    pub(crate) epoch: u8,
    pub(crate) active: bool,
    pub(crate) due: bool,
    pub(crate) timed: bool,
}

/// What the invariants ask of facts, worked out once.
pub(crate) struct Summary {
    pub(crate) state: [SchemaState; 2],
    pub(crate) occupies: [bool; 2],
    pub(crate) retained: [bool; 2],
    pub(crate) references: [usize; 2],
    pub(crate) active_leases: [usize; 2],
    pub(crate) served: [bool; 2],
    pub(crate) leases: [[Option<LeaseRow>; 2]; 3],
    pub(crate) pending: bool,
    pub(crate) announced: bool,
    pub(crate) epoch: u8,
    /// Every epoch that is named, one bit each.
    pub(crate) epochs: u64,
    /// Names the facts whatever number they have here.
    pub(crate) print: u64,
    /// A rule the facts break by themselves.
    pub(crate) broken: Option<Violation>,
}

/// A lease that ended: instance, handler version, incarnation.
pub(crate) type Ended = (u8, u8, u8);

/// A commit.
pub(crate) struct Rows {
    pub(crate) facts: u32,
    pub(crate) ended: Vec<Ended>,
    /// A rule the commit itself breaks.
    pub(crate) broken: Option<Violation>,
}

struct Version {
    facts: Facts,
    /// What the log of the first history up to here replays to, from nothing; `None` where that is the facts, as each
    /// commit makes sure.
    replayed: Option<Facts>,
    summary: Rc<Summary>,
}

#[derive(Default)]
struct Memory {
    versions: Vec<Rc<Version>>,
    /// By 128 bits of what the facts say.
    ids: HashMap<[u64; 2], u32>,
    answers: HashMap<(u32, Call), Rc<Answer>, BuildHasherDefault<Mix>>,
}

pub(crate) struct Store {
    pub(crate) setting: Setting,
    pub(crate) specs: Specs,
    pub(crate) schemas: [SchemaVersion; 2],
    pub(crate) versions: [HandlerVersion; 2],
    memory: RefCell<Memory>,
}

impl Store {
    pub(crate) fn new(setting: Setting) -> Self {
        let schemas = SCHEMAS.map(|name| SchemaVersion::new(name).expect("a name"));
        let mut specs: Vec<_> = schemas
            .iter()
            .zip(setting.steps)
            .map(|(schema, steps)| {
                let step = |at| Step::sql(&format!("{:03}", at + 1), "up", "down");
                SchemaSpec::new(schema.clone(), (0..steps).map(step).collect())
            })
            .collect();
        specs[1].requires.push(schemas[0].clone());
        if setting.compatible {
            specs[1].compatible_with.push(schemas[0].clone());
        }
        let store = Self {
            setting,
            specs: Specs::new(specs).expect("consistent"),
            schemas,
            versions: VERSIONS.map(|text| text.parse().expect("a handler version")),
            memory: RefCell::default(),
        };
        let empty = Facts {
            now: NOW,
            ..Facts::default()
        };
        store.intern(empty, None);
        store
    }

    pub(crate) fn holder(&self, caller: Caller) -> Holder {
        Holder {
            instance: InstanceId::new(INSTANCES[usize::from(caller.instance)]).expect("a name"),
            incarnation: Incarnation::new(&caller.incarnation.to_string()).expect("a name"),
        }
    }

    pub(crate) fn lease_kind(caller: Caller) -> LeaseKind {
        match caller.instance {
            PINS => LeaseKind::Pinned,
            _ => LeaseKind::Timed { ttl: TTL },
        }
    }

    /// The operation of a caller; an instance has one at a time.
    pub(crate) fn operation(&self, caller: Caller) -> String {
        format!("{}/{}", caller.instance, caller.incarnation)
    }

    pub(crate) fn announcement(&self, caller: Caller) -> Operation {
        Operation {
            id: self.operation(caller),
            kind: OperationKind::Activate,
            subject: String::new(),
            holder: self.holder(caller),
            session: String::new(),
            since: NOW,
        }
    }

    pub(crate) fn schema_index(&self, schema: &SchemaVersion) -> u8 {
        u8::from(*schema == self.schemas[1])
    }

    pub(crate) fn facts(&self, id: u32) -> Facts {
        self.memory.borrow().versions[id as usize].facts.clone()
    }

    pub(crate) fn summary(&self, id: u32) -> Rc<Summary> {
        Rc::clone(&self.memory.borrow().versions[id as usize].summary)
    }

    pub(crate) fn distinct_facts(&self) -> usize {
        self.memory.borrow().versions.len()
    }

    pub(crate) fn ask(&self, facts: u32, call: Call) -> Rc<Answer> {
        if let Some(known) = self.memory.borrow().answers.get(&(facts, call)) {
            return Rc::clone(known);
        }
        let answer = Rc::new(self.decide(facts, call));
        let mut memory = self.memory.borrow_mut();
        memory.answers.insert((facts, call), Rc::clone(&answer));
        answer
    }

    /// Commits: each event becomes a change of rows and an entry of the log, then the scope row takes the rest.
    ///
    /// Checks R4: the log replays to the rows, and its numbers have no gap.
    pub(crate) fn commit(
        &self,
        before: u32,
        events: &[EventKind],
        after: Option<&Facts>,
        operation: OperationChange,
        takes_epoch: bool,
    ) -> Result<Rows, String> {
        let version = Rc::clone(&self.memory.borrow().versions[before as usize]);
        let mut rows = version.facts.clone();
        let mut logged = Vec::new();
        for event in events {
            let silent =
                self.setting.is_broken(Breakage::ChangesSilently) && matches!(event, EventKind::LeaseFenced { .. });
            let void =
                self.setting.is_broken(Breakage::LogsWithoutChange) && matches!(event, EventKind::LeaseReleased { .. });
            let twice = self.setting.is_broken(Breakage::LogsTwice) && matches!(event, EventKind::LeaseGranted { .. });
            if !void {
                rows.apply(event, NOW).map_err(|e| e.to_string())?;
            }
            logged.extend(std::iter::repeat_n(
                event.clone(),
                if silent { 0 } else { 1 + usize::from(twice) },
            ));
        }
        rows.event_seq += events.len() as u64;
        let mut replayed = version.replayed.as_ref().unwrap_or(&version.facts).clone();
        let mut broken = None;
        for event in &logged {
            replayed.event_seq += 1;
            if let Err(error) = replayed.apply(event, NOW) {
                broken = Some(Violation::of("R4", format!("replay: {error}")));
            }
        }
        if broken.is_none() && logged_part(&replayed) != logged_part(&rows) {
            broken = Some(Violation::of("R4", "the log does not replay to the rows"));
        }
        if broken.is_none() && replayed.event_seq != rows.event_seq {
            broken = Some(Violation::of("R4", "the log's numbers have a gap"));
        }
        if after.is_some_and(|after| logged_part(after) != logged_part(&rows)) {
            broken = broken.or(Some(Violation::of("R4", "events differ from the decision")));
        }
        match operation {
            OperationChange::Keep => {}
            OperationChange::Announce(operation) => rows.operation = Some(operation),
            OperationChange::Clear(id) => {
                rows.operation = rows.operation.filter(|held| held.id != id);
            }
            OperationChange::ClearStale => rows.operation = None,
        }
        rows.epoch += u64::from(takes_epoch);
        let ended = events.iter().filter_map(|e| self.ended(e)).collect();
        Ok(Rows {
            facts: self.intern(rows, broken.is_some().then_some(replayed)),
            ended,
            broken,
        })
    }

    /// Changes what no event is about: a lease's end, the numbering of epochs.
    pub(crate) fn touch(&self, before: u32, change: impl FnOnce(&mut Facts)) -> Rows {
        let version = Rc::clone(&self.memory.borrow().versions[before as usize]);
        let mut rows = version.facts.clone();
        change(&mut rows);
        Rows {
            facts: self.intern(rows, version.replayed.clone()),
            ended: Vec::new(),
            broken: None,
        }
    }

    pub(crate) fn key(&self, instance: u8, version: u8) -> LeaseKey {
        let incarnation = 0;
        let holder = self.holder(Caller { instance, incarnation });
        LeaseKey {
            instance: holder.instance,
            handler_version: self.versions[usize::from(version)].clone(),
        }
    }

    pub(crate) fn run_out(&self, before: u32, instance: u8, version: u8, over: bool) -> Rows {
        let key = self.key(instance, version);
        self.touch(before, |facts| {
            if let Some(lease) = facts.leases.get_mut(&key) {
                lease.expires_at = Some(if over { PAST } else { NOW.after(TTL) });
            }
        })
    }

    /// The clock passes every end there is, or goes back before all of them.
    pub(crate) fn jump(&self, before: u32, forward: bool) -> Rows {
        let end = if forward { PAST } else { NOW.after(TTL) };
        self.touch(before, |facts| {
            for lease in facts.leases.values_mut() {
                lease.expires_at = lease.expires_at.map(|_| end);
            }
            for record in facts.schemas.values_mut() {
                if let Some(retention) = &mut record.retention {
                    retention.until = retention.until.map(|_| end);
                }
            }
        })
    }

    fn ended(&self, event: &EventKind) -> Option<Ended> {
        let (EventKind::LeaseReleased {
            holder,
            handler_version,
            ..
        }
        | EventKind::LeaseFenced {
            holder,
            handler_version,
            ..
        }) = event
        else {
            return None;
        };
        let (instance, incarnation) = numbers(holder);
        Some((instance, u8::from(*handler_version == self.versions[1]), incarnation))
    }

    fn intern(&self, facts: Facts, replayed: Option<Facts>) -> u32 {
        let mut canonical = facts.clone();
        canonical.event_seq = 0;
        let name = fingerprint(&format!("{canonical:?}"));
        if let Some(known) = self.memory.borrow().ids.get(&name) {
            return *known;
        }
        let summary = Rc::new(self.summarize(&facts, name[0]));
        let mut memory = self.memory.borrow_mut();
        let id = u32::try_from(memory.versions.len()).expect("fewer than 2^32 facts");
        memory.ids.insert(name, id);
        memory.versions.push(Rc::new(Version {
            facts,
            replayed,
            summary,
        }));
        id
    }

    fn summarize(&self, facts: &Facts, print: u64) -> Summary {
        let record = |at: usize| facts.schemas.get(&self.schemas[at]);
        let mut leases = [[None; 2]; 3];
        for lease in facts.leases.values() {
            let (instance, incarnation) = numbers(&lease.holder);
            let version = usize::from(lease.handler_version == self.versions[1]);
            leases[usize::from(instance)][version] = Some(LeaseRow {
                incarnation,
                epoch: small(lease.epoch),
                active: lease.state == LeaseState::Active,
                due: lease.is_due(NOW),
                timed: lease.expires_at.is_some(),
            });
        }
        let active = |l: &&Lease| l.state == LeaseState::Active;
        let epochs = facts.leases.values().map(|l| l.epoch);
        Summary {
            state: [0, 1].map(|at| facts.state_of(&self.schemas[at])),
            occupies: [0, 1].map(|at| record(at).is_some_and(|r| r.occupies())),
            retained: [0, 1].map(|at| record(at).is_some_and(|r| r.retention.is_some())),
            references: [0, 1].map(|at| facts.references(&self.schemas[at])),
            active_leases: [0, 1].map(|at| {
                let on = facts.leases_on(&self.schemas[at]);
                on.filter(active).count()
            }),
            served: [0, 1].map(|at| serves(facts, &self.versions[at])),
            leases,
            pending: facts.leases.values().any(|l| l.state == LeaseState::Pending),
            announced: facts.operation.is_some(),
            epoch: small(facts.epoch),
            epochs: epochs.chain([facts.epoch]).fold(0, |bits, epoch| bits | 1 << epoch),
            print,
            broken: flaw(facts, &self.specs),
        }
    }
}

/// What is wrong with facts taken by themselves.
pub(crate) fn flaw(facts: &Facts, specs: &Specs) -> Option<Violation> {
    for (version, record) in &facts.bindings {
        let held = facts.leases_of(version).any(|l| l.state == LeaseState::Active);
        if serves(facts, version) != held {
            let found = format!("{version} is {}, active lease: {held}", record.state);
            return Some(Violation::of("R3", found));
        }
        if record.state == HandlerState::Active || record.state == HandlerState::Draining {
            let needed = specs.graph().closure(&record.binding.schema);
            if let Some(lack) = needed.iter().find(|s| facts.state_of(s) != SchemaState::Applied) {
                let found = format!("{version} is {}, and {lack} is {}", record.state, facts.state_of(lack));
                return Some(Violation::of("R3", found));
            }
        }
    }
    let open = |s: &&SchemaState| matches!(s, SchemaState::Applying | SchemaState::Reverting);
    let states: Vec<_> = facts.schemas.values().map(|r| r.state).collect();
    if states.iter().filter(open).count() > 1 {
        return Some(Violation::of("R11", "two schemas are under way at once"));
    }
    for (schema, record) in &facts.schemas {
        let unused = record.state == SchemaState::Applied && facts.references(schema) == 0;
        if record.retention.is_some() && !unused {
            let found = format!("{schema} is retained although it is used or not applied");
            return Some(Violation::of("R5", found));
        }
    }
    None
}

fn fingerprint(text: &str) -> [u64; 2] {
    [0u8, 1].map(|half| {
        let mut hasher = DefaultHasher::new();
        (half, text).hash(&mut hasher);
        hasher.finish()
    })
}

fn serves(facts: &Facts, version: &HandlerVersion) -> bool {
    facts
        .bindings
        .get(version)
        .is_some_and(|record| matches!(record.state, HandlerState::Active | HandlerState::Draining))
}

/// The part of facts that events are about.
pub(crate) fn logged_part(facts: &Facts) -> Facts {
    let mut part = facts.clone();
    part.epoch = 0;
    part.event_seq = 0;
    part.operation = None;
    for lease in part.leases.values_mut() {
        lease.epoch = 0;
        lease.expires_at = lease.expires_at.map(|_| NOW);
    }
    for retention in part.schemas.values_mut().filter_map(|r| r.retention.as_mut()) {
        retention.until = retention.until.map(|_| NOW);
    }
    part
}

fn numbers(holder: &Holder) -> (u8, u8) {
    let instance = INSTANCES.iter().position(|n| *n == holder.instance.as_str());
    let incarnation = holder.incarnation.as_str().parse();
    (
        small(instance.expect("one of ours") as u64),
        incarnation.expect("a number"),
    )
}

pub(crate) fn small(number: u64) -> u8 {
    u8::try_from(number).expect("a small number")
}
