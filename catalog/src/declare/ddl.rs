//! The statements that make what a definition declares, in an empty database.
//!
//! Not the statements of [`write`](mod@crate::write): those are for structures that an engine printed, whose constraints all
//! have names and definitions. Here what has no name gets the engine's own, and texts are as their author wrote them; what the
//! engine makes of them is read back.
//!
//! ```text
//!  schemas ─► types ─► tables ─► indexes ─► foreign keys ─► views ─► comments
//! ```

use super::{Declared, fragment};
use crate::dialect::enclose;
use crate::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Index, IndexPart, IndexTarget, Kind, Name, ObjectRef, Structure,
    Table, UserTypeKind, View,
};
use crate::{Dialect, IdentifierError, quote};

/// A statement, and what it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Making {
    /// What it makes.
    pub about: ObjectRef,
    /// The statement, without a semicolon.
    pub sql: String,
}

impl Declared {
    /// The statements that make the structure in an empty database. One may need a later one: a view another view.
    ///
    /// # Errors
    ///
    /// Where a name is not possible.
    pub fn makings(&self) -> Result<Vec<Making>, IdentifierError> {
        let mut ddl = Ddl {
            dialect: self.structure.dialect,
            makings: Vec::new(),
        };
        ddl.all(&self.structure)?;
        Ok(ddl.makings)
    }
}

struct Ddl {
    dialect: Dialect,
    makings: Vec<Making>,
}

type Text = Result<String, IdentifierError>;

impl Ddl {
    fn all(&mut self, structure: &Structure) -> Result<(), IdentifierError> {
        for one in &structure.namespaces {
            let sql = format!("CREATE SCHEMA {}", self.part(&one.name)?);
            self.push(Kind::Namespace, &Name::plain(&one.name), sql);
        }
        for one in &structure.types {
            if let UserTypeKind::Enum { labels } = &one.kind {
                let labels: Vec<_> = labels.iter().map(|label| self.text(label)).collect();
                let sql = format!("CREATE TYPE {} AS ENUM ({})", self.name(&one.name)?, labels.join(", "));
                self.push(Kind::Type, &one.name, sql);
            }
        }
        for table in &structure.tables {
            let sql = match &table.virtual_table {
                Some(module) => format!(
                    "CREATE VIRTUAL TABLE {} USING {}({})",
                    self.name(&table.name)?,
                    module.module,
                    module.arguments.join(", ")
                ),
                None => self.table(table)?,
            };
            self.push(Kind::Table, &table.name, sql);
        }
        for table in &structure.tables {
            for index in &table.indexes {
                let sql = self.index(&table.name, index)?;
                let about = ObjectRef::part(Kind::Table, table.name.clone(), &index.name);
                self.makings.push(Making { about, sql });
            }
        }
        if self.dialect != Dialect::Sqlite {
            self.foreign_keys(structure)?;
        }
        for view in &structure.views {
            self.view(view)?;
        }
        if self.dialect == Dialect::Postgres {
            self.comments(structure)?;
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, name: &Name, sql: String) {
        let about = ObjectRef::new(kind, name.clone());
        self.makings.push(Making { about, sql });
    }

    fn part(&self, name: &str) -> Text {
        quote(self.dialect, name)
    }

    fn parts(&self, names: &[String]) -> Text {
        let quoted: Vec<String> = names.iter().map(|name| self.part(name)).collect::<Result<_, _>>()?;
        Ok(quoted.join(", "))
    }

    fn name(&self, name: &Name) -> Text {
        Ok(match name.schema.as_str() {
            "" => self.part(&name.name)?,
            schema => format!("{}.{}", self.part(schema)?, self.part(&name.name)?),
        })
    }

    /// A text as SQL writes it. MySQL reads a backslash as the beginning of an escape.
    fn text(&self, text: &str) -> String {
        match self.dialect {
            Dialect::Mysql => enclose(&text.replace('\\', "\\\\"), '\''),
            Dialect::Sqlite | Dialect::Postgres => enclose(text, '\''),
        }
    }

    fn table(&self, table: &Table) -> Text {
        let mut lines = Vec::new();
        for column in &table.columns {
            lines.push(self.column(column)?);
        }
        for constraint in &table.constraints {
            lines.extend(self.constraint(table, constraint)?);
        }
        let mut sql = format!(
            "CREATE TABLE {} (\n  {}\n)",
            self.name(&table.name)?,
            lines.join(",\n  ")
        );
        let option = |name: &str| table.options.get(name);
        match self.dialect {
            Dialect::Sqlite => {
                let words = [("without_rowid", "WITHOUT ROWID"), ("strict", "STRICT")];
                let set: Vec<_> = words
                    .iter()
                    .filter(|(name, _)| option(name).is_some())
                    .map(|(_, word)| *word)
                    .collect();
                if !set.is_empty() {
                    sql.push(' ');
                    sql.push_str(&set.join(", "));
                }
            }
            Dialect::Mysql => {
                for (name, word) in [
                    ("engine", "ENGINE"),
                    ("charset", "DEFAULT CHARACTER SET"),
                    ("collation", "COLLATE"),
                ] {
                    if let Some(value) = option(name) {
                        sql.push_str(&format!(" {word}={value}"));
                    }
                }
                if let Some(comment) = &table.comment {
                    sql.push_str(&format!(" COMMENT={}", self.text(comment)));
                }
            }
            Dialect::Postgres => {}
        }
        Ok(sql)
    }

    fn column(&self, column: &Column) -> Text {
        let mut sql = self.part(&column.name)?;
        let mut add = |text: &str| {
            sql.push(' ');
            sql.push_str(text);
        };
        if !column.data_type.is_empty() {
            add(&column.data_type);
        }
        if column.auto_increment && self.dialect == Dialect::Sqlite {
            add("PRIMARY KEY AUTOINCREMENT");
        }
        if let Some(collation) = &column.collation {
            add(&format!("COLLATE {}", self.part(collation)?));
        }
        if let Some(generated) = &column.generated {
            let kept = if generated.stored { "STORED" } else { "VIRTUAL" };
            add(&format!("GENERATED ALWAYS AS ({}) {kept}", generated.expression));
        }
        if column.identity.is_some() {
            add("GENERATED BY DEFAULT AS IDENTITY");
        }
        match (column.nullable, self.dialect) {
            (false, _) => add("NOT NULL"),
            // Old servers make a timestamp of which nothing is said NOT NULL.
            (true, Dialect::Mysql) if column.data_type.starts_with("timestamp") => add("NULL"),
            (true, _) => {}
        }
        if let Some(default) = &column.default {
            add(&format!("DEFAULT {default}"));
        }
        if column.auto_increment && self.dialect == Dialect::Mysql {
            add("AUTO_INCREMENT");
        }
        if let (Some(comment), Dialect::Mysql) = (&column.comment, self.dialect) {
            add(&format!("COMMENT {}", self.text(comment)));
        }
        Ok(sql)
    }

    /// A constraint within its table; `None` for what is said elsewhere.
    fn constraint(&self, table: &Table, constraint: &Constraint) -> Result<Option<String>, IdentifierError> {
        let text = match &constraint.kind {
            // Beside its column, the only place where SQLite counts.
            ConstraintKind::PrimaryKey(_) if self.is_counted(table) => return Ok(None),
            ConstraintKind::PrimaryKey(key) => format!("PRIMARY KEY ({})", self.index_parts(&key.parts)?),
            ConstraintKind::Unique(key) => format!("UNIQUE ({})", self.index_parts(&key.parts)?),
            ConstraintKind::Check { expression } => format!("CHECK ({expression})"),
            ConstraintKind::ForeignKey(key) if self.dialect == Dialect::Sqlite => self.foreign_key(constraint, key)?,
            ConstraintKind::ForeignKey(_) => return Ok(None),
            ConstraintKind::Exclusion { definition } => definition.clone(),
        };
        self.named(constraint, text).map(Some)
    }

    fn is_counted(&self, table: &Table) -> bool {
        self.dialect == Dialect::Sqlite && table.columns.iter().any(|column| column.auto_increment)
    }

    fn named(&self, constraint: &Constraint, text: String) -> Text {
        match constraint.name.as_str() {
            "" => Ok(text),
            name => Ok(format!("CONSTRAINT {} {text}", self.part(name)?)),
        }
    }

    fn foreign_key(&self, constraint: &Constraint, key: &ForeignKey) -> Text {
        let mut sql = format!(
            "FOREIGN KEY ({}) REFERENCES {}",
            self.parts(&key.columns)?,
            self.name(&key.references)?
        );
        if !key.referenced.is_empty() {
            sql.push_str(&format!(" ({})", self.parts(&key.referenced)?));
        }
        for (event, action) in [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)] {
            if action != "NO ACTION" {
                sql.push_str(&format!(" ON {event} {action}"));
            }
        }
        match constraint.deferrable {
            Some(true) => sql.push_str(" DEFERRABLE INITIALLY DEFERRED"),
            Some(false) => sql.push_str(" DEFERRABLE INITIALLY IMMEDIATE"),
            None => {}
        }
        Ok(sql)
    }

    /// Behind the tables: they may point to each other in a circle.
    fn foreign_keys(&mut self, structure: &Structure) -> Result<(), IdentifierError> {
        for table in &structure.tables {
            for constraint in &table.constraints {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                    let text = self.named(constraint, self.foreign_key(constraint, key)?)?;
                    let sql = format!("ALTER TABLE {} ADD {text}", self.name(&table.name)?);
                    self.push(Kind::Table, &table.name, sql);
                }
            }
        }
        Ok(())
    }

    fn index(&self, on: &Name, index: &Index) -> Text {
        let mut kind = if index.unique { "UNIQUE " } else { "" };
        let mut method = String::new();
        match (self.dialect, index.method.as_str()) {
            (Dialect::Mysql, "fulltext") => kind = "FULLTEXT ",
            (Dialect::Mysql, "spatial") => kind = "SPATIAL ",
            (Dialect::Sqlite, _) | (_, "" | "btree") => {}
            (_, other) => method = format!(" USING {}", self.part(other)?),
        }
        // MySQL has the method before the table, and no quotes around it.
        let (before, behind) = match self.dialect {
            Dialect::Mysql => (method.replace('`', ""), String::new()),
            _ => (String::new(), method),
        };
        let mut sql = format!(
            "CREATE {kind}INDEX {}{before} ON {}{behind} ({})",
            self.part(&index.name)?,
            self.name(on)?,
            self.index_parts(&index.parts)?
        );
        if !index.include.is_empty() {
            sql.push_str(&format!(" INCLUDE ({})", self.parts(&index.include)?));
        }
        if let Some(predicate) = &index.predicate {
            sql.push_str(&format!(" WHERE {predicate}"));
        }
        Ok(sql)
    }

    fn index_parts(&self, parts: &[IndexPart]) -> Text {
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            let mut text = match &part.on {
                IndexTarget::Column(column) => self.part(column)?,
                // SQLite keeps the text, brackets and all.
                IndexTarget::Expression(expression)
                    if self.dialect == Dialect::Sqlite || fragment::is_enclosed(self.dialect, expression) =>
                {
                    expression.clone()
                }
                IndexTarget::Expression(expression) => format!("({expression})"),
            };
            if let Some(prefix) = part.prefix {
                text.push_str(&format!("({prefix})"));
            }
            if let Some(collation) = &part.collation {
                text.push_str(&format!(" COLLATE {}", self.part(collation)?));
            }
            if let Some(class) = &part.operator_class {
                text.push_str(&format!(" {}", self.part(class)?));
            }
            if part.descending {
                text.push_str(" DESC");
            }
            texts.push(text);
        }
        Ok(texts.join(", "))
    }

    fn view(&mut self, view: &View) -> Result<(), IdentifierError> {
        let kept = if view.materialized { "MATERIALIZED " } else { "" };
        let sql = format!("CREATE {kept}VIEW {} AS {}", self.name(&view.name)?, view.query);
        self.push(Kind::View, &view.name, sql);
        for index in &view.indexes {
            let sql = self.index(&view.name, index)?;
            self.push(Kind::View, &view.name, sql);
        }
        Ok(())
    }

    /// PostgreSQL's comments are statements of their own.
    fn comments(&mut self, structure: &Structure) -> Result<(), IdentifierError> {
        for one in &structure.types {
            if let Some(comment) = &one.comment {
                let sql = format!("COMMENT ON TYPE {} IS {}", self.name(&one.name)?, self.text(comment));
                self.push(Kind::Type, &one.name, sql);
            }
        }
        for table in &structure.tables {
            let name = self.name(&table.name)?;
            if let Some(comment) = &table.comment {
                self.push(
                    Kind::Table,
                    &table.name,
                    format!("COMMENT ON TABLE {name} IS {}", self.text(comment)),
                );
            }
            for column in &table.columns {
                if let Some(comment) = &column.comment {
                    let on = self.part(&column.name)?;
                    let sql = format!("COMMENT ON COLUMN {name}.{on} IS {}", self.text(comment));
                    self.push(Kind::Table, &table.name, sql);
                }
            }
        }
        for view in &structure.views {
            if let Some(comment) = &view.comment {
                let kept = if view.materialized { "MATERIALIZED " } else { "" };
                let sql = format!(
                    "COMMENT ON {kept}VIEW {} IS {}",
                    self.name(&view.name)?,
                    self.text(comment)
                );
                self.push(Kind::View, &view.name, sql);
            }
        }
        Ok(())
    }
}
