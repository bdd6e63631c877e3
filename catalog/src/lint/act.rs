//! What a statement does, as far as the rules care.

use std::ops::Range;

use super::words::{Ident, Named};

/// Bytes of the script.
pub(in crate::lint) type Span = Range<usize>;

/// What a statement does.
#[derive(Debug)]
pub(in crate::lint) enum Act {
    CreateTable(CreateTable),
    AlterTable(AlterTable),
    CreateIndex(CreateIndex),
    /// A view, trigger, type, routine or the like.
    Create {
        kind: &'static str,
        name: Named,
        /// The table a trigger is on.
        on: Option<Named>,
        replaces: bool,
    },
    Drop(Dropped),
    /// MySQL's `RENAME TABLE`.
    RenameTables(Vec<(Named, Named)>),
    Truncate {
        tables: Vec<Named>,
        cascade: bool,
    },
    Update(Written),
    Delete(Written),
    Insert {
        table: Named,
        columns: Vec<Ident>,
        ignore: bool,
    },
    /// `ALTER TYPE … ADD VALUE`
    AddEnumValue {
        value: String,
    },
    RenameType,
    LockTable(Vec<Named>),
    /// A whole table is written anew or read, under a lock that stops readers or writers.
    Maintain {
        rule: &'static str,
        what: &'static str,
        advice: &'static str,
        table: Option<Named>,
    },
    /// SQLite's `PRAGMA name = value`.
    Pragma {
        name: String,
    },
    /// `SET sql_mode = …`
    SqlMode {
        strict: bool,
    },
    /// Code that may do anything: `DO`, `CALL`, `EXECUTE`.
    Opaque,
    Other,
}

/// `UPDATE` and `DELETE`.
#[derive(Debug)]
pub(in crate::lint) struct Written {
    pub(in crate::lint) table: Option<Named>,
    /// Whether something chooses the rows.
    pub(in crate::lint) chosen: bool,
    pub(in crate::lint) ignore: bool,
}

#[derive(Debug)]
pub(in crate::lint) struct CreateTable {
    pub(in crate::lint) name: Named,
    pub(in crate::lint) temporary: bool,
    pub(in crate::lint) if_not_exists: bool,
    pub(in crate::lint) columns: Vec<ColumnDef>,
    pub(in crate::lint) constraints: Vec<Constraint>,
    pub(in crate::lint) indexes: Vec<(Vec<Ident>, bool)>,
    /// Columns come from elsewhere: `AS SELECT`, `LIKE`, `INHERITS`, `PARTITION OF`, a module.
    pub(in crate::lint) more_columns: bool,
    pub(in crate::lint) options: TableOptions,
}

/// What stands behind the brackets of a table.
#[derive(Debug, Default)]
pub(in crate::lint) struct TableOptions {
    pub(in crate::lint) engine: Option<Ident>,
    pub(in crate::lint) charset: Option<Ident>,
    pub(in crate::lint) strict: bool,
    pub(in crate::lint) without_rowid: bool,
}

#[derive(Debug)]
pub(in crate::lint) struct ColumnDef {
    pub(in crate::lint) name: Ident,
    /// In lower case, with single spaces; empty where there is none.
    pub(in crate::lint) data_type: String,
    pub(in crate::lint) type_span: Span,
    pub(in crate::lint) not_null: Option<Span>,
    pub(in crate::lint) default: Option<DefaultValue>,
    pub(in crate::lint) primary_key: Option<Span>,
    pub(in crate::lint) unique: Option<Span>,
    pub(in crate::lint) auto_increment: Option<Span>,
    pub(in crate::lint) identity: bool,
    pub(in crate::lint) stored: bool,
    pub(in crate::lint) check: Option<Span>,
    pub(in crate::lint) references: Option<Reference>,
    pub(in crate::lint) charset: Option<Ident>,
    pub(in crate::lint) comment: bool,
    pub(in crate::lint) on_update: bool,
    /// Where the whole definition stands.
    pub(in crate::lint) span: Span,
}

/// What a column holds where nothing is said.
#[derive(Debug)]
pub(in crate::lint) struct DefaultValue {
    pub(in crate::lint) span: Span,
    /// The functions it calls and the keywords that stand for one, in lower case.
    pub(in crate::lint) calls: Vec<String>,
    pub(in crate::lint) is_null: bool,
    /// In brackets, or a keyword for the time.
    pub(in crate::lint) computed: bool,
}

#[derive(Debug, Clone)]
pub(in crate::lint) struct Reference {
    pub(in crate::lint) table: Named,
    pub(in crate::lint) columns: Vec<Ident>,
    pub(in crate::lint) span: Span,
}

#[derive(Debug)]
pub(in crate::lint) struct Constraint {
    pub(in crate::lint) name: Option<Ident>,
    pub(in crate::lint) kind: ConstraintKind,
    pub(in crate::lint) columns: Vec<Ident>,
    /// Whether all of its parts are plain columns.
    pub(in crate::lint) plain: bool,
    pub(in crate::lint) references: Option<Reference>,
    /// `NOT VALID`, `NOT ENFORCED`
    pub(in crate::lint) not_valid: bool,
    /// `USING INDEX`
    pub(in crate::lint) using_index: bool,
    /// What a check demands.
    pub(in crate::lint) expression: Option<Span>,
    /// The column of a check that says no more than `column IS NOT NULL`.
    pub(in crate::lint) is_not_null: Option<String>,
    pub(in crate::lint) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum ConstraintKind {
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    Exclusion,
}

#[derive(Debug)]
pub(in crate::lint) struct AlterTable {
    pub(in crate::lint) table: Named,
    pub(in crate::lint) if_exists: bool,
    pub(in crate::lint) actions: Vec<(Action, Span)>,
}

#[derive(Debug)]
pub(in crate::lint) enum Action {
    AddColumn {
        column: ColumnDef,
        if_not_exists: bool,
    },
    DropColumn {
        column: Ident,
        if_exists: bool,
    },
    SetType {
        column: Ident,
        data_type: String,
        using: bool,
    },
    DropDefault(Ident),
    SetNotNull(Ident),
    DropNotNull(Ident),
    /// Something else of a column that stays readable as before.
    AlterColumn(Ident),
    AddConstraint(Constraint),
    Validate(Option<Ident>),
    DropConstraint(Option<Ident>),
    DropPrimaryKey,
    RenameTable(Named),
    RenameColumn {
        from: Ident,
        to: Ident,
    },
    /// MySQL's `MODIFY`, and `CHANGE` with the name of before.
    Modify {
        from: Option<Ident>,
        column: ColumnDef,
    },
    AddIndex {
        columns: Vec<Ident>,
        unique: bool,
        prefixes: Vec<(Ident, bool)>,
    },
    ConvertCharset(Option<Ident>),
    Charset(Ident),
    Engine(Ident),
    Algorithm(String),
    Lock(String),
    /// Everything else that writes the whole table anew, by name.
    Rewrites(&'static str),
    AttachPartition,
    Other,
}

#[derive(Debug)]
pub(in crate::lint) struct CreateIndex {
    pub(in crate::lint) name: Option<Named>,
    pub(in crate::lint) table: Named,
    pub(in crate::lint) unique: bool,
    pub(in crate::lint) concurrently: bool,
    pub(in crate::lint) if_not_exists: bool,
    pub(in crate::lint) columns: Vec<Ident>,
    /// Whether all of its parts are plain columns, and it is over all rows.
    pub(in crate::lint) plain: bool,
    /// Columns that MySQL is told to take only the beginning of, or not.
    pub(in crate::lint) prefixes: Vec<(Ident, bool)>,
}

#[derive(Debug)]
pub(in crate::lint) struct Dropped {
    /// `TABLE`, `INDEX`, `VIEW`, …
    pub(in crate::lint) kind: &'static str,
    pub(in crate::lint) names: Vec<Named>,
    pub(in crate::lint) if_exists: bool,
    pub(in crate::lint) concurrently: bool,
    pub(in crate::lint) cascade: Option<Span>,
    pub(in crate::lint) temporary: bool,
}
