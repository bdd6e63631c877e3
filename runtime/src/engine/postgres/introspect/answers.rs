//! The answers to the questions, as texts.

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Either, PgConnection};

use super::queries::{About, BEFORE, Frame, QUESTIONS};
use crate::Result;
use crate::engine::postgres::connect::own;
use crate::engine::postgres::console::texts;

/// A row of an answer.
pub(super) struct Line(Vec<Option<String>>);

impl Line {
    /// The text at `at`, or nothing where there is none.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        self.0.get(at)?.as_deref()
    }

    /// The text at `at`.
    pub(super) fn text(&self, at: usize) -> &str {
        self.get(at).unwrap_or_default()
    }

    /// The text at `at` if it says something.
    pub(super) fn owned(&self, at: usize) -> Option<String> {
        self.get(at).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Whether it says yes.
    pub(super) fn flag(&self, at: usize) -> bool {
        self.get(at) == Some("t")
    }

    /// An object id or a number; 0 where there is none.
    pub(super) fn id(&self, at: usize) -> u32 {
        self.get(at).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// A signed number.
    pub(super) fn number(&self, at: usize) -> i64 {
        self.get(at).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The numbers of an array (`{1,2}`) or a vector (`1 2`).
    pub(super) fn numbers(&self, at: usize) -> impl Iterator<Item = i64> + '_ {
        self.text(at)
            .split(['{', '}', ',', ' '])
            .filter_map(|number| number.parse().ok())
    }
}

/// All answers, by what they are about.
pub(super) struct Answers(Vec<Vec<Line>>);

impl Answers {
    /// The rows about one kind of object.
    pub(super) fn of(&self, about: About) -> &[Line] {
        QUESTIONS
            .iter()
            .position(|question| question.about == about)
            .and_then(|at| self.0.get(at))
            .map_or(&[], Vec::as_slice)
    }
}

/// Asks everything in one message.
pub(super) async fn ask(connection: &mut PgConnection, frame: &Frame) -> Result<Answers> {
    let mut script = String::new();
    let before = std::iter::once(frame.first()).chain(BEFORE.iter().copied());
    for statement in before.chain(QUESTIONS.iter().map(|one| one.sql)) {
        script.push_str(statement);
        script.push_str(";\n");
    }
    script.push_str(frame.last());
    let mut answers: Vec<Vec<Line>> = vec![Vec::new()];
    {
        // Audited: constants of this module.
        let mut stream = sqlx::raw_sql(AssertSqlSafe(script)).fetch_many(&mut *connection);
        let doing = || own("reading the catalog");
        while let Some(part) = stream.try_next().await.map_err(doing())? {
            match part {
                Either::Left(_) => answers.push(Vec::new()),
                Either::Right(row) => {
                    let line = Line(texts(&row).map_err(doing())?);
                    if let Some(last) = answers.last_mut() {
                        last.push(line);
                    }
                }
            }
        }
    }
    Ok(Answers(answers.split_off((1 + BEFORE.len()).min(answers.len()))))
}
