//! The time that a table's rows are valid for (MariaDB's `PERIOD FOR`), and keys that hold once at a time.

use super::check::of;
use super::{Writer, full};
use crate::IdentifierError;
use crate::backtick;
use crate::structure::{IndexPart, Options, Table};
use crate::write::WriteError;

/// What `p WITHOUT OVERLAPS` is kept as in the options of an index and of a primary key.
pub(super) const WITHOUT_OVERLAPS: &str = "without_overlaps";

/// A period's name, and the columns it lies between.
struct Period {
    name: String,
    start: String,
    end: String,
}

impl Period {
    /// Of `` `name` (`start`, `end`) ``.
    fn read(period: &str) -> Option<Self> {
        let mut names = backtick::names(period).into_iter();
        Some(Self {
            name: names.next()?,
            start: names.next()?,
            end: names.next()?,
        })
    }
}

impl Writer<'_> {
    /// Rows that would end before they begin.
    pub(super) fn ask_period(&mut self, from: &Table, to: &Table) -> Result<(), WriteError> {
        let Some(period) = to.options.get("period") else {
            return Ok(());
        };
        if from.options.get("period") == Some(period) {
            return Ok(());
        }
        let Some(Period { name, start, end }) = self.period_before(to)? else {
            return Ok(());
        };
        let (value, condition) = (format!("{start}, {end}"), format!("{start} >= {end}"));
        self.ask(
            to,
            &name,
            &value,
            &condition,
            format!("does not end after it begins, as {name} demands"),
        )
    }

    /// Rows that are alike in what must tell them apart: at any time, or at one and the same.
    pub(super) fn ask_key(
        &mut self,
        table: &Table,
        name: &str,
        parts: &[IndexPart],
        options: &Options,
    ) -> Result<(), WriteError> {
        if !options.contains_key(WITHOUT_OVERLAPS) {
            return self.ask_unique(table, name, parts);
        }
        let Some(Period { start, end, .. }) = self.period_before(table)? else {
            return Ok(());
        };
        let mut same = Vec::new();
        let mut told = Vec::new();
        for column in parts.iter().filter_map(IndexPart::column_name) {
            let Some(sql) = self.column_before(table, column)?.filter(|sql| sql != "NULL") else {
                return Ok(());
            };
            same.push(format!("{} = {}", of("other", &sql), of("here", &sql)));
            told.push(of("here", &sql));
        }
        for (one, before) in [(&start, &end), (&end, &start)] {
            let sign = if one == &start { "<" } else { ">" };
            same.push(format!("{} {sign} {}", of("other", one), of("here", before)));
        }
        told.extend([of("here", &start), of("here", &end)]);
        let old = full(&self.names.old_table(&table.name))?;
        let key = of("here", &self.row_key(table)?);
        // Each row overlaps itself.
        let query = format!(
            "SELECT {key}{} FROM {old} AS here WHERE (SELECT COUNT(*) FROM {old} AS other WHERE {}) > 1",
            told.join(", "),
            same.join(" AND ")
        );
        self.check(
            super::check::of_table(table),
            query,
            format!("is there more than once at a time, which {name} does not allow"),
        );
        Ok(())
    }

    /// The period, with what its columns hold before in place of them.
    fn period_before(&self, table: &Table) -> Result<Option<Period>, IdentifierError> {
        let Some(period) = table.options.get("period").and_then(|text| Period::read(text)) else {
            return Ok(None);
        };
        let start = self.column_before(table, &period.start)?;
        let end = self.column_before(table, &period.end)?;
        let name = period.name;
        Ok(start.zip(end).map(|(start, end)| Period { name, start, end }))
    }
}
