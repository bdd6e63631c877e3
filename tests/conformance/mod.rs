//! What every engine must do alike. An engine adopts it with one line in `engines`.
//!
//! The lists below name every fact; each file holds the facts of one concept, and each fact ends with the invariants.
// Files are the concepts, functions the facts: a fact that no list names is dead code, and the compiler says so.

use std::time::{Duration, Instant};

use lockstep::lifecycle::{Failure, Refusal};
use lockstep::{
    ActivateOptions, Activation, Builder, DeactivateOptions, Deactivation, Error, Event, HandlerVersion, Runtime,
    SchemaVersion,
};

use crate::invariants;
use crate::support::{Database, Engine, Folder, PATIENCE};

pub mod activation;
pub mod bindings;
pub mod code_steps;
pub mod data_loss;
pub mod deactivation;
pub mod events;
pub mod failures;
pub mod files;
pub mod guarded;
pub mod guarded_edge;
pub mod guarded_journalled;
pub mod guarded_rows;
pub mod hostile;
pub mod leases;
pub mod metrics;
pub mod observers;
pub mod outside_transactions;
pub mod postgres_roles;
pub mod previews;
pub mod rehearsal;
pub mod repairs;
pub mod sqlite_files;
pub mod tampering;
pub mod without_transactions;

/// Every fact of the suite, as tests of one engine.
macro_rules! suite {
    ($name:ident, $engine:ident) => {
        $crate::conformance::suite!(@ $name, $engine:
            activation {
                two_versions_share_a_schema_and_the_last_one_out_takes_both_back
                activating_twice_is_a_no_op_that_says_so
                an_unknown_handler_version_is_refused_and_the_known_ones_are_named
                an_unknown_schema_is_refused
                an_incompatible_schema_is_refused_naming_the_live_users
                an_override_goes_ahead_and_a_second_instance_is_not_refused
                a_failed_start_does_not_disturb_who_serves_already
                four_runtimes_start_at_once_on_an_empty_database
                scopes_are_independent
            }
            deactivation {
                any_order_of_leaving_keeps_what_is_in_use
                deactivating_what_is_not_active_says_who_else_serves_it
                deactivating_what_nobody_bound_is_refused
                a_version_pinned_by_several_drains_until_the_last_lets_go
                a_schema_that_others_require_stays_until_they_go
                a_diamond_goes_back_in_reverse_order
            }
            bindings {
                a_binding_may_change_until_its_version_was_active
                an_artifact_is_kept_and_fixed_with_the_binding
                a_tag_resolves_and_moves
                time_stamped_versions_work_end_to_end_and_are_found_by_time
            }
            data_loss {
                a_table_that_is_made_anew_without_its_rows_counts_as_lost
                a_table_that_only_this_schema_remakes_is_counted_too
                tables_with_rows_are_kept_and_named_with_their_counts
                a_column_with_values_is_kept_and_one_without_goes
                a_consented_loss_is_written_down
                what_a_way_back_carries_elsewhere_is_no_loss
                what_an_author_asks_before_a_way_back_is_counted_as_loss
                a_retained_schema_goes_by_hand_only_with_consent
                a_kept_schema_is_simply_used_again
                an_irreversible_step_keeps_its_schema
                names_that_need_quotes_are_counted_too
            }
            failures {
                the_right_one_of_several_statements_is_named
                a_failed_verify_fails_its_step
                a_runtime_without_files_takes_back_what_was_stored
                the_history_tells_every_step_with_its_rows_and_time
            }
            repairs {
                a_failed_up_is_resumed
                a_failed_up_is_undone
                two_who_repair_at_once_apply_it_once
                a_failed_up_that_was_finished_by_hand_is_marked_done
                what_did_not_fail_needs_no_repair
                what_nobody_knows_is_not_repaired
            }
            tampering {
                a_changed_step_is_refused_with_its_name_and_both_checksums
                a_changed_way_back_is_tampering_and_the_stored_one_runs
                an_added_step_and_another_parent_are_tampering
                promises_and_descriptions_may_change
                line_ends_and_trailing_space_do_not_matter
            }
            leases {
                a_lease_lives_over_many_times_its_ttl_and_is_given_back
                a_dropped_lease_is_given_back_in_the_background
                a_lease_that_runs_out_is_fenced_and_its_schema_retained
                a_lease_that_ran_out_does_not_stand_in_the_way_of_a_rollback
                a_holder_that_was_fenced_learns_it
                after_its_grace_an_unused_schema_goes
                used_again_before_its_grace_is_over_it_stays
                grace_does_not_take_rows_with_it
                the_expiry_policy_rolls_back_where_it_is_told_to
                a_retain_policy_keeps_what_is_unused_until_somebody_says_so
                a_lease_shorter_than_a_renewal_takes_is_refused
                a_lease_longer_than_any_clock_is_no_fault
            }
            guarded {
                what_is_committed_counts_and_nothing_else
                a_schema_is_not_taken_back_while_one_is_open
                a_rollback_waits_for_those_that_are_open
                one_that_is_open_when_its_lease_is_lost_may_commit_and_no_other_begins
                none_begins_under_a_lease_that_is_over
                one_that_is_dropped_leaves_nothing_for_the_next
                renewals_go_on_while_one_is_open
                one_that_was_ended_by_a_statement_does_not_commit
                more_than_there_are_connections_wait_their_turn
                waiting_for_a_turn_ends
                a_schema_that_changes_meanwhile_leaves_no_stale_plans
            }
            guarded_edge {
                every_committed_write_met_its_table
            }
            events {
                another_runtime_sees_it_within_two_seconds
                what_one_did_one_sees_at_once
                a_stream_elsewhere_is_gapless_and_in_order
                a_stream_from_the_start_replays_everything_and_goes_on
                a_stream_that_falls_far_behind_misses_nothing
                a_stream_ends_with_its_runtime
            }
            observers {
                each_hears_of_everything_in_order
                one_that_panics_or_hangs_is_contained
                one_hears_of_failures
                a_named_process_goes_on_where_it_stopped
            }
            rehearsal {
                a_rollback_in_the_wrong_order_is_understandable_and_touches_nothing
                a_way_back_that_leaves_something_names_it
                a_sound_schema_passes_on_a_copy_and_in_place
                a_failing_way_up_is_found_too
                what_cannot_be_asked_before_a_way_back_is_found_too
                an_irreversible_step_is_rehearsed_one_way
            }
            previews {
                a_preview_tells_every_statement_and_changes_nothing
                a_preview_says_what_would_be_refused
            }
            files {
                an_empty_or_missing_folder_says_so
                garbage_is_named_by_file_and_line
                misnamed_and_missing_step_files_are_named
                a_missing_parent_and_a_cycle_are_named
                transaction_control_is_refused_with_its_line
                words_in_texts_names_and_trigger_bodies_are_no_transaction_control
                an_engines_own_variant_wins
                a_name_that_the_server_would_cut_is_refused
                a_binding_to_an_unknown_schema_is_no_obstacle_to_others
            }
            hostile {
                a_newer_format_is_refused_and_left_alone
                damaged_metadata_is_named_and_nothing_is_done_on_it
                a_database_that_is_not_there_is_said_so_without_the_password
                one_that_only_looks_creates_and_changes_nothing
                a_runtime_survives_that_its_connections_are_cut
            }
            code_steps {
                code_runs_between_statements_and_back
                failing_code_takes_everything_back
                code_that_panics_takes_only_itself_down
                code_that_ends_the_transaction_is_caught
                code_that_hangs_is_stopped_at_its_time_limit
                missing_code_is_named_and_changes_nothing
            }
            metrics {
                what_happens_is_counted_and_timed_with_bounded_labels
            }
        );
    };
    (@ $name:ident, $engine:ident: $($file:ident { $($fact:ident)* })*) => {
        mod $name {
            $(mod $file {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $fact() {
                    $crate::conformance::$file::$fact($crate::support::Engine::$engine).await;
                })*
            })*
        }
    };
}
pub(crate) use suite;

/// What holds where a change of the schema is part of a transaction.
macro_rules! transactional_only {
    ($name:ident, $engine:ident) => {
        $crate::conformance::suite!(@ $name, $engine:
            failures {
                a_failed_up_takes_everything_back_and_mended_it_activates
                a_failed_down_keeps_the_schema_applied_and_the_version_active
                a_failure_above_takes_back_what_was_applied_below_it
            }
            repairs {
                a_failed_down_is_resumed_once_nobody_uses_it
            }
            rehearsal {
                what_is_applied_stays_out_of_a_rehearsal_in_place
            }
        );
    };
}
pub(crate) use transactional_only;

/// What holds where every change of the schema commits by itself.
macro_rules! journalled_only {
    ($name:ident, $engine:ident) => {
        $crate::conformance::suite!(@ $name, $engine:
            rehearsal {
                in_place_is_refused_where_nothing_can_be_taken_back
            }
            without_transactions {
                failing_at_any_of_six_steps_resume_and_undo_lead_to_the_exact_catalog
                a_failed_down_goes_on_or_back
                a_failure_above_keeps_what_was_applied_below_it
                a_mixed_step_is_refused_with_the_advice_to_split_it
                what_nothing_can_verify_needs_a_query_or_the_mark
                a_manual_step_in_doubt_waits_for_a_person
                a_loss_that_cannot_be_told_keeps_the_schema
                a_session_setting_of_one_step_is_not_the_next_ones
                a_session_that_is_cut_in_the_middle_is_settled_by_the_next_attempt
                a_journal_that_cannot_be_written_orphans_nothing
                rows_written_after_the_count_stop_the_way_back
            }
        );
    };
}
pub(crate) use journalled_only;

/// What only PostgreSQL has.
macro_rules! postgres_only {
    ($name:ident, $engine:ident) => {
        $crate::conformance::suite!(@ $name, $engine:
            outside_transactions {
                a_concurrent_index_is_built_and_taken_back
                failing_on_duplicates_leaves_no_invalid_index_and_mended_it_activates
                mixed_with_transactional_steps_it_goes_on_where_it_failed
                a_failed_one_is_undone
                one_that_was_finished_by_hand_is_taken_back_whole
                rows_are_counted_before_a_way_back_outside_a_transaction
                rows_written_after_the_trial_stop_the_way_back
                rows_written_after_a_crash_stop_its_successor
                two_statements_outside_a_transaction_are_refused
                a_step_that_moves_the_search_path_moves_nobody_after_it
                what_took_effect_before_a_crash_is_told_by_the_catalog
                what_nothing_can_verify_is_refused_unless_marked
            }
            guarded_edge {
                of_work_outside_a_transaction_too
            }
            guarded_journalled {
                work_outside_a_transaction_waits_for_those_that_are_open
                a_recovery_waits_for_those_that_are_open
                one_that_is_left_idle_is_ended_by_the_server
            }
            postgres_roles {
                a_search_path_that_one_step_sets_is_not_the_next_ones
                a_role_without_rights_is_told_which_it_lacks
                a_role_that_may_not_change_tables_fails_at_the_step_and_leaves_nothing
                a_role_that_may_only_read_is_refused_and_nothing_changes
            }
        );
    };
}
pub(crate) use postgres_only;

/// What only MySQL and MariaDB have.
macro_rules! mysql_only {
    ($name:ident, $engine:ident) => {
        $crate::conformance::suite!(@ $name, $engine:
            guarded_journalled {
                work_outside_a_transaction_waits_for_those_that_are_open
                a_recovery_waits_for_those_that_are_open
                one_that_is_left_idle_is_ended_by_the_server
            }
            guarded_rows {
                a_way_back_whose_hold_is_ended_drops_nothing_under_an_open_one
                a_way_back_whose_hold_was_taken_back_takes_it_again
                what_a_silent_machine_holds_is_let_go
                a_server_that_ends_idle_transactions_ends_no_hold
                where_the_table_of_holds_is_missing_it_is_made
            }
        );
    };
}
pub(crate) use mysql_only;

/// What only SQLite has.
macro_rules! sqlite_only {
    ($name:ident, $engine:ident) => {
        $crate::conformance::suite!(@ $name, $engine:
            sqlite_files {
                a_table_rebuild_does_not_cascade_into_children
                rows_left_dangling_refuse_the_commit
                what_was_broken_before_is_not_held_against_the_steps
                a_step_outside_a_transaction_is_refused_when_read
                a_file_that_is_no_database_is_left_alone
                a_read_only_url_reads_and_refuses_to_write
                a_database_in_memory_works_too
            }
        );
    };
}
pub(crate) use sqlite_only;

pub fn v(text: &str) -> HandlerVersion {
    text.parse().expect("a handler version")
}

pub fn s(text: &str) -> SchemaVersion {
    text.parse().expect("a schema version")
}

/// An activation for an instance.
pub fn by(instance: &str) -> ActivateOptions {
    ActivateOptions {
        instance: Some(instance.parse().expect("an instance id")),
        ..ActivateOptions::default()
    }
}

/// A deactivation for an instance.
pub fn of(instance: &str) -> DeactivateOptions {
    DeactivateOptions {
        instance: Some(instance.parse().expect("an instance id")),
        ..DeactivateOptions::default()
    }
}

/// A database of its own and a runtime that read the folder.
pub async fn start(engine: Engine, folder: &Folder) -> (Database, Runtime) {
    start_with(engine, |b| b.schemas_dir(folder.path())).await
}

pub async fn start_with(engine: Engine, change: impl FnOnce(Builder) -> Builder) -> (Database, Runtime) {
    let database = Database::new(engine).await;
    let runtime = database.runtime(change).await;
    (database, runtime)
}

/// The end of every fact: nobody works any more, and the rules hold.
pub async fn end(database: Database, runtimes: impl IntoIterator<Item = Runtime>) {
    for runtime in runtimes {
        runtime.shutdown().await;
    }
    invariants::check(&database, true).await;
    database.drop().await;
}

pub fn refused<T: std::fmt::Debug>(result: lockstep::Result<T>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => *refusal,
        other => panic!("a refusal was due: {other:?}"),
    }
}

pub fn failed<T: std::fmt::Debug>(result: lockstep::Result<T>) -> Failure {
    match result {
        Err(Error::Step { failure }) => *failure,
        other => panic!("a failed step was due: {other:?}"),
    }
}

/// The schemas an activation applied, in order.
pub fn applied(activation: &Activation) -> Vec<String> {
    match activation {
        Activation::Applied { schemas, .. } => schemas.iter().map(|a| a.schema.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// The schemas a deactivation took back, in order.
pub fn taken_back(deactivation: &Deactivation) -> Vec<String> {
    match deactivation {
        Deactivation::RolledBack { schemas, .. } => schemas.iter().map(|r| r.schema.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// Asks again and again until there is an answer.
pub async fn soon<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not happen within {PATIENCE:?}");
}

/// The whole log.
pub async fn log(runtime: &Runtime) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let page = runtime.events_since(all.len() as u64, 500).await.expect("the log");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// The names of the events after a sequence number.
pub async fn names_after(runtime: &Runtime, seq: u64) -> Vec<&'static str> {
    let events = runtime.events_since(seq, 500).await.expect("the log");
    events.iter().map(|e| e.kind.name()).collect()
}

pub async fn seq(runtime: &Runtime) -> u64 {
    runtime.report().await.expect("a status").event_seq
}

/// The state of a handler version, as shown.
pub async fn handler_state(runtime: &Runtime, of: &str) -> &'static str {
    let status = runtime.report().await.expect("a status");
    let found = status.handlers.iter().find(|h| h.handler_version == v(of));
    found.map_or("unknown", |h| h.state.as_str())
}

/// A folder with a step a line: `schema/step`, its way up and its way back.
pub fn folder(handlers: &str, steps: &[(&str, &str, &str)]) -> Folder {
    let folder = Folder::empty();
    folder.write("handlers.toml", handlers);
    for (path, up, down) in steps {
        folder.write(&format!("{path}.up.sql"), up);
        if !down.is_empty() {
            folder.write(&format!("{path}.down.sql"), down);
        }
    }
    folder
}

/// `one@1.0.0` on `schema_a`, with the given steps.
pub fn one(steps: &[(&str, &str, &str)]) -> Folder {
    let steps: Vec<_> = steps
        .iter()
        .map(|(name, up, down)| (format!("schema_a/{name}"), *up, *down))
        .collect();
    let steps: Vec<_> = steps
        .iter()
        .map(|(path, up, down)| (path.as_str(), *up, *down))
        .collect();
    folder("[handlers.one]\n\"1.0.0\" = \"schema_a\"\n", &steps)
}

/// `app@1.0.0` on `schema_1`, which `schema_2` requires, which `schema_3` requires; each a table, all compatible.
pub fn chain() -> Folder {
    let folder = folder(
        "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"schema_2\"\n\"3.0.0\" = \"schema_3\"\n",
        &[
            (
                "schema_1/001_t",
                "CREATE TABLE t1 (id INTEGER PRIMARY KEY);",
                "DROP TABLE t1;",
            ),
            (
                "schema_2/001_t",
                "CREATE TABLE t2 (id INTEGER PRIMARY KEY);",
                "DROP TABLE t2;",
            ),
            (
                "schema_3/001_t",
                "CREATE TABLE t3 (id INTEGER PRIMARY KEY);",
                "DROP TABLE t3;",
            ),
        ],
    );
    folder.write(
        "schema_2/schema.toml",
        "requires = [\"schema_1\"]\ncompatible_with = [\"schema_1\"]\n",
    );
    folder.write(
        "schema_3/schema.toml",
        "requires = [\"schema_2\"]\ncompatible_with = [\"schema_2\"]\n",
    );
    folder
}
