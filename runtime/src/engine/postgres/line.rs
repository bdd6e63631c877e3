//! A connection on loan from the pool.
//!
//! ```text
//!  line() ─► at hand? ─► the pool's
//!  finish() ─► at hand, if nobody waits and none is ─► back to the pool, which asks the server whether it still lives
//! ```
//! The one that is kept at hand was used a moment ago: what it needs is warm at both ends, and nobody asks after it first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Postgres as Driver;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};

use crate::clock::Stopwatch;
use crate::{Error, Result};

/// After how long without use a connection is asked whether it still lives.
pub(super) const RESTED: Duration = Duration::from_secs(1);

/// A pooled connection that goes back only when its owner says that no transaction is open on it.
/// Dropped otherwise, it is closed, and the server takes back what was open.
pub(super) struct Line {
    connection: Option<PoolConnection<Driver>>,
    from: Option<Arc<Lines>>,
}

impl Line {
    pub(super) fn of(connection: PoolConnection<Driver>) -> Self {
        Self {
            connection: Some(connection),
            from: None,
        }
    }

    pub(super) fn connection(&mut self) -> Result<&mut PgConnection> {
        self.connection
            .as_deref_mut()
            .ok_or_else(|| Error::bug("the transaction is over"))
    }

    pub(super) fn finish(mut self) {
        let back = match self.from.take() {
            Some(from) => from.keep(self),
            None => Some(self),
        };
        if let Some(mut line) = back {
            drop(line.connection.take());
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

/// A pool, and the connection that is kept at hand.
pub(super) struct Lines {
    pool: PgPool,
    hand: Mutex<Hand>,
}

struct Hand {
    kept: Option<(Line, Stopwatch)>,
    /// How many wait for the pool: what is kept from it would never come to them.
    waiting: usize,
    closed: bool,
}

impl Lines {
    pub(super) fn of(pool: PgPool) -> Arc<Self> {
        Arc::new(Self {
            pool,
            hand: Mutex::new(Hand {
                kept: None,
                waiting: 0,
                closed: false,
            }),
        })
    }

    pub(super) async fn line(self: &Arc<Self>) -> Result<Line, sqlx::Error> {
        let (kept, warm) = self.held(|hand| {
            let kept = hand.kept.take();
            let warm = kept.as_ref().is_some_and(|(_, since)| since.elapsed() <= RESTED);
            hand.waiting += usize::from(!warm);
            (kept, warm)
        });
        let mut line = match kept {
            Some((line, _)) if warm => line,
            rested => {
                let _waiting = Waiting(self);
                // It may be dead by now: the pool looks after that.
                if let Some((line, _)) = rested {
                    line.finish();
                }
                Line::of(self.pool.acquire().await?)
            }
        };
        line.from = Some(Arc::clone(self));
        Ok(line)
    }

    /// Keeps a line at hand, or gives it back to go to the pool.
    fn keep(&self, line: Line) -> Option<Line> {
        self.held(|hand| {
            if hand.closed || hand.waiting > 0 || hand.kept.is_some() {
                return Some(line);
            }
            hand.kept = Some((line, Stopwatch::start()));
            None
        })
    }

    pub(super) async fn close(&self) {
        let kept = self.held(|hand| {
            hand.closed = true;
            hand.kept.take()
        });
        if let Some((line, _)) = kept {
            line.finish();
        }
        self.pool.close().await;
    }

    fn held<T>(&self, work: impl FnOnce(&mut Hand) -> T) -> T {
        work(&mut self.hand.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody waits for the pool, until this is dropped.
struct Waiting<'a>(&'a Lines);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.held(|hand| hand.waiting -= 1);
    }
}
