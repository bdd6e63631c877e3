//! What random schedules of whole runtimes show: the rules hold, and each promise that the database breaks is noticed.

use std::time::Instant;

use lockstep::simulation::Sabotage;

use super::schedule::{replay, run};
use crate::seeded::seed_of;

const ROOT: u64 = 42;

#[test]
fn a_thousand_schedules_of_whole_runtimes_hold_the_rules() {
    let count = if std::env::var_os("LOCKSTEP_MODEL_DEEP").is_some() {
        50_000
    } else {
        1_000
    };
    let began = Instant::now();
    let tally = run(None, ROOT, 0..count);
    println!(
        "root seed {ROOT}: {} schedules, {} steps ({} of them bad luck), {} pieces of work, {} different states, {:.1?}",
        tally.schedules,
        tally.steps,
        tally.faults,
        tally.works,
        tally.states.len(),
        began.elapsed()
    );
    if let Some(found) = tally.found {
        panic!("schedule {}\n{}", found.seed, found.told);
    }
    assert_eq!(tally.schedules, count);
    // They are about something: much is asked for, and much goes wrong.
    assert!(tally.works > 3 * count, "{} pieces of work", tally.works);
    assert!(tally.faults > count, "{} faults", tally.faults);
    assert!(tally.states.len() > 500, "{} states", tally.states.len());
}

#[test]
fn every_promise_the_database_breaks_is_noticed() {
    let mut missed = Vec::new();
    let seldom = [Sabotage::IgnoresTheEpoch, Sabotage::IgnoresGuards];
    for sabotage in Sabotage::ALL.into_iter().filter(|each| !seldom.contains(each)) {
        let tally = run(Some(sabotage), ROOT, 0..4_000);
        match tally.found {
            Some(found) => println!(
                "{sabotage:?}: by schedule {}, {}",
                tally.schedules, found.told.violation.rule
            ),
            None => missed.push(sabotage),
        }
    }
    assert!(missed.is_empty(), "not noticed in 4000 schedules each: {missed:?}");
}

/// What is told of a violation can be had again from its seed alone.
#[test]
fn a_schedule_of_whole_runtimes_is_its_seed() {
    let broken = Some(Sabotage::ForgetsOrphans);
    let found = run(broken, ROOT, 0..4_000).found.expect("it is noticed");
    let again = replay(broken, found.seed).expect("the same violation");
    assert_eq!(again.violation, found.told.violation);
    assert_eq!(again.steps, found.told.steps);
    assert!(!again.steps.is_empty());
    let runs = [0, 1].map(|_| {
        let tally = run(None, 7, 0..100);
        (tally.steps, tally.faults, tally.works, tally.states.len())
    });
    assert_eq!(runs[0], runs[1], "the same root seed is the same run");
    assert_ne!(seed_of(7, 0), seed_of(7, 1));
}
