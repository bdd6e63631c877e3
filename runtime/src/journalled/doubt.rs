//! A step that was sent and whose end was never heard of: what has to be asked, and what the answers mean.
//!
//! ```text
//!  journal's row ─► Doubt ─► judge(answers) ─► ask this ─► judge(answers) ─► … ─► Settled ─► verdict(which way it goes on)
//! ```
//! Pure. `run` asks under the lock and acts on what it hears, `examine` asks without and tells it: the same answers lead
//! both to the same end.

use crate::engine::{IndexSeen, Settled};
use lockstep_catalog::{
    ConcurrentAction, ConcurrentIndex, Conduct, Dialect, Footprint, Statement, Trace, conduct, index_of_concurrent,
};
use lockstep_lifecycle::{Direction, JournalEntry};
use serde::{Deserialize, Serialize};

/// What the journal keeps of a statement outside a transaction, for whoever must find out whether it took effect.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) statement: String,
    /// What it names, as it was before; nothing where the engine or the author tell, or nobody can.
    pub(crate) objects: Option<Footprint>,
    /// It was part of a transaction, together with the row that would say that it is done.
    pub(crate) transactional: bool,
}

impl Sent {
    /// As it was sent: the file may have been mended since.
    pub(crate) fn of(started: &JournalEntry) -> Option<Self> {
        serde_json::from_str(started.before.as_deref()?).ok()
    }
}

/// One statement whose effect is to be told.
pub(crate) struct Doubt<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) direction: Direction,
    pub(crate) statement: &'a Statement,
    /// The author's own query, true once the step's up is in effect.
    pub(crate) verify: Option<&'a str>,
    /// What it names, as it was before it was sent.
    pub(crate) before: Option<&'a Footprint>,
    /// Its row in the journal would have counted with it.
    pub(crate) transactional: bool,
}

/// What was heard so far.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) verify: Option<bool>,
    pub(crate) index: Option<IndexSeen>,
    pub(crate) objects: Option<Footprint>,
}

/// What has to be asked next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Question<'a> {
    /// Does the author's query return one row, true?
    Verify(&'a str),
    /// Is that index there, and valid?
    Index(ConcurrentIndex),
    /// How are the objects now that the statement names?
    Objects,
}

impl Doubt<'_> {
    /// What the answers tell, or what is still to be asked: the author's word first, then the engine's own means, then what
    /// was before and is now. A half-built index is none, whatever the author's query makes of its name.
    pub(crate) fn judge(&self, answers: &Answers) -> Result<Settled, Question<'_>> {
        if self.transactional {
            // Whoever asks holds the lock: its session is over, and its transaction with it.
            return Ok(Settled::NotDone);
        }
        let index = index_of_concurrent(self.dialect, self.statement).filter(|index| index.name.is_some());
        if let Some(index) = index {
            let action = index.action;
            let Some(seen) = answers.index else {
                return Err(Question::Index(index));
            };
            match (action, seen) {
                (ConcurrentAction::Create, IndexSeen::Invalid) => return Ok(Settled::Leftover),
                _ if self.verify.is_some() => {}
                (ConcurrentAction::Create, IndexSeen::Valid) => return Ok(Settled::Done),
                (ConcurrentAction::Create, IndexSeen::Absent) => return Ok(Settled::NotDone),
                (ConcurrentAction::Drop, IndexSeen::Absent) => return Ok(Settled::Done),
                (ConcurrentAction::Drop, _) => return Ok(Settled::NotDone),
            }
        }
        if let Some(query) = self.verify {
            let Some(holds) = answers.verify else {
                return Err(Question::Verify(query));
            };
            if holds == (self.direction == Direction::Up) {
                return Ok(Settled::Done);
            }
            let index = index_of_concurrent(self.dialect, self.statement).map(|index| index.action);
            return Ok(match (self.trace(answers)?, index, answers.index) {
                // Built or gone, whatever the query asks: sent again it would fail for good.
                (None, Some(ConcurrentAction::Create), Some(IndexSeen::Valid))
                | (None, Some(ConcurrentAction::Drop), Some(IndexSeen::Absent)) => Settled::Disputed,
                (None | Some(Trace::Unchanged), ..) => Settled::NotDone,
                (Some(Trace::Changed | Trace::Partly), ..) => Settled::Disputed,
            });
        }
        match conduct(self.dialect, self.statement) {
            Conduct::Opaque => return Ok(Settled::Unknown),
            Conduct::Repeatable => return Ok(Settled::NotDone),
            _ => {}
        }
        Ok(match self.trace(answers)? {
            None => Settled::Unknown,
            Some(Trace::Changed) => Settled::Done,
            Some(Trace::Unchanged) => Settled::NotDone,
            Some(Trace::Partly) if goes_on_with_the_rest(self.statement) => Settled::NotDone,
            Some(Trace::Partly) => Settled::Unknown,
        })
    }

    /// What became of the objects it names; nothing where nobody looked before.
    fn trace(&self, answers: &Answers) -> Result<Option<Trace>, Question<'_>> {
        let Some(before) = self.before else {
            return Ok(None);
        };
        let now = answers.objects.as_ref().ok_or(Question::Objects)?;
        Ok(Some(before.compare(self.dialect, self.statement, now)))
    }
}

/// What is to be written down of a step in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is in effect.
    Done,
    /// It is not.
    NotDone,
    /// A person has to look first; why.
    Ask(&'static str),
}

/// How a schema goes on that was going `was`, is to go `going`, and of which a person has `decided` or not.
pub(crate) fn verdict(settled: Settled, was: Direction, going: Direction, decided: bool) -> Verdict {
    match settled {
        Settled::Done => Verdict::Done,
        Settled::NotDone | Settled::Leftover => Verdict::NotDone,
        // What goes back goes back through its way back.
        Settled::Disputed if going != was => Verdict::Done,
        Settled::Disputed => Verdict::Ask(UNVERIFIED),
        // A person was told to look, and has said how to go on.
        Settled::Unknown if decided => Verdict::NotDone,
        Settled::Unknown => Verdict::Ask(DOUBT),
    }
}

/// What the error of a step says whose author's query does not bear out what it did.
pub(crate) const UNVERIFIED: &str = "its verify query did not return true";

/// What the error of a step says that nobody can settle but a person.
pub(crate) const DOUBT: &str = "a crash left it in doubt, and the catalog cannot tell whether it took effect: look for \
     yourself, and take it back by hand if it did";

/// A list that crashed half-way and does not mind what is gone already.
fn goes_on_with_the_rest(statement: &Statement) -> bool {
    let words: Vec<_> = statement
        .text
        .split_whitespace()
        .take(5)
        .map(str::to_ascii_uppercase)
        .collect();
    words.first().is_some_and(|w| w == "DROP") && words.windows(2).any(|w| w[0] == "IF" && w[1] == "EXISTS")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str, dialect: Dialect, verify: Option<&str>, answers: &Answers) -> Option<Settled> {
        let statement = Statement {
            text: text.to_owned(),
            line: 1,
        };
        let before = Footprint::default();
        let doubt = Doubt {
            dialect,
            direction: Direction::Up,
            statement: &statement,
            verify,
            before: verify.is_none().then_some(&before),
            transactional: false,
        };
        doubt.judge(answers).ok()
    }

    #[test]
    fn a_half_built_index_is_none_whatever_a_query_makes_of_its_name() {
        const BUILD: &str = "CREATE INDEX CONCURRENTLY i ON t (a)";
        let answers = |verify, index| Answers {
            verify: Some(verify),
            index: Some(index),
            objects: None,
        };
        for (verify, index, expected) in [
            (None, IndexSeen::Valid, Settled::Done),
            (None, IndexSeen::Absent, Settled::NotDone),
            (None, IndexSeen::Invalid, Settled::Leftover),
            (Some(true), IndexSeen::Valid, Settled::Done),
            (Some(false), IndexSeen::Valid, Settled::Disputed),
            (Some(false), IndexSeen::Absent, Settled::NotDone),
            (Some(true), IndexSeen::Invalid, Settled::Leftover),
            (Some(false), IndexSeen::Invalid, Settled::Leftover),
        ] {
            let query = verify.map(|_| "SELECT …");
            let answers = answers(verify.unwrap_or(false), index);
            let told = settled(BUILD, Dialect::Postgres, query, &answers);
            assert_eq!(told, Some(expected), "{verify:?} {index:?}");
        }
    }

    #[test]
    fn nothing_is_settled_before_it_was_asked() {
        let none = Answers::default();
        assert_eq!(settled("CREATE TABLE t (a INT)", Dialect::Mysql, None, &none), None);
        assert_eq!(settled("CALL p()", Dialect::Mysql, Some("SELECT 1"), &none), None);
        assert_eq!(settled("CALL p()", Dialect::Mysql, None, &none), Some(Settled::Unknown));
    }

    #[test]
    fn a_person_decides_what_nothing_tells_and_a_way_back_what_is_disputed() {
        use Direction::{Down, Up};
        assert_eq!(verdict(Settled::Unknown, Up, Up, false), Verdict::Ask(DOUBT));
        assert_eq!(verdict(Settled::Unknown, Up, Up, true), Verdict::NotDone);
        assert_eq!(verdict(Settled::Disputed, Up, Up, true), Verdict::Ask(UNVERIFIED));
        assert_eq!(verdict(Settled::Disputed, Up, Down, false), Verdict::Done);
        assert_eq!(verdict(Settled::Leftover, Up, Down, false), Verdict::NotDone);
    }
}
