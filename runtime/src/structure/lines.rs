//! The statements of a way up, in order: what is kept, what changes, what is noted.
//!
//! ```text
//!  lock the table ─► keep its values ─► … the change … ─► note what became of them      one transaction (PostgreSQL)
//! ```
//!
//! Where everything is one transaction, all is kept first and noted last. Where it is not, a row written between the keeping
//! and the change would come back with the value it had before: values are kept, and noted, in the change's own transaction.

use lockstep_catalog::write::{Archive, Archivist, Change, Kept, WriteError};
use lockstep_catalog::{Dialect, quote};

use super::Diff;

/// A statement on its way up.
pub(super) struct Line {
    pub(super) sql: String,
    pub(super) comment: String,
    pub(super) outside: bool,
    pub(super) apart: bool,
    pub(super) part: Part,
}

/// Which part of the way a statement belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Keeps others from writing until the transaction ends.
    Lock,
    /// Puts values away.
    Keep(usize),
    /// Changes the structure.
    Change,
    /// Notes what values became; whether it is the one that writes rows.
    Note(usize, bool),
}

impl Line {
    fn of(sql: String, comment: String, part: Part) -> Self {
        Self {
            sql,
            comment,
            outside: false,
            apart: false,
            part,
        }
    }

    fn change(change: &Change) -> Self {
        Self {
            outside: change.outside_transaction,
            apart: change.apart,
            ..Self::of(change.sql.clone(), change.comment.clone(), Part::Change)
        }
    }

    /// Whether it does not share a transaction with what runs before it.
    fn parts_from(&self, before: &Self) -> bool {
        self.outside || self.apart || before.outside
    }
}

/// All statements of the way up.
///
/// # Errors
///
/// Where a name cannot be quoted.
pub(super) fn of(diff: &Diff, archives: &[Archive]) -> Result<Vec<Line>, WriteError> {
    let mut lines: Vec<Line> = diff.plan.statements.iter().map(Line::change).collect();
    let abouts: Vec<_> = diff.plan.statements.iter().map(|change| &change.about).collect();
    let is_cut = lines.windows(2).any(|pair| pair[1].parts_from(&pair[0]));
    // From behind, so that the places of what is before stay.
    let (mut first, mut last) = (Vec::new(), Vec::new());
    let mut inside: Vec<(usize, Vec<Line>)> = Vec::new();
    for (at, archive) in archives.iter().enumerate() {
        let (keep, note) = (keeping(diff, at, archive)?, noting(diff, at, archive)?);
        let about = |place: &usize| {
            let name = &abouts[*place].name;
            let part = abouts[*place].part.as_deref();
            (*name == archive.before || *name == archive.after) && part == column(archive)
        };
        let touched: Vec<usize> = (0..lines.len()).filter(about).collect();
        let moves = is_cut && diff.to.dialect == Dialect::Postgres && diff.renames.is_empty() && is_locked(archive);
        match (touched.first(), touched.last()) {
            (Some(begin), Some(end)) if moves => {
                let begin = (1..=*begin)
                    .rev()
                    .find(|place| lines[*place].parts_from(&lines[*place - 1]));
                let end = (*end + 1..lines.len()).find(|place| lines[*place].parts_from(&lines[*place - 1]));
                inside.push((begin.unwrap_or(0), keep));
                inside.push((end.unwrap_or(lines.len()), note));
            }
            _ => {
                first.extend(keep);
                last.extend(note);
            }
        }
    }
    inside.sort_by_key(|(place, more)| {
        (
            *place,
            more.first().is_some_and(|line| !matches!(line.part, Part::Note(..))),
        )
    });
    for (place, mut more) in inside.into_iter().rev() {
        // What is kept begins the transaction in place of what it is kept from.
        if let (Some(begins), Some(line)) = (more.first_mut(), lines.get_mut(place))
            && matches!(begins.part, Part::Lock | Part::Keep(_))
        {
            begins.apart = std::mem::replace(&mut line.apart, false) || place > 0;
        }
        lines.splice(place..place, more);
    }
    first.extend(lines);
    first.extend(last);
    Ok(first)
}

fn column(archive: &Archive) -> Option<&str> {
    match &archive.kept {
        Kept::Column { column, .. } | Kept::Converted { column, .. } => Some(column),
        Kept::Table | Kept::Counter { .. } => None,
    }
}

/// Whether a row written meanwhile would be lost on the way back. One that only gets a default is told by its value.
fn is_locked(archive: &Archive) -> bool {
    match &archive.kept {
        Kept::Table | Kept::Column { .. } => true,
        Kept::Converted { data_type, becomes, .. } => data_type != becomes,
        Kept::Counter { .. } => false,
    }
}

fn keeping(diff: &Diff, at: usize, archive: &Archive) -> Result<Vec<Line>, WriteError> {
    let dialect = diff.to.dialect;
    let mut lines = Vec::new();
    let is_ours = diff
        .from
        .table(&archive.before)
        .is_some_and(|table| !table.options.contains_key("foreign_server"));
    if dialect == Dialect::Postgres && is_ours && is_locked(archive) {
        let table = &archive.before;
        let table = format!("{}.{}", quote(dialect, &table.schema)?, quote(dialect, &table.name)?);
        let sql = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
        let comment = format!("nobody writes {} while its values are kept", archive.before);
        lines.push(Line::of(sql, comment, Part::Lock));
    }
    let comment = format!("keep {} for the way back", archive.told());
    for sql in Archivist(dialect).keep(archive)? {
        lines.push(Line::of(sql, comment.clone(), Part::Keep(at)));
    }
    Ok(lines)
}

fn noting(diff: &Diff, at: usize, archive: &Archive) -> Result<Vec<Line>, WriteError> {
    let notes = Archivist(diff.to.dialect).note(archive)?;
    let comment = format!("note what {} became", archive.told());
    let line = |(index, sql)| Line::of(sql, comment.clone(), Part::Note(at, index > 0));
    Ok(notes.into_iter().enumerate().map(line).collect())
}
