//! Scripts judged before they run: what fails, what makes programs wait or break, what loses rows, what cannot be undone.
//!
//! ```text
//!  scripts ──scan──► statements ──read──► acts ──┐
//!  the database, where it is known ──► World ────┼──► rules ──► findings, questions to the rows
//!                         ▲                      │
//!                         └── after each statement, what it does
//! ```
//!
//! Statements are found by the lexer that also splits steps, so nothing is ever found in a string, a comment or the body
//! of a routine. A rule only speaks about tables that programs may be using: one that is made by the same migration can be
//! changed at will. What is not understood is no finding.
//!
//! A finding is silenced by a comment above its statement: `-- lockstep: allow=drop-column, rename-table`. What cannot be
//! read or must not be in a step cannot be silenced.

mod act;
mod context;
mod finding;
mod input;
mod judge;
mod place;
mod question;
mod read;
mod rules;
mod types;
mod words;
mod world;

pub use finding::{Finding, RULES, Rule, Severity};
pub use input::{Input, Migration, Script, Way};
pub use judge::{Report, lint};
pub use place::{statements, token};
pub use question::Question;

#[cfg(test)]
mod tests;
