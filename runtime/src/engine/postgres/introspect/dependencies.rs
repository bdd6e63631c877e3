//! Who needs whom, by name.

use lockstep_catalog::structure::{Dependency, Kind, Structure};

use super::answers::Answers;
use super::ids::{Class, Ids};
use super::queries::About;

pub(super) fn read(answers: &Answers, ids: &Ids, structure: &mut Structure) {
    for row in answers.of(About::Dependencies) {
        let of = ids.find(Class::of(row.id(0)), row.id(1), row.number(2));
        let on = ids.find(Class::of(row.id(3)), row.id(4), row.number(5));
        if let (Some(of), Some(on)) = (of, on) {
            // That a counter goes with its column is said by the counter; here it would close a circle.
            if of == on || (of.kind == Kind::Sequence && on.kind == Kind::Table) {
                continue;
            }
            structure.dependencies.push(Dependency { of, on });
        }
    }
}
