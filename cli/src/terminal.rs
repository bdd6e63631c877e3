//! The two streams: results on standard output, everything else on standard error. Nothing else in this crate prints.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};
use lockstep::EventStream;

/// Work that is done sooner shows no progress.
const QUIET: Duration = Duration::from_millis(400);

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// Text in a style; where the stream is no terminal, or NO_COLOR is set, the stream takes it out again.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes a result. A reader that went away is no fault of the command's.
pub(crate) fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Writes a result that a program reads, byte for byte: what a stream for people takes out of a text (the characters that
/// steer a terminal) may stand in a default, a comment or a body.
pub(crate) fn print_exactly(text: &str) {
    let mut out = std::io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

fn written(result: std::io::Result<()>) {
    if let Err(error) = result
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        tracing::error!(%error, "the result could not be written");
    }
}

/// Writes a result that goes on; false once nobody reads it any more.
pub(crate) fn print_on(text: &str) -> bool {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Whether anybody still reads the results: while nothing is written, a closed pipe does not show itself.
pub(crate) fn is_read() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let out = rustix::stdio::stdout();
    let mut asked = [PollFd::new(&out, PollFlags::empty())];
    match poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(1..) => !asked[0].revents().intersects(PollFlags::ERR),
        _ => true,
    }
}

/// Tells a person something.
pub(crate) fn say(text: &str) {
    // There is nowhere to complain about a standard error that is gone.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Tells a person something that deserves attention.
pub(crate) fn warn(text: &str) {
    say(&format!("{}: {text}", styled(WARNING, "warning")));
}

/// Tells a person something worth knowing.
pub(crate) fn note(text: &str) {
    say(&format!("{}: {text}", styled(STRONG, "note")));
}

/// Logs to standard error: warnings, or more with `-v`; `LOCKSTEP_LOG` says it exactly.
pub(crate) fn start_logging(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let chosen = match verbose {
        0 => "error,lockstep=warn,lockstep_cli=warn",
        1 => "warn,lockstep=info,lockstep_cli=info",
        _ => "info,lockstep=debug,lockstep_cli=debug",
    };
    let filter = EnvFilter::try_from_env("LOCKSTEP_LOG").unwrap_or_else(|_| EnvFilter::new(chosen));
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(verbose > 1);
    // A second start within one process (tests) keeps the first.
    let _ = logging.try_init();
}

/// Awaits work; on a terminal, shows what is going on once it takes a while.
pub(crate) async fn working<T>(label: &str, events: Option<EventStream>, work: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(QUIET) => {}
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    let done = match events {
        None => work.await,
        Some(mut events) => loop {
            tokio::select! {
                done = &mut work => break done,
                Some(event) = events.next() => {
                    let subject = event.kind.schema().map(ToString::to_string).unwrap_or_default();
                    bar.set_message(format!("{label}: {} {subject}", event.kind.name().replace('_', " ")));
                }
            }
        },
    };
    bar.finish_and_clear();
    done
}
