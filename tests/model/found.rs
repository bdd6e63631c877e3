//! Mistakes of the pure core that exploring and random histories brought to light, each as its shortest history;
//! and, beside two of them, what has to stay as it was.

use std::time::Duration;

use lockstep_lifecycle::{
    Activate, Deactivate, Direction, EventKind, Failure, Policy, Refusal, RepairAction, RetentionReason,
    begin_activation, begin_repair, conclude_activate, conclude_deactivate, conclude_repair, fail_activate,
    fail_repair, plan_deactivate, plan_expire, plan_recovery,
};
use lockstep_registry::{
    Binding, HandlerState, Holder, Incarnation, InstanceId, LeaseKind, SchemaSpec, SchemaState, SchemaVersion, Specs,
    Step,
};

use super::shop::{Luck, Shop};

/// `schema_v2` requires `schema_v1`; the test's handler version is bound to either.
fn shop() -> Shop {
    let spec = |name| SchemaSpec::new(schema(name), vec![Step::sql("001", "up", "down")]);
    let upper = spec("schema_v2").requires(schema("schema_v1"));
    let upper = upper.compatible_with(schema("schema_v1"));
    Shop::new(Specs::new([spec("schema_v1"), upper]).unwrap())
}

fn schema(name: &str) -> SchemaVersion {
    SchemaVersion::new(name).unwrap()
}

fn holder(instance: &str) -> Holder {
    Holder {
        instance: InstanceId::new(instance).unwrap(),
        incarnation: Incarnation::new("1").unwrap(),
    }
}

fn timed(instance: &str, version: &str, on: &str) -> Activate {
    let ttl = Duration::from_secs(15);
    Activate {
        handler_version: version.parse().unwrap(),
        binding: Some(Binding::new(version.parse().unwrap(), schema(on))),
        holder: holder(instance),
        kind: LeaseKind::Timed { ttl },
        override_incompatible: false,
    }
}

fn leave(instance: &str, version: &str) -> Deactivate {
    Deactivate {
        handler_version: version.parse().unwrap(),
        instance: holder(instance).instance,
        incarnation: None,
        policy: Policy::Rollback,
    }
}

fn operation() -> String {
    "operation".to_owned()
}

/// T1 of `request`, after which its process is not heard of again.
fn begin(shop: &mut Shop, request: &Activate, on: &str) {
    let facts = shop.facts.clone();
    let begun = begin_activation(facts, request, &shop.specs, &schema(on), &operation());
    shop.commit(&begun.unwrap());
}

fn applied(shop: &Shop, on: &str) -> EventKind {
    let spec = shop.specs.get(&schema(on)).unwrap();
    EventKind::SchemaApplied {
        schema: spec.version.clone(),
        operation: operation(),
        checksum: spec.checksum(),
        requires: spec.requires.clone(),
        compatible_with: spec.compatible_with.clone(),
        steps: 1,
        duration_us: 1,
    }
}

fn pass(shop: &mut Shop, seconds: u64) {
    shop.facts.now = shop.facts.now.after(Duration::from_secs(seconds));
}

fn kept(shop: &Shop, on: &str) -> Option<RetentionReason> {
    let record = &shop.facts.schemas[&schema(on)];
    record.retention.as_ref().map(|held| held.reason.clone())
}

/// Otherwise an incompatible version gets its lease in the middle of a long migration.
#[test]
fn a_pending_lease_does_not_run_out_while_its_schema_is_on_the_way() {
    let mut shop = shop();
    begin(&mut shop, &timed("web-1", "users@1.0.0", "schema_v1"), "schema_v1");
    pass(&mut shop, 300);
    let expiry = plan_expire(shop.facts.clone(), Policy::Retain).unwrap();
    assert!(expiry.decision.events.is_empty());
    assert!(expiry.unfinished);
}

/// A process whose connection broke may be its own successor, and may want something else by then.
#[test]
fn our_own_abandoned_work_can_be_undone_and_recorded() {
    let mut shop = shop();
    begin(&mut shop, &timed("web-1", "users@1.0.0", "schema_v1"), "schema_v1");
    shop.recover(Vec::new(), &holder("web-1")).unwrap();
    assert_eq!(shop.facts.state_of(&schema("schema_v1")), SchemaState::RolledBack);
    assert!(shop.facts.leases.is_empty());
}

/// A guard beside the one above: the lease that waits for what is finished stays.
#[test]
fn our_own_abandoned_work_can_be_finished_and_keeps_its_lease() {
    let mut shop = shop();
    begin(&mut shop, &timed("web-1", "users@1.0.0", "schema_v1"), "schema_v1");
    shop.recover(vec![schema("schema_v1")], &holder("web-1")).unwrap();
    assert_eq!(shop.facts.leases.len(), 1);
    let request = timed("web-1", "users@1.0.0", "schema_v1");
    shop.activate(&request, Luck::Journalled).unwrap();
    shop.assert_sound();
}

#[test]
fn waiting_for_a_schema_is_not_serving() {
    let mut shop = shop();
    let (first, second) = (
        timed("web-1", "users@1.0.0", "schema_v1"),
        timed("web-2", "users@1.0.0", "schema_v1"),
    );
    begin(&mut shop, &first, "schema_v1");
    begin(&mut shop, &second, "schema_v1");
    let facts = shop.facts.clone();
    let granted = conclude_activate(facts, &second, &shop.specs, vec![applied(&shop, "schema_v1")]);
    shop.commit(&granted.unwrap());
    shop.deactivate(&leave("web-2", "users@1.0.0"), Luck::Journalled)
        .unwrap();
    let record = &shop.facts.bindings[&first.handler_version];
    assert_eq!(record.state, HandlerState::Inactive);
}

#[test]
fn what_a_recovery_frees_is_kept() {
    let mut shop = shop();
    let (first, second) = (
        timed("web-1", "users@1.0.0", "schema_v1"),
        timed("web-2", "users@1.0.0", "schema_v1"),
    );
    begin(&mut shop, &first, "schema_v1");
    begin(&mut shop, &second, "schema_v1");
    let done = applied(&shop, "schema_v1");
    let finished = conclude_repair(shop.facts.clone(), done).unwrap();
    shop.commit(&finished);
    assert_eq!(kept(&shop, "schema_v1"), None, "two wait for it");
    let (decision, works) = plan_recovery(shop.facts.clone(), &[], &holder("web-3"), &operation()).unwrap();
    assert!(works.is_empty());
    shop.commit(&decision);
    assert_eq!(kept(&shop, "schema_v1"), Some(RetentionReason::Expired));
}

#[test]
fn a_reaper_that_crashes_before_it_takes_back_is_followed_by_one_that_does() {
    let mut shop = shop();
    let request = timed("web-1", "users@2.0.0", "schema_v2");
    shop.activate(&request, Luck::Transaction).unwrap();
    pass(&mut shop, 60);
    let first = plan_expire(shop.facts.clone(), Policy::Rollback).unwrap();
    assert_eq!(first.due, [schema("schema_v2"), schema("schema_v1")]);
    shop.commit(&first.decision);
    shop.assert_sound();
    let second = plan_expire(shop.facts.clone(), Policy::Rollback).unwrap();
    assert_eq!(second.due, first.due);
}

#[test]
fn what_only_a_schema_required_goes_with_it_when_its_grace_is_over() {
    let mut shop = shop();
    let request = timed("web-1", "users@2.0.0", "schema_v2");
    shop.activate(&request, Luck::Transaction).unwrap();
    let grace = Policy::Grace(Duration::from_secs(60));
    let policy = Deactivate {
        policy: grace,
        ..leave("web-1", "users@2.0.0")
    };
    shop.deactivate(&policy, Luck::Transaction).unwrap();
    pass(&mut shop, 61);
    let expiry = plan_expire(shop.facts.clone(), grace).unwrap();
    assert_eq!(expiry.due, [schema("schema_v2"), schema("schema_v1")]);
}

/// R1 seen from above: `schema_v1` may be gone by the time somebody repairs `schema_v2`.
#[test]
fn a_schema_is_not_repaired_onto_what_is_not_there() {
    for action in [RepairAction::Resume, RepairAction::MarkDone] {
        let mut shop = shop();
        let request = timed("web-1", "users@2.0.0", "schema_v2");
        shop.activate(&request, Luck::FailsInTransaction(1)).unwrap();
        let refusal = shop.repair(&schema("schema_v2"), action).unwrap_err();
        let expected = Refusal::NotApplied {
            schema: schema("schema_v1"),
            state: SchemaState::Pending,
        };
        assert_eq!(refusal, expected);
        shop.assert_sound();
    }
}

#[test]
fn a_failed_activation_by_a_recorded_binding_keeps_what_it_applied() {
    let mut shop = shop();
    let mut request = timed("web-1", "users@2.0.0", "schema_v2");
    let binding = request.binding.take().unwrap();
    let registered = lockstep_lifecycle::plan_register(shop.facts.clone(), &binding).unwrap();
    shop.commit(&registered);
    shop.activate(&request, Luck::FailsJournalled(1, false)).unwrap();
    assert_eq!(shop.facts.state_of(&schema("schema_v1")), SchemaState::Applied);
    assert!(kept(&shop, "schema_v1").is_some());
    shop.assert_sound();
}

/// The plan was "only rows, web-2 needs it"; by the time the scope row is held, web-2 is gone.
#[test]
fn a_release_that_turns_out_to_be_the_last_says_what_is_kept() {
    let mut shop = shop();
    for instance in ["web-1", "web-2"] {
        let request = timed(instance, "users@1.0.0", "schema_v1");
        shop.activate(&request, Luck::Transaction).unwrap();
    }
    let request = leave("web-1", "users@1.0.0");
    assert!(matches!(
        plan_deactivate(shop.facts.clone(), &request),
        Ok(lockstep_lifecycle::TakeBack::Release(_))
    ));
    shop.deactivate(&leave("web-2", "users@1.0.0"), Luck::Transaction)
        .unwrap();
    let concluded = conclude_deactivate(shop.facts.clone(), &request, Vec::new()).unwrap();
    shop.commit(&concluded);
    assert_eq!(kept(&shop, "schema_v1"), Some(RetentionReason::Policy));
}

/// A guard, right from the start: a failure that comes late does not undo what somebody else achieved.
#[test]
fn a_failure_recorded_late_leaves_an_applied_schema_alone() {
    let mut shop = shop();
    let (first, second) = (
        timed("web-1", "users@1.0.0", "schema_v1"),
        timed("web-2", "users@1.0.0", "schema_v1"),
    );
    shop.activate(&second, Luck::Transaction).unwrap();
    let failure = Failure {
        schema: schema("schema_v1"),
        direction: Direction::Up,
        step: "001".into(),
        position: 0,
        statement: String::new(),
        error: "no".into(),
        timed_out: false,
        leaves_traces: false,
    };
    let decision = fail_activate(shop.facts.clone(), &first, &shop.specs, failure, operation()).unwrap();
    shop.commit(&decision);
    assert_eq!(shop.facts.state_of(&schema("schema_v1")), SchemaState::Applied);
    shop.assert_sound();
}

/// A repair fails, and before that is recorded somebody else applies the schema.
#[test]
fn a_repair_that_failed_leaves_a_schema_alone_that_others_applied_since() {
    let mut shop = shop();
    let first = timed("web-1", "users@1.0.0", "schema_v1");
    shop.activate(&first, Luck::FailsInTransaction(0)).unwrap();
    let failure = shop.facts.schemas[&schema("schema_v1")].failure.clone().unwrap();
    shop.activate(&timed("web-2", "users@1.0.0", "schema_v1"), Luck::Transaction)
        .unwrap();
    let decision = fail_repair(shop.facts.clone(), failure, &holder("deploy"), operation()).unwrap();
    assert_eq!(decision.events, []);
}

/// A repair goes on with a schema outside a transaction, so what it builds on is used again; then its first step fails.
#[test]
fn a_repair_that_failed_without_traces_says_that_what_it_built_on_is_kept() {
    let mut shop = shop();
    let request = timed("web-1", "users@2.0.0", "schema_v2");
    shop.activate(&request, Luck::FailsJournalled(1, false)).unwrap();
    let failure = shop.facts.schemas[&schema("schema_v2")].failure.clone().unwrap();
    let spec = shop.specs.get(&schema("schema_v2")).unwrap();
    let begun = begin_repair(shop.facts.clone(), spec, Direction::Up, &operation()).unwrap();
    shop.commit(&begun);
    assert_eq!(kept(&shop, "schema_v1"), None);
    let failed = fail_repair(shop.facts.clone(), failure, &holder("deploy"), operation()).unwrap();
    shop.commit(&failed);
    assert!(kept(&shop, "schema_v1").is_some());
    shop.assert_sound();
}
