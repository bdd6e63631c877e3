//! A plain connection: statements that are nobody's step, and questions to the rows.

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};

use super::Outcome;
use crate::Result;

/// A connection of its own, on which whatever runs is in effect at once unless it opened a transaction itself. Used on
/// throwaway databases, and to ask the real one.
#[async_trait]
pub(crate) trait Console: Send {
    /// Runs one statement and returns how many rows it changed.
    async fn run(&mut self, statement: &str) -> Outcome<u64>;

    /// The first `limit` rows that a query returns, as texts.
    async fn rows(&mut self, query: &str, limit: usize) -> Outcome<Vec<Vec<Option<String>>>>;

    /// What the database looks like.
    async fn introspect(&mut self, selection: &Selection) -> Result<Structure>;

    /// Closes the connection; an open transaction is taken back.
    async fn close(self: Box<Self>);
}
