//! What random schedules show: the rules hold, and each deliberate mistake is noticed. The million is a command of its
//! own, `schedules`.

use std::time::Instant;

use super::schedule::Scheduler;
use super::setting::Breakage;
use super::sound::deep;
use crate::seeded::seed_of;

const ROOT: u64 = 42;

#[test]
fn twenty_thousand_random_schedules_hold_the_rules() {
    let count = if deep() { 500_000 } else { 20_000 };
    let began = Instant::now();
    let tally = Scheduler::new(None).run(ROOT, count);
    println!(
        "root seed {ROOT}: {} schedules, {} steps ({} of them bad luck), {} different states, {:.1?}",
        tally.schedules,
        tally.steps,
        tally.faults,
        tally.states,
        began.elapsed()
    );
    if let Some(found) = tally.found {
        panic!("{found}");
    }
    assert_eq!(tally.schedules, count);
    // They are about something: schedules are long, differ, and much goes wrong.
    assert!(tally.steps > 10 * count, "{} steps", tally.steps);
    assert!(tally.faults > count, "{} faults", tally.faults);
    assert!(tally.states as u64 > 5 * count, "{} states", tally.states);
}

#[test]
fn every_deliberate_mistake_is_found_by_few_schedules() {
    let mut missed = Vec::new();
    for breakage in Breakage::ALL {
        let tally = Scheduler::new(Some(breakage)).run(ROOT, 20_000);
        match tally.found {
            Some(found) => println!(
                "{breakage:?}: by schedule {}, {}",
                tally.schedules, found.told.violation.rule
            ),
            None => missed.push(breakage),
        }
    }
    assert!(missed.is_empty(), "not noticed in 20000 schedules each: {missed:?}");
}

/// What is told of a violation can be had again from its seed alone, in another scheduler, in any order.
#[test]
fn a_schedule_is_its_seed() {
    let broken = Some(Breakage::RecoveryTakesNoEpoch);
    let found = Scheduler::new(broken).run(ROOT, 20_000).found.expect("it is noticed");
    let again = Scheduler::new(broken).replay(found.seed).expect("the same violation");
    assert_eq!(again.violation, found.told.violation);
    assert_eq!(again.steps, found.told.steps);
    assert!(!again.steps.is_empty());
    // Without the mistake that schedule is fine.
    assert!(Scheduler::new(None).replay(found.seed).is_none());
    let runs = [0, 1].map(|_| {
        let tally = Scheduler::new(None).run(7, 300);
        (tally.steps, tally.faults, tally.states)
    });
    assert_eq!(runs[0], runs[1], "the same root seed is the same run");
    assert_ne!(seed_of(7, 0), seed_of(7, 1));
}
