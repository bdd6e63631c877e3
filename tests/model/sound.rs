//! The rules hold in every state of these configurations.

use lockstep_lifecycle::Policy;

use super::explorer::{Explored, explore};
use super::protocol::Model;
use super::setting::{Engine, Request, Setting};

const SERVE: &[Request] = &[
    Request::Activate(0),
    Request::Activate(1),
    Request::Deactivate(0),
    Request::Deactivate(1),
];
const ALL: &[Request] = &[
    Request::Activate(0),
    Request::Activate(1),
    Request::Deactivate(0),
    Request::Deactivate(1),
    Request::Expire,
    Request::Rollback(0),
    Request::Rollback(1),
];

/// Whether larger budgets were asked for.
pub(crate) fn deep() -> bool {
    std::env::var_os("LOCKSTEP_MODEL_DEEP").is_some()
}

/// Transactional engine, everybody may ask for everything, nothing goes wrong.
pub(crate) const BASE: Setting = Setting {
    engine: Engine::Transactional,
    steps: [2, 2],
    compatible: true,
    policy: Policy::Retain,
    requests: [ALL, ALL, ALL],
    budget: 3,
    time: false,
    crashes: 0,
    cuts: 0,
    failures: 0,
    breakage: None,
};

pub(crate) fn run(name: &str, setting: Setting) -> Explored {
    let model = Model::new(setting);
    let began = std::time::Instant::now();
    let explored = explore(&model, if deep() { 60_000_000 } else { 4_000_000 });
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
    let explored = run(name, setting);
    if let Some(counterexample) = explored.counterexample {
        panic!("{name}: {counterexample}");
    }
    assert!(explored.complete, "{name}: the bound was reached");
}


#[test]
fn trial() {
    let get = |k: &str, d: u8| std::env::var(k).ok().and_then(|v| v.parse().ok()).unwrap_or(d);
    let kinds: [&[Request]; 3] = match get("REQ", 0) {
        0 => [ALL; 3],
        1 => [SERVE; 3],
        2 => [ALL, ALL, &[]],
        3 => [SERVE, SERVE, &[Request::Expire]],
        _ => [SERVE, SERVE, &[]],
    };
    let setting = Setting {
        engine: if get("ENGINE", 0) == 0 { Engine::Transactional } else { Engine::Journalled },
        policy: if get("POLICY", 0) == 0 { Policy::Retain } else { Policy::Rollback },
        steps: [get("STEPS", 2); 2],
        compatible: get("COMPAT", 1) == 1,
        requests: kinds,
        budget: get("BUDGET", 3),
        time: get("TIME", 0) == 1,
        crashes: get("CRASHES", 0),
        cuts: get("CUTS", 0),
        failures: get("FAILURES", 0),
        ..BASE
    };
    holds("trial", setting);
}
