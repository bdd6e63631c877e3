//! Every crash point, on every engine that can reach it.

use std::time::{Duration, Instant};

use lockstep::FAILPOINTS;

use super::scenario::{Scenario, of_point, run};
use crate::support::{Engine, facts_on, steady};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    an_activation_completes_wherever_it_died
    a_lease_is_granted_wherever_it_died
    a_deactivation_completes_wherever_it_died
    a_lease_is_given_back_wherever_it_died
    a_holder_that_dies_renewing_is_fenced
);

facts_on!(Postgres journalled, Mysql mysql_journalled:
    an_activation_outside_a_transaction_completes_wherever_it_died
    a_deactivation_outside_a_transaction_completes_wherever_it_died
    a_recovery_completes_wherever_it_died
);

/// For how long the machine may stand still where a lease is to be renewed.
const STILL: Duration = Duration::from_millis(100);

/// All points of a scenario; a failure names the point.
async fn all(engine: Engine, scenario: Scenario) {
    let mut ran = 0;
    for point in FAILPOINTS.iter().filter(|point| of_point(point) == Some(scenario)) {
        for times in scenario.times(engine, point) {
            let started = Instant::now();
            println!("{engine:?}: dying at {point}:{times}");
            match scenario {
                // It has to live on until it is renewed for the last time.
                Scenario::Renew => steady(STILL, async || run(engine, point, *times).await).await,
                _ => run(engine, point, *times).await,
            }
            println!(
                "{engine:?}: {point}:{times} recovered, {} ms",
                started.elapsed().as_millis()
            );
            ran += 1;
        }
    }
    assert!(ran > 0, "{scenario:?} has no points");
}

async fn an_activation_completes_wherever_it_died(engine: Engine) {
    all(engine, Scenario::Activate).await;
}

async fn a_lease_is_granted_wherever_it_died(engine: Engine) {
    all(engine, Scenario::Grant).await;
}

async fn a_deactivation_completes_wherever_it_died(engine: Engine) {
    all(engine, Scenario::Deactivate).await;
}

async fn a_lease_is_given_back_wherever_it_died(engine: Engine) {
    all(engine, Scenario::Release).await;
}

async fn a_holder_that_dies_renewing_is_fenced(engine: Engine) {
    all(engine, Scenario::Renew).await;
}

async fn an_activation_outside_a_transaction_completes_wherever_it_died(engine: Engine) {
    all(engine, Scenario::ActivateJournalled).await;
}

async fn a_deactivation_outside_a_transaction_completes_wherever_it_died(engine: Engine) {
    all(engine, Scenario::DeactivateJournalled).await;
}

async fn a_recovery_completes_wherever_it_died(engine: Engine) {
    all(engine, Scenario::Recover).await;
}
