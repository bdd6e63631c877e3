//! Timed leases: renewed, given back, run out, and the schema's time of grace.

use std::time::Duration;

use lockstep::lifecycle::{EventKind, FenceReason, Policy, RetentionReason};
use lockstep::{ActivateOptions, DeactivateOptions, Deactivation, Error, LeaseKind};

use super::{by, end, log, s, seq, soon, start, taken_back, v};
use crate::support::{Database, Engine, Folder, renewed, steady, stretched};

fn ttl() -> Duration {
    stretched(Duration::from_secs(2))
}

/// For how long the machine may stand still.
const STILL: Duration = Duration::from_millis(100);

fn timed(instance: &str, ttl: Duration) -> ActivateOptions {
    ActivateOptions {
        ttl: Some(ttl),
        ..by(instance)
    }
}

async fn run_out(database: &Database) {
    soon("the lease runs out", async || {
        database.status().await.leases.iter().any(|l| l.due).then_some(())
    })
    .await;
}

pub async fn a_lease_lives_over_many_times_its_ttl_and_is_given_back(engine: Engine) {
    steady(STILL, async || lives_on(engine).await).await;
}

async fn lives_on(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let lease = runtime.lease_for(v("users@1.0.0"), ttl(), false).await.unwrap();
    assert!(matches!(lease.granted().kind, LeaseKind::Timed { .. }));
    let before = seq(&runtime).await;
    // Renewed at a third of it, each time.
    for _ in 0..6 {
        renewed(&database, &lease, 1).await;
        let reaped = runtime.reap().await.unwrap();
        assert!(reaped.fenced.is_empty() && lease.is_live(), "{reaped:?}");
    }
    assert_eq!(seq(&runtime).await, before, "renewing is no event");
    let left = lease.release().await.unwrap();
    assert_eq!(taken_back(&left), ["schema_v1"]);
    end(database, [runtime]).await;
}

pub async fn a_dropped_lease_is_given_back_in_the_background(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    drop(
        runtime
            .lease_for(v("users@1.0.0"), Duration::from_secs(60), false)
            .await
            .unwrap(),
    );
    soon("the schema goes", async || {
        (runtime.status(s("schema_v1")) == Some(lockstep::SchemaState::RolledBack)).then_some(())
    })
    .await;
    assert!(!database.has_table("users").await);
    end(database, [runtime]).await;
}

pub async fn a_lease_that_runs_out_is_fenced_and_its_schema_retained(engine: Engine) {
    steady(STILL, async || runs_out(engine).await).await;
}

async fn runs_out(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime
        .activate_with(v("users@2.0.0"), timed("host-a", ttl()))
        .await
        .unwrap();
    runtime
        .renew(&v("users@2.0.0"), &"host-a".parse().unwrap())
        .await
        .unwrap();
    assert!(runtime.reap().await.unwrap().fenced.is_empty());
    run_out(&database).await;
    assert!(
        runtime.is_active(s("schema_v2")),
        "nothing happens until somebody holds the lock (R12)"
    );
    // Whoever holds the scope's row may have read that it ran out: from then on it is too late.
    let late = runtime.renew(&v("users@2.0.0"), &"host-a".parse().unwrap()).await;
    assert!(matches!(late, Err(Error::LeaseLost { .. })), "R6: {late:?}");
    let reaped = runtime.reap().await.unwrap();
    assert_eq!(reaped.fenced.len(), 1, "{reaped:?}");
    assert_eq!(reaped.fenced[0].instance.to_string(), "host-a");
    assert!(reaped.rolled_back.is_empty());
    assert!(
        matches!(reaped.retained[0].reason, RetentionReason::Expired),
        "R5: {reaped:?}"
    );
    assert!(database.has_table("users").await);
    let lost = runtime.renew(&v("users@2.0.0"), &"host-a".parse().unwrap()).await;
    assert!(matches!(lost, Err(Error::LeaseLost { .. })), "R6: {lost:?}");
    // A second round finds nothing more.
    let again = runtime.reap().await.unwrap();
    assert!(
        again.fenced.is_empty() && again.retained.is_empty() && again.rolled_back.is_empty(),
        "{again:?}"
    );
    let fenced = log(&runtime).await.into_iter().find_map(|e| match e.kind {
        EventKind::LeaseFenced { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(fenced, Some(FenceReason::Expired));
    end(database, [runtime]).await;
}

pub async fn a_lease_that_ran_out_does_not_stand_in_the_way_of_a_rollback(engine: Engine) {
    steady(STILL, async || stands_not_in_the_way(engine).await).await;
}

async fn stands_not_in_the_way(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime
        .activate_with(v("users@2.0.0"), timed("host-a", ttl()))
        .await
        .unwrap();
    let refusal = super::refused(runtime.rollback(s("schema_v2"), true).await);
    assert_eq!(refusal.rule(), Some("R1"));
    run_out(&database).await;
    let before = seq(&runtime).await;
    runtime.rollback(s("schema_v2"), true).await.unwrap();
    let names = super::names_after(&runtime, before).await;
    assert_eq!(names[0], "lease_fenced", "first its holder is fenced: {names:?}");
    end(database, [runtime]).await;
}

pub async fn a_holder_that_was_fenced_learns_it(engine: Engine) {
    steady(STILL, async || learns_it(engine).await).await;
}

async fn learns_it(engine: Engine) {
    let (database, holder) = start(engine, &Folder::users()).await;
    let lease = holder.lease_for(v("users@1.0.0"), ttl(), false).await.unwrap();
    // Another start of the same instance takes its place.
    let name = holder.instance().clone();
    let successor = database.runtime(|b| b.instance(name.clone())).await;
    let next = successor.lease_for(v("users@1.0.0"), ttl(), false).await.unwrap();
    let told = tokio::time::timeout(ttl(), lease.lost())
        .await
        .expect("before it runs out");
    assert!(matches!(told, Error::LeaseLost { .. }), "{told}");
    assert!(!lease.is_live() && next.is_live());
    drop(lease);
    tokio::time::sleep(ttl()).await;
    assert!(next.is_live(), "the one that is gone takes nothing with it");
    next.release().await.unwrap();
    end(database, [holder, successor]).await;
}

pub async fn after_its_grace_an_unused_schema_goes(engine: Engine) {
    steady(STILL, async || goes_after_its_grace(engine).await).await;
}

async fn goes_after_its_grace(engine: Engine) {
    let folder = Folder::users();
    let (database, runtime) = super::start_with(engine, |b| {
        b.schemas_dir(folder.path()).on_deactivate(Policy::Grace(ttl()))
    })
    .await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    let Deactivation::Retained { kept } = runtime.deactivate(v("users@2.0.0")).await.unwrap() else {
        panic!("it stays for a while");
    };
    assert!(
        kept[0].until.is_some() && matches!(kept[0].reason, RetentionReason::Policy),
        "{kept:?}"
    );
    assert!(runtime.reap().await.unwrap().rolled_back.is_empty(), "not yet");
    tokio::time::sleep(ttl() + Duration::from_millis(200)).await;
    let reaped = runtime.reap().await.unwrap();
    let gone: Vec<_> = reaped.rolled_back.iter().map(|r| r.schema.to_string()).collect();
    assert_eq!(gone, ["schema_v2", "schema_v1"], "{reaped:?}");
    assert!(!database.has_table("users").await);
    end(database, [runtime]).await;
}

pub async fn used_again_before_its_grace_is_over_it_stays(engine: Engine) {
    let folder = Folder::users();
    let (database, runtime) = super::start_with(engine, |b| {
        b.schemas_dir(folder.path()).on_deactivate(Policy::Grace(ttl()))
    })
    .await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    runtime.deactivate(v("users@1.0.0")).await.unwrap();
    runtime.activate(v("users@1.1.0")).await.unwrap();
    tokio::time::sleep(ttl() + Duration::from_millis(200)).await;
    let reaped = runtime.reap().await.unwrap();
    assert!(reaped.rolled_back.is_empty(), "{reaped:?}");
    assert!(database.has_table("users").await);
    end(database, [runtime]).await;
}

pub async fn grace_does_not_take_rows_with_it(engine: Engine) {
    let folder = Folder::users();
    let (database, runtime) = super::start_with(engine, |b| {
        b.schemas_dir(folder.path())
            .on_deactivate(Policy::Grace(Duration::from_millis(1)))
    })
    .await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    database.execute("INSERT INTO users VALUES (1, 'a')").await;
    runtime.deactivate(v("users@1.0.0")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let reaped = runtime.reap().await.unwrap();
    assert!(reaped.rolled_back.is_empty(), "{reaped:?}");
    assert!(
        matches!(reaped.retained[0].reason, RetentionReason::DataLoss { .. }),
        "R8: {reaped:?}"
    );
    let again = runtime.reap().await.unwrap();
    assert!(again.retained.is_empty(), "it is asked about once: {again:?}");
    end(database, [runtime]).await;
}

pub async fn the_expiry_policy_rolls_back_where_it_is_told_to(engine: Engine) {
    let folder = Folder::users();
    let (database, runtime) = super::start_with(engine, |b| {
        b.schemas_dir(folder.path())
            .settings(|x| x.on_expire = Policy::Rollback)
    })
    .await;
    runtime
        .activate_with(v("users@2.0.0"), timed("a", ttl()))
        .await
        .unwrap();
    runtime.activate_with(v("users@1.0.0"), by("b")).await.unwrap();
    run_out(&database).await;
    let reaped = runtime.reap().await.unwrap();
    let gone: Vec<_> = reaped.rolled_back.iter().map(|r| r.schema.to_string()).collect();
    assert_eq!(gone, ["schema_v2"], "schema_v1 is pinned: {reaped:?}");
    end(database, [runtime]).await;
}

pub async fn a_retain_policy_keeps_what_is_unused_until_somebody_says_so(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let options = DeactivateOptions {
        policy: Some(Policy::Retain),
        ..DeactivateOptions::default()
    };
    let Deactivation::Retained { kept } = runtime.deactivate_with(v("users@1.0.0"), options).await.unwrap() else {
        panic!("it was to be kept");
    };
    assert!(kept[0].until.is_none());
    assert!(runtime.reap().await.unwrap().rolled_back.is_empty());
    runtime.rollback(s("schema_v1"), false).await.unwrap();
    assert!(!database.has_table("users").await);
    end(database, [runtime]).await;
}

pub async fn a_lease_shorter_than_a_renewal_takes_is_refused(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let short = Duration::from_millis(299);
    let result = runtime.lease_for(v("users@1.0.0"), short, false).await;
    assert!(matches!(result, Err(Error::Setting { name: "ttl", .. })), "{result:?}");
    let result = runtime
        .activate_with(v("users@1.0.0"), timed("a", Duration::ZERO))
        .await;
    assert!(matches!(result, Err(Error::Setting { name: "ttl", .. })), "{result:?}");
    end(database, [runtime]).await;
}

pub async fn a_lease_longer_than_any_clock_is_no_fault(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let long = Duration::from_secs(u64::MAX / 2_000_000);
    let activation = runtime.activate_with(v("users@1.0.0"), timed("a", long)).await.unwrap();
    assert!(activation.lease().expires_at.is_some());
    assert!(runtime.reap().await.unwrap().fenced.is_empty());
    end(database, [runtime]).await;
}
