//! `events`: the durable log, and what is added to it.

use std::time::Duration;

use crate::app::{Access, App, Open};
use crate::args::{Events, Format};
use crate::exit;
use crate::files::Files;
use crate::output::Document;
use crate::output::documents::EventLine;
use crate::output::json;
use crate::output::page::Page;
use crate::terminal;
use crate::trouble::Result;

/// Events read at once.
const PAGE: u32 = 500;
/// How often the log is looked at while following: it is read without writing, so nothing wakes us.
const PAUSE: Duration = Duration::from_millis(300);
/// How long the database may be away while following.
const PATIENCE: u32 = 20;

pub(crate) async fn events(app: &App, args: Events) -> Result<u8> {
    let runtime = app.open(Open::to(Access::Look, Files::Unread)).await?;
    let mut seen = args.since;
    let mut failures = 0;
    loop {
        let read = app.in_time(async { Ok(runtime.events_since(seen, PAGE).await?) }).await;
        let page = match read {
            Ok(page) => page,
            Err(trouble) if args.follow && trouble.exit == exit::BUSY && failures < PATIENCE => {
                failures += 1;
                tracing::warn!(error = trouble.message, "the event log could not be read; trying again");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(trouble) => return Err(trouble),
        };
        failures = 0;
        let full = page.len() == PAGE as usize;
        for event in page {
            seen = event.seq;
            if !terminal::print_on(&line(app.format, EventLine(event))) {
                // Whoever read this has gone away.
                return Ok(exit::DONE);
            }
        }
        if (!full && !args.follow) || !terminal::is_read() {
            return Ok(exit::DONE);
        }
        if !full {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn line(format: Format, event: EventLine) -> String {
    if format == Format::Json {
        return json::line(&event);
    }
    let mut page = Page::default();
    event.human(&mut page);
    page.text().to_owned()
}
