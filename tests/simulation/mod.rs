//! Whole runtimes on a simulated database, in random orders from one seed.
//!
//! ```text
//! schedule   what happens next: a request served, cut, refused …, a crash, time ──► settle ──► judge
//! process    one start of a program: what it asks of its runtime, the leases it holds
//! judge      the rules, after every step, and what must hold once all is at rest
//! found      mistakes that these found, each as the order of requests that shows it
//! seldom     promises whose breaking random orders seldom notice, with an order that does
//! shown      what the gate runs of it; the million is a command of its own, `simulations`
//! ```
//! The model in `model` drives the pure planners; here the runtime itself runs, from its public interface down to the
//! engine port, on one thread, with a clock that only moves when nothing else can.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "all of it is a test"
)]
#![cfg_attr(not(test), allow(dead_code, reason = "the binary needs the scheduler alone"))]

#[cfg(test)]
mod found;
mod judge;
mod process;
pub(crate) mod schedule;
#[cfg(test)]
mod seldom;
#[cfg(test)]
mod shown;
