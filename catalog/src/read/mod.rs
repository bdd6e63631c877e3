//! What a statement declares, read from its text, for the parts of a database that an engine keeps as text alone.
//!
//! SQLite keeps the statement that made an object and little else: constraint names, checks, collations, `ON CONFLICT`,
//! `AUTOINCREMENT`, generated expressions and deferrability stand in `sqlite_schema.sql` and nowhere besides. The engine
//! accepted every text that is read here, so the reader follows its grammar and gives up (`None`) where it does not know a
//! word, rather than guess.

pub mod sqlite;
