//! Registering a handler version: binding it to a schema, moving tags.

use lockstep_registry::Binding;

use crate::decision::Draft;
use crate::{Decision, EventKind, Facts, Refusal};

/// Binds a handler version, or adds tags to one that is bound. Nothing to do yields no events.
pub fn plan_register(facts: Facts, binding: &Binding) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    draft.register(binding)?;
    Ok(draft.finish())
}

impl Draft {
    pub(crate) fn register(&mut self, wanted: &Binding) -> Result<(), Refusal> {
        let handler_version = &wanted.handler_version;
        let Some(record) = self.facts.bindings.get(handler_version) else {
            return self.push(EventKind::HandlerRegistered {
                binding: wanted.clone(),
            });
        };
        let held = &record.binding;
        let artifact_changes = wanted.artifact.is_some() && held.artifact != wanted.artifact;
        let schema_changes = held.schema != wanted.schema;
        if record.ever_active && (schema_changes || (artifact_changes && held.artifact.is_some())) {
            let (recorded, asked) = if schema_changes {
                (held.schema.to_string(), wanted.schema.to_string())
            } else {
                let shown = |artifact: &Option<String>| format!("artifact {}", artifact.as_deref().unwrap_or("none"));
                (shown(&held.artifact), shown(&wanted.artifact))
            };
            return Err(Refusal::BindingFixed {
                handler_version: handler_version.clone(),
                recorded,
                asked,
            });
        }
        let moved: Vec<_> = wanted.tags.difference(&held.tags).cloned().collect();
        if schema_changes || artifact_changes {
            let mut binding = wanted.clone();
            binding.tags.extend(held.tags.iter().cloned());
            binding.artifact = wanted.artifact.clone().or_else(|| held.artifact.clone());
            return self.push(EventKind::HandlerRegistered { binding });
        }
        for tag in moved {
            let handler_version = handler_version.clone();
            self.push(EventKind::HandlerTagged { handler_version, tag })?;
        }
        Ok(())
    }
}
