//! SQLite's CREATE statements.
//!
//! ```text
//!  sqlite_schema.sql ── lexemes ── Reader ──┬─ table   ─► Table, and where its name and columns stand in the text
//!                                           ├─ index   ─► Index
//!                                           ├─ view    ─► View
//!                                           ├─ trigger ─► Trigger
//!                                           └─ virtual table ─► Table
//! ```
//!
//! Expressions come out in one form ([`expression`]) that can be compared and run. Names in keys, foreign keys and index
//! parts come out in lower case, because SQLite does not tell `Id` from `id`; the names of columns and tables themselves
//! stay as they were declared.

mod expression;
mod loose;
mod object;
mod reader;
mod table;

pub use expression::{expression, mentioned, respelled, sources};
pub use loose::{given, is_loose};
pub use object::{index, module_of, trigger, view, virtual_table};
pub use table::{Declared, is_rowid_alias, table};

/// The form of a name under which SQLite looks it up.
pub fn fold(name: &str) -> String {
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
