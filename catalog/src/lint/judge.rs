//! One migration after another, one statement after another, every rule.

use crate::Dialect;
use crate::directive;
use crate::script::{Lines, Place, ScriptError, scan};

use super::act::{Act, Action};
use super::context::{At, Context, Found, Memory, Read, words};
use super::finding::{Finding, RULES, Severity};
use super::input::{Input, Migration, Script, Way};
use super::question::{Asked, Question};
use super::words::span_of;
use super::world::World;
use super::{read, rules};

/// What the rules came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of the scripts and of the places in them.
    pub findings: Vec<Finding>,
    /// What the rows have to be asked, where the database is known; rows in an answer stand in the way.
    pub questions: Vec<Question>,
}

/// Judges scripts. Nothing runs.
///
/// ```
/// use lockstep_catalog::Dialect;
/// use lockstep_catalog::lint::{Input, Migration, Script, lint};
///
/// let script = Script::up("001.sql", "CREATE INDEX by_day ON orders (day);");
/// let migration = Migration { scripts: vec![script], judged: true, ..Migration::default() };
/// let report = lint(&Input::of(Dialect::Postgres, &[migration]));
/// assert_eq!(report.findings[0].rule, "index-not-concurrent");
/// ```
pub fn lint(input: &Input<'_>) -> Report {
    let mut world = World::of(input.dialect, input.database, input.rows);
    let mut report = Report::default();
    for migration in input.migrations {
        world.next_migration();
        one(input.dialect, migration, &mut world, &mut report);
    }
    report
}

/// A script, read.
struct File<'a> {
    script: &'a Script,
    lines: Lines<'a>,
    reads: Vec<Read<'a>>,
    refusals: Vec<ScriptError>,
}

fn one(dialect: Dialect, migration: &Migration, world: &mut World, report: &mut Report) {
    let files: Vec<File<'_>> = migration.scripts.iter().map(|script| file(dialect, script)).collect();
    let mut memory = Memory::default();
    let mut found = Vec::new();
    let mut questions = Vec::new();
    let ups: Vec<usize> = (0..files.len()).filter(|at| files[*at].script.way == Way::Up).collect();
    let downs: Vec<usize> = (0..files.len())
        .filter(|at| files[*at].script.way == Way::Down)
        .rev()
        .collect();
    for script in &ups {
        for (piece, read) in files[*script].reads.iter().enumerate() {
            note_made(&mut memory, &read.act, At { script: *script, piece });
        }
    }
    for at in ups {
        walk(
            dialect,
            migration,
            &files[at],
            at,
            world,
            &mut memory,
            &mut found,
            &mut questions,
        );
    }
    rules::after_ups(dialect, world, &memory, &mut found);
    // The way back starts where the way up ends; it is no part of what the next migration meets.
    let mut back = world.clone();
    let mut behind = Memory::default();
    for at in downs {
        walk(
            dialect,
            migration,
            &files[at],
            at,
            &mut back,
            &mut behind,
            &mut found,
            &mut Vec::new(),
        );
    }
    if !migration.judged {
        return;
    }
    reversibility(dialect, &files, &mut found);
    let from = (report.findings.len(), report.questions.len());
    finish(&files, found, questions, report);
    let Some(only) = &migration.only else {
        return;
    };
    let mut keep = from.0;
    report
        .findings
        .retain(|one| keep_one(&mut keep, only.contains(&one.file)));
    keep = from.1;
    report
        .questions
        .retain(|one| keep_one(&mut keep, only.contains(&one.file)));
}

/// Everything of the migrations before, and what is wanted of this one.
fn keep_one(before: &mut usize, wanted: bool) -> bool {
    if *before > 0 {
        *before -= 1;
        return true;
    }
    wanted
}

fn file(dialect: Dialect, script: &Script) -> File<'_> {
    let scanned = scan(dialect, &script.text);
    let reads = scanned.pieces.into_iter().map(|piece| Read {
        act: read::act(dialect, &piece.tokens),
        allowed: piece
            .comments
            .iter()
            .flat_map(|one| directive::allowed(one.text))
            .collect(),
        piece,
    });
    File {
        script,
        lines: Lines::new(&script.text),
        reads: reads.collect(),
        refusals: scanned.refusals,
    }
}

fn note_made(memory: &mut Memory, act: &Act, at: At) {
    let made: Vec<String> = match act {
        Act::CreateTable(create) => vec![create.name.key()],
        Act::Create { kind: "VIEW", name, .. } => vec![name.key()],
        Act::RenameTables(pairs) => pairs.iter().map(|(_, to)| to.key()).collect(),
        Act::AlterTable(alter) => {
            let renamed = alter.actions.iter().filter_map(|(action, _)| match action {
                Action::RenameTable(to) => Some(to.key()),
                _ => None,
            });
            renamed.collect()
        }
        _ => Vec::new(),
    };
    for name in made {
        memory.made_at.entry(name).or_insert(at);
    }
}

#[allow(clippy::too_many_arguments)] // the parts of one walk, borrowed apart
fn walk<'a>(
    dialect: Dialect,
    migration: &Migration,
    file: &File<'a>,
    script: usize,
    world: &mut World,
    memory: &mut Memory,
    found: &mut Vec<Found>,
    questions: &mut Vec<(At, Asked)>,
) {
    if !migration.one_transaction || file.script.outside_transaction {
        world.next_transaction();
        memory.enum_values.clear();
    }
    for (piece, read) in file.reads.iter().enumerate() {
        let mut context = Context {
            dialect,
            script: file.script,
            piece: &read.piece,
            act: &read.act,
            at: At { script, piece },
            world,
            memory,
            found,
            questions,
        };
        rules::check(&mut context);
        world.apply(&read.act);
    }
    rules::of_script(dialect, file.script, script, &file.reads, found);
}

/// Each way back held against its way up.
fn reversibility(dialect: Dialect, files: &[File<'_>], found: &mut Vec<Found>) {
    for (up, file) in files.iter().enumerate().filter(|(_, file)| file.script.way == Way::Up) {
        let down = files
            .iter()
            .position(|other| other.script.way == Way::Down && other.script.pair == file.script.pair);
        let broken = |at: usize| !files[at].refusals.is_empty();
        match down {
            Some(down) if !broken(up) && !broken(down) => {
                rules::there_and_back(dialect, (up, &file.reads), (down, &files[down].reads), found);
            }
            None if file.script.needs_down => {
                let span = file.reads.first().map_or(0..0, |read| read.piece.span());
                found.push(Found {
                    at: At { script: up, piece: 0 },
                    rule: "missing-down",
                    severity: Severity::Warning,
                    span,
                    words: words(
                        format!("{} has no way back", file.script.file),
                        "once applied it stays, whatever happens",
                        "write the down script, or '-- lockstep: irreversible' at the top of the up script",
                    ),
                });
            }
            _ => {}
        }
    }
}

fn finish(files: &[File<'_>], mut found: Vec<Found>, questions: Vec<(At, Asked)>, report: &mut Report) {
    let mut findings = Vec::new();
    for (script, file) in files.iter().enumerate() {
        findings.extend(file.refusals.iter().map(|refusal| (script, refused(file, refusal))));
        findings.extend(unknown_rules(file).into_iter().map(|finding| (script, finding)));
        findings.extend(empty(file).map(|finding| (script, finding)));
    }
    let allows = |at: At, rule: &str| {
        let read = files[at.script].reads.get(at.piece);
        read.is_some_and(|read| read.allowed.iter().any(|allowed| allowed == rule))
    };
    found.retain(|one| !allows(one.at, one.rule));
    for one in found {
        let file = &files[one.at.script];
        findings.push((one.at.script, finding(file, one)));
    }
    findings.sort_by(|(a, one), (b, other)| {
        (a, one.start, one.end, one.rule, &one.message).cmp(&(b, other.start, other.end, other.rule, &other.message))
    });
    findings.dedup();
    report.findings.extend(findings.into_iter().map(|(_, finding)| finding));
    for (at, asked) in questions {
        if !allows(at, "rows-in-the-way") {
            let file = &files[at.script];
            let Place { line, column } = file.lines.place(asked.span.start);
            report.questions.push(Question {
                query: asked.query,
                message: asked.message,
                advice: asked.advice,
                file: file.script.file.clone(),
                line,
                column,
                start: asked.span.start,
                end: asked.span.end,
            });
        }
    }
}

fn finding(file: &File<'_>, found: Found) -> Finding {
    let Place { line, column } = file.lines.place(found.span.start);
    Finding {
        rule: found.rule,
        severity: found.severity,
        message: found.words.message,
        consequence: found.words.consequence,
        advice: found.words.advice,
        file: file.script.file.clone(),
        line,
        column,
        start: found.span.start,
        end: found.span.end,
    }
}

/// A script in which nothing stands.
fn empty(file: &File<'_>) -> Option<Finding> {
    if !file.reads.is_empty() || !file.refusals.is_empty() {
        return None;
    }
    let (severity, consequence) = match file.script.is_step {
        true => (Severity::Error, "a step without a statement is refused"),
        false => (Severity::Info, "nothing runs"),
    };
    let script = file.script;
    let finding = Finding::at("empty", severity, &script.file, &script.text, 0..0);
    let advice = "write a statement, or take the file out";
    Some(finding.saying("there is no statement in it", consequence, advice))
}

/// What splitting refused, as a finding.
fn refused(file: &File<'_>, refusal: &ScriptError) -> Finding {
    let (line, column) = (refusal.line(), refusal.column());
    let start = file.lines.offset(Place { line, column });
    let text = &file.script.text;
    let rest = text.get(start..).unwrap_or_default();
    // Up to the end of the word, or of the line.
    let word = rest.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(rest.len());
    let length = if word == 0 {
        rest.chars().next().map_or(0, char::len_utf8)
    } else {
        word
    };
    let (rule, consequence) = match refusal {
        ScriptError::Unterminated { .. }
        | ScriptError::UnterminatedBody { .. }
        | ScriptError::Unreadable { .. }
        | ScriptError::Nul { .. } => ("unreadable", "nothing of the script runs"),
        _ => ("not-allowed", "the script is refused before anything of it runs"),
    };
    let place = format!("line {line}, column {column}: ");
    let told = refusal.to_string();
    Finding {
        rule,
        severity: Severity::Error,
        message: told.strip_prefix(&place).unwrap_or(&told).to_owned(),
        consequence: consequence.to_owned(),
        advice: String::new(),
        file: file.script.file.clone(),
        line,
        column,
        start,
        end: start + length,
    }
}

/// Names behind `allow=` that are no rules: they would look obeyed.
fn unknown_rules(file: &File<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for read in &file.reads {
        let unknown = read
            .allowed
            .iter()
            .filter(|name| !RULES.iter().any(|rule| rule.name == **name));
        for name in unknown {
            let comment = read
                .piece
                .comments
                .iter()
                .find(|one| directive::allowed(one.text).contains(name));
            let span = comment.map_or(0..0, |one| span_of(std::slice::from_ref(one)));
            let found = Found {
                at: At { script: 0, piece: 0 },
                rule: "unknown-rule",
                severity: Severity::Warning,
                span,
                words: words(
                    format!("there is no rule {name:?}"),
                    "the comment silences nothing",
                    "take a name that a finding shows",
                ),
            };
            findings.push(finding(file, found));
        }
    }
    findings
}
