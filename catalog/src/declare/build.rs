//! From a definition to the structure it declares, in one dialect's words.

use std::collections::BTreeSet;

use semver::Version;

use super::brief::{EnumDefinition, IndexPartDefinition, ViewDefinition};
use super::definition::{
    ColumnDefinition, Definition, ForeignKeyDefinition, IndexDefinition, TableDefinition, VirtualTableDefinition,
};
use super::{Declared, fragment, migrations, name_of, types};
use crate::Dialect;
use crate::compare::{Rename, Renames};
use crate::dialect::enclose;
use crate::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Generated, Identity, Index, IndexPart, IndexTarget, Key, Name,
    Namespace, Options, Structure, Table, UserType, UserTypeKind, View, VirtualTable,
};

/// What a definition declares; it was checked before.
pub(super) fn declared(dialect: Dialect, definition: &Definition) -> Declared {
    let builder = Builder { dialect, definition };
    let mut structure = Structure::empty(dialect);
    structure.types = builder.types();
    structure.tables = definition
        .tables
        .iter()
        .map(|(name, table)| builder.table(name, table))
        .chain(definition.virtual_tables.iter().map(|one| builder.virtual_table(one)))
        .collect();
    structure.views = definition
        .views
        .iter()
        .map(|(name, view)| builder.view(name, view))
        .collect();
    builder.indexes(&mut structure);
    structure.namespaces = namespaces(&structure);
    structure.sort();
    Declared {
        structure,
        renames: builder.renames(),
        raw: Vec::new(),
        version: definition.version.as_deref().and_then(|text| Version::parse(text).ok()),
        migrations: migrations::of(definition),
        notes: Vec::new(),
    }
}

/// The columns of a table's primary key, in order.
pub(super) fn key_columns(table: &TableDefinition) -> Vec<&str> {
    if !table.primary_key.is_empty() {
        return table.primary_key.iter().map(String::as_str).collect();
    }
    let marked = table.columns.iter().filter(|column| column.primary_key);
    marked.map(|column| column.name.as_str()).collect()
}

/// The schemas that names say, but for the one that is always there.
fn namespaces(structure: &Structure) -> Vec<Namespace> {
    let tables = structure.tables.iter().map(|one| &one.name);
    let views = structure.views.iter().map(|one| &one.name);
    let types = structure.types.iter().map(|one| &one.name);
    let names: BTreeSet<&str> = tables
        .chain(views)
        .chain(types)
        .map(|name| name.schema.as_str())
        .collect();
    names
        .into_iter()
        .filter(|name| !name.is_empty() && *name != super::DEFAULT_SCHEMA)
        .map(|name| Namespace {
            name: name.to_owned(),
            comment: None,
        })
        .collect()
}

struct Builder<'a> {
    dialect: Dialect,
    definition: &'a Definition,
}

impl Builder<'_> {
    fn name(&self, text: &str) -> Name {
        name_of(self.dialect, text)
    }

    fn types(&self) -> Vec<UserType> {
        if self.dialect != Dialect::Postgres {
            return Vec::new();
        }
        let types = self.definition.enums.iter();
        types
            .map(|(name, one)| UserType {
                name: self.name(name),
                kind: UserTypeKind::Enum {
                    labels: one.values.clone(),
                },
                comment: one.comment.clone(),
            })
            .collect()
    }

    fn table(&self, name: &str, table: &TableDefinition) -> Table {
        let mut constraints = Vec::new();
        let keys = key_columns(table);
        if !keys.is_empty() {
            constraints.push(self.constraint(None, ConstraintKind::PrimaryKey(key(&keys))));
        }
        constraints.extend(self.uniques(table));
        constraints.extend(self.checks(table));
        constraints.extend(table.foreign_keys.iter().map(|one| self.foreign_key(one)));
        Table {
            name: self.name(name),
            columns: table.columns.iter().map(|one| self.column(table, &keys, one)).collect(),
            constraints,
            options: self.options(table),
            comment: self.comment(&table.comment),
            ..Table::default()
        }
    }

    /// SQLite keeps no comments.
    fn comment(&self, comment: &Option<String>) -> Option<String> {
        comment.clone().filter(|_| self.dialect != Dialect::Sqlite)
    }

    fn options(&self, table: &TableDefinition) -> Options {
        let mut options = Options::new();
        let mut put = |name: &str, value: &str| drop(options.insert(name.to_owned(), value.to_owned()));
        match self.dialect {
            Dialect::Sqlite => {
                if table.without_rowid {
                    put("without_rowid", "true");
                }
                if table.strict {
                    put("strict", "true");
                }
            }
            Dialect::Mysql => {
                for (name, value) in [
                    ("engine", &table.engine),
                    ("charset", &table.charset),
                    ("collation", &table.collation),
                ] {
                    if let Some(value) = value {
                        put(name, value);
                    }
                }
            }
            Dialect::Postgres => {}
        }
        options
    }

    fn column(&self, table: &TableDefinition, keys: &[&str], column: &ColumnDefinition) -> Column {
        let is_key = keys.contains(&column.name.as_str());
        let is_counted = column.autoincrement;
        let identity = (is_counted && self.dialect == Dialect::Postgres).then(Identity::default);
        // A key never holds NULL, but for SQLite's, where it takes saying so.
        let is_never_null = column.not_null || (is_key && self.dialect != Dialect::Sqlite);
        Column {
            name: column.name.clone(),
            data_type: self.data_type(table, column),
            nullable: !is_never_null,
            default: column.default.as_ref().map(|default| self.expression(&default.0)),
            generated: column.generated.as_ref().map(|generated| Generated {
                expression: generated.expression.clone(),
                stored: generated.stored,
            }),
            identity,
            auto_increment: is_counted && self.dialect != Dialect::Postgres,
            collation: column.collation.clone(),
            comment: self.comment(&column.comment),
            ..Column::default()
        }
    }

    /// A default that is not a value by itself stands in brackets; PostgreSQL does without.
    fn expression(&self, default: &str) -> String {
        let default = default.trim();
        if self.dialect == Dialect::Postgres
            || fragment::is_literal(self.dialect, default)
            || fragment::is_enclosed(self.dialect, default)
            || (self.dialect == Dialect::Mysql && is_clock(default))
        {
            default.to_owned()
        } else {
            format!("({default})")
        }
    }

    fn data_type(&self, table: &TableDefinition, column: &ColumnDefinition) -> String {
        if let Some(one) = self.definition.enums.get(&column.data_type) {
            return self.enum_type(&column.data_type, one);
        }
        if column.autoincrement && self.dialect == Dialect::Sqlite {
            // The one spelling with which SQLite counts.
            return "integer".to_owned();
        }
        types::data_type(self.dialect, &column.data_type, table.strict)
    }

    fn enum_type(&self, name: &str, one: &EnumDefinition) -> String {
        match self.dialect {
            Dialect::Sqlite => "text".to_owned(),
            Dialect::Mysql => format!("enum({})", self.values(one)),
            Dialect::Postgres => {
                let name = self.name(name);
                let part = |text: &str| enclose(text, '"');
                format!("{}.{}", part(&name.schema), part(&name.name))
            }
        }
    }

    fn values(&self, one: &EnumDefinition) -> String {
        let values: Vec<_> = one.values.iter().map(|value| self.text(value)).collect();
        values.join(",")
    }

    /// A text as SQL writes it. MySQL reads a backslash as the beginning of an escape.
    fn text(&self, value: &str) -> String {
        match self.dialect {
            Dialect::Mysql => enclose(&value.replace('\\', "\\\\"), '\''),
            Dialect::Sqlite | Dialect::Postgres => enclose(value, '\''),
        }
    }

    fn constraint(&self, name: Option<&str>, kind: ConstraintKind) -> Constraint {
        Constraint {
            name: name.unwrap_or_default().to_owned(),
            generated_name: name.is_none(),
            kind,
            definition: None,
            deferrable: None,
            unchecked: false,
            inherited: false,
            options: Options::new(),
            comment: None,
        }
    }

    /// A column that says `unique` and a constraint over it alone are the same.
    fn uniques(&self, table: &TableDefinition) -> Vec<Constraint> {
        let mut seen: Vec<Vec<&str>> = Vec::new();
        let mut uniques = Vec::new();
        let listed = table.unique.iter().map(|one| {
            let columns: Vec<_> = one.columns.iter().map(String::as_str).collect();
            (one.name.as_deref(), columns)
        });
        let marked = table.columns.iter().filter(|column| column.unique);
        for (name, columns) in listed.chain(marked.map(|column| (None, vec![column.name.as_str()]))) {
            if !seen.contains(&columns) {
                uniques.push(self.constraint(name, ConstraintKind::Unique(key(&columns))));
                seen.push(columns);
            }
        }
        uniques
    }

    fn checks(&self, table: &TableDefinition) -> Vec<Constraint> {
        let check =
            |name: Option<&str>, expression: String| self.constraint(name, ConstraintKind::Check { expression });
        let mut checks: Vec<_> = table
            .checks
            .iter()
            .map(|one| check(one.name.as_deref(), one.expression.clone()))
            .collect();
        for column in &table.columns {
            checks.extend(column.check.as_ref().map(|expression| check(None, expression.clone())));
            if self.dialect == Dialect::Sqlite
                && let Some(one) = self.definition.enums.get(&column.data_type)
            {
                let name = enclose(&column.name, '"');
                checks.push(check(None, format!("{name} IN ({})", self.values(one))));
            }
        }
        checks
    }

    fn foreign_key(&self, one: &ForeignKeyDefinition) -> Constraint {
        let name = self.name(&one.references_table);
        let mut referenced = one.references_columns.clone();
        if referenced.is_empty() {
            let tables = self.definition.tables.iter();
            let target = tables
                .into_iter()
                .find(|(text, _)| self.dialect.same_name(&self.name(text), &name));
            let keys = target.map(|(_, table)| key_columns(table)).unwrap_or_default();
            referenced = keys.into_iter().map(str::to_owned).collect();
        }
        let action = |action: Option<super::ReferenceAction>| {
            action.unwrap_or(super::ReferenceAction::NoAction).as_sql().to_owned()
        };
        Constraint {
            deferrable: one.deferrable.then_some(true),
            ..self.constraint(
                one.name.as_deref(),
                ConstraintKind::ForeignKey(ForeignKey {
                    columns: one.columns.clone(),
                    references: name,
                    referenced,
                    on_delete: action(one.on_delete),
                    on_update: action(one.on_update),
                    on_delete_columns: Vec::new(),
                    match_full: false,
                }),
            )
        }
    }

    fn virtual_table(&self, one: &VirtualTableDefinition) -> Table {
        let columns = one.columns.iter().map(|column| self.argument(column));
        let options = one
            .options
            .iter()
            .map(|(name, value)| format!("{name}={}", self.text(value)));
        Table {
            name: self.name(&one.name),
            virtual_table: Some(VirtualTable {
                module: one.module.clone(),
                arguments: columns.chain(options).collect(),
            }),
            ..Table::default()
        }
    }

    /// A column of a virtual table: plain words are its module's to read (`body UNINDEXED`), anything else is one name.
    fn argument(&self, column: &str) -> String {
        let is_word = |word: &str| {
            let word = word.strip_prefix('+').unwrap_or(word);
            word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if column.split(' ').all(is_word) {
            column.to_owned()
        } else {
            enclose(column, '"')
        }
    }

    fn view(&self, name: &str, view: &ViewDefinition) -> View {
        View {
            name: self.name(name),
            materialized: view.materialized,
            query: view.query.trim().trim_end_matches(';').trim_end().to_owned(),
            comment: view.comment.clone().filter(|_| self.dialect == Dialect::Postgres),
            ..View::default()
        }
    }

    fn indexes(&self, structure: &mut Structure) {
        for index in &self.definition.indexes {
            let on = self.name(&index.table);
            let dialect = self.dialect;
            let built = self.index(index);
            if let Some(table) = structure
                .tables
                .iter_mut()
                .find(|one| dialect.same_name(&one.name, &on))
            {
                table.indexes.push(built);
            } else if let Some(view) = structure.views.iter_mut().find(|one| dialect.same_name(&one.name, &on)) {
                view.indexes.push(built);
            }
        }
    }

    fn index(&self, index: &IndexDefinition) -> Index {
        let method = match (&index.method, self.dialect) {
            (_, Dialect::Sqlite) => String::new(),
            (Some(method), _) => method.to_ascii_lowercase(),
            (None, _) => "btree".to_owned(),
        };
        Index {
            name: index.name.clone(),
            unique: index.unique,
            method,
            parts: index.columns.iter().map(part).collect(),
            include: index.include.clone(),
            predicate: index.predicate.clone(),
            ..Index::default()
        }
    }

    fn renames(&self) -> Renames {
        let mut renames = Vec::new();
        for (name, table) in self.definition.tables.iter() {
            let to = self.name(name);
            if let Some(from) = &table.renamed_from {
                renames.push(Rename::Table {
                    from: self.name(from),
                    to: to.clone(),
                });
            }
            renames.extend(table.columns.iter().filter_map(|column| {
                Some(Rename::Column {
                    table: to.clone(),
                    from: column.renamed_from.clone()?,
                    to: column.name.clone(),
                })
            }));
        }
        renames.extend(self.definition.virtual_tables.iter().filter_map(|one| {
            Some(Rename::Table {
                from: self.name(one.renamed_from.as_ref()?),
                to: self.name(&one.name),
            })
        }));
        renames.extend(self.definition.views.iter().filter_map(|(name, view)| {
            Some(Rename::View {
                from: self.name(view.renamed_from.as_ref()?),
                to: self.name(name),
            })
        }));
        renames.extend(self.definition.indexes.iter().filter_map(|index| {
            Some(Rename::Index {
                table: self.name(&index.table),
                from: index.renamed_from.clone()?,
                to: index.name.clone(),
            })
        }));
        if self.dialect == Dialect::Postgres {
            renames.extend(self.renamed_types());
        }
        Renames(renames)
    }

    fn renamed_types(&self) -> Vec<Rename> {
        let mut renames = Vec::new();
        for (name, one) in self.definition.enums.iter() {
            let to = self.name(name);
            if let Some(from) = &one.renamed_from {
                renames.push(Rename::Type {
                    from: self.name(from),
                    to: to.clone(),
                });
            }
            renames.extend(one.renamed_values.iter().map(|(new, old)| Rename::Label {
                of: to.clone(),
                from: old.clone(),
                to: new.to_owned(),
            }));
        }
        renames
    }
}

fn key(columns: &[&str]) -> Key {
    Key {
        parts: columns.iter().map(|name| IndexPart::column(*name)).collect(),
        ..Key::default()
    }
}

fn part(part: &IndexPartDefinition) -> IndexPart {
    let on = match (&part.column, &part.expression) {
        (Some(column), _) => IndexTarget::Column(column.clone()),
        (None, expression) => IndexTarget::Expression(expression.clone().unwrap_or_default()),
    };
    IndexPart {
        prefix: part.prefix,
        descending: part.descending,
        collation: part.collation.clone(),
        operator_class: part.operator_class.clone(),
        on,
        nulls_first: None,
    }
}

/// MySQL's words for the time stand without brackets, with or without digits after the second.
fn is_clock(default: &str) -> bool {
    let word = default.split('(').next().unwrap_or_default().trim();
    ["current_timestamp", "now", "localtime", "localtimestamp"]
        .iter()
        .any(|clock| word.eq_ignore_ascii_case(clock))
}
