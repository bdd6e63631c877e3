//! From a plan to steps with a way back, tried out before anybody sees them.
//!
//! ```text
//!  keep what would be lost ─► the plan's statements ─► note what values became        cut into groups: what a transaction
//!     │                          │                        │                           holds together, else one by one
//!     └ drop the archives  ◄─ S(i) -> S(i-1), restore  ◄─ forget what changed since   each group's own way back
//! ```
//!
//! What lies between two groups is read from a throwaway database in which the groups before ran, so each way back undoes
//! exactly its group. The whole way there and back runs there once before it is offered.

use lockstep_catalog::Dialect;
use lockstep_catalog::compare::{Rename, Renames, compare};
use lockstep_catalog::directive::carries_entry;
use lockstep_catalog::structure::{Name, Selection, Structure};
use lockstep_catalog::write::{
    Archive, Archivist, Choices, Plan, WriteError, archives, pending, relaxed, write, write_renamed,
};
use lockstep_registry::Step;

use super::diff::after_renames;
use super::displaced::without_new_bearers;
use super::lines::{self, Line, Part};
use super::returning::{restored, returns};
use super::{Database, Diff, generate, passing};
use crate::clock::Deadline;
use crate::engine::console::Console;
use crate::{Error, Result};

/// Steps that lead from one structure to another and back.
#[derive(Debug, Clone)]
pub struct Migration {
    /// In order; each undoes exactly what it does.
    pub steps: Vec<Step>,
    /// What a person should know before it runs.
    pub notes: Vec<String>,
}

/// Statements that count together.
struct Group {
    up: Vec<(String, String)>,
    down: Vec<Down>,
    outside: bool,
    apart: bool,
}

/// A statement on the way back, and whether it runs outside a transaction.
struct Down {
    sql: String,
    outside: bool,
}

impl Down {
    fn of(statements: impl IntoIterator<Item = String>) -> Vec<Self> {
        let inside = |sql| Self { sql, outside: false };
        statements.into_iter().map(inside).collect()
    }
}

impl Migration {
    /// Whether every step has a way back.
    pub fn is_reversible(&self) -> bool {
        self.steps.iter().all(|step| step.down.is_some())
    }

    /// The steps for a difference. `name` tells what they are for, in the names of files and archives.
    ///
    /// # Errors
    ///
    /// Where there is no way back, or what was planned does not lead there and back on a throwaway database.
    pub async fn of(beside: &Database, diff: &Diff, name: &str, selection: &Selection) -> Result<Self> {
        refuse_reused(diff)?;
        let scratch = beside
            .engine
            .blank(Deadline::after(beside.settings.operation_timeout))
            .await?;
        let built = async {
            let mut console = scratch.engine.console().await?;
            let built = Builder::new(beside, diff, name, selection)
                .build(console.as_mut())
                .await;
            console.close().await;
            built
        };
        let built = built.await;
        scratch.cleanup.await;
        built
    }
}

/// A new column under the old name of one that is renamed stands in the way back: that one could not get its name again.
/// (A new table goes before: see `displaced`.)
fn refuse_reused(diff: &Diff) -> Result<()> {
    let renames = &diff.renames.0;
    for rename in renames {
        let (old, new, again) = match rename {
            Rename::Column { table, from, to } => {
                let free =
                    |one: &Rename| matches!(one, Rename::Column { table: of, to, .. } if of == table && to == from);
                let there = diff.to.table(table).is_some_and(|table| table.column(from).is_some());
                (
                    format!("{table}.{from}"),
                    to.clone(),
                    there && !renames.iter().any(free),
                )
            }
            _ => continue,
        };
        if again {
            return Err(Error::Format {
                path: "the desired schema".to_owned(),
                line: None,
                message: format!(
                    "{old} is declared to become {new}, and another {old} is declared in its place: there would be no way \
                     back to the first one; rename in one change, and add in the next"
                ),
            });
        }
    }
    Ok(())
}

struct Builder<'a> {
    beside: &'a Database,
    diff: &'a Diff,
    dialect: Dialect,
    selection: &'a Selection,
    archives: Vec<Archive>,
    archivist: Archivist,
    back: Renames,
    slug: String,
}

impl<'a> Builder<'a> {
    fn new(beside: &'a Database, diff: &'a Diff, name: &str, selection: &'a Selection) -> Self {
        let dialect = diff.to.dialect;
        let renamed = diff.renames.applied_to(&diff.from);
        let archives = archives(&diff.from, &compare(&renamed, &diff.to), &diff.renames, name);
        Self {
            beside,
            diff,
            dialect,
            selection,
            archives,
            archivist: Archivist(dialect),
            back: diff.renames.reversed(),
            slug: slug(name),
        }
    }

    async fn build(self, console: &mut dyn Console) -> Result<Migration> {
        let empty = Structure::empty(self.dialect);
        let made = write(&empty, &self.diff.from, &Renames::none(), Choices::default()).map_err(unwritable)?;
        for change in &made.statements {
            run(console, &change.sql).await?;
        }
        let start = console.introspect(self.selection).await?;
        let mut groups = Vec::new();
        let mut before = start.clone();
        for lines in self.grouped()? {
            // Nobody else is here, and no transaction that would hold a lock.
            for line in lines.iter().filter(|line| line.part != Part::Lock) {
                run(console, &line.sql).await?;
            }
            let after = console.introspect(self.selection).await?;
            groups.push(self.group(lines, &before, &after).await?);
            before = after;
        }
        expect(&before, &self.diff.to, "the way there")?;
        let lost = self.stranded(console).await?;
        let mut groups = self.merged(groups);
        back(console, &mut groups).await?;
        let back = console.introspect(self.selection).await?;
        expect(&back, &start, "the way back")?;
        Ok(Migration {
            steps: self.steps(groups, lost),
            notes: self.notes(),
        })
    }

    /// All statements of the way up in order, cut where the engine or a statement does not let them count together.
    fn grouped(&self) -> Result<Vec<Vec<Line>>> {
        let lines = lines::of(self.diff, &self.archives).map_err(unwritable)?;
        let mut groups: Vec<Vec<Line>> = Vec::new();
        for line in lines {
            let fits = groups.last().and_then(|group| group.last()).is_some_and(|last| {
                self.dialect != Dialect::Mysql
                    && !(line.outside || line.apart)
                    && !last.outside
                    && last.part == Part::Change
                    && line.part == Part::Change
            });
            match groups.last_mut() {
                Some(group) if fits => group.push(line),
                _ => groups.push(vec![line]),
            }
        }
        Ok(groups)
    }

    /// A group with its way back.
    async fn group(&self, lines: Vec<Line>, before: &Structure, after: &Structure) -> Result<Group> {
        let part = lines.first().map_or(Part::Change, |line| line.part);
        let down = match part {
            Part::Lock => Vec::new(),
            // What does not find its rows stays, for a person.
            Part::Keep(at) if !self.archives[at].finds_rows() => Vec::new(),
            Part::Keep(at) => Down::of([self.archivist.forget(&self.archives[at]).map_err(unwritable)?]),
            Part::Note(at, true) => Down::of(self.archivist.forget_changed(&self.archives[at]).map_err(unwritable)?),
            // The column goes with the archive.
            Part::Note(_, false) => Vec::new(),
            Part::Change => {
                let mut down = Down::of(passing::dropped(before, after)?);
                let (before, after) = (passing::without(before), passing::without(after));
                down.extend(self.way_back(&before, &after).await?);
                down
            }
        };
        Ok(Group {
            outside: lines.iter().any(|line| line.outside),
            apart: lines.first().is_some_and(|line| line.apart),
            up: lines.into_iter().map(|line| (line.sql, line.comment)).collect(),
            down,
        })
    }

    /// From what a group left to what it found, with the values that went with it.
    async fn way_back(&self, before: &Structure, after: &Structure) -> Result<Vec<Down>> {
        let renames = self.back.towards(before);
        let returning: Vec<Archive> = self
            .archives
            .iter()
            .filter(|archive| returns(archive, before, after))
            .cloned()
            .collect();
        let statements = |plan: Plan| {
            plan.statements.into_iter().map(|change| Down {
                sql: change.sql,
                outside: change.outside_transaction,
            })
        };
        let mut down: Vec<Down> = Vec::new();
        let freed = without_new_bearers(after, &renames);
        if let Some(freed) = &freed {
            let plan = write(after, freed, &Renames::none(), Choices::default()).map_err(unwritable)?;
            down.extend(statements(plan));
        }
        let after = freed.as_ref().unwrap_or(after);
        if returning.is_empty() {
            down.extend(statements(self.renaming(after, before, &renames).await?));
            return Ok(down);
        }
        let halfway = relaxed(before, &returning);
        down.extend(statements(self.renaming(after, &halfway, &renames).await?));
        down.extend(Down::of(restored(self.archivist, &returning, before)?));
        let rest = write(&halfway, before, &Renames::none(), Choices::default()).map_err(unwritable)?;
        down.extend(statements(rest));
        Ok(down)
    }

    /// From one to the other, renames first.
    async fn renaming(&self, from: &Structure, to: &Structure, renames: &Renames) -> Result<Plan> {
        let renames = pending(from, to, renames);
        let renamed = after_renames(Some(self.beside), from, &renames, self.selection).await?;
        write_renamed(from, &renamed, to, &renames, Choices::default()).map_err(unwritable)
    }

    /// Neighbours that a transaction holds together become one.
    fn merged(&self, groups: Vec<Group>) -> Vec<Group> {
        if self.dialect == Dialect::Mysql {
            return groups;
        }
        let mut merged: Vec<Group> = Vec::new();
        for group in groups {
            match merged.last_mut() {
                Some(last) if !(last.outside || group.outside || group.apart) => {
                    last.up.extend(group.up);
                    let mut down = group.down;
                    down.append(&mut last.down);
                    last.down = down;
                }
                _ => merged.push(group),
            }
        }
        merged
    }

    /// What is asked before anything goes back, asked here once.
    async fn stranded(&self, console: &mut dyn Console) -> Result<Option<String>> {
        let mut text = String::new();
        for archive in &self.archives {
            if let Some(asked) = self.archivist.stranded(archive).map_err(unwritable)? {
                run(console, &asked.query).await?;
                text.push_str(&told(&asked.query, &format!("{}: {}", asked.of, asked.why)));
            }
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    fn steps(&self, groups: Vec<Group>, asked: Option<String>) -> Vec<Step> {
        let mut steps = Vec::new();
        let lost = self
            .archives
            .iter()
            .any(|archive| archive.is_indispensable() && !archive.finds_rows());
        let carries = self.carries();
        let mut add = |up: String, down: String, outside: (bool, bool)| {
            let name = format!("{:03}_{}", steps.len() + 1, self.slug);
            let mut step = Step::sql(&name, &up, &down);
            if self.dialect != Dialect::Mysql {
                (step.no_transaction, step.down_no_transaction) = outside;
            }
            if lost {
                step.down = None;
            } else {
                step.carries.clone_from(&carries);
            }
            steps.push(generate::headed(step));
        };
        for group in groups {
            let up: Vec<String> = group.up.iter().map(|(sql, comment)| told(sql, comment)).collect();
            let up = up.join("\n");
            let alone = self.dialect == Dialect::Mysql || group.down.iter().any(|one| one.outside);
            if !alone {
                let down: Vec<String> = group.down.into_iter().map(|one| one.sql).collect();
                add(up, script(&down), (group.outside, false));
                continue;
            }
            // One statement a step here: what the way back needs before the last of its statements goes into steps that
            // have nothing to do on the way there.
            let mut down = group.down;
            let last = down.pop().unwrap_or(Down {
                sql: NOTHING.to_owned(),
                outside: false,
            });
            add(up, script(&[last.sql]), (group.outside, last.outside));
            for statement in down.into_iter().rev() {
                let nothing = told(NOTHING, "only the way back has something to do here");
                add(nothing, script(&[statement.sql]), (false, statement.outside));
            }
        }
        // It is undone first, so nothing has gone back yet when it is asked.
        if let Some(last) = steps.last_mut().filter(|_| !lost) {
            last.lost = asked;
        }
        steps
    }

    /// What the way back keeps although its name goes: what was renamed is called as before then, and what is computed holds
    /// nothing of its own. A name that no line of a file can hold is left out, and asked about when the time comes.
    fn carries(&self) -> Vec<String> {
        let mut carries: Vec<String> = Vec::new();
        let mut carry = |table: &Name, column: Option<&str>| {
            for schema in [Some(table.schema.as_str()).filter(|one| !one.is_empty()), None] {
                let path: Vec<&str> = schema.into_iter().chain([table.name.as_str()]).chain(column).collect();
                carries.extend(carries_entry(&path));
            }
        };
        for archive in &self.archives {
            carry(&archive.name, None);
        }
        for rename in &self.diff.renames.0 {
            match rename {
                Rename::Table { to, .. } => carry(to, None),
                Rename::Column { table, to, .. } => carry(table, Some(to)),
                _ => {}
            }
        }
        for table in &self.diff.to.tables {
            let before = self.diff.from.table(&self.diff.renames.original_table(&table.name));
            for column in table.columns.iter().filter(|one| one.generated.is_some()) {
                if before.is_some_and(|before| before.column(&column.name).is_none()) {
                    carry(&table.name, Some(&column.name));
                }
            }
        }
        carries.sort();
        carries.dedup();
        carries
    }

    fn notes(&self) -> Vec<String> {
        let plan = self.diff.plan.notes.iter().map(ToString::to_string);
        plan.chain(self.without_way_back()).collect()
    }

    fn without_way_back(&self) -> impl Iterator<Item = String> {
        self.archives
            .iter()
            .filter(|archive| !archive.finds_rows())
            .map(|archive| {
                let then = match archive.is_indispensable() {
                    true => "there is no way back",
                    false => "the way back gives what they were converted to, converted back",
                };
                format!(
                    "no key of {} stays as it is: {} are kept in {}, and cannot be put back by themselves; {then}",
                    archive.before,
                    archive.told(),
                    archive.name
                )
            })
    }
}

/// A statement without an effect.
const NOTHING: &str = "SELECT 1";

fn told(sql: &str, comment: &str) -> String {
    if comment.is_empty() {
        return format!("{sql};\n");
    }
    let comment = comment.replace(['\n', '\r'], " ");
    format!("-- {comment}\n{sql};\n")
}

fn script(statements: &[String]) -> String {
    let texts: Vec<String> = statements.iter().map(|sql| told(sql, "")).collect();
    if texts.is_empty() {
        told(NOTHING, "nothing to undo")
    } else {
        texts.join("\n")
    }
}

/// A name for files: words of small letters and digits.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.ends_with('_') && !slug.is_empty() {
            slug.push('_');
        }
    }
    slug.truncate(48);
    let slug = slug.trim_end_matches('_');
    if slug.is_empty() {
        "change".to_owned()
    } else {
        slug.to_owned()
    }
}

/// Walks the way back. What an engine refuses because of something that goes back later (a view over a table that still has
/// its new name) is moved behind that.
async fn back(console: &mut dyn Console, groups: &mut [Group]) -> Result<()> {
    let mut waiting: Vec<(Down, Error)> = Vec::new();
    for group in groups.iter_mut().rev() {
        for statement in std::mem::take(&mut group.down) {
            match run(console, &statement.sql).await {
                Ok(()) => group.down.push(statement),
                Err(error) => waiting.push((statement, error)),
            }
        }
        for (statement, error) in std::mem::take(&mut waiting) {
            match run(console, &statement.sql).await {
                Ok(()) => group.down.push(statement),
                Err(_) => waiting.push((statement, error)),
            }
        }
    }
    match waiting.into_iter().next() {
        None => Ok(()),
        Some((_, error)) => Err(error),
    }
}

async fn run(console: &mut dyn Console, statement: &str) -> Result<()> {
    console
        .run(statement)
        .await
        .map(|_| ())
        .map_err(|fault| Error::Database {
            doing: "trying the steps on a throwaway database",
            message: format!("{}\n  in: {statement}", fault.message),
            code: None,
            transient: false,
        })
}

fn expect(found: &Structure, expected: &Structure, which: &str) -> Result<()> {
    let comparison = compare(found, expected);
    if comparison.is_empty() {
        return Ok(());
    }
    let left: Vec<String> = comparison
        .differences(&Renames::none())
        .iter()
        .map(|one| format!("\n  {one}"))
        .collect();
    Err(Error::Database {
        doing: "trying the steps on a throwaway database",
        message: format!("{which} does not lead where it should; what is left:{}", left.concat()),
        code: None,
        transient: false,
    })
}

pub(super) fn unwritable(error: WriteError) -> Error {
    Error::Format {
        path: "the desired schema".to_owned(),
        line: None,
        message: error.to_string(),
    }
}
