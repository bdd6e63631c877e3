//! What one exploration is about: the engine, who may ask for what, how much bad luck there is, what is broken on purpose.

use lockstep_lifecycle::{Policy, RepairAction};

/// Three processes: two with timed leases, one that pins.
pub(crate) const INSTANCES: [&str; 3] = ["web-1", "web-2", "deploy"];
/// The instance whose leases do not run out.
pub(crate) const PINS: u8 = 2;
pub(crate) const SCHEMAS: [&str; 2] = ["schema_v1", "schema_v2"];
/// `users@1.0.0` needs `schema_v1`, `users@2.0.0` needs `schema_v2`, which requires `schema_v1`.
pub(crate) const VERSIONS: [&str; 2] = ["users@1.0.0", "users@2.0.0"];

/// Up to two small numbers in order: schemas of a plan, steps of a schema.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Few {
    items: [u8; 2],
    len: u8,
}

impl Few {
    pub(crate) fn of(items: impl IntoIterator<Item = u8>) -> Self {
        let mut few = Self::default();
        for item in items {
            few.items[usize::from(few.len)] = item;
            few.len += 1;
        }
        few
    }

    pub(crate) fn slice(&self) -> &[u8] {
        &self.items[..usize::from(self.len)]
    }

    pub(crate) fn first(&self) -> Option<u8> {
        self.slice().first().copied()
    }

    pub(crate) fn rest(&self) -> Self {
        Self::of(self.slice().iter().skip(1).copied())
    }
}

/// What an instance wants, by number of handler version or schema.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Request {
    Activate(u8),
    /// With the default policy: what becomes free is taken back.
    Deactivate(u8),
    /// As the reaper does: leases that ran out are fenced.
    Expire,
    Rollback(u8),
    /// What a person decided about a schema that failed, or that a crash left half-way.
    Repair(u8, Mend),
    /// Structural work left over by another request: these schemas, each only while nothing uses it.
    TakeBack(Few),
    /// The reaper's structural work: recovery, then these schemas.
    Reap(Few),
}

/// `RepairAction`, as a part of a state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Mend {
    Resume,
    Undo,
    /// The person finished it by hand, and says so.
    MarkDone,
}

impl From<Mend> for RepairAction {
    fn from(mend: Mend) -> Self {
        match mend {
            Mend::Resume => Self::Resume,
            Mend::Undo => Self::Undo,
            Mend::MarkDone => Self::MarkDone,
        }
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let schemas = |few: &Few| few.slice().iter().map(|s| SCHEMAS[usize::from(*s)]).collect();
        match self {
            Self::Activate(v) => write!(f, "activate {}", VERSIONS[usize::from(*v)]),
            Self::Deactivate(v) => write!(f, "deactivate {}", VERSIONS[usize::from(*v)]),
            Self::Expire => f.write_str("reap"),
            Self::Rollback(s) => write!(f, "rollback {}", SCHEMAS[usize::from(*s)]),
            Self::Repair(s, mend) => write!(f, "repair {}: {mend:?}", SCHEMAS[usize::from(*s)]),
            Self::TakeBack(few) => {
                let names: Vec<_> = schemas(few);
                write!(f, "take back [{}]", names.join(", "))
            }
            Self::Reap(few) => {
                let names: Vec<_> = schemas(few);
                write!(f, "reap: recover, take back [{}]", names.join(", "))
            }
        }
    }
}

/// How structural work runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    /// All steps in one transaction: SQLite, PostgreSQL.
    Transactional,
    /// Step by step, journalled: MySQL, MariaDB, steps marked no-transaction.
    Journalled,
}

/// A mistake in the runtime, made on purpose; the explorer has to find it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Breakage {
    /// Structural work is planned from facts read before the wait for the lock.
    PlansFromBeforeTheWait,
    /// Leases are not read again before a rollback commits.
    NeverReadsLeasesAgain,
    /// A renewal asks only whether the row is there.
    RenewsWithoutToken,
    /// A successor begins without taking the epoch.
    RecoveryTakesNoEpoch,
    /// The epoch is not checked before a step is journalled.
    StepsIgnoreTheEpoch,
    /// The epoch is not checked in the last transaction.
    ConclusionIgnoresTheEpoch,
    /// A step that was started counts as in effect.
    TrustsStartedAsDone,
    /// A step that was started counts as not in effect.
    TrustsStartedAsNotDone,
    /// References are counted without dependents.
    ForgetsDependents,
    /// A lease is granted on a schema that is being taken back.
    GrantsWhileReverting,
    /// The lock is taken while a predecessor's statement still runs.
    IgnoresOrphanedStatements,
    /// Work is recorded as done although its last step did not run.
    ConcludesEarly,
    /// What a person finished by hand is recorded as done, and not journalled.
    MarksDoneUnjournalled,
    /// An event is written twice.
    LogsTwice,
    /// A lease is fenced, and no event says so.
    ChangesSilently,
    /// An event says that a lease was released, and the row stays.
    LogsWithoutChange,
}

/// One configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) engine: Engine,
    /// Steps of each schema.
    pub(crate) steps: [u8; 2],
    /// Whether `schema_v2` declares itself compatible with `schema_v1`.
    pub(crate) compatible: bool,
    /// What becomes of a schema whose leases ran out.
    pub(crate) policy: Policy,
    /// What each instance may ask for.
    pub(crate) requests: [&'static [Request]; 3],
    /// Requests in all, the reaper's apart; `u8::MAX` for no limit.
    pub(crate) budget: u8,
    /// Whether leases run out.
    pub(crate) time: bool,
    pub(crate) crashes: u8,
    /// Lost connections of a process that lives on.
    pub(crate) cuts: u8,
    pub(crate) failures: u8,
    /// Commits that count although their answer is lost.
    pub(crate) unanswered: u8,
    /// Jumps of the database's clock, forward and backward.
    pub(crate) jumps: u8,
    pub(crate) breakage: Option<Breakage>,
}

impl Breakage {
    pub(crate) const ALL: [Self; 16] = [
        Self::PlansFromBeforeTheWait,
        Self::NeverReadsLeasesAgain,
        Self::RenewsWithoutToken,
        Self::RecoveryTakesNoEpoch,
        Self::StepsIgnoreTheEpoch,
        Self::ConclusionIgnoresTheEpoch,
        Self::TrustsStartedAsDone,
        Self::TrustsStartedAsNotDone,
        Self::ForgetsDependents,
        Self::GrantsWhileReverting,
        Self::IgnoresOrphanedStatements,
        Self::ConcludesEarly,
        Self::MarksDoneUnjournalled,
        Self::LogsTwice,
        Self::ChangesSilently,
        Self::LogsWithoutChange,
    ];
}

impl Setting {
    pub(crate) fn is_broken(&self, how: Breakage) -> bool {
        self.breakage == Some(how)
    }
}
