//! The rules, read off the simulated database and the programs' own belief after every step.

use std::rc::Rc;

use lockstep::lifecycle::{Facts, Progress};
use lockstep::registry::{LeaseKey, LeaseState, SchemaState, Specs, Timestamp};
use lockstep::simulation::{Contents, Kind, Objects, Simulation};

use super::process::{Process, SCHEMAS, schema, specs};
use crate::model::explorer::Violation;
use crate::model::store::{flaw, logged_part};

pub(crate) struct Judge {
    kind: Kind,
    specs: Specs,
    /// What the log replays to, as far as it was read.
    replayed: Facts,
    /// What was judged last, and after how many changes.
    seen: Option<(u64, Rc<Contents>)>,
}

/// What goes wrong in a schedule may excuse.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Luck {
    /// Something crashed, was cut or went unanswered.
    pub(crate) bad: bool,
    /// The server's clock was set, or another start took a name over: a lease may end before its holder's time is over.
    pub(crate) surprising: bool,
}

impl Judge {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            specs: Specs::new(specs()).unwrap(),
            replayed: Facts::default(),
            seen: None,
        }
    }

    /// What must hold after every step.
    pub(crate) fn judge(
        &mut self,
        simulation: &Simulation,
        processes: &[Process],
        luck: Luck,
    ) -> Result<Rc<Contents>, Violation> {
        let changes = simulation.changes();
        let contents = match self.seen.take() {
            Some((at, seen)) if at == changes => seen,
            _ => {
                let contents = Rc::new(simulation.contents());
                self.replay(simulation, &contents)?;
                if let Some(broken) = flaw(&contents.facts, &self.specs) {
                    return Err(broken);
                }
                contents
            }
        };
        self.seen = Some((changes, Rc::clone(&contents)));
        let whole = [0, 1].map(|at| is_whole(&contents, at));
        for at in 0..2 {
            if whole[usize::from(at)] {
                continue;
            }
            let is = || described(&contents, at);
            let schema_at = schema(at);
            let mut on = contents.facts.leases_on(&schema_at);
            if on.any(|lease| lease.state == LeaseState::Active) {
                return Err(Violation::of("R1", format!("a lease is live on {}", is())));
            }
            let built_on = contents.facts.schemas.get(&schema(1)).is_some_and(|r| r.occupies());
            if at == 0 && built_on {
                return Err(Violation::of("R1", format!("schema_v2 stands on {}", is())));
            }
            for process in processes {
                // What its connection held is free where that broke, and then nothing it does counts.
                let open = process.inside().filter(|on| contents.guarded.contains(on));
                if open.is_some_and(|on| on == schema(at)) {
                    return Err(Violation::of(
                        "guarded use",
                        format!("a transaction is open on {}", is()),
                    ));
                }
            }
        }
        if contents.lost > 0 {
            return Err(Violation::of(
                "R8",
                format!("{} rows of programs are gone", contents.lost),
            ));
        }
        if !luck.surprising {
            for process in processes {
                believes(process, &contents)?;
            }
        }
        Ok(contents)
    }

    /// R4: the log has no gap, and replays to the rows.
    fn replay(&mut self, simulation: &Simulation, contents: &Contents) -> Result<(), Violation> {
        for event in simulation.events_after(self.replayed.event_seq) {
            if event.seq != self.replayed.event_seq + 1 {
                return Err(Violation::of(
                    "R4",
                    format!("event {} follows {}", event.seq, self.replayed.event_seq),
                ));
            }
            let applied = self.replayed.apply(&event.kind, event.at);
            applied.map_err(|illegal| Violation::of("R4", format!("event {}: {illegal}", event.seq)))?;
            self.replayed.event_seq = event.seq;
        }
        if self.replayed.event_seq != contents.facts.event_seq {
            return Err(Violation::of("R4", "the log ends before the number in the scope's row"));
        }
        if timeless(&self.replayed) != timeless(&contents.facts) {
            return Err(Violation::of("R4", "the log does not replay to the rows"));
        }
        Ok(())
    }

    /// Whether nothing is unfinished.
    pub(crate) fn is_at_rest(contents: &Contents) -> bool {
        let open = |state: SchemaState| matches!(state, SchemaState::Applying | SchemaState::Reverting);
        let pending = contents.facts.leases.values().any(|l| l.state == LeaseState::Pending);
        !contents.structural && !pending && !contents.facts.schemas.values().any(|r| open(r.state))
    }

    /// What must hold once nobody works and nothing goes wrong any more.
    pub(crate) fn at_peace(&self, simulation: &Simulation, processes: &[Process], luck: Luck) -> Result<(), Violation> {
        let contents = simulation.contents();
        if !Self::is_at_rest(&contents) {
            return Err(Violation::of(
                "R5",
                "nothing goes wrong any more, and it does not come to rest",
            ));
        }
        for process in processes {
            believes(process, &contents)?;
        }
        // What is in doubt after a failure may be there or not, until somebody asks for a repair.
        let (mut least, mut most) = (Objects::default(), Objects::default());
        for at in 0..2 {
            let mut doubtful = None;
            let steps = match contents.facts.state_of(&schema(at)) {
                SchemaState::Applied => vec![0, 1],
                SchemaState::Failed if self.kind != Kind::Transactional => {
                    let progress = Progress::of(&simulation.journal(&schema(at)));
                    doubtful = progress.in_doubt.map(|(step, _)| step);
                    progress.in_effect.into_keys().collect()
                }
                _ => Vec::new(),
            };
            for step in steps.into_iter().filter(|step| Some(*step) != doubtful) {
                add(&mut least, at, step);
                add(&mut most, at, step);
            }
            if let Some(step) = doubtful {
                add(&mut most, at, step);
            }
            let record = contents.facts.schemas.get(&schema(at));
            let unused = record.is_some_and(|r| r.state == SchemaState::Applied && r.retention.is_none())
                && contents.facts.references(&schema(at)) == 0;
            if unused && (!luck.bad || self.kind == Kind::Transactional) {
                let found = format!(
                    "{} is applied and unused, and nothing says that it is kept",
                    SCHEMAS[usize::from(at)]
                );
                return Err(Violation::of("R5", found));
            }
        }
        if !(contains(&contents.objects, &least) && contains(&most, &contents.objects)) {
            let found = format!("{:?} is there, {least:?} is on record", contents.objects);
            return Err(Violation::of("R2", found));
        }
        if contents.facts.operation.is_some() && !luck.bad {
            return Err(Violation::of(
                "R7",
                "an announcement is left although nothing went wrong",
            ));
        }
        Ok(())
    }
}

/// R6: whoever was not told otherwise holds the lease it believes to hold.
fn believes(process: &Process, contents: &Contents) -> Result<(), Violation> {
    for lease in process.leases.iter().filter(|lease| lease.is_live()) {
        let granted = lease.granted();
        let key = LeaseKey {
            instance: granted.holder.instance.clone(),
            handler_version: granted.handler_version.clone(),
        };
        let row = contents.facts.leases.get(&key);
        let ours = |row: &&lockstep::registry::Lease| {
            row.holder == granted.holder && row.epoch == granted.epoch && row.state == LeaseState::Active
        };
        if row.filter(ours).is_none() {
            let found = format!("{} believes to hold {}: {row:?}", key.instance, key.handler_version);
            return Err(Violation::of("R6", found));
        }
    }
    Ok(())
}

fn add(objects: &mut Objects, at: u8, step: u32) {
    match (at, step) {
        (0, 0) => objects.tables.insert("users".to_owned()),
        (0, _) => objects.marks.insert("('first')".to_owned()),
        (_, 0) => objects.tables.insert("orders".to_owned()),
        (_, _) => objects.tables.insert("parts".to_owned()),
    };
}

/// Whether a schema is on record as applied, and all of it is there.
fn is_whole(contents: &Contents, at: u8) -> bool {
    let mut all = Objects::default();
    add(&mut all, at, 0);
    add(&mut all, at, 1);
    contents.facts.state_of(&schema(at)) == SchemaState::Applied && contains(&contents.objects, &all)
}

fn contains(all: &Objects, some: &Objects) -> bool {
    some.tables.is_subset(&all.tables) && some.marks.is_subset(&all.marks)
}

pub(crate) fn described(contents: &Contents, at: u8) -> String {
    let name = SCHEMAS[usize::from(at)];
    format!(
        "{name}, which is {} with {:?}",
        contents.facts.state_of(&schema(at)),
        contents.objects
    )
}

/// What events are about, without the times that renewals and clocks change.
fn timeless(facts: &Facts) -> Facts {
    let mut facts = logged_part(facts);
    for lease in facts.leases.values_mut() {
        lease.acquired_at = Timestamp(0);
        lease.renewed_at = Timestamp(0);
    }
    facts.now = Timestamp(0);
    facts
}
