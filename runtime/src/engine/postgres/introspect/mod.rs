//! What a PostgreSQL database looks like.
//!
//! ```text
//!  one batch of questions ──► answers, a table of texts each ──► types, relations, routines, the rest ──► Structure
//!                                                                   └─ object ids ─► who needs whom
//! ```
//!
//! One round trip, in one read-only transaction, whatever the number of objects; objects are joined by their ids here.

mod answers;
mod columns;
mod constraints;
mod dependencies;
mod expression;
mod ids;
mod indexes;
mod others;
mod privileges;
mod queries;
mod relations;
mod routines;
mod types;

use lockstep_catalog::Dialect;
use lockstep_catalog::structure::{Extension, Namespace, Selection, Structure};
use sqlx::PgConnection;

use crate::Result;
use answers::Answers;
use ids::{Class, Ids};
use queries::{About, Frame};

/// On a connection that is in no transaction.
pub(super) async fn structure(connection: &mut PgConnection, selection: &Selection) -> Result<Structure> {
    read(connection, selection, &Frame::Alone).await
}

/// As an open transaction sees it; its settings stay as they are.
pub(super) async fn within(connection: &mut PgConnection, selection: &Selection) -> Result<Structure> {
    read(connection, selection, &Frame::Transaction).await
}

async fn read(connection: &mut PgConnection, selection: &Selection, frame: &Frame) -> Result<Structure> {
    let answers = answers::ask(connection, frame).await?;
    let mut structure = assemble(&answers);
    structure.select(selection);
    structure.sort();
    Ok(structure)
}

fn assemble(answers: &Answers) -> Structure {
    let mut structure = Structure::empty(Dialect::Postgres);
    let mut ids = Ids::new(answers);
    for row in answers.of(About::Namespaces) {
        let comment = ids.comment(Class::Namespace, row.id(0), 0);
        let name = row.text(1);
        ids.namespace(row.id(0), name);
        // The one that every database begins with is nobody's declaration.
        if name == "public" && comment.as_deref() == Some("standard public schema") {
            continue;
        }
        structure.namespaces.push(Namespace {
            name: name.to_owned(),
            comment,
        });
    }
    for row in answers.of(About::Extensions) {
        structure.extensions.push(Extension {
            name: row.text(1).to_owned(),
            schema: row.text(2).to_owned(),
            version: row.owned(3),
            comment: ids.comment(Class::Extension, row.id(0), 0),
        });
    }
    types::read(answers, &mut ids, &mut structure);
    relations::read(answers, &mut ids, &mut structure);
    routines::read(answers, &mut ids, &mut structure);
    others::read(answers, &mut ids, &mut structure);
    privileges::read(answers, &ids, &mut structure);
    dependencies::read(answers, &ids, &mut structure);
    structure
}
