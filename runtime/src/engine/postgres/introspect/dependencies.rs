//! Who needs whom, by name.

use std::collections::HashSet;

use lockstep_catalog::structure::{Dependency, Kind, Name, ObjectRef, Structure, UserTypeKind};

use super::answers::Answers;
use super::ids::{Class, Ids};
use super::queries::About;

pub(super) fn read(answers: &Answers, ids: &Ids, structure: &mut Structure) {
    let domains: HashSet<Name> = structure
        .types
        .iter()
        .filter(|one| matches!(one.kind, UserTypeKind::Domain { .. }))
        .map(|one| one.name.clone())
        .collect();
    // What a domain calls it calls in its default; its conditions are looked at by themselves.
    let precise = |of: ObjectRef, on: &ObjectRef| {
        let calls = matches!(on.kind, Kind::Routine | Kind::Sequence);
        match calls && of.kind == Kind::Type && domains.contains(&of.name) {
            true => ObjectRef::part(Kind::Default, of.name, ""),
            false => of,
        }
    };
    for row in answers.of(About::Dependencies) {
        // What a parent handed down needs what the parent's needs.
        if ids.is_handed_down(Class::of(row.id(0)), row.id(1)) {
            continue;
        }
        let of = ids.find(Class::of(row.id(0)), row.id(1), row.number(2));
        let on = ids.find(Class::of(row.id(3)), row.id(4), row.number(5));
        if let (Some(of), Some(on)) = (of, on) {
            // That a counter goes with its column is said by the counter; here it would close a circle.
            if of == on || (of.kind == Kind::Sequence && on.kind == Kind::Table) {
                continue;
            }
            structure.dependencies.push(Dependency {
                of: precise(of, &on),
                on,
            });
        }
    }
}
