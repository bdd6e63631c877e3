//! What changed, and what would change, for people.

use lockstep::lifecycle::{LiveUse, RetentionReason};
use lockstep::registry::{Lease, LeaseKind};
use lockstep::{Activation, Deactivation, Preview, PreviewSchema, RolledBack};

use super::Document;
use super::documents::*;
use super::page::{Page, cell, count, list, state};
use super::time::{shown, span};
use crate::terminal::{DIM, ERROR, GOOD, STRONG, WARNING, styled};

impl Document for Initialised {
    fn human(&self, page: &mut Page) {
        for path in &self.written {
            page.line(format!("wrote {}", path.display()));
        }
        page.line("");
        page.line("Next:");
        for (command, what) in [
            ("lockstep validate", "check the schemas"),
            ("lockstep rehearse", "run them up and down on a throwaway database"),
            ("lockstep plan activate users@1.0.0", "see what an activation would do"),
            ("lockstep activate users@1.0.0", "do it"),
        ] {
            page.line(format!("  {command:<36} {}", styled(DIM, format!("# {what}"))));
        }
    }
}

impl Document for Validated {
    fn human(&self, page: &mut Page) {
        let rows = self.schemas.iter().map(|s| {
            vec![
                cell(&s.schema),
                cell(s.steps),
                cell(list(&s.requires)),
                cell(list(&s.bound)),
            ]
        });
        page.table(&["SCHEMA", "STEPS", "REQUIRES", "BOUND"], rows);
        for finding in &self.findings {
            let style = if finding.severity == "error" { ERROR } else { WARNING };
            page.line(format!("\n{}: {}", styled(style, finding.severity), finding.message));
            if let Some(excerpt) = &finding.excerpt {
                page.line(excerpt);
            }
        }
        let errors = self.findings.iter().filter(|f| f.severity == "error").count();
        let sum = format!(
            "{}, {}, {} for {}",
            count(self.schemas.len(), "schema"),
            count(self.steps, "step"),
            count(self.bindings, "binding"),
            self.dialect
        );
        page.line("");
        if self.valid {
            page.styled(GOOD, format!("valid: {sum}"));
        } else {
            page.styled(ERROR, format!("not valid: {}; read {sum}", count(errors, "error")));
        }
    }
}

impl Document for Planned {
    fn human(&self, page: &mut Page) {
        let Preview {
            action,
            summary,
            schemas,
            affected,
            unfinished,
            rule,
        } = &self.preview;
        let style = if *action == "refused" { ERROR } else { STRONG };
        let by = rule.map(|rule| format!(" by rule {rule}")).unwrap_or_default();
        page.line(format!("{}{by}: {summary}", styled(style, action.replace('_', " "))));
        for schema in unfinished {
            page.line(format!(
                "first, what another left half-way of {schema} would be finished or undone"
            ));
        }
        let steps = schemas
            .iter()
            .flat_map(|schema| schema.steps.iter().map(move |step| (schema, step)));
        let rows: Vec<_> = steps
            .enumerate()
            .map(|(at, (schema, step))| {
                let what = if step.code {
                    "code".to_owned()
                } else {
                    count(step.statements.len(), "statement")
                };
                vec![
                    cell(format!("{:>3}.", at + 1)),
                    cell(&schema.schema),
                    cell(schema.direction),
                    cell(&step.step),
                    cell(what),
                    cell(if step.transactional {
                        "in a transaction"
                    } else {
                        "outside a transaction"
                    }),
                    cell(format!("at most {}", span(step.timeout))),
                ]
            })
            .collect();
        if !rows.is_empty() {
            page.line("");
            page.table(&["", "SCHEMA", "WAY", "STEP", "WHAT", "HOW", "LIMIT"], rows);
        }
        for schema in schemas {
            preview_schema(page, schema);
        }
        uses(page, "who is affected", affected);
    }
}

fn preview_schema(page: &mut Page, schema: &PreviewSchema) {
    let how = if schema.transactional {
        "all in one transaction"
    } else {
        "step by step, journalled"
    };
    page.heading(format!("{} ({}, {how})", schema.schema, schema.direction));
    for step in &schema.steps {
        page.styled(DIM, format!("  -- {}, at most {}", step.step, span(step.timeout)));
        let mut locks = step.locks.clone();
        locks.dedup();
        for lock in locks {
            page.styled(DIM, format!("  -- takes {lock}"));
        }
        for removed in &step.removes {
            page.styled(
                WARNING,
                format!("  -- removes {removed}: refused if rows hold something there, unless that is allowed"),
            );
        }
        if step.code {
            page.line("  (Rust code)");
        } else if step.statements.is_empty() {
            page.line("  (nothing: this step cannot be undone)");
        }
        for statement in &step.statements {
            let ended = if statement.trim_end().ends_with(';') { "" } else { ";" };
            for line in format!("{statement}{ended}").lines() {
                page.line(format!("  {line}"));
            }
        }
    }
}

fn uses(page: &mut Page, title: &str, live: &[LiveUse]) {
    if live.is_empty() {
        return;
    }
    page.heading(title);
    for each in live {
        let until = each
            .expires_at
            .map(|at| format!(", until {}", shown(at)))
            .unwrap_or_default();
        page.line(format!("  {each}{until}"));
    }
}

impl Document for Rehearsed {
    fn human(&self, page: &mut Page) {
        let rows = self.schemas.iter().map(|r| {
            let note = match r.outcome {
                "applied" => "applied in the database: not rehearsed again",
                "irreversible" => "only its way up: a step cannot be undone",
                _ => "up, down, the same as before, up again",
            };
            vec![
                cell(&r.schema),
                state(r.outcome),
                cell(r.steps),
                cell(span(r.up)),
                cell(span(r.down)),
                cell(note),
            ]
        });
        page.table(&["SCHEMA", "OUTCOME", "STEPS", "UP", "DOWN", ""], rows);
    }
}

impl Document for Activated {
    fn human(&self, page: &mut Page) {
        let of = &self.handler_version;
        match &self.activation {
            Activation::Applied {
                schemas,
                lease,
                duration,
            } => {
                for each in schemas {
                    let steps = count(each.steps as usize, "step");
                    page.line(format!("applied {} ({steps} in {})", each.schema, span(each.duration)));
                }
                page.styled(
                    GOOD,
                    format!("{of} is active for {} in {}", held(lease), span(*duration)),
                );
            }
            Activation::AlreadyApplied { lease } => {
                page.styled(
                    GOOD,
                    format!(
                        "{of} is active for {}; {} was applied already",
                        held(lease),
                        lease.schema
                    ),
                );
            }
            Activation::AlreadyActive { lease } => {
                page.line(format!("{of} was active already for {}; nothing changed", held(lease)));
            }
        }
    }
}

/// `deploy (pinned)`
pub(super) fn held(lease: &Lease) -> String {
    match (lease.kind, lease.expires_at) {
        (LeaseKind::Timed { ttl }, Some(at)) => {
            format!(
                "{} (timed, {}, until {} unless renewed)",
                lease.holder.instance,
                span(ttl),
                shown(at)
            )
        }
        (LeaseKind::Timed { ttl }, None) => format!("{} (timed, {})", lease.holder.instance, span(ttl)),
        (LeaseKind::Pinned, _) => format!("{} (pinned)", lease.holder.instance),
    }
}

impl Document for Deactivated {
    fn human(&self, page: &mut Page) {
        let (of, by) = (&self.handler_version, &self.instance);
        match &self.deactivation {
            Deactivation::NotActive { others } => {
                page.line(format!("{of} is not active for {by}; nothing changed"));
                uses(page, "others serve it", others);
            }
            Deactivation::KeptInUse {
                schema,
                by: users,
                required_by,
            } => {
                page.styled(
                    GOOD,
                    format!("{of} is no longer active for {by}; {schema} stays, others need it"),
                );
                uses(page, "in use by", users);
                if !required_by.is_empty() {
                    page.line(format!("required by {}", list(required_by)));
                }
            }
            Deactivation::RolledBack {
                schemas,
                kept,
                duration,
            } => {
                for each in schemas {
                    taken_back(page, each);
                }
                page.styled(
                    GOOD,
                    format!("{of} is no longer active for {by} in {}", span(*duration)),
                );
                kept_lines(page, kept);
            }
            Deactivation::Retained { kept } => {
                page.styled(GOOD, format!("{of} is no longer active for {by}"));
                kept_lines(page, kept);
            }
        }
    }
}

fn taken_back(page: &mut Page, done: &RolledBack) {
    let steps = count(done.steps as usize, "step");
    page.line(format!(
        "took {} back ({steps} in {})",
        done.schema,
        span(done.duration)
    ));
    for lost in &done.lost {
        page.styled(WARNING, format!("  lost, as allowed: {lost}"));
    }
}

/// What stays although nothing uses it, why, and how it goes after all.
pub(super) fn kept_lines(page: &mut Page, kept: &[lockstep::Kept]) {
    for each in kept {
        let schema = &each.schema;
        let until = each.until.map(|at| format!(" until {}", shown(at))).unwrap_or_default();
        match &each.reason {
            RetentionReason::DataLoss { losses } => {
                page.line(format!(
                    "{}: {schema} stays{until}: taking it back would lose",
                    styled(WARNING, "warning")
                ));
                for loss in losses {
                    page.line(format!("  {loss}"));
                }
                page.next(format!(
                    "save the rows, or accept the loss: lockstep rollback {schema} --allow-data-loss"
                ));
            }
            RetentionReason::LossUnknown { step, what } => {
                page.line(format!(
                    "{}: {schema} stays: what {what} in step {step} does to rows cannot be told beforehand",
                    styled(WARNING, "warning")
                ));
                page.next(format!(
                    "look at the step, then accept what it does: lockstep rollback {schema} --allow-data-loss"
                ));
            }
            RetentionReason::Irreversible { step } => {
                page.line(format!(
                    "{}: {schema} stays: step {step} cannot be undone",
                    styled(WARNING, "warning")
                ));
            }
            reason => {
                page.line(format!(
                    "{schema} stays{until}, although nothing uses it: {}",
                    why(reason)
                ));
                page.next(format!("lockstep rollback {schema}"));
            }
        }
    }
}

/// Why an unused schema stays, in a few words.
pub(super) fn why(reason: &RetentionReason) -> String {
    match reason {
        RetentionReason::Policy => "the policy says so".to_owned(),
        RetentionReason::Expired => "its leases ran out".to_owned(),
        RetentionReason::DataLoss { losses } => format!("taking it back would lose {}", list(losses)),
        RetentionReason::LossUnknown { step, what } => {
            format!("what {what} in step {step} does to rows cannot be told")
        }
        RetentionReason::Irreversible { step } => format!("step {step} cannot be undone"),
        RetentionReason::Repaired => "it was repaired".to_owned(),
    }
}

impl Document for TakenBack {
    fn human(&self, page: &mut Page) {
        taken_back(page, &self.rolled_back);
    }
}

impl Document for Renewed {
    fn human(&self, page: &mut Page) {
        match &self.lease {
            Some(found) if self.outcome == "renewed" => {
                page.styled(
                    GOOD,
                    format!("renewed {} for {}", found.lease.handler_version, held(&found.lease)),
                );
            }
            Some(found) => page.line(format!(
                "{} is pinned for {}: it does not run out, nothing to renew",
                found.lease.handler_version, found.lease.holder.instance
            )),
            None => page.line("renewed; the lease has been given back since"),
        }
    }
}

impl Document for ReapedRound {
    fn human(&self, page: &mut Page) {
        let done = &self.reaped;
        if done.fenced.is_empty()
            && done.rolled_back.is_empty()
            && done.retained.is_empty()
            && done.recovered.is_empty()
        {
            page.line("nothing to reap: no lease ran out, nothing was left half-way");
            return;
        }
        for each in &done.fenced {
            page.line(format!("fenced {each}: its lease ran out"));
        }
        for schema in &done.recovered {
            page.line(format!("settled what was left half-way of {schema}"));
        }
        for each in &done.rolled_back {
            taken_back(page, each);
        }
        kept_lines(page, &done.retained);
    }
}

impl Document for RepairDone {
    fn human(&self, page: &mut Page) {
        let done = &self.repaired;
        page.styled(
            GOOD,
            format!(
                "{} is {} now: {}",
                done.schema,
                done.state.as_str().replace('_', " "),
                done.did
            ),
        );
    }
}
