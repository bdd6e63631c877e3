//! The one transition function: live, in recovery, in the simulation and in the model check.
//!
//! ```text
//! schema   pending ─apply─► applying ─applied─► applied ─revert─► reverting ─rolled back─► rolled_back ─apply─► applying
//!                              └──────fail──────► failed ◄─────fail────┘
//! handler  registered ─begin─► activating ─complete─► active ─drain─► draining ─stop─► inactive ─begin─► activating
//! lease    pending ─grant─► active ─release─► released | ─fence─► fenced
//! ```

use lockstep_registry::{HandlerState, LeaseState, SchemaState};

/// What can happen to a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaMove {
    /// Its steps begin, or a successor goes on with them.
    Apply,
    /// All of its steps are in effect.
    Applied,
    /// Its downs begin, or a successor goes on with them.
    Revert,
    /// None of its steps is in effect any more.
    RolledBack,
    /// A step failed.
    Fail,
}

/// What can happen to a handler version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandlerMove {
    /// An instance asked for it.
    Begin,
    /// An instance holds a lease on it.
    Complete,
    /// One holder let go, others have not.
    Drain,
    /// The last holder let go.
    Stop,
    /// Its schema could not be applied.
    Fail,
}

/// What can happen to a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseMove {
    /// Its schema is there.
    Grant,
    /// Its holder gives it back.
    Release,
    /// It is taken from its holder.
    Fence,
}

/// A move that is not in the table: a bug in the caller, never a state of the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {state}; it cannot {event}")]
pub struct IllegalMove {
    /// Whose move: "schema schema_v1".
    pub what: String,
    /// The state it is in.
    pub state: &'static str,
    /// The move that was tried.
    pub event: String,
}

fn illegal<M: std::fmt::Debug>(what: &str, state: &'static str, event: M) -> IllegalMove {
    IllegalMove {
        what: what.to_owned(),
        state,
        event: format!("{event:?}").to_lowercase(),
    }
}

/// The state of schema `what` after `event`.
pub fn next_schema_state(what: &str, state: SchemaState, event: SchemaMove) -> Result<SchemaState, IllegalMove> {
    use SchemaMove as M;
    use SchemaState as S;
    match (state, event) {
        (S::Pending | S::RolledBack | S::Failed | S::Applying, M::Apply) => Ok(S::Applying),
        (S::Applying, M::Applied) => Ok(S::Applied),
        (S::Applied | S::Failed | S::Applying | S::Reverting, M::Revert) => Ok(S::Reverting),
        (S::Reverting, M::RolledBack) => Ok(S::RolledBack),
        (S::Applying | S::Reverting, M::Fail) => Ok(S::Failed),
        (state, event) => Err(illegal(what, state.as_str(), event)),
    }
}

/// The state of handler version `what` after `event`.
pub fn next_handler_state(what: &str, state: HandlerState, event: HandlerMove) -> Result<HandlerState, IllegalMove> {
    use HandlerMove as M;
    use HandlerState as S;
    match (state, event) {
        (S::Registered | S::Inactive | S::Failed | S::Draining | S::Activating, M::Begin) => Ok(S::Activating),
        (S::Activating, M::Complete) => Ok(S::Active),
        (S::Active, M::Drain) => Ok(S::Draining),
        (S::Active | S::Draining, M::Stop) => Ok(S::Inactive),
        (S::Activating, M::Fail) => Ok(S::Failed),
        (state, event) => Err(illegal(what, state.as_str(), event)),
    }
}

/// The state of lease `what` after `event`.
pub fn next_lease_state(what: &str, state: LeaseState, event: LeaseMove) -> Result<LeaseState, IllegalMove> {
    use LeaseMove as M;
    use LeaseState as S;
    match (state, event) {
        (S::Pending, M::Grant) => Ok(S::Active),
        (S::Pending | S::Active, M::Release) => Ok(S::Released),
        (S::Pending | S::Active, M::Fence) => Ok(S::Fenced),
        (state, event) => Err(illegal(what, state.as_str(), event)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_lives_in_a_circle_and_never_skips_a_state() {
        use SchemaMove as M;
        use SchemaState as S;
        let mut state = S::Pending;
        for (event, expected) in [
            (M::Apply, S::Applying),
            (M::Applied, S::Applied),
            (M::Revert, S::Reverting),
            (M::Fail, S::Failed),
            (M::Revert, S::Reverting),
            (M::RolledBack, S::RolledBack),
            (M::Apply, S::Applying),
            (M::Fail, S::Failed),
        ] {
            state = next_schema_state("schema x", state, event).expect("legal");
            assert_eq!(state, expected);
        }
        assert!(next_schema_state("schema x", S::Pending, M::Applied).is_err());
        assert!(next_schema_state("schema x", S::Applied, M::Apply).is_err());
        assert!(next_schema_state("schema x", S::Applied, M::RolledBack).is_err());
    }

    #[test]
    fn an_illegal_move_names_the_thing_its_state_and_the_move() {
        let error = next_lease_state("lease of web-1", LeaseState::Fenced, LeaseMove::Grant);
        let text = error.expect_err("a fenced lease never comes back").to_string();
        assert_eq!(text, "lease of web-1 is fenced; it cannot grant");
    }
}
