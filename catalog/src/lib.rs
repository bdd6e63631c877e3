//! What a database looks like, as plain data: which dialect it speaks, which statements a script holds, what a step file
//! says about itself, and what its tables and other objects are. Everything here is computed from text and values that the
//! caller already has; nothing opens a file or a connection, so the same answers come out in a test, in a plan and in
//! recovery.
//!
//! - [`dialect`]: the three dialects and the one way to quote an identifier
//! - [`script`]: a SQL script split into statements, with everything refused that would escape the bookkeeping
//! - [`directive`]: the `-- lockstep:` comments at the top of a step file
//! - [`lint`]: what is dangerous about scripts, before they run
//! - [`mod@normalize`]: texts made comparable, for checksums and for object definitions
//! - [`backtick`]: the names in what MySQL prints
//! - [`read`]: what a CREATE statement declares, where an engine keeps its text alone
//! - [`structure`], [`compare`], [`write`](mod@write): a whole database, two of them, and the statements between them
//! - [`snapshot`]: the tables, columns and objects a database has
//! - [`fingerprint`]: a snapshot in 64 characters
//! - [`declare`]: what a database should be, said by a definition or by entity types
//! - [`difference`]: what lies between two snapshots, and what a rollback took away

pub mod backtick;
pub mod compare;
pub mod declare;
pub mod dialect;
pub mod difference;
pub mod directive;
pub mod fingerprint;
mod lex;
pub mod lint;
pub mod normalize;
pub mod read;
pub mod risk;
pub mod script;
pub mod snapshot;
pub mod structure;
pub mod write;

pub use dialect::{Dialect, IdentifierError, quote};
pub use difference::{Change, Difference, Removed, Subject, differences, removed};
pub use directive::{DirectiveError, Directives};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use normalize::{canonical_sql, normalize};
pub use script::{
    Became, ConcurrentAction, ConcurrentIndex, Conduct, Footprint, Losses, ScriptError, Statement, Trace, conduct,
    forbids_transaction, index_of_concurrent, is_about_privileges, is_setting, kind_of, losses, split, split_ddl,
};
pub use snapshot::{Column, InvalidObjectKey, ObjectKey, ObjectKind, Snapshot, Table};
