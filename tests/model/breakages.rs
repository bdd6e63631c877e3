//! The explorer would notice: each mistake, made on purpose in the model's runtime, is found with a shortest way to it.

use super::setting::{Breakage, Engine, Mend, Request, Setting};
use super::sound::{BASE, run};

const FIRST: &[Request] = &[Request::Activate(0), Request::Deactivate(0)];
const SECOND: &[Request] = &[Request::Activate(1), Request::Deactivate(1)];
const BOTH: &[Request] = &[Request::Activate(0), Request::Activate(1)];
const OPERATOR: &[Request] = &[Request::Expire, Request::Rollback(0), Request::Rollback(1)];

const TRANSACTIONAL: Setting = Setting {
    requests: [FIRST, FIRST, SECOND],
    ..BASE
};
const JOURNALLED: Setting = Setting {
    engine: Engine::Journalled,
    requests: [FIRST, FIRST, OPERATOR],
    ..BASE
};

/// The rule that breaks first, however many ways there are.
fn is_found(breakage: Breakage, rules: &[&str], setting: Setting) {
    let setting = Setting {
        breakage: Some(breakage),
        ..setting
    };
    let explored = run(&format!("{breakage:?}"), setting);
    let Some(counterexample) = explored.counterexample else {
        panic!("{breakage:?} was not noticed in {} states", explored.states);
    };
    println!("{breakage:?}: {counterexample}");
    assert!(
        rules.contains(&counterexample.violation.rule),
        "{breakage:?} breaks {rules:?}: {counterexample}"
    );
    // Without the mistake nothing is wrong, so it is the mistake that was found.
    let innocent = run(
        "without it",
        Setting {
            breakage: None,
            ..setting
        },
    );
    if let Some(other) = innocent.counterexample {
        panic!("without {breakage:?}: {other}");
    }
}

#[test]
fn planning_from_facts_read_before_the_wait_applies_twice() {
    let breakage = Breakage::PlansFromBeforeTheWait;
    is_found(breakage, &["R2"], TRANSACTIONAL);
}

#[test]
fn journalled_work_on_a_plan_from_before_the_wait_takes_back_what_is_gone() {
    let setting = Setting {
        requests: [FIRST, &[Request::Rollback(0)], OPERATOR],
        time: true,
        ..JOURNALLED
    };
    is_found(Breakage::PlansFromBeforeTheWait, &["bug"], setting);
}

#[test]
fn not_reading_leases_again_takes_a_schema_from_its_user() {
    is_found(Breakage::NeverReadsLeasesAgain, &["R1"], TRANSACTIONAL);
}

#[test]
fn renewing_without_a_token_revives_a_fenced_holder() {
    let setting = Setting {
        crashes: 1,
        ..TRANSACTIONAL
    };
    is_found(Breakage::RenewsWithoutToken, &["R6"], setting);
}

#[test]
fn a_recovery_that_takes_no_epoch_is_overtaken_by_its_predecessor() {
    let setting = Setting { cuts: 1, ..JOURNALLED };
    is_found(Breakage::RecoveryTakesNoEpoch, &["R1", "R2", "bug"], setting);
}

#[test]
fn steps_that_ignore_the_epoch_falsify_the_journal() {
    let setting = Setting { cuts: 1, ..JOURNALLED };
    is_found(Breakage::StepsIgnoreTheEpoch, &["R1", "R2"], setting);
}

#[test]
fn a_conclusion_that_ignores_the_epoch_records_what_was_undone() {
    let setting = Setting { cuts: 1, ..JOURNALLED };
    let breakage = Breakage::ConclusionIgnoresTheEpoch;
    is_found(breakage, &["R1", "R2", "R3", "bug"], setting);
}

#[test]
fn trusting_a_started_step_as_done_skips_it() {
    let setting = Setting {
        crashes: 1,
        ..JOURNALLED
    };
    is_found(Breakage::TrustsStartedAsDone, &["R1", "R2"], setting);
}

#[test]
fn trusting_a_started_step_as_not_done_runs_it_twice() {
    let setting = Setting {
        crashes: 1,
        ..JOURNALLED
    };
    is_found(Breakage::TrustsStartedAsNotDone, &["R2"], setting);
}

#[test]
fn ignoring_an_orphaned_statement_puts_two_in_flight() {
    let setting = Setting {
        crashes: 1,
        ..JOURNALLED
    };
    is_found(Breakage::IgnoresOrphanedStatements, &["R11", "R2"], setting);
}

#[test]
fn counting_without_dependents_pulls_the_ground_away() {
    let setting = Setting {
        requests: [BOTH, &[], &[Request::Rollback(0)]],
        ..BASE
    };
    is_found(Breakage::ForgetsDependents, &["R1"], setting);
}

#[test]
fn granting_while_a_schema_is_taken_back_leaves_a_user_without_it() {
    is_found(Breakage::GrantsWhileReverting, &["R1"], JOURNALLED);
}

#[test]
fn concluding_before_the_last_step_records_what_is_not_there() {
    is_found(Breakage::ConcludesEarly, &["R1"], JOURNALLED);
}

#[test]
fn what_was_finished_by_hand_and_not_journalled_is_taken_back_in_part() {
    const HAND: &[Request] = &[
        Request::Activate(0),
        Request::Repair(0, Mend::MarkDone),
        Request::Rollback(0),
    ];
    let setting = Setting {
        requests: [HAND, &[], &[]],
        failures: 1,
        ..JOURNALLED
    };
    is_found(Breakage::MarksDoneUnjournalled, &["R2"], setting);
}

#[test]
fn an_event_written_twice_does_not_replay() {
    is_found(Breakage::LogsTwice, &["R4"], TRANSACTIONAL);
}

#[test]
fn a_change_without_its_event_does_not_replay() {
    let setting = Setting {
        time: true,
        requests: [FIRST, FIRST, OPERATOR],
        ..TRANSACTIONAL
    };
    is_found(Breakage::ChangesSilently, &["R4"], setting);
}

#[test]
fn an_event_without_its_change_does_not_replay() {
    is_found(Breakage::LogsWithoutChange, &["R4"], TRANSACTIONAL);
}
