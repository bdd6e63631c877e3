//! What has to hold in every state, and what more once nothing is under way.

use lockstep_registry::SchemaState;

use super::explorer::Violation;
use super::protocol::Model;
use super::setting::{Engine, SCHEMAS};
use super::world::{At, World};

/// The rules of DESIGN.md that can be read off one state.
pub(crate) fn judge(model: &Model, world: &World) -> Result<(), Violation> {
    let summary = model.store.summary(world.facts);
    let whole = [0, 1].map(|s| summary.state[s] == SchemaState::Applied && world.truth[s] == model.full(s));
    for schema in 0..2 {
        if whole[schema] {
            continue;
        }
        let is = format!(
            "is {} with steps {:02b} in effect",
            summary.state[schema], world.truth[schema]
        );
        if summary.active_leases[schema] > 0 {
            let found = format!("a lease is live on {}, which {is}", SCHEMAS[schema]);
            return Err(Violation::of("R1", found));
        }
        if schema == 0 && summary.occupies[1] {
            let found = format!("{} is in the database, and schema_v1 {is}", SCHEMAS[1]);
            return Err(Violation::of("R1", found));
        }
        // A version is served only on top of all that it requires.
        if summary.served[schema] || (schema == 0 && summary.served[1]) {
            let found = format!("a version that needs {} is served; it {is}", SCHEMAS[schema]);
            return Err(Violation::of("R3", found));
        }
    }
    if world.truth[1] != 0 && world.truth[0] != model.full(0) {
        return Err(Violation::of("R1", "schema_v2 floats: schema_v1 is not in effect"));
    }
    if let Some(broken) = &summary.broken {
        return Err(broken.clone());
    }
    let both = summary.active_leases[0] > 0 && summary.active_leases[1] > 0;
    if both && !model.setting().compatible {
        return Err(Violation::of("R3", "incompatible versions are both served"));
    }
    if at_rest(model, world) {
        at_peace(model, world)?;
    }
    Ok(())
}

/// Nobody works, nothing is unfinished, no statement is in flight.
pub(crate) fn at_rest(model: &Model, world: &World) -> bool {
    let summary = model.store.summary(world.facts);
    let open = |s: &SchemaState| matches!(s, SchemaState::Applying | SchemaState::Reverting);
    world.instances.iter().all(|i| i.at == At::Idle && !i.unsure)
        && world.lock.is_none()
        && world.orphan.is_none()
        && !summary.pending
        && !summary.state.iter().any(open)
}

/// The record is the truth, and nothing unused was forgotten.
fn at_peace(model: &Model, world: &World) -> Result<(), Violation> {
    let summary = model.store.summary(world.facts);
    // A crash between two commits of one piece of work leaves it to the reaper to say what is kept.
    let setting = model.setting();
    let lucky = (world.crashes, world.cuts, world.unanswered) == (setting.crashes, setting.cuts, setting.unanswered);
    let one_commit = model.setting().engine == Engine::Transactional;
    for (schema, name) in SCHEMAS.iter().enumerate() {
        let expected = match summary.state[schema] {
            SchemaState::Applied => model.full(schema),
            SchemaState::Failed => world.journal[schema].in_effect(),
            _ => 0,
        };
        if world.truth[schema] != expected {
            let found = format!(
                "{name} is {} with steps {:02b} in effect",
                summary.state[schema], world.truth[schema]
            );
            return Err(Violation::of("R2", found));
        }
        let unused = summary.state[schema] == SchemaState::Applied && summary.references[schema] == 0;
        if unused && !summary.retained[schema] && (lucky || one_commit) {
            let found = format!("{name} is applied and unused, and nothing says that it is kept");
            return Err(Violation::of("R5", found));
        }
    }
    if lucky && summary.announced {
        return Err(Violation::of("R7", "an announcement is left although nobody crashed"));
    }
    Ok(())
}

pub(crate) fn describe(model: &Model, world: &World) -> String {
    let summary = model.store.summary(world.facts);
    let schema = |at: usize| {
        format!(
            "{} {} (steps in effect {:02b}, references {})",
            SCHEMAS[at], summary.state[at], world.truth[at], summary.references[at]
        )
    };
    format!("then {}, {}", schema(0), schema(1))
}
