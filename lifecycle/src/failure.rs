//! What went wrong with a step, and what a rollback would lose.

use lockstep_registry::SchemaVersion;
use serde::{Deserialize, Serialize};

/// Which way the steps were running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Applying.
    Up,
    /// Taking back.
    Down,
}

impl Direction {
    /// The direction's name as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    /// The direction of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "up" => Some(Self::Up),
            "down" => Some(Self::Down),
            _ => None,
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A step that failed: exactly which, the database's own words, and whether anything of it remains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Of which schema.
    pub schema: SchemaVersion,
    /// Which way it was running.
    pub direction: Direction,
    /// Which step.
    pub step: String,
    /// Its place among the schema's steps, from 0.
    pub position: u32,
    /// The statement that failed, shortened for people.
    pub statement: String,
    /// The database's own error.
    pub error: String,
    /// Whether the server was stopped at the step's time limit.
    pub timed_out: bool,
    /// Whether steps before this one are in effect, or this one may be: false where one transaction took all of it back.
    pub leaves_traces: bool,
}

/// Rows that a rollback would lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataLoss {
    /// The table.
    pub table: String,
    /// The column, where only that goes.
    pub column: Option<String>,
    /// How many rows hold something there.
    pub rows: u64,
    /// Why it would go, where it is more than that the place goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl std::fmt::Display for DataLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = if self.rows == 1 { "row" } else { "rows" };
        match &self.column {
            None => write!(f, "table {} ({} {rows}", self.table, self.rows)?,
            Some(column) => write!(f, "column {}.{column} ({} {rows}", self.table, self.rows)?,
        }
        match &self.why {
            None => f.write_str(")"),
            Some(why) => write!(f, ": {why})"),
        }
    }
}
