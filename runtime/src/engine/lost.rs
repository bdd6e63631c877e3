//! A commit whose answer was lost: the event log tells whether it counted.

use std::time::Duration;

use lockstep_lifecycle::Event;

use crate::clock::{Deadline, pause};
use crate::{Error, Result};

/// How long the outcome is looked for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a commit of `events`. `recorded` holds the scope's row, which ends the wait for the old transaction, and
/// reads the event at a number.
pub(crate) async fn resolve<R, F>(events: Vec<Event>, message: &str, recorded: R) -> Result<Vec<Event>>
where
    R: Fn(u64) -> F,
    F: Future<Output = Result<Option<Event>>>,
{
    let unknown = |message: String| Error::Unknown { message };
    let Some(first) = events.first() else {
        return Err(unknown(message.to_owned()));
    };
    let deadline = Deadline::after(PATIENCE);
    loop {
        match tokio::time::timeout(deadline.remaining(), recorded(first.seq)).await {
            Ok(Ok(found)) if found.as_ref() == Some(first) => return Ok(events),
            Ok(Ok(_)) => {
                return Err(Error::Database {
                    doing: "committing",
                    message: format!("{message}; nothing of it counts"),
                    code: None,
                    transient: true,
                });
            }
            Ok(Err(error)) if deadline.is_over() => return Err(unknown(format!("{message}; {error}"))),
            Ok(Err(_)) => pause(Duration::from_millis(200), deadline).await,
            Err(_) => return Err(unknown(message.to_owned())),
        }
    }
}
