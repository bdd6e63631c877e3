//! The model check of the pure core: every order in which three instances, two dependent schemas and one database can
//! meet, with crashes, lost connections and failing steps, decided by the very functions that the runtime calls.
//!
//! ```text
//! explorer       breadth first, shortest counterexample    setting     what one exploration is about
//! world          one state                                 store       facts and event log, interned
//! protocol       the instances' programs                   decisions   questions to the product
//!   planning, transactional, journalled                    invariants  the rules
//!   misfortune: crashes, lost connections and answers, time
//!   repair: what a person decides
//! schedule       random schedules from one seed            simulated   and what they show
//! sound          the rules hold                            breakages   and the explorer would notice
//! histories      random histories over more schemas than can be explored, carried out in a `shop`
//! found          mistakes that these found, each as a test of its own
//! ```
//!
//! `LOCKSTEP_MODEL_DEEP=1` explores with larger budgets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::result_large_err,
    reason = "all of it is a test"
)]
#![cfg_attr(not(test), allow(dead_code, reason = "the binary needs the scheduler alone"))]

#[cfg(test)]
mod breakages;
mod decisions;
pub(crate) mod explorer;
#[cfg(test)]
mod found;
#[cfg(test)]
mod histories;
mod invariants;
mod journalled;
mod misfortune;
mod planning;
mod protocol;
mod repair;
pub(crate) mod schedule;
pub(crate) mod setting;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod sound;
pub(crate) mod store;
mod transactional;
mod world;
