//! Names: that they can be, that no two are the same, that what was renamed is not there any more.

use std::collections::BTreeMap;

use super::{Checked, Findings};
use crate::declare::name_of;
use crate::declare::place::Path;
use crate::structure::{Name, is_own};
use crate::{Dialect, quote};

impl Checked<'_> {
    /// Every object by name: tables, views and virtual tables share their names, on SQLite and PostgreSQL indexes do, too.
    pub(super) fn objects(&self, found: &mut Findings) {
        let root = Path::default();
        let mut names: BTreeMap<Name, &'static str> = BTreeMap::new();
        let mut renamed: Vec<(Path, &str, &'static str, &str)> = Vec::new();
        for (name, table) in self.definition.tables.iter() {
            let path = root.key("tables").key(name);
            self.object(&mut names, path.clone(), "table", name, found);
            if let Some(old) = &table.renamed_from {
                renamed.push((path.key("renamed_from"), name, "table", old));
            }
        }
        for (at, one) in self.definition.virtual_tables.iter().enumerate() {
            let path = root.key("virtual_tables").at(at);
            self.object(&mut names, path.key("name"), "virtual table", &one.name, found);
            if let Some(old) = &one.renamed_from {
                renamed.push((path.key("renamed_from"), &one.name, "virtual table", old));
            }
        }
        for (name, view) in self.definition.views.iter() {
            let path = root.key("views").key(name);
            self.object(&mut names, path.clone(), "view", name, found);
            if let Some(old) = &view.renamed_from {
                renamed.push((path.key("renamed_from"), name, "view", old));
            }
        }
        for (path, new, kind, old) in renamed {
            self.renamed(&names, path, new, kind, old, found);
        }
        let mut types = BTreeMap::new();
        for (name, _) in self.definition.enums.iter() {
            self.object(&mut types, root.key("enums").key(name), "enum", name, found);
        }
        for (name, one) in self.definition.enums.iter() {
            if let Some(old) = &one.renamed_from {
                self.renamed(
                    &types,
                    root.key("enums").key(name).key("renamed_from"),
                    name,
                    "enum",
                    old,
                    found,
                );
            }
        }
        self.index_names(&mut names, found);
    }

    fn index_names(&self, names: &mut BTreeMap<Name, &'static str>, found: &mut Findings) {
        let mut within = BTreeMap::new();
        for (at, index) in self.definition.indexes.iter().enumerate() {
            let path = Path::default().key("indexes").at(at);
            let place = path.key("name");
            self.possible(&place, "an index", &index.name, found);
            let table = name_of(self.dialect, &index.table);
            let taken = match self.dialect {
                Dialect::Mysql => {
                    let key = (table, self.dialect.folded_part(&index.name));
                    within.insert(key, "index").map(|kind| (kind, "of that table"))
                }
                Dialect::Sqlite | Dialect::Postgres => {
                    let name = self.dialect.folded(&Name::new(&table.schema, &index.name));
                    names.insert(name, "index").map(|kind| (kind, "of this definition"))
                }
            };
            if let Some((kind, whose)) = taken {
                found.fault(place, format!("{:?} is the name of another {kind} {whose}", index.name));
            }
            if index.renamed_from.as_deref() == Some(index.name.as_str()) {
                found.fault(
                    path.key("renamed_from"),
                    "the name of before is the same as the name now",
                );
            }
        }
    }

    fn object(
        &self,
        names: &mut BTreeMap<Name, &'static str>,
        path: Path,
        kind: &'static str,
        text: &str,
        found: &mut Findings,
    ) {
        let name = name_of(self.dialect, text);
        self.possible(&path, kind, &name.name, found);
        if !name.schema.is_empty() {
            self.possible(&path, "a schema", &name.schema, found);
        }
        if is_own(&name) {
            found.fault(
                path.clone(),
                format!("{text:?}: names that begin with lockstep_ are Lockstep's own"),
            );
        }
        if let Some(other) = names.insert(self.dialect.folded(&name), kind) {
            found.fault(
                path,
                format!(
                    "the {kind} {text:?} has the name of another {other}; {} does not tell them apart",
                    self.dialect
                ),
            );
        }
    }

    /// A name has to be one that the engine can keep whole.
    pub(super) fn possible(&self, path: &Path, what: &str, name: &str, found: &mut Findings) {
        if let Err(error) = quote(self.dialect, name) {
            found.fault(path.clone(), format!("{what} cannot have this name: {error}"));
        }
    }

    fn renamed(
        &self,
        names: &BTreeMap<Name, &'static str>,
        path: Path,
        new: &str,
        kind: &str,
        old: &str,
        found: &mut Findings,
    ) {
        let (old_name, new_name) = (name_of(self.dialect, old), name_of(self.dialect, new));
        if self.dialect.same_name(&old_name, &new_name) {
            found.fault(path, "the name of before is the same as the name now");
        } else if names.contains_key(&self.dialect.folded(&old_name)) {
            found.fault(
                path,
                format!(
                    "{old:?} is still declared, so the {kind} {new:?} was not renamed from it; take one of the two out"
                ),
            );
        }
    }
}
