//! Schema folders, written as a person would write them.

use std::path::Path;

/// A schemas folder that goes away with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn empty() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The story of the main job: users@1.0.0 and 1.1.0 on schema_v1, users@2.0.0 on schema_v2, which requires it.
    pub fn users() -> Self {
        let folder = Self::empty();
        folder.write(
            "handlers.toml",
            "[handlers.users]\n\"1.0.0\" = \"schema_v1\"\n\"1.1.0\" = \"schema_v1\"\n\"2.0.0\" = \"schema_v2\"\n",
        );
        folder.write(
            "schema_v1/001_users.up.sql",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(200) NOT NULL);\n",
        );
        folder.write("schema_v1/001_users.down.sql", "DROP TABLE users;\n");
        folder.write(
            "schema_v1/002_email.up.sql",
            "CREATE INDEX users_email ON users (email);\n",
        );
        folder.write("schema_v1/002_email.down.sql", "DROP INDEX users_email;\n");
        folder.write(
            "schema_v1/002_email.down.mysql.sql",
            "DROP INDEX users_email ON users;\n",
        );
        folder.write(
            "schema_v2/schema.toml",
            "requires = [\"schema_v1\"]\ncompatible_with = [\"schema_v1\"]\n",
        );
        folder.write(
            "schema_v2/001_name.up.sql",
            "ALTER TABLE users ADD COLUMN display_name VARCHAR(200);\n",
        );
        folder.write(
            "schema_v2/001_name.down.sql",
            "ALTER TABLE users DROP COLUMN display_name;\n",
        );
        folder
    }

    pub fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().expect("a parent")).expect("a folder");
        std::fs::write(full, text).expect("a file");
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
