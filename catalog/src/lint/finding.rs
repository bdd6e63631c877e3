//! What a rule has to say.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// There is a better way; nothing breaks.
    Info,
    /// Programs wait or break, or rows go, if the author did not think of it.
    Warning,
    /// It fails, or it does not do what it says.
    Error,
}

impl Severity {
    /// Its name for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something about a script that its author should know before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name, as it stands in `-- lockstep: allow=…`.
    pub rule: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What was found.
    pub message: String,
    /// What comes of it.
    pub consequence: String,
    /// What to do instead.
    pub advice: String,
    /// The script's name, as it was given.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// The first byte of what is meant.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

/// A rule: its name and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The engines it is for: `sqlite`, `postgres`, `mysql`.
    pub engines: &'static [&'static str],
    /// What it finds.
    pub finds: &'static str,
}

const ALL: &[&str] = &["sqlite", "postgres", "mysql"];
const PG: &[&str] = &["postgres"];
const MY: &[&str] = &["mysql"];
const LITE: &[&str] = &["sqlite"];
const NOT_MY: &[&str] = &["sqlite", "postgres"];
const NOT_LITE: &[&str] = &["postgres", "mysql"];

macro_rules! rules {
    ($($name:literal $engines:ident $finds:literal)+) => {
        &[$(Rule { name: $name, engines: $engines, finds: $finds }),+]
    };
}

/// Every rule there is.
pub const RULES: &[Rule] = rules! {
    "unreadable" ALL "text that is no SQL: something opened and never closed, a NUL"
    "empty" ALL "a script without a statement"
    "directive" ALL "a `-- lockstep:` comment that is not understood"
    "not-allowed" ALL "what would escape a step's transaction, session or record"
    "engine-refuses" ALL "a statement that the engine itself refused, on a throwaway database"
    "rows-in-the-way" ALL "rows that cannot follow a change"
    "unknown-rule" ALL "an `allow=` of a rule that does not exist"
    "unknown-table" ALL "a table that is not there"
    "unknown-column" ALL "a column that is not there"
    "used-before-created" ALL "a table that is only created further down"
    "used-after-drop" ALL "a table that was dropped or renamed further up"
    "already-exists" ALL "a table or column that is there already"
    "drop-table" ALL "rows that go with their table"
    "drop-column" ALL "values that go with their column"
    "drop-cascade" PG "objects that go although no statement names them"
    "drop-database" NOT_LITE "everything that goes with a database or schema"
    "drop-not-null" PG "NULLs that running programs do not expect"
    "drop-default" PG "inserts of running programs that leave a column out"
    "rename-table" ALL "programs that know the old name"
    "rename-column" ALL "programs that know the old name"
    "truncate" NOT_LITE "all rows of a table at once"
    "update-without-where" ALL "every row of a table in one statement"
    "delete-without-where" ALL "every row of a table in one statement"
    "down-incomplete" ALL "what a way back leaves undone"
    "down-drops-more" ALL "what a way back takes that the way up did not add"
    "missing-down" ALL "a script without a way back"
    "foreign-key-without-index" NOT_MY "a foreign key whose columns no index begins with"
    "index-not-concurrent" PG "an index built while nobody can write"
    "drop-index-not-concurrent" PG "an index dropped while everybody waits"
    "concurrently-in-transaction" PG "CONCURRENTLY within a transaction"
    "forbids-transaction" NOT_MY "a statement that cannot run in a transaction"
    "concurrent-index-if-not-exists" PG "IF NOT EXISTS that takes a half-built index for a good one"
    "add-column-rewrites" PG "a new column for which the table is written anew"
    "add-not-null-column" NOT_MY "a new column that existing rows have no value for"
    "change-type" PG "a type change that writes the table anew or loses values"
    "set-not-null" PG "NOT NULL set while the whole table is read under a lock"
    "foreign-key-scan" PG "a foreign key checked under a lock on two tables"
    "check-scan" PG "a check that reads the whole table under a lock"
    "unique-blocks" PG "a unique constraint whose index is built under a lock"
    "primary-key-blocks" PG "a primary key whose index is built under a lock"
    "exclusion-blocks" PG "an exclusion constraint whose index is built under a lock"
    "validate-in-same-transaction" PG "NOT VALID and VALIDATE in one transaction"
    "attach-partition-scans" PG "a partition that is read under a lock to see that it fits"
    "rewrites-table" PG "a whole table written anew"
    "vacuum-full" PG "VACUUM FULL"
    "cluster" PG "CLUSTER"
    "reindex-not-concurrent" PG "REINDEX without CONCURRENTLY"
    "refresh-not-concurrent" PG "REFRESH MATERIALIZED VIEW without CONCURRENTLY"
    "optimize-table" MY "OPTIMIZE TABLE"
    "lock-table" PG "LOCK TABLE"
    "enum-value-in-transaction" PG "an enum value used in the transaction that adds it"
    "prefer-identity" PG "serial, where identity columns are the standard"
    "prefer-timestamptz" PG "timestamp without time zone"
    "avoid-char" PG "char(n), which is padded with blanks"
    "varchar-limit" PG "a limit that is hard to change later"
    "prefer-bigint-key" NOT_LITE "a primary key that runs out at two thousand million"
    "prefer-jsonb" PG "json, which cannot be compared or indexed"
    "alter-copies" MY "an ALTER TABLE that copies the table"
    "algorithm-copy" MY "a hint that makes everybody wait"
    "several-ddl" MY "several statements that each commit by themselves"
    "modify-drops-attributes" MY "attributes that MODIFY takes away by not repeating them"
    "ignore-truncates" MY "IGNORE, which cuts values off without a word"
    "sql-mode-not-strict" MY "a mode in which values are cut off without a word"
    "implicit-default" MY "a new NOT NULL column that existing rows get an invented value for"
    "utf8-three-bytes" MY "utf8, which holds no emoji"
    "engine-not-innodb" MY "a storage engine without transactions"
    "timestamp-2038" MY "TIMESTAMP, which ends in 2038"
    "index-needs-prefix" MY "an index on a text without a length"
    "unique-prefix" MY "a unique index that looks at the beginning only"
    "add-column-limits" LITE "what SQLite cannot add to a table that is there"
    "drop-column-limits" LITE "what SQLite cannot drop"
    "rebuild-order" LITE "a rebuild that leaves other tables pointing to the old one"
    "rebuild-forgets" LITE "indexes and triggers that go with a rebuild"
    "legacy-alter-table" LITE "a rename that leaves views and triggers behind"
    "writable-schema" LITE "a schema edited as text"
    "autoincrement" LITE "AUTOINCREMENT, which is rarely needed"
    "int-primary-key" LITE "INT PRIMARY KEY, which is no alias of the rowid"
    "double-quoted-string" LITE "a string in double quotes"
    "cast-to-zero" LITE "a CAST that turns text into 0"
    "not-strict" LITE "a table that takes any type in any column"
};
