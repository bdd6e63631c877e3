//! PostgreSQL: what is locked, for how long, and what a transaction allows.

use crate::lex::Kind;

use super::super::act::{Act, Action, AlterTable, ColumnDef, Constraint, ConstraintKind, CreateIndex, Dropped};
use super::super::context::{Context, words};
use super::super::finding::Severity;
use super::super::types::{base, is_free};
use super::super::words::{Ident, Named};

/// Functions whose answer differs from row to row, so that every row has to be written.
const VOLATILE: &[&str] = &[
    "random",
    "random_normal",
    "gen_random_uuid",
    "gen_random_bytes",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
    "clock_timestamp",
    "timeofday",
    "nextval",
    "setval",
];

const WAITS: &str = "readers and writers wait until all rows are read";

pub(super) fn check(context: &mut Context<'_, '_>) {
    enum_values(context);
    match context.act {
        Act::CreateIndex(index) => create_index(context, index),
        Act::Drop(dropped) if dropped.kind == "INDEX" => drop_index(context, dropped),
        Act::AlterTable(alter) => table(context, alter),
        _ => {}
    }
}

/// A value that `ALTER TYPE … ADD VALUE` added can be used after the commit only.
fn enum_values(context: &mut Context<'_, '_>) {
    if let Act::AddEnumValue { value } = context.act {
        if !context.script.outside_transaction {
            context.memory.enum_values.insert(value.clone());
        }
        return;
    }
    let known = &context.memory.enum_values;
    let used = |token: &&crate::lex::Lexeme<'_>| token.kind == Kind::Text && known.contains(token.text);
    let Some(token) = context.piece.tokens.iter().find(used) else {
        return;
    };
    let (text, span) = (token.text.to_owned(), token.start..token.end());
    context.say(
        "enum-value-in-transaction",
        Severity::Error,
        span,
        words(
            format!("the enum value {text} is used in the transaction that adds it"),
            "the statement fails: unsafe use of new value of enum type",
            "add the value in a schema version of its own, required by this one",
        ),
    );
}

fn create_index(context: &mut Context<'_, '_>, index: &CreateIndex) {
    if !index.concurrently {
        context.cost(
            "index-not-concurrent",
            &index.table,
            context.piece.span(),
            words(
                format!("{} cannot be written to while the index is built", index.table.shown()),
                "programs that insert, update or delete wait for as long as that takes",
                "write CREATE INDEX CONCURRENTLY, alone in a step with '-- lockstep: no-transaction' at the top",
            ),
        );
    } else if index.if_not_exists {
        context.say(
            "concurrent-index-if-not-exists",
            Severity::Warning,
            context.piece.span(),
            words(
                "IF NOT EXISTS takes a half-built index for a good one",
                "a build that failed leaves an invalid index, which no query uses and every write pays for",
                "leave IF NOT EXISTS out; drop the invalid index before trying again",
            ),
        );
    }
}

fn drop_index(context: &mut Context<'_, '_>, dropped: &Dropped) {
    let new = |name: &Named| context.world.table_of_index(name).is_some_and(|table| table.made_here);
    if dropped.concurrently || !context.is_up() || dropped.names.iter().all(new) {
        return;
    }
    context.say(
        "drop-index-not-concurrent",
        Severity::Info,
        context.piece.span(),
        words(
            "dropping the index locks its table for a moment",
            "it waits for the longest query that runs, and everybody else waits behind it",
            "write DROP INDEX CONCURRENTLY, alone in a step with '-- lockstep: no-transaction' at the top",
        ),
    );
}

fn table(context: &mut Context<'_, '_>, alter: &AlterTable) {
    let of = &alter.table;
    for (action, span) in &alter.actions {
        match action {
            Action::AddColumn { column, .. } => add_column(context, of, column),
            Action::SetType {
                column,
                data_type,
                using,
            } => set_type(context, of, column, data_type, *using, span.clone()),
            Action::SetNotNull(column) => set_not_null(context, of, column, span.clone()),
            Action::AddConstraint(constraint) => add_constraint(context, of, constraint),
            Action::Validate(Some(name)) => validate(context, of, name, span.clone()),
            Action::AttachPartition => context.cost(
                "attach-partition-scans",
                of,
                span.clone(),
                words(
                    "the new partition is read to see that its rows fit",
                    "it is locked meanwhile, and so is the default partition, if there is one",
                    "add a CHECK of the same bounds to the partition first, NOT VALID and then validated",
                ),
            ),
            Action::Rewrites(what) => context.cost(
                "rewrites-table",
                of,
                span.clone(),
                words(
                    format!("{what} writes {} anew", of.shown()),
                    "readers and writers wait until all rows are copied",
                    "do it when few use the table, apart from other changes",
                ),
            ),
            Action::DropNotNull(column) if context.is_up() && !context.world.is_new(of) => context.say(
                "drop-not-null",
                Severity::Info,
                span.clone(),
                words(
                    format!("{} may be NULL from now on", column.shown),
                    "programs that run do not expect it",
                    "see that every live version reads NULL, before one writes it",
                ),
            ),
            Action::DropDefault(column) if context.is_up() && !context.world.is_new(of) => context.say(
                "drop-default",
                Severity::Info,
                span.clone(),
                words(
                    format!("{} is NULL from now on where an insert leaves it out", column.shown),
                    "programs that run may rely on the default",
                    "see that every live version gives the value itself",
                ),
            ),
            _ => {}
        }
    }
}

fn add_column(context: &mut Context<'_, '_>, table: &Named, column: &ColumnDef) {
    let volatile = column.default.as_ref().and_then(|default| {
        let call = default.calls.iter().find(|call| VOLATILE.contains(&call.as_str()))?;
        Some((default.span.clone(), format!("{call}() is different for every row")))
    });
    let serial = base(&column.data_type).contains("serial");
    let why = volatile.or_else(|| {
        let what = if serial || column.identity {
            "every row gets a number"
        } else if column.stored {
            "the value is computed for every row"
        } else {
            return None;
        };
        Some((column.span.clone(), what.to_owned()))
    });
    if let Some((span, why)) = why {
        context.cost(
            "add-column-rewrites",
            table,
            span,
            words(
                format!("{why}, so {} is written anew", table.shown()),
                "readers and writers wait until all rows are copied",
                "add the column without it, set the default for new rows, and fill the old ones in batches",
            ),
        );
    }
    for (there, rule) in [
        (&column.unique, "unique-blocks"),
        (&column.primary_key, "primary-key-blocks"),
    ] {
        if let Some(span) = there {
            context.cost(rule, table, span.clone(), index_under_lock(table, "the column"));
        }
    }
    if let Some(span) = &column.check {
        context.cost("check-scan", table, span.clone(), not_valid_first("the check"));
    }
}

fn index_under_lock(table: &Named, what: &str) -> super::super::context::Words {
    words(
        format!("{what}'s index is built while {} is locked", table.shown()),
        "readers and writers wait until it is built",
        "create the unique index CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX",
    )
}

fn not_valid_first(what: &str) -> super::super::context::Words {
    words(
        format!("{what} reads the whole table under a lock"),
        WAITS,
        "add it as a table constraint with NOT VALID, and VALIDATE CONSTRAINT in a later transaction",
    )
}

fn set_type(
    context: &mut Context<'_, '_>,
    table: &Named,
    column: &Ident,
    to: &str,
    using: bool,
    span: std::ops::Range<usize>,
) {
    let known = context.world.table(table).and_then(|table| table.columns.as_ref());
    let from = known
        .and_then(|columns| columns.get(&column.key))
        .map(|column| column.data_type.clone())
        .filter(|text| !text.is_empty());
    if from.as_ref().is_some_and(|from| is_free(from, to) && !using) {
        return;
    }
    let message = match &from {
        Some(from) => format!(
            "{} is written anew to make {} {to} instead of {from}",
            table.shown(),
            column.shown
        ),
        None => format!("making {} {to} may write {} anew", column.shown, table.shown()),
    };
    context.cost(
        "change-type",
        table,
        span,
        words(
            message,
            "readers and writers wait until all rows are copied and all indexes built again; programs that run may not read the new type",
            "add a column of the new type, fill it in batches, move the programs, then drop the old one",
        ),
    );
}

fn set_not_null(context: &mut Context<'_, '_>, table: &Named, column: &Ident, span: std::ops::Range<usize>) {
    let proven = context
        .world
        .table(table)
        .is_some_and(|table| table.proven.contains(&column.key));
    if proven {
        return;
    }
    context.cost(
        "set-not-null",
        table,
        span,
        words(
            format!("all rows of {} are read to see that {} is never NULL", table.shown(), column.shown),
            WAITS,
            format!(
                "ADD CONSTRAINT … CHECK ({} IS NOT NULL) NOT VALID, VALIDATE it in a later transaction, and set NOT NULL then",
                column.shown
            ),
        ),
    );
}

fn add_constraint(context: &mut Context<'_, '_>, table: &Named, constraint: &Constraint) {
    let span = constraint.span.clone();
    match constraint.kind {
        ConstraintKind::ForeignKey if !constraint.not_valid => context.cost(
            "foreign-key-scan",
            table,
            span,
            words(
                format!("all rows of {} are checked while both tables are locked", table.shown()),
                "nobody writes to either table until it is done",
                "add it with NOT VALID, and VALIDATE CONSTRAINT in a later transaction",
            ),
        ),
        ConstraintKind::Check if !constraint.not_valid => {
            context.cost("check-scan", table, span, not_valid_first("the check"));
        }
        ConstraintKind::Unique if !constraint.using_index => {
            context.cost("unique-blocks", table, span, index_under_lock(table, "the constraint"));
        }
        ConstraintKind::PrimaryKey if !constraint.using_index => {
            context.cost("primary-key-blocks", table, span, index_under_lock(table, "the key"));
        }
        ConstraintKind::Exclusion => context.cost(
            "exclusion-blocks",
            table,
            span,
            words(
                format!("the constraint's index is built while {} is locked", table.shown()),
                "readers and writers wait until it is built; there is no way to build it beside them",
                "declare it when the table is created, or when few use it",
            ),
        ),
        _ => {}
    }
}

fn validate(context: &mut Context<'_, '_>, table: &Named, name: &Ident, span: std::ops::Range<usize>) {
    let fresh = context
        .world
        .table(table)
        .is_some_and(|table| table.not_valid.contains(&name.key));
    if !fresh {
        return;
    }
    context.cost(
        "validate-in-same-transaction",
        table,
        span,
        words(
            format!("{} was added in the same transaction", name.shown),
            "the lock of ADD CONSTRAINT is held while all rows are read, so NOT VALID gains nothing",
            "validate it in a schema version of its own, required after this one",
        ),
    );
}
