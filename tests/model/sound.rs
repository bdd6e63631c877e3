//! The rules hold in every state of these configurations; together they cover what one exploration could not hold.

use lockstep_lifecycle::Policy;

use super::explorer::{Explored, explore};
use super::protocol::Model;
use super::setting::{Engine, Mend, Request, Setting};

/// Serves both versions, one after the other or at once.
const SERVE: &[Request] = &[
    Request::Activate(0),
    Request::Activate(1),
    Request::Deactivate(0),
    Request::Deactivate(1),
];
/// Pins the newer version, reaps, and takes retained schemas back.
const DEPLOY: &[Request] = &[
    Request::Activate(1),
    Request::Deactivate(1),
    Request::Expire,
    Request::Rollback(0),
    Request::Rollback(1),
];

/// What a person may decide, and what shows whether the record is true.
const REPAIR: &[Request] = &[
    Request::Repair(0, Mend::Resume),
    Request::Repair(0, Mend::Undo),
    Request::Repair(0, Mend::MarkDone),
    Request::Repair(1, Mend::Resume),
    Request::Repair(1, Mend::Undo),
    Request::Repair(1, Mend::MarkDone),
    Request::Expire,
    Request::Rollback(0),
    Request::Rollback(1),
];

/// Whether larger budgets were asked for.
pub(crate) fn deep() -> bool {
    std::env::var_os("LOCKSTEP_MODEL_DEEP").is_some()
}

/// Transactional engine, three requests, nothing goes wrong.
pub(crate) const BASE: Setting = Setting {
    engine: Engine::Transactional,
    steps: [2, 2],
    compatible: true,
    policy: Policy::Retain,
    requests: [SERVE, SERVE, DEPLOY],
    budget: 3,
    time: false,
    crashes: 0,
    cuts: 0,
    failures: 0,
    unanswered: 0,
    jumps: 0,
    breakage: None,
};
const JOURNALLED: Setting = Setting {
    engine: Engine::Journalled,
    ..BASE
};

pub(crate) fn run(name: &str, setting: Setting) -> Explored {
    let model = Model::new(setting);
    let began = std::time::Instant::now();
    let explored = explore(&model, if deep() { 60_000_000 } else { 2_000_000 });
    println!(
        "{name}: {} states, {} transitions, depth {}, {} at rest, {} distinct facts, {:.1?}",
        explored.states,
        explored.transitions,
        explored.depth,
        explored.resting,
        model.store.distinct_facts(),
        began.elapsed(),
    );
    explored
}

fn holds(name: &str, setting: Setting) {
    let more = u8::from(deep());
    let explored = run(
        name,
        Setting {
            budget: setting.budget.saturating_add(more),
            ..setting
        },
    );
    if let Some(counterexample) = explored.counterexample {
        panic!("{name}: {counterexample}");
    }
    assert!(explored.complete, "{name}: the bound was reached");
}

/// Tests of one setting each.
macro_rules! hold {
    ($($name:ident: $setting:expr;)+) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name), $setting);
        })+
    };
}

hold! {
    transactional_requests_meet_in_every_order: Setting {
        requests: [SERVE; 3],
        budget: 6,
        ..BASE
    };
    transactional_leases_run_out_and_are_kept: Setting {
        time: true,
        ..BASE
    };
    transactional_leases_run_out_and_are_taken_back: Setting {
        policy: Policy::Rollback,
        time: true,
        ..BASE
    };
    transactional_instances_crash: Setting {
        time: true,
        crashes: 2,
        ..BASE
    };
    transactional_instances_crash_while_the_reaper_takes_back: Setting {
        policy: Policy::Rollback,
        budget: 2,
        time: true,
        crashes: 1,
        ..BASE
    };
    transactional_steps_fail_and_connections_break: Setting {
        time: true,
        cuts: 1,
        failures: 1,
        ..BASE
    };
    transactional_versions_may_be_incompatible: Setting {
        compatible: false,
        budget: 4,
        time: true,
        ..BASE
    };
    journalled_requests_meet_in_every_order: Setting {
        requests: [SERVE; 3],
        budget: 6,
        ..JOURNALLED
    };
    journalled_leases_run_out_and_are_kept: Setting {
        time: true,
        ..JOURNALLED
    };
    journalled_leases_run_out_and_are_taken_back: Setting {
        policy: Policy::Rollback,
        time: true,
        budget: 2,
        ..JOURNALLED
    };
    journalled_instances_crash: Setting {
        budget: 2,
        time: true,
        crashes: 2,
        ..JOURNALLED
    };
    journalled_instances_crash_while_the_reaper_takes_back: Setting {
        policy: Policy::Rollback,
        budget: 2,
        time: true,
        crashes: 1,
        ..JOURNALLED
    };
    journalled_connections_break: Setting {
        budget: 2,
        time: true,
        crashes: 1,
        cuts: 1,
        ..JOURNALLED
    };
    journalled_steps_fail: Setting {
        time: true,
        crashes: 1,
        failures: 1,
        ..JOURNALLED
    };
    transactional_failures_are_repaired: Setting {
        requests: [SERVE, SERVE, REPAIR],
        time: true,
        failures: 1,
        ..BASE
    };
    journalled_failures_are_repaired: Setting {
        requests: [SERVE, REPAIR, REPAIR],
        failures: 1,
        ..JOURNALLED
    };
    journalled_crashes_are_repaired: Setting {
        requests: [SERVE, &[], REPAIR],
        crashes: 1,
        ..JOURNALLED
    };
    transactional_answers_are_lost: Setting {
        time: true,
        unanswered: 1,
        ..BASE
    };
    journalled_answers_are_lost: Setting {
        budget: 2,
        time: true,
        unanswered: 1,
        ..JOURNALLED
    };
    transactional_clocks_jump: Setting {
        policy: Policy::Grace(std::time::Duration::from_secs(60)),
        time: true,
        jumps: 2,
        ..BASE
    };
    journalled_versions_may_be_incompatible: Setting {
        compatible: false,
        budget: 3,
        time: true,
        crashes: 1,
        ..JOURNALLED
    };
}
