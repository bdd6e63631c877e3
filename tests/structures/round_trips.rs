//! Whole schemas: loaded, read, printed, loaded again and read again, they are the same.

use std::path::Path;

use lockstep::Settings;
use lockstep::catalog::compare::{Renames, compare};
use lockstep::catalog::structure::Selection;
use lockstep::catalog::write::create;
use lockstep::structure::{Database as Looked, Source};

use crate::support::{Database, Engine, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql: every_schema_is_printed_as_it_is);

async fn every_schema_is_printed_as_it_is(engine: Engine) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("structures/schemas");
    let suffix = format!(".{}.sql", engine.dialect().file_suffix());
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the schemas")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(&suffix))
        .collect();
    files.sort();
    assert!(files.len() >= 3, "there are schemas for {engine:?}");
    let database = Database::new(engine).await;
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("connects");
    let read = async |file: &Path| {
        let source = Source::Sql(file.to_owned());
        let side = source
            .read(Some(&looked), &Settings::default(), &Selection::all())
            .await;
        side.unwrap_or_else(|e| panic!("{}: {e}", file.display())).structure
    };
    for file in files {
        let first = read(&file).await;
        assert!(first.tables.len() >= 8, "{}", file.display());
        let printed = create(&first).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut text = String::new();
        for change in printed.statements {
            text.push_str(&change.sql);
            text.push_str(";\n");
        }
        let again = tempfile::tempdir().expect("a folder");
        let copy = again.path().join("again.sql");
        std::fs::write(&copy, text).expect("written");
        let second = read(&copy).await;
        let left = compare(&first, &second);
        assert!(
            left.is_empty(),
            "{}: {:?}",
            file.display(),
            left.differences(&Renames::none())
        );
        assert_eq!(first.fingerprint(), second.fingerprint(), "{}", file.display());
    }
    looked.close().await;
    database.drop().await;
}
