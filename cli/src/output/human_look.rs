//! What is, for people.

use lockstep::lifecycle::{Direction, EventKind, Operation};
use lockstep::registry::LeaseKind;
use lockstep::{InDoubt, LeaseStatus, SchemaState, SchemaStatus, Sight};

use super::Document;
use super::documents::*;
use super::human::why;
use super::page::{Page, cell, count, list, state};
use super::time::{shown, shown_or_dash, span};
use crate::terminal::{DIM, ERROR, STRONG, WARNING, styled};

impl Document for StatusAnswer {
    fn human(&self, page: &mut Page) {
        let status = &self.status;
        page.line(format!("{}  scope {}", styled(STRONG, &self.database), status.scope));
        if status.prepared {
            page.styled(
                DIM,
                format!(
                    "epoch {}, {} events, {}",
                    status.epoch,
                    status.event_seq,
                    shown(status.now)
                ),
            );
        } else {
            page.line("Lockstep has never been used here: the database has none of its tables for this scope.");
        }
        if let Some(operation) = &status.operation {
            working(page, operation);
        }
        if !status.schemas.is_empty() {
            page.heading("SCHEMAS");
            let rows = status.schemas.iter().map(|s| {
                vec![
                    cell(&s.schema),
                    state(s.state.as_str()),
                    cell(s.references),
                    cell(list(&s.used_by)),
                    cell(list(&s.required_by)),
                    cell(shown_or_dash(s.applied_at)),
                ]
            });
            page.table(
                &["NAME", "STATE", "REFERENCES", "USED BY", "REQUIRED BY", "APPLIED"],
                rows,
            );
            for schema in &status.schemas {
                remarks(page, schema);
            }
        }
        if !status.handlers.is_empty() {
            page.heading("HANDLER VERSIONS");
            let rows = status.handlers.iter().map(|h| {
                vec![
                    cell(&h.handler_version),
                    state(h.state.as_str()),
                    cell(&h.schema),
                    cell(list(&h.tags)),
                ]
            });
            page.table(&["NAME", "STATE", "SCHEMA", "TAGS"], rows);
        }
        if !status.leases.is_empty() {
            page.heading("LEASES");
            leases(page, &status.leases);
        }
        if !status.prepared {
            page.line("");
            page.next("lockstep activate HANDLER@VERSION");
        }
    }
}

fn working(page: &mut Page, operation: &Operation) {
    page.line(format!(
        "{}: {} {} by {} since {}",
        styled(WARNING, "in progress, or left by a crash"),
        operation.kind.as_str(),
        operation.subject,
        operation.holder.instance,
        shown(operation.since)
    ));
}

fn remarks(page: &mut Page, schema: &SchemaStatus) {
    let name = &schema.schema;
    if let Some(kept) = &schema.retention {
        let until = kept.until.map(|at| format!(" until {}", shown(at))).unwrap_or_default();
        page.line(format!(
            "  {name} is kept since {}{until}, unused: {}",
            shown(kept.since),
            why(&kept.reason)
        ));
    }
    if let Some(failure) = &schema.failure {
        let text = format!(
            "step {} ({}) failed: {}",
            failure.step, failure.direction, failure.error
        );
        page.line(format!("  {}: {name}: {text}", styled(ERROR, "failed")));
        page.line(format!("    next: lockstep repair {name}"));
    }
    if schema.tampered {
        page.line(format!(
            "  {}: the files of {name} are not what was applied (R9)",
            styled(ERROR, "tampered")
        ));
    }
}

fn leases(page: &mut Page, leases: &[LeaseStatus]) {
    let rows = leases.iter().map(|each| {
        let lease = &each.lease;
        let ends = match (lease.kind, lease.expires_at) {
            (LeaseKind::Pinned, _) => "pinned".to_owned(),
            (_, Some(at)) if each.due => format!("ran out {}", shown(at)),
            (_, at) => shown_or_dash(at),
        };
        vec![
            cell(&lease.holder.instance),
            cell(&lease.handler_version),
            cell(&lease.schema),
            state(lease.state.as_str()),
            cell(shown(lease.acquired_at)),
            cell(ends),
        ]
    });
    page.table(
        &["INSTANCE", "HANDLER VERSION", "SCHEMA", "STATE", "SINCE", "ENDS"],
        rows,
    );
}

impl Document for UsageAnswer {
    fn human(&self, page: &mut Page) {
        if self.schemas.is_empty() {
            page.line("no schema is known here");
        }
        for (at, each) in self.schemas.iter().enumerate() {
            if at > 0 {
                page.line("");
            }
            let kept = if each.retained { ", kept although unused" } else { "" };
            let name = styled(STRONG, &each.schema);
            page.line(format!(
                "{name}  {}{kept}, references: {}",
                each.state.as_str().replace('_', " "),
                each.references
            ));
            for schema in &each.required_by {
                page.line(format!("  required by {schema}"));
            }
            if !each.leases.is_empty() {
                leases(page, &each.leases);
            }
        }
    }
}

impl Document for HistoryAnswer {
    fn human(&self, page: &mut Page) {
        if self.entries.is_empty() {
            page.line("no step has run yet");
            return;
        }
        let rows = self.entries.iter().map(|e| {
            vec![
                cell(shown(e.started_at)),
                cell(&e.schema),
                cell(e.direction),
                cell(&e.step),
                state(e.state.as_str()),
                cell(span(std::time::Duration::from_micros(e.duration_us))),
                cell(e.rows),
                cell(e.error.as_deref().unwrap_or("")),
            ]
        });
        page.table(
            &["STARTED", "SCHEMA", "WAY", "STEP", "STATE", "TOOK", "ROWS", "ERROR"],
            rows,
        );
        if !self.files.is_empty() {
            page.line("");
            page.table(
                &["APPLIED FROM", "SHA-256"],
                self.files
                    .iter()
                    .map(|(file, sum)| vec![cell(file), cell(sum.as_str())]),
            );
        }
    }
}

impl Document for EventLine {
    fn human(&self, page: &mut Page) {
        let event = &self.0;
        let name = event.kind.name().replace('_', " ");
        let told = format!("{name:<20} {}", detail(&event.kind));
        page.line(format!(
            "{:>6}  {}  {}  {}",
            event.seq,
            shown(event.at),
            told.trim_end(),
            styled(DIM, format!("by {}", event.instance))
        ));
    }
}

fn detail(kind: &EventKind) -> String {
    match kind {
        EventKind::HandlerRegistered { binding } => format!("{} needs {}", binding.handler_version, binding.schema),
        EventKind::HandlerTagged { handler_version, tag } => format!("{handler_version} is {tag}"),
        EventKind::SchemaApplied {
            schema,
            steps,
            duration_us,
            ..
        } => {
            format!(
                "{schema}, {} in {}",
                count(*steps as usize, "step"),
                span(std::time::Duration::from_micros(*duration_us))
            )
        }
        EventKind::SchemaRolledBack {
            schema, steps, lost, ..
        } => {
            let lost = if lost.is_empty() {
                String::new()
            } else {
                format!(", lost {}", list(lost))
            };
            format!("{schema}, {}{lost}", count(*steps as usize, "step"))
        }
        EventKind::SchemaRetained { schema, retention } => format!("{schema}: {}", why(&retention.reason)),
        EventKind::SchemaFailed { failure, .. } => {
            format!(
                "{} at step {} ({}): {}",
                failure.schema, failure.step, failure.direction, failure.error
            )
        }
        EventKind::LeaseRequested { lease } | EventKind::LeaseGranted { lease } => {
            format!(
                "{} on {} to {}",
                lease.handler_version,
                lease.schema,
                super::human::held(lease)
            )
        }
        EventKind::LeaseReleased {
            holder,
            handler_version,
            schema,
        } => {
            format!("{handler_version} on {schema} of {}", holder.instance)
        }
        EventKind::LeaseFenced {
            holder,
            handler_version,
            schema,
            reason,
        } => format!("{handler_version} on {schema} of {} ({reason:?})", holder.instance).to_lowercase(),
        other => match (other.handler_version(), other.schema()) {
            (Some(handler_version), _) => handler_version.to_string(),
            (None, Some(schema)) => schema.to_string(),
            (None, None) => String::new(),
        },
    }
}

impl Document for GraphAnswer<'_> {
    fn human(&self, page: &mut Page) {
        let rows = self.nodes.iter().map(|node| {
            let name = format!("{}{}", "  ".repeat(node.layer), node.schema);
            vec![
                cell(name),
                state(node.state.as_str()),
                cell(list(&node.requires)),
                cell(list(&node.used_by)),
                cell(if node.in_files { "" } else { "only in the database" }),
            ]
        });
        page.table(&["SCHEMA", "STATE", "BUILDS ON", "USED BY", ""], rows);
    }
}

impl Document for RepairChoices {
    fn human(&self, page: &mut Page) {
        let name = styled(STRONG, &self.schema);
        page.line(format!("{name} is {}", self.state.as_str().replace('_', " ")));
        if let Some(failure) = &self.failure {
            let way = match failure.direction {
                Direction::Up => "while it was applied",
                Direction::Down => "while it was taken back",
            };
            let what = if failure.timed_out {
                "was stopped at its time limit"
            } else {
                "failed"
            };
            page.line(format!("step {} {what} {way}: {}", failure.step, failure.error));
            page.line(format!("  in: {}", failure.statement));
        }
        if self.choices.is_empty() {
            page.line("there is nothing to repair");
            return;
        }
        self.steps(page);
        if let Some(doubt) = &self.seen.doubt {
            self.doubt(page, doubt);
        }
        if !self.used_by.is_empty() {
            page.line(format!("in use by: {}", list(&self.used_by)));
        }
        for choice in &self.choices {
            page.line("");
            page.line(format!("{}: {}", styled(STRONG, choice.flag), choice.does));
            if !choice.steps.is_empty() {
                page.line(format!("  runs: {}", list(&choice.steps)));
            }
            if let Some(why) = &choice.stopped_by {
                page.line(format!("  {}: {why}", styled(ERROR, "would stop")));
                continue;
            }
            page.line(format!(
                "  then {} is {}",
                self.schema,
                choice.leads_to.as_str().replace('_', " ")
            ));
        }
        page.line("");
        let flags: Vec<_> = self
            .choices
            .iter()
            .filter(|c| c.stopped_by.is_none())
            .map(|c| c.flag)
            .collect();
        if let Some((first, others)) = flags.split_first() {
            let others = match others {
                [] => String::new(),
                _ => format!("   (or {})", others.join(", or ")),
            };
            page.next(format!("lockstep repair {} {first}{others}", self.schema));
        }
    }
}

impl RepairChoices {
    /// What is on record, and what the catalog has beside it.
    fn steps(&self, page: &mut Page) {
        let doubt = self.seen.doubt.as_ref().map(|doubt| doubt.step.as_str());
        page.line("");
        let rows = self.seen.steps.iter().map(|each| {
            let recorded = match (doubt == Some(each.step.as_str()), each.recorded) {
                (true, _) => "in doubt",
                (false, true) => "in effect",
                (false, false) => "not in effect",
            };
            let there: Vec<_> = each.there.iter().map(|name| name.replacen(':', " ", 1)).collect();
            let seen = match each.seen {
                Some(seen) if each.differs() => format!("{}, other than recorded", seen_as(seen)),
                Some(seen) => seen_as(seen).to_owned(),
                None => "-".to_owned(),
            };
            let there = if there.is_empty() { "-".to_owned() } else { list(&there) };
            vec![cell(&each.step), cell(recorded), cell(seen), cell(there)]
        });
        page.table(&["STEP", "RECORDED", "LOOKED UP", "OF WHAT IT NAMES, THERE IS"], rows);
    }

    fn doubt(&self, page: &mut Page, doubt: &InDoubt) {
        page.line("");
        let what = format!("step {} ({}) is in doubt", doubt.step, doubt.direction);
        page.line(format!(
            "{}: it was sent {}, and what came of it is not on record",
            styled(WARNING, what),
            shown(doubt.started_at)
        ));
        page.line(format!("  sent: {}", doubt.statement));
        page.line(format!(
            "  the catalog says: {} ({})",
            seen_as(doubt.seen),
            doubt.because
        ));
        page.line(match doubt.session_lives {
            Some(true) => format!("  session {} is still there and may still be at it", doubt.session),
            Some(false) => format!("  session {} has ended", doubt.session),
            None => format!("  whether session {} has ended cannot be seen", doubt.session),
        });
        let crashed = matches!(self.state, SchemaState::Applying | SchemaState::Reverting);
        if crashed && doubt.settles_itself {
            page.line("  the next activation, or 'lockstep reap', settles this by itself");
        }
    }
}

fn seen_as(seen: Sight) -> &'static str {
    match seen {
        Sight::InEffect => "in effect",
        Sight::NotInEffect => "not in effect",
        Sight::Disputed => "changed, but its verify query does not return true",
        Sight::CannotTell => "cannot tell",
    }
}
