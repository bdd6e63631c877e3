//! `init`: a place to start from, never over something that is there.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::args::Global;
use crate::config::FILE;
use crate::exit;
use crate::output::documents::Initialised;
use crate::trouble::{Result, Trouble};

const HANDLERS: &str = "\
# Which handler version needs which schema. Many versions may share one.
[handlers.\"users\"]
\"1.0.0\" = \"schema_v1\"
\"1.1.0\" = \"schema_v1\"
\"2.0.0\" = \"schema_v2\"
";

const V1: &str = "description = \"People who may sign in\"\n";

const V2: &str = "\
description = \"People have an address to write to\"
requires = [\"schema_v1\"]
# A promise: users of schema_v1 are not harmed, so both may be live at once.
compatible_with = [\"schema_v1\"]
";

const USERS_UP: &str = "\
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);
";

const USERS_DOWN: &str = "DROP TABLE users;\n";

const EMAIL_UP: &str = "ALTER TABLE users ADD COLUMN email TEXT;\n";

const EMAIL_DOWN: &str = "ALTER TABLE users DROP COLUMN email;\n";

pub(crate) fn init(app: &App, global: &Global) -> Result<u8> {
    let config = global.config.clone().unwrap_or_else(|| PathBuf::from(FILE));
    let folder = &app.project.schemas;
    let named = global.schemas.as_deref();
    let files = [
        (config.clone(), configuration(global, &config, named)),
        (folder.join("handlers.toml"), HANDLERS.to_owned()),
        (folder.join("schema_v1/schema.toml"), V1.to_owned()),
        (folder.join("schema_v1/001_users.up.sql"), USERS_UP.to_owned()),
        (folder.join("schema_v1/001_users.down.sql"), USERS_DOWN.to_owned()),
        (folder.join("schema_v2/schema.toml"), V2.to_owned()),
        (folder.join("schema_v2/001_email.up.sql"), EMAIL_UP.to_owned()),
        (folder.join("schema_v2/001_email.down.sql"), EMAIL_DOWN.to_owned()),
    ];
    let there: Vec<_> = files
        .iter()
        .filter(|(path, _)| path.exists())
        .map(|(path, _)| path.display().to_string())
        .collect();
    if !there.is_empty() {
        let message = format!("{} already there, and nothing is overwritten", are(&there));
        return Err(Trouble::input("exists", message).next("go on with what is there: lockstep validate"));
    }
    let mut written = Vec::new();
    for (path, text) in files {
        write(&path, &text)?;
        written.push(path);
    }
    app.show(&Initialised {
        command: "init",
        written,
    });
    Ok(exit::DONE)
}

fn are(paths: &[String]) -> String {
    let verb = if paths.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", paths.join(", "))
}

fn write(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    let failed = |e: std::io::Error| Trouble::input("file", format!("cannot write {}: {e}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    // Whoever made the file since we looked keeps it.
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// The configuration, with what was given on the command line; a URL with a secret in it is not written down.
fn configuration(global: &Global, config: &Path, schemas: Option<&Path>) -> String {
    let url = match &global.database_url {
        Some(url) if lockstep::redact(url) == *url => url.clone(),
        Some(_) => "${LOCKSTEP_DATABASE_URL}".to_owned(),
        None => "sqlite://lockstep.db".to_owned(),
    };
    // The file speaks of the folder from where it lies itself.
    let beside = config.parent().unwrap_or(Path::new(""));
    let schemas = schemas.map(|folder| match folder.strip_prefix(beside) {
        Ok(inside) => inside.to_path_buf(),
        Err(_) => std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()),
    });
    let schemas = schemas.map_or_else(|| "schemas".to_owned(), |folder| folder.display().to_string());
    let scope = global.scope.as_ref().map_or("main", |scope| scope.as_str());
    format!(
        "# Lockstep's configuration. Flags and environment variables come before what stands here.
schemas = {schemas:?}   # relative to this file
scope = {scope:?}

[database]
# ${{NAME}} stands for an environment variable: postgres://app:${{DB_PASSWORD}}@db/shop
url = {url:?}

[policy]
# What becomes of a schema that nothing needs any more: \"rollback\", \"retain\" or \"grace=60s\".
on_deactivate = \"rollback\"
on_expire = \"retain\"

[timeouts]
operation = \"10m\"   # a whole command, waiting included
step = \"30s\"        # one step at the server, unless its file says otherwise
lock = \"500ms\"      # one attempt at a lock
connect = \"5s\"
lease = \"15s\"       # a timed lease without a renewal
"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::args::Global;
    use crate::config::Config;

    #[test]
    fn what_init_writes_is_understood_and_holds_no_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let global = Global {
            database_url: Some("postgres://a:s3cret@h/d".to_owned()),
            ..Global::default()
        };
        let text = super::configuration(&global, Path::new("sub/lockstep.toml"), Some(Path::new("sub/db")));
        assert!(!text.contains("s3cret"));
        let path = folder.path().join("lockstep.toml");
        std::fs::write(&path, text).expect("written");
        let config = Config::read(&path).expect("understood");
        assert_eq!(config.schemas.expect("given"), Path::new("db"));
        assert_eq!(config.database.url.expect("given"), "${LOCKSTEP_DATABASE_URL}");
    }
}
