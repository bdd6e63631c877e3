//! Schedules of whole runtimes on a simulated database by the million, judged after every step; see `tests/simulation`.
//!
//! ```text
//! cargo run --release -p lockstep-tests --bin simulations -- --seed 42 --count 1000000
//!   --threads N            side by side; 2 if not said
//!   --sabotage             each promise that the database breaks instead: how many schedules it takes to be noticed, at most COUNT
//!   --replay SEED          one schedule, as it was told by a violation
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
#[path = "../simulation/mod.rs"]
mod simulation;

use std::process::ExitCode;
use std::time::Instant;

use lockstep::simulation::Sabotage;
use simulation::schedule::{Tally, replay, run};

struct Options {
    seed: u64,
    count: u64,
    threads: u64,
    sabotage: bool,
    replay: Option<u64>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        seed: 42,
        count: 1_000_000,
        threads: 2,
        sabotage: false,
        replay: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--sabotage" {
            options.sabotage = true;
            continue;
        }
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        let number: u64 = value
            .parse()
            .map_err(|e| format!("{name} {value:?} is not a number: {e}"))?;
        match name.as_str() {
            "--seed" => options.seed = number,
            "--count" => options.count = number,
            "--threads" => options.threads = number.max(1),
            "--replay" => options.replay = Some(number),
            _ => {
                return Err(format!(
                    "{name} is unknown; the head of tests/bin/simulations.rs lists what there is"
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
            eprintln!("simulations: {message}");
            return ExitCode::from(2);
        }
    };
    let fine = match (options.replay, options.sabotage) {
        (Some(seed), _) => {
            match replay(None, seed) {
                Some(told) => println!("schedule {seed}\n{told}"),
                None => println!("schedule {seed} breaks no rule"),
            }
            true
        }
        (None, true) => sabotage(&options),
        (None, false) => million(&options),
    };
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn million(options: &Options) -> bool {
    let began = Instant::now();
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..options.threads)
            .map(|first| {
                let numbers = (first..options.count).step_by(usize::try_from(options.threads).unwrap_or(1));
                scope.spawn(move || run(None, options.seed, numbers))
            })
            .collect();
        for each in runs {
            match each.join() {
                Ok(other) => tally.add(other),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let took = began.elapsed();
    println!(
        "root seed {}: {} schedules of whole runtimes, {} steps ({} of them bad luck), {} pieces of work, \
         {} different states, {:.1?}, {:.0} schedules a second",
        options.seed,
        tally.schedules,
        tally.steps,
        tally.faults,
        tally.works,
        tally.states.len(),
        took,
        tally.schedules as f64 / took.as_secs_f64(),
    );
    match tally.found {
        None => println!("0 violations"),
        Some(found) => {
            println!(
                "1 violation, in schedule {}\n{}\nagain: --replay {}",
                found.seed, found.told, found.seed
            );
            return false;
        }
    }
    true
}

fn sabotage(options: &Options) -> bool {
    let mut all = true;
    for sabotage in Sabotage::ALL {
        let tally = run(Some(sabotage), options.seed, 0..options.count);
        match tally.found {
            Some(found) => println!(
                "{sabotage:?}: noticed by schedule {} ({}), which breaks {}: {}",
                tally.schedules, found.seed, found.told.violation.rule, found.told.violation.found
            ),
            None => {
                println!("{sabotage:?}: NOT noticed in {} schedules", tally.schedules);
                all = false;
            }
        }
    }
    all
}
