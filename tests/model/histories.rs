//! Random histories over a random graph of schemas: what holds for two schemas holds for more.

use std::collections::BTreeSet;
use std::time::Duration;

use lockstep_lifecycle::{
    Activate, ActivationPlan, Deactivate, Direction, JournalEntry, JournalState, Policy, Progress, Refusal,
    RepairAction, plan_activate, plan_register,
};
use lockstep_registry::{
    Binding, Checksum, HandlerVersion, Holder, Incarnation, InstanceId, LeaseKey, LeaseKind, LeaseState, Requires,
    SchemaSpec, SchemaState, SchemaVersion, Specs, Step, Tag, Timestamp,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::shop::{Luck, Outcome, Shop, anybody};

const SCHEMAS: usize = 4;
const VERSIONS: usize = 6;

/// What requires and promises what, and which schema each handler version needs.
#[derive(Clone)]
struct Layout {
    requires: Vec<Vec<bool>>,
    promises: Vec<Vec<bool>>,
    needs: Vec<usize>,
}

impl std::fmt::Debug for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for at in 0..SCHEMAS {
            let spec = spec(self, at, "up");
            let (requires, promises) = (spec.requires, spec.compatible_with);
            write!(f, "{} requires {requires:?} promises {promises:?}; ", spec.version)?;
        }
        for (at, needs) in self.needs.iter().enumerate() {
            write!(f, "{} needs {}; ", version(at), schema(*needs))?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
enum Op {
    Activate {
        who: usize,
        start: u8,
        version: usize,
        timed: bool,
        overrides: bool,
        knows_binding: bool,
        luck: Luck,
    },
    Deactivate {
        who: usize,
        version: usize,
        policy: Policy,
        luck: Luck,
    },
    TimePasses(u64),
    Expire(Policy, Luck),
    Rollback(usize, Luck),
    Recover(Option<usize>),
    Repair(usize, RepairAction),
    Rebind(usize, usize),
    Tag(usize, usize),
}

fn schema(at: usize) -> SchemaVersion {
    SchemaVersion::new(&format!("schema_v{}", at + 1)).expect("a name")
}

/// Two handlers, three versions each.
fn version(at: usize) -> HandlerVersion {
    let handler = ["users", "orders"][at % 2];
    format!("{handler}@{}.0.0", at / 2 + 1)
        .parse()
        .expect("a handler version")
}

fn spec(layout: &Layout, at: usize, up: &str) -> SchemaSpec {
    let mut spec = SchemaSpec::new(schema(at), vec![Step::sql("001", up, "down")]);
    let below = |marks: &[bool]| (0..at).filter(|p| marks[*p]).map(schema).collect::<Vec<_>>();
    spec.requires = below(&layout.requires[at]);
    spec.compatible_with = below(&layout.promises[at]);
    spec
}

fn specs(layout: &Layout) -> Specs {
    Specs::new((0..SCHEMAS).map(|at| spec(layout, at, "up"))).expect("schemas require lower ones")
}

fn holder(who: usize, start: u8) -> Holder {
    Holder {
        instance: InstanceId::new(["web-1", "web-2", "web-3"][who]).expect("a name"),
        incarnation: Incarnation::new(&start.to_string()).expect("a name"),
    }
}

fn layouts() -> impl Strategy<Value = Layout> {
    let square = || vec(vec(any::<bool>(), SCHEMAS), SCHEMAS);
    (square(), square(), vec(0..SCHEMAS, VERSIONS)).prop_map(|(requires, promises, needs)| Layout {
        requires,
        promises,
        needs,
    })
}

fn policies() -> impl Strategy<Value = Policy> {
    prop_oneof![
        Just(Policy::Rollback),
        Just(Policy::Retain),
        (1u64..40).prop_map(|s| Policy::Grace(Duration::from_secs(s))),
    ]
}

fn lucks() -> impl Strategy<Value = Luck> {
    prop_oneof![
        4 => Just(Luck::Transaction),
        3 => Just(Luck::Journalled),
        1 => (0..SCHEMAS).prop_map(Luck::FailsInTransaction),
        1 => (0..SCHEMAS, any::<bool>()).prop_map(|(at, traces)| Luck::FailsJournalled(at, traces)),
        1 => (0..SCHEMAS).prop_map(Luck::Crashes),
        1 => Just(Luck::LosesRows),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let activate = (
        (0..3usize, 0..2u8, 0..VERSIONS),
        any::<bool>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.8),
        lucks(),
    )
        .prop_map(
            |((who, start, version), timed, overrides, knows_binding, luck)| Op::Activate {
                who,
                start,
                version,
                timed,
                overrides,
                knows_binding,
                luck,
            },
        );
    let deactivate =
        (0..3usize, 0..VERSIONS, policies(), lucks()).prop_map(|(who, version, policy, luck)| Op::Deactivate {
            who,
            version,
            policy,
            luck,
        });
    let actions = prop_oneof![
        Just(RepairAction::Resume),
        Just(RepairAction::Undo),
        Just(RepairAction::MarkDone)
    ];
    prop_oneof![
        8 => activate,
        5 => deactivate,
        2 => (0u64..30).prop_map(Op::TimePasses),
        2 => (policies(), lucks()).prop_map(|(policy, luck)| Op::Expire(policy, luck)),
        2 => (0..SCHEMAS, lucks()).prop_map(|(at, luck)| Op::Rollback(at, luck)),
        1 => prop::option::of(0..SCHEMAS).prop_map(Op::Recover),
        3 => (0..SCHEMAS, actions).prop_map(|(at, action)| Op::Repair(at, action)),
        1 => (0..VERSIONS, 0..SCHEMAS).prop_map(|(version, at)| Op::Rebind(version, at)),
        1 => (0..VERSIONS, 0..2usize).prop_map(|(version, tag)| Op::Tag(version, tag)),
    ]
}

/// A shop with its layout, and the requests of a history carried out in it.
struct History {
    layout: Layout,
    shop: Shop,
}

impl History {
    fn new(layout: Layout) -> Self {
        let shop = Shop::new(specs(&layout));
        Self { layout, shop }
    }

    fn perform(&mut self, op: &Op) {
        let before = self.shop.clone();
        let answer = match op {
            Op::Activate { .. } => self.activate(op),
            Op::Deactivate {
                who,
                version: at,
                policy,
                luck,
            } => {
                let request = Deactivate {
                    handler_version: version(*at),
                    instance: holder(*who, 0).instance,
                    incarnation: None,
                    policy: *policy,
                };
                self.shop.deactivate(&request, *luck)
            }
            Op::TimePasses(seconds) => {
                let now = &mut self.shop.facts.now;
                *now = now.after(Duration::from_secs(*seconds));
                return;
            }
            Op::Expire(policy, luck) => self.shop.expire(*policy, *luck),
            Op::Rollback(at, luck) => self.shop.rollback(&schema(*at), *luck),
            Op::Recover(wanted) => {
                let wanted = wanted.iter().map(|at| schema(*at)).collect();
                self.shop.recover(wanted, &anybody())
            }
            // Turning back up in the middle of a rollback that crashed has no move in the table.
            Op::Repair(at, RepairAction::Undo) if self.shop.facts.state_of(&schema(*at)) == SchemaState::Reverting => {
                return;
            }
            Op::Repair(at, action) => self.shop.repair(&schema(*at), *action),
            Op::Rebind(at, to) => self.register(Binding::new(version(*at), schema(*to))),
            Op::Tag(at, tag) => {
                let mut binding = self.binding(*at);
                binding.tags.insert(tags(*tag));
                self.register(binding)
            }
        };
        match answer {
            Ok(_) => {}
            Err(Refusal::IllegalMove(illegal)) => panic!("{op:?}: {illegal}"),
            // Recovery and work that was done before stay; the refused request itself changes nothing.
            Err(_) if self.shop.log.len() > before.log.len() => {}
            Err(_) => assert_eq!(self.shop.facts, before.facts, "a refusal changes nothing"),
        }
    }

    fn binding(&self, at: usize) -> Binding {
        match self.shop.facts.bindings.get(&version(at)) {
            Some(record) => Binding::new(version(at), record.binding.schema.clone()),
            None => Binding::new(version(at), schema(self.layout.needs[at])),
        }
    }

    fn register(&mut self, binding: Binding) -> Result<Outcome, Refusal> {
        let ever = self
            .shop
            .facts
            .bindings
            .get(&binding.handler_version)
            .filter(|record| record.ever_active)
            .map(|record| record.binding.schema.clone());
        let decision = plan_register(self.shop.facts.clone(), &binding)?;
        assert!(
            ever.is_none_or(|schema| schema == binding.schema),
            "what was ever active stays bound"
        );
        self.shop.commit(&decision);
        for tag in &binding.tags {
            let of = &binding.handler_version.handler;
            let carriers: Vec<_> = self
                .shop
                .facts
                .bindings
                .values()
                .filter(|r| r.binding.tags.contains(tag) && r.binding.handler_version.handler == *of)
                .map(|r| &r.binding.handler_version)
                .collect();
            assert_eq!(carriers, [&binding.handler_version], "a tag names one version");
        }
        Ok(Outcome::Done)
    }

    fn activate(&mut self, op: &Op) -> Result<Outcome, Refusal> {
        let Op::Activate {
            who,
            start,
            version: at,
            timed,
            overrides,
            knows_binding,
            luck,
        } = op
        else {
            unreachable!("called for activations")
        };
        let binding = self.binding(*at);
        let needed = binding.schema.clone();
        let ttl = Duration::from_secs(15);
        let request = Activate {
            handler_version: version(*at),
            binding: knows_binding.then_some(binding),
            holder: holder(*who, *start),
            kind: if *timed {
                LeaseKind::Timed { ttl }
            } else {
                LeaseKind::Pinned
            },
            override_incompatible: *overrides,
        };
        let key = LeaseKey {
            instance: request.holder.instance.clone(),
            handler_version: request.handler_version.clone(),
        };
        let live: BTreeSet<_> = self.shop.facts.leases.values().map(|l| l.schema.clone()).collect();
        let harmed = live.iter().any(|other| !self.may_both_live(&needed, other));
        let judged = !*overrides && !live.contains(&needed);
        let answer = self.shop.activate(&request, *luck);
        match &answer {
            // A lease that only waited for the schema may be gone by the time this is judged.
            Err(Refusal::Incompatible { .. }) => assert!(!*overrides && harmed, "nobody is harmed"),
            Ok(Outcome::Done) => {
                let granted = self.shop.facts.leases.get(&key);
                let granted = granted.is_some_and(|l| l.state == LeaseState::Active);
                assert!(!(granted && judged && harmed), "users of {live:?} are harmed");
            }
            _ => {}
        }
        let held = self.shop.facts.leases.get(&key);
        if answer == Ok(Outcome::Done) && held.is_some_and(|l| l.state == LeaseState::Active) {
            let again = plan_activate(self.shop.facts.clone(), &request, &self.shop.specs);
            let Ok(ActivationPlan::AlreadyActive { facts, .. }) = again else {
                panic!("activating twice is a no-op: {again:?}");
            };
            assert_eq!(facts, self.shop.facts);
        }
        answer
    }

    /// The compatibility rule, worked out anew: every path between the two, link by link.
    fn may_both_live(&self, a: &SchemaVersion, b: &SchemaVersion) -> bool {
        let promised = |x: &SchemaVersion, y: &SchemaVersion| {
            let says = |u: &SchemaVersion, l| {
                let spec = self.shop.specs.get(u).expect("known");
                spec.compatible_with.contains(l)
            };
            says(x, y) || says(y, x)
        };
        fn paths(specs: &Specs, from: &SchemaVersion, to: &SchemaVersion) -> Vec<Vec<SchemaVersion>> {
            if from == to {
                return vec![vec![to.clone()]];
            }
            let below = specs.get(from).expect("known").requires.iter();
            let tails = below.flat_map(|parent| paths(specs, parent, to));
            tails
                .map(|mut path| {
                    path.insert(0, from.clone());
                    path
                })
                .collect()
        }
        let specs = &self.shop.specs;
        let all = paths(specs, a, b).into_iter().chain(paths(specs, b, a));
        let mut links = all.flat_map(|path| {
            path.windows(2)
                .map(|w| (w[0].clone(), w[1].clone()))
                .collect::<Vec<_>>()
        });
        promised(a, b) || links.all(|(upper, lower)| promised(&upper, &lower))
    }

    /// R9: a schema that is applied is what its spec says, or nobody builds on it.
    fn assert_tampering_is_noticed(&self, at: usize) {
        let changed = (0..SCHEMAS).map(|s| spec(&self.layout, s, if s == at { "other" } else { "up" }));
        let changed = Specs::new(changed).expect("as consistent as before");
        let Some(record) = self.shop.facts.schemas.get(&schema(at)) else {
            return;
        };
        if !record.state.occupies() {
            return;
        }
        for each in 0..VERSIONS {
            let binding = self.binding(each);
            if !changed.graph().closure(&binding.schema).contains(&schema(at)) {
                continue;
            }
            let request = Activate {
                handler_version: version(each),
                binding: Some(binding),
                holder: holder(0, 9),
                kind: LeaseKind::Pinned,
                override_incompatible: true,
            };
            match plan_activate(self.shop.facts.clone(), &request, &changed) {
                Err(Refusal::Tampered {
                    schema: of,
                    recorded,
                    found,
                    ..
                }) => {
                    assert_eq!(of, schema(at));
                    assert_eq!((&recorded, Some(&found)), (&record.checksum, changed.checksum(&of)));
                    assert_ne!(recorded, found);
                }
                // Something below it that failed is told first.
                Err(Refusal::NeedsRepair { .. }) => {}
                other => panic!("{} changed unnoticed: {other:?}", schema(at)),
            }
        }
    }
}

fn tags(at: usize) -> Tag {
    ["stable", "canary"][at].parse().expect("a tag")
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if super::sound::deep() { 20_000 } else { 400 },
        // A history that fails is written down as a test of its own.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_histories_hold_the_rules(
        layout in layouts(),
        history in vec(ops(), 1..40),
        tampered in 0..SCHEMAS,
    ) {
        let mut run = History::new(layout);
        for op in &history {
            run.perform(op);
            run.shop.assert_sound();
        }
        run.assert_tampering_is_noticed(tampered);
    }

    /// The model keeps of a journal only what `Progress` makes of it: a longer journal decides nothing else.
    #[test]
    fn a_journal_is_what_its_steps_last_came_to(
        entries in vec((0..4u32, any::<bool>(), 0..3usize), 0..30),
        direction in prop_oneof![Just(Direction::Up), Just(Direction::Down)],
    ) {
        let states = [JournalState::Started, JournalState::Done, JournalState::Failed];
        let journal: Vec<_> = entries
            .iter()
            .map(|(at, down, state)| {
                entry(*at, if *down { Direction::Down } else { Direction::Up }, states[*state])
            })
            .collect();
        let progress = Progress::of(&journal);
        for at in 0..4 {
            let last_done = journal
                .iter()
                .rev()
                .find(|e| e.position == at && e.state == JournalState::Done);
            let there = last_done.is_some_and(|e| e.direction == Direction::Up);
            prop_assert_eq!(progress.in_effect.contains_key(&at), there);
        }
        let open = journal.iter().rposition(|e| e.state == JournalState::Started).filter(|started| {
            let at = journal[*started].position;
            journal[started + 1..].iter().all(|later| later.position != at)
        });
        prop_assert_eq!(
            progress.in_doubt,
            open.map(|at| (journal[at].position, journal[at].direction))
        );
        let left = progress.remaining(4, direction);
        let mut sorted = left.clone();
        sorted.sort_unstable();
        if direction == Direction::Down {
            sorted.reverse();
        }
        prop_assert_eq!(&left, &sorted);
        for at in 0..4 {
            let there = progress.in_effect.contains_key(&at);
            prop_assert_eq!(left.contains(&at), there == (direction == Direction::Down));
        }
        // Cutting the journal to what it says changes nothing that follows.
        for next in [JournalState::Started, JournalState::Done, JournalState::Failed] {
            let short = progress
                .in_effect
                .keys()
                .map(|at| entry(*at, Direction::Up, JournalState::Done))
                .chain(progress.in_doubt.map(|(at, way)| entry(at, way, JournalState::Started)));
            let added = entry(2, direction, next);
            let short: Vec<_> = short.chain([added.clone()]).collect();
            let long: Vec<_> = journal.iter().cloned().chain([added]).collect();
            prop_assert_eq!(Progress::of(&short), Progress::of(&long));
        }
    }
}

fn entry(position: u32, direction: Direction, state: JournalState) -> JournalEntry {
    JournalEntry {
        operation: "operation".into(),
        schema: schema(0),
        position,
        step: format!("{position:03}"),
        direction,
        state,
        checksum: Checksum::recorded("same"),
        session: String::new(),
        started_at: Timestamp(0),
        finished_at: None,
        duration_us: 0,
        rows: 0,
        error: None,
        before: None,
        ends_by: None,
    }
}
