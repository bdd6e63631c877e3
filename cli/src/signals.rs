//! Ctrl-C once stops cleanly, twice leaves at once; `run` passes signals on instead.

use rustix::process::Signal;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use crate::exit;
use crate::trouble::{Result, Trouble};

/// Listens for signals from its making on, so that none is lost between two awaits.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Listener,
    terminate: Listener,
    hangup: Option<Listener>,
    quit: Option<Listener>,
}

impl Signals {
    /// Listens for SIGINT and SIGTERM.
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: None,
            quit: None,
        })
    }

    /// Listens for SIGHUP and SIGQUIT as well.
    pub(crate) fn listen_to_all(&mut self) -> Result<()> {
        self.hangup = Some(listen(SignalKind::hangup())?);
        self.quit = Some(listen(SignalKind::quit())?);
        Ok(())
    }

    /// The next signal. Cancel safe.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            () = heard(&mut self.hangup) => Signal::HUP,
            () = heard(&mut self.quit) => Signal::QUIT,
        }
    }
}

fn listen(kind: SignalKind) -> Result<Listener> {
    signal(kind).map_err(|e| {
        Trouble::new(
            "signals",
            lockstep::ErrorKind::Operator,
            format!("cannot listen for signals: {e}"),
        )
    })
}

async fn heard(listener: &mut Option<Listener>) {
    match listener {
        Some(listener) => drop(listener.recv().await),
        None => std::future::pending().await,
    }
}

/// The exit code of a program that a signal ended.
pub(crate) fn exit_code(signal: Signal) -> u8 {
    u8::try_from(128 + signal.as_raw()).unwrap_or(exit::INTERRUPTED)
}

/// Whether the terminal has sent a keyboard signal to our program as well: both are its foreground group.
pub(crate) fn terminal_sends_too(signal: Signal) -> bool {
    let keyboard = signal == Signal::INT || signal == Signal::QUIT;
    keyboard
        && rustix::termios::tcgetpgrp(rustix::stdio::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}
