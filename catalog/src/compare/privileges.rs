//! Privileges where nobody declares any.
//!
//! Who may do what is often said elsewhere than in the files that declare a schema. A declaration that names no privilege at
//! all therefore leaves those that are there as they are; one that names a single one speaks for all of them.
//!
//! ```text
//!  desired, without a word on privileges ─┐
//!  there: privileges on what stays ───────┼─► goal
//!  made by the way: what default privileges give to what is new ─┘
//! ```

use crate::structure::{Kind, ObjectRef, Other, Structure};

/// Whether it is a privilege, or one that new objects will have.
fn is_privilege(one: &Other) -> bool {
    matches!(one.kind.as_str(), "privilege" | "default privilege")
}

impl Structure {
    /// Whether it holds any privilege beyond what its objects begin with.
    pub fn has_privileges(&self) -> bool {
        self.others.iter().any(is_privilege)
    }

    /// The same with the privileges of `there`, as far as what they are on is here, in place of its own.
    #[must_use]
    pub fn with_privileges_of(&self, there: &Self) -> Self {
        let mut goal = self.clone();
        goal.others.retain(|one| !is_privilege(one));
        goal.take_privileges(there, |_| true);
        goal
    }

    /// Takes over the privileges that what was not there `before` has `now`: default privileges gave them.
    pub fn take_new_privileges(&mut self, before: &Self, now: &Self) {
        self.take_privileges(now, |on| !before.has(on));
    }

    fn take_privileges(&mut self, of: &Self, is_meant: impl Fn(&ObjectRef) -> bool) {
        let mut taken = Vec::new();
        for one in of.others.iter().filter(|one| is_privilege(one)) {
            let at = reference(one);
            let needs: Vec<_> = of.dependencies.iter().filter(|other| other.of == at).collect();
            let stays = needs.iter().all(|other| self.has(&other.on) && is_meant(&other.on));
            let is_own = self
                .others
                .iter()
                .any(|own| own.kind == one.kind && own.name == one.name && own.on == one.on);
            let is_known = one.kind == "default privilege" || !needs.is_empty();
            if stays && !is_own && is_known {
                self.dependencies.extend(needs.into_iter().cloned());
                taken.push(one.clone());
            }
        }
        self.others.extend(taken);
        self.sort();
    }

    /// Whether what is meant is there.
    fn has(&self, object: &ObjectRef) -> bool {
        let name = &object.name;
        match object.kind {
            Kind::Namespace => self.namespaces.iter().any(|one| one.name == name.name) || name.name == "public",
            Kind::Type => self.types.iter().any(|one| one.name == *name),
            Kind::Routine => self.routines.iter().any(|one| {
                one.name.schema == name.schema && name.name == format!("{}({})", one.name.name, one.arguments)
            }),
            _ => {
                let column = |part: &String| {
                    self.table(name).is_some_and(|table| table.column(part).is_some())
                        || self
                            .view(name)
                            .is_some_and(|view| view.columns.iter().any(|(column, _)| column == part))
                };
                let whole = self.table(name).is_some()
                    || self.view(name).is_some()
                    || self.sequences.iter().any(|one| one.name == *name);
                object.part.as_ref().map_or(whole, column)
            }
        }
    }
}

/// How dependencies refer to it.
fn reference(one: &Other) -> ObjectRef {
    let name = crate::structure::Name::plain(format!("{}:{}", one.kind, one.name));
    match &one.on {
        Some(on) => ObjectRef::part(Kind::Other, name, on.to_string()),
        None => ObjectRef::new(Kind::Other, name),
    }
}
