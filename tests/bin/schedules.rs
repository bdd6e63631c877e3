//! Simulated schedules by the million, judged after every step; see `tests/model`.
//!
//! ```text
//! cargo run --release -p lockstep-tests --no-default-features --bin schedules -- --seed 42 --count 1000000
//!   --breakages            the deliberate mistakes instead: how many schedules each takes to be found, at most COUNT
//!   --replay SEED          one schedule, as it was told by a violation
//!   --breakage NAME        with this mistake; for --replay
//! ```
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints what it found"
)]

#[path = "../model/mod.rs"]
mod model;
#[path = "../seeded.rs"]
mod seeded;

use std::process::ExitCode;
use std::time::Instant;

use model::schedule::Scheduler;
use model::setting::Breakage;

struct Options {
    seed: u64,
    count: u64,
    breakages: bool,
    breakage: Option<Breakage>,
    replay: Option<u64>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        seed: 42,
        count: 1_000_000,
        breakages: false,
        breakage: None,
        replay: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--breakages" {
            options.breakages = true;
            continue;
        }
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        let number = || {
            value
                .parse()
                .map_err(|e| format!("{name} {value:?} is not a number: {e}"))
        };
        match name.as_str() {
            "--seed" => options.seed = number()?,
            "--count" => options.count = number()?,
            "--replay" => options.replay = Some(number()?),
            "--breakage" => {
                let named = |b: &Breakage| format!("{b:?}") == value;
                let known = Breakage::ALL.into_iter().find(named);
                options.breakage = Some(known.ok_or(format!("{value:?} is not one of {:?}", Breakage::ALL))?);
            }
            _ => {
                return Err(format!(
                    "{name} is unknown; the head of tests/bin/schedules.rs lists what there is"
                ));
            }
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("schedules: {message}");
            return ExitCode::from(2);
        }
    };
    let fine = match (options.replay, options.breakages) {
        (Some(seed), _) => replay(seed, options.breakage),
        (None, true) => breakages(&options),
        (None, false) => run(&options),
    };
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(options: &Options) -> bool {
    let began = Instant::now();
    let tally = Scheduler::new(options.breakage).run(options.seed, options.count);
    let took = began.elapsed();
    println!(
        "root seed {}: {} schedules, {} steps ({} of them bad luck), {} different states, {:.1?}, {:.0} schedules a second",
        options.seed,
        tally.schedules,
        tally.steps,
        tally.faults,
        tally.states,
        took,
        tally.schedules as f64 / took.as_secs_f64(),
    );
    match tally.found {
        None => println!("0 violations"),
        Some(found) => {
            println!("1 violation, in {found}\nagain: --replay {}", found.seed);
            return false;
        }
    }
    true
}

fn breakages(options: &Options) -> bool {
    let mut all = true;
    for breakage in Breakage::ALL {
        let tally = Scheduler::new(Some(breakage)).run(options.seed, options.count);
        match tally.found {
            Some(found) => println!(
                "{breakage:?}: found by schedule {} ({}), which breaks {}: {}",
                tally.schedules, found.seed, found.told.violation.rule, found.told.violation.found
            ),
            None => {
                println!("{breakage:?}: NOT found in {} schedules", tally.schedules);
                all = false;
            }
        }
    }
    all
}

fn replay(seed: u64, breakage: Option<Breakage>) -> bool {
    match Scheduler::new(breakage).replay(seed) {
        Some(told) => println!("schedule {seed}\n{told}"),
        None => println!("schedule {seed} breaks no rule"),
    }
    true
}
