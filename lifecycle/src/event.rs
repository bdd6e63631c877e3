//! Events: each *is* one committed change of state (R4).
//!
//! An engine writes an event as rows; [`Facts::apply`] makes the same change in memory. So the log replays to the
//! state, and a change without an event cannot be written down.

use std::time::Duration;

use lockstep_registry::{
    Binding, Checksum, HandlerState, HandlerVersion, Holder, InstanceId, Lease, LeaseKey, LeaseKind, LeaseState,
    SchemaState, SchemaVersion, Tag, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    BindingRecord, DataLoss, Direction, Facts, Failure, HandlerMove, IllegalMove, LeaseMove, OperationId, Retention,
    SchemaMove, SchemaRecord, next_handler_state, next_lease_state, next_schema_state,
};

/// Why a lease was taken from its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FenceReason {
    /// It was not renewed in time.
    Expired,
    /// The same instance started anew.
    Superseded,
    /// Its holder crashed while its schema was on the way.
    Crashed,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A handler version was bound to a schema, or bound anew before it was ever active.
    HandlerRegistered {
        /// The binding.
        binding: Binding,
    },
    /// A tag came to name another version.
    HandlerTagged {
        /// The version it names now.
        handler_version: HandlerVersion,
        /// The tag.
        tag: Tag,
    },
    /// A handler version waits for its schema.
    HandlerActivating {
        /// Which.
        handler_version: HandlerVersion,
    },
    /// A handler version is served.
    HandlerActivated {
        /// Which.
        handler_version: HandlerVersion,
    },
    /// A holder let go, others still serve it.
    HandlerDraining {
        /// Which.
        handler_version: HandlerVersion,
    },
    /// Nobody serves it any more.
    HandlerDeactivated {
        /// Which.
        handler_version: HandlerVersion,
    },
    /// Its schema could not be applied.
    HandlerFailed {
        /// Which.
        handler_version: HandlerVersion,
    },
    /// Steps began to run outside one transaction.
    SchemaApplying {
        /// Which schema.
        schema: SchemaVersion,
        /// Whose work.
        operation: OperationId,
        /// Of what is applied.
        checksum: Checksum,
        /// What it builds on.
        requires: Vec<SchemaVersion>,
        /// Whose users it leaves unharmed.
        compatible_with: Vec<SchemaVersion>,
    },
    /// All of a schema is in the database.
    SchemaApplied {
        /// Which schema.
        schema: SchemaVersion,
        /// Whose work.
        operation: OperationId,
        /// Of what was applied.
        checksum: Checksum,
        /// What it builds on.
        requires: Vec<SchemaVersion>,
        /// Whose users it leaves unharmed.
        compatible_with: Vec<SchemaVersion>,
        /// How many steps ran.
        steps: u32,
        /// How long they took, in microseconds.
        duration_us: u64,
    },
    /// Downs began to run outside one transaction.
    SchemaReverting {
        /// Which schema.
        schema: SchemaVersion,
        /// Whose work.
        operation: OperationId,
    },
    /// A schema was taken back.
    SchemaRolledBack {
        /// Which schema.
        schema: SchemaVersion,
        /// Whose work.
        operation: OperationId,
        /// How many downs ran.
        steps: u32,
        /// How long they took, in microseconds.
        duration_us: u64,
        /// The rows that went with it, with the caller's consent.
        lost: Vec<DataLoss>,
    },
    /// An unused schema stays.
    SchemaRetained {
        /// Which schema.
        schema: SchemaVersion,
        /// Since and until when, and why.
        retention: Retention,
    },
    /// A retained schema is used again.
    SchemaReused {
        /// Which schema.
        schema: SchemaVersion,
    },
    /// A step failed. Where one transaction took everything back, a rollback leaves the schema applied.
    SchemaFailed {
        /// Whose work.
        operation: OperationId,
        /// What failed.
        failure: Failure,
        /// The checksum of what was to be applied.
        checksum: Checksum,
        /// What it builds on.
        requires: Vec<SchemaVersion>,
    },
    /// A lease waits for its schema.
    LeaseRequested {
        /// The lease.
        lease: Lease,
    },
    /// A lease is live.
    LeaseGranted {
        /// The lease.
        lease: Lease,
    },
    /// A holder gave its lease back.
    LeaseReleased {
        /// Whose.
        holder: Holder,
        /// For what.
        handler_version: HandlerVersion,
        /// On what.
        schema: SchemaVersion,
    },
    /// A lease was taken from its holder.
    LeaseFenced {
        /// Whose.
        holder: Holder,
        /// For what.
        handler_version: HandlerVersion,
        /// On what.
        schema: SchemaVersion,
        /// Why.
        reason: FenceReason,
    },
}

/// An entry of the event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place: gapless, in commit order, within the scope.
    pub seq: u64,
    /// When, by database time.
    pub at: Timestamp,
    /// Whose work.
    pub instance: InstanceId,
    /// What changed.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl EventKind {
    /// The kind's name as stored, shown and counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::HandlerRegistered { .. } => "handler_registered",
            Self::HandlerTagged { .. } => "handler_tagged",
            Self::HandlerActivating { .. } => "handler_activating",
            Self::HandlerActivated { .. } => "handler_activated",
            Self::HandlerDraining { .. } => "handler_draining",
            Self::HandlerDeactivated { .. } => "handler_deactivated",
            Self::HandlerFailed { .. } => "handler_failed",
            Self::SchemaApplying { .. } => "schema_applying",
            Self::SchemaApplied { .. } => "schema_applied",
            Self::SchemaReverting { .. } => "schema_reverting",
            Self::SchemaRolledBack { .. } => "schema_rolled_back",
            Self::SchemaRetained { .. } => "schema_retained",
            Self::SchemaReused { .. } => "schema_reused",
            Self::SchemaFailed { .. } => "schema_failed",
            Self::LeaseRequested { .. } => "lease_requested",
            Self::LeaseGranted { .. } => "lease_granted",
            Self::LeaseReleased { .. } => "lease_released",
            Self::LeaseFenced { .. } => "lease_fenced",
        }
    }

    /// The schema it is about.
    pub fn schema(&self) -> Option<&SchemaVersion> {
        match self {
            Self::HandlerRegistered { binding } => Some(&binding.schema),
            Self::SchemaApplying { schema, .. }
            | Self::SchemaApplied { schema, .. }
            | Self::SchemaReverting { schema, .. }
            | Self::SchemaRolledBack { schema, .. }
            | Self::SchemaRetained { schema, .. }
            | Self::SchemaReused { schema }
            | Self::LeaseReleased { schema, .. }
            | Self::LeaseFenced { schema, .. } => Some(schema),
            Self::SchemaFailed { failure, .. } => Some(&failure.schema),
            Self::LeaseRequested { lease } | Self::LeaseGranted { lease } => Some(&lease.schema),
            Self::HandlerTagged { .. }
            | Self::HandlerActivating { .. }
            | Self::HandlerActivated { .. }
            | Self::HandlerDraining { .. }
            | Self::HandlerDeactivated { .. }
            | Self::HandlerFailed { .. } => None,
        }
    }

    /// The lease it is about.
    pub fn lease_key(&self) -> Option<LeaseKey> {
        match self {
            Self::LeaseRequested { lease } | Self::LeaseGranted { lease } => Some(lease.key()),
            Self::LeaseReleased {
                holder,
                handler_version,
                ..
            }
            | Self::LeaseFenced {
                holder,
                handler_version,
                ..
            } => Some(LeaseKey {
                instance: holder.instance.clone(),
                handler_version: handler_version.clone(),
            }),
            _ => None,
        }
    }

    /// The handler version it is about.
    pub fn handler_version(&self) -> Option<&HandlerVersion> {
        match self {
            Self::HandlerRegistered { binding } => Some(&binding.handler_version),
            Self::HandlerTagged { handler_version, .. }
            | Self::HandlerActivating { handler_version }
            | Self::HandlerActivated { handler_version }
            | Self::HandlerDraining { handler_version }
            | Self::HandlerDeactivated { handler_version }
            | Self::HandlerFailed { handler_version }
            | Self::LeaseReleased { handler_version, .. }
            | Self::LeaseFenced { handler_version, .. } => Some(handler_version),
            Self::LeaseRequested { lease } | Self::LeaseGranted { lease } => Some(&lease.handler_version),
            _ => None,
        }
    }

    /// The instance whose lease it is about.
    pub fn lease_holder(&self) -> Option<&Holder> {
        match self {
            Self::LeaseRequested { lease } | Self::LeaseGranted { lease } => Some(&lease.holder),
            Self::LeaseReleased { holder, .. } | Self::LeaseFenced { holder, .. } => Some(holder),
            _ => None,
        }
    }

    /// The handler version's state after a handler event.
    pub fn handler_state(&self) -> Option<HandlerState> {
        match self {
            Self::HandlerActivating { .. } => Some(HandlerState::Activating),
            Self::HandlerActivated { .. } => Some(HandlerState::Active),
            Self::HandlerDraining { .. } => Some(HandlerState::Draining),
            Self::HandlerDeactivated { .. } => Some(HandlerState::Inactive),
            Self::HandlerFailed { .. } => Some(HandlerState::Failed),
            _ => None,
        }
    }

    /// How long the work it reports took, where it reports work.
    pub fn duration(&self) -> Option<Duration> {
        match self {
            Self::SchemaApplied { duration_us, .. } | Self::SchemaRolledBack { duration_us, .. } => {
                Some(Duration::from_micros(*duration_us))
            }
            _ => None,
        }
    }
}

impl Facts {
    /// Makes the change that `kind` says, at database time `at`; refuses a move that is not in the table.
    pub fn apply(&mut self, kind: &EventKind, at: Timestamp) -> Result<(), IllegalMove> {
        match kind {
            EventKind::HandlerRegistered { binding } => self.register(binding),
            EventKind::HandlerTagged { handler_version, tag } => self.tag(handler_version, tag),
            EventKind::HandlerActivating { handler_version } => {
                self.move_handler(handler_version, &[HandlerMove::Begin])?
            }
            EventKind::HandlerActivated { handler_version } => {
                self.move_handler(handler_version, &[HandlerMove::Begin, HandlerMove::Complete])?;
            }
            EventKind::HandlerDraining { handler_version } => {
                self.move_handler(handler_version, &[HandlerMove::Drain])?
            }
            EventKind::HandlerDeactivated { handler_version } => {
                self.move_handler(handler_version, &[HandlerMove::Stop])?
            }
            EventKind::HandlerFailed { handler_version } => {
                self.move_handler(handler_version, &[HandlerMove::Begin, HandlerMove::Fail])?;
            }
            EventKind::SchemaApplying {
                schema,
                checksum,
                requires,
                compatible_with,
                ..
            } => {
                let record = self.record(schema, checksum, requires);
                record.compatible_with.clone_from(compatible_with);
                record.go(schema, &[SchemaMove::Apply])?;
            }
            EventKind::SchemaApplied {
                schema,
                checksum,
                requires,
                compatible_with,
                ..
            } => {
                let record = self.record(schema, checksum, requires);
                record.compatible_with.clone_from(compatible_with);
                record.go(schema, &[SchemaMove::Apply, SchemaMove::Applied])?;
                record.applied_at = Some(at);
                record.failure = None;
            }
            EventKind::SchemaReverting { schema, .. } => self.known(schema)?.go(schema, &[SchemaMove::Revert])?,
            EventKind::SchemaRolledBack { schema, .. } => {
                let record = self.known(schema)?;
                record.go(schema, &[SchemaMove::Revert, SchemaMove::RolledBack])?;
                record.rolled_back_at = Some(at);
                record.retention = None;
                record.failure = None;
            }
            EventKind::SchemaRetained { schema, retention } => self.known(schema)?.retention = Some(retention.clone()),
            EventKind::SchemaReused { schema } => self.known(schema)?.retention = None,
            EventKind::SchemaFailed {
                failure,
                checksum,
                requires,
                ..
            } => self.fail(failure, checksum, requires)?,
            EventKind::LeaseRequested { lease } | EventKind::LeaseGranted { lease } => self.hold(lease)?,
            EventKind::LeaseReleased {
                holder,
                handler_version,
                ..
            } => {
                self.end_lease(holder, handler_version, LeaseMove::Release)?;
            }
            EventKind::LeaseFenced {
                holder,
                handler_version,
                ..
            } => {
                self.end_lease(holder, handler_version, LeaseMove::Fence)?;
            }
        }
        Ok(())
    }

    fn register(&mut self, binding: &Binding) {
        for tag in &binding.tags {
            self.untag(binding, tag);
        }
        let fresh = BindingRecord {
            binding: binding.clone(),
            state: HandlerState::Registered,
            ever_active: false,
        };
        let record = self.bindings.entry(binding.handler_version.clone()).or_insert(fresh);
        record.binding = binding.clone();
    }

    fn tag(&mut self, handler_version: &HandlerVersion, tag: &Tag) {
        if let Some(record) = self.bindings.get(handler_version) {
            let mut binding = record.binding.clone();
            binding.tags.insert(tag.clone());
            self.register(&binding);
        }
    }

    fn untag(&mut self, binding: &Binding, tag: &Tag) {
        for (version, record) in &mut self.bindings {
            if version.handler == binding.handler_version.handler {
                record.binding.tags.remove(tag);
            }
        }
    }

    fn move_handler(&mut self, of: &HandlerVersion, moves: &[HandlerMove]) -> Result<(), IllegalMove> {
        let what = format!("handler version {of}");
        let Some(record) = self.bindings.get_mut(of) else {
            return Err(unknown(what, moves));
        };
        for step in moves {
            record.state = next_handler_state(&what, record.state, *step)?;
        }
        record.ever_active |= record.state == HandlerState::Active;
        Ok(())
    }

    fn known(&mut self, schema: &SchemaVersion) -> Result<&mut SchemaRecord, IllegalMove> {
        self.schemas
            .get_mut(schema)
            .ok_or_else(|| unknown(format!("schema {schema}"), "change"))
    }

    fn record(&mut self, schema: &SchemaVersion, checksum: &Checksum, requires: &[SchemaVersion]) -> &mut SchemaRecord {
        let record = self.schemas.entry(schema.clone()).or_insert_with(|| SchemaRecord {
            state: SchemaState::Pending,
            checksum: checksum.clone(),
            requires: Vec::new(),
            compatible_with: Vec::new(),
            applied_at: None,
            rolled_back_at: None,
            retention: None,
            failure: None,
        });
        record.checksum = checksum.clone();
        record.requires = requires.to_vec();
        record
    }

    fn fail(&mut self, failure: &Failure, checksum: &Checksum, requires: &[SchemaVersion]) -> Result<(), IllegalMove> {
        let name = &failure.schema;
        let record = match failure.direction {
            Direction::Up => {
                let record = self.record(name, checksum, requires);
                record.go(name, &[SchemaMove::Apply, SchemaMove::Fail])?;
                record
            }
            Direction::Down => {
                let record = self.known(name)?;
                // Taken back by its own transaction: it is applied as before, and only the failure is new.
                if failure.leaves_traces {
                    record.go(name, &[SchemaMove::Revert, SchemaMove::Fail])?;
                }
                record
            }
        };
        record.failure = Some(failure.clone());
        Ok(())
    }

    fn hold(&mut self, lease: &Lease) -> Result<(), IllegalMove> {
        let key = lease.key();
        let what = lease_name(&key);
        match (lease.state, self.leases.get(&key)) {
            (LeaseState::Pending, None) => {}
            (LeaseState::Active, None) => {
                next_lease_state(&what, LeaseState::Pending, LeaseMove::Grant)?;
            }
            (LeaseState::Active, Some(held)) => {
                next_lease_state(&what, held.state, LeaseMove::Grant)?;
            }
            (_, held) => {
                let state = held.map_or("unknown", |held| held.state.as_str());
                let event = format!("become {}", lease.state);
                return Err(IllegalMove { what, state, event });
            }
        }
        self.leases.insert(key, lease.clone());
        Ok(())
    }

    fn end_lease(&mut self, holder: &Holder, of: &HandlerVersion, step: LeaseMove) -> Result<(), IllegalMove> {
        let key = LeaseKey {
            instance: holder.instance.clone(),
            handler_version: of.clone(),
        };
        match self.leases.get(&key) {
            Some(lease) => next_lease_state(&lease_name(&key), lease.state, step)?,
            None => return Err(unknown(lease_name(&key), step)),
        };
        self.leases.remove(&key);
        Ok(())
    }

    /// The lease of that key as it would be granted now.
    pub(crate) fn lease(
        &self,
        holder: &Holder,
        of: &HandlerVersion,
        schema: &SchemaVersion,
        kind: LeaseKind,
        state: LeaseState,
    ) -> Lease {
        Lease {
            holder: holder.clone(),
            handler_version: of.clone(),
            schema: schema.clone(),
            kind,
            state,
            epoch: self.epoch,
            acquired_at: self.now,
            renewed_at: self.now,
            expires_at: self.expiry(kind),
        }
    }
}

fn lease_name(key: &LeaseKey) -> String {
    format!("lease of {} on {}", key.instance, key.handler_version)
}

fn unknown(what: String, event: impl std::fmt::Debug) -> IllegalMove {
    IllegalMove {
        what,
        state: "unknown",
        event: format!("{event:?}").to_lowercase(),
    }
}

impl SchemaRecord {
    /// Goes through the moves; a leading `Apply` or `Revert` is the announcement a single transaction never shows.
    fn go(&mut self, schema: &SchemaVersion, moves: &[SchemaMove]) -> Result<(), IllegalMove> {
        let what = format!("schema {schema}");
        let mut state = self.state;
        for step in moves {
            state = next_schema_state(&what, state, *step)?;
        }
        self.state = state;
        self.retention = None;
        Ok(())
    }
}
