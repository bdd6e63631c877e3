//! Tidiness is a test: who imports whom, how long files are, what the documents promise.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            rust_files(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

fn ours(package: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(format!("{package}/Cargo.toml")).parse().expect("TOML");
    let tables = ["dependencies", "dev-dependencies"];
    let names = tables
        .iter()
        .filter_map(|t| manifest.get(*t)?.as_table())
        .flat_map(toml::Table::keys);
    names.filter(|name| name.starts_with("lockstep")).cloned().collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

#[test]
fn crates_import_only_whom_they_may() {
    assert_eq!(ours("registry"), set(&[]));
    assert_eq!(ours("catalog"), set(&[]));
    assert!(ours("lifecycle").is_subset(&set(&["lockstep-registry", "lockstep-catalog"])));
    assert_eq!(
        ours("runtime"),
        set(&["lockstep-catalog", "lockstep-lifecycle", "lockstep-registry"])
    );
    for outside in ["cli", "examples", "benches"] {
        assert_eq!(ours(outside), set(&["lockstep"]), "{outside} sees the library only");
    }
}

#[test]
fn only_the_engines_talk_to_a_driver() {
    let mut files = Vec::new();
    rust_files(&root().join("runtime/src"), &mut files);
    for file in files
        .iter()
        .filter(|f| !f.to_string_lossy().contains("/engine/") && !f.ends_with("lib.rs"))
    {
        let text = std::fs::read_to_string(file).expect("text");
        assert!(!text.contains("sqlx::"), "{} uses sqlx", file.display());
    }
    for pure in ["registry/src", "catalog/src", "lifecycle/src"] {
        let mut files = Vec::new();
        rust_files(&root().join(pure), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).expect("text");
            for word in ["std::fs", "std::net", "tokio", ".await", "SystemTime", "Instant::now"] {
                assert!(
                    !text.contains(word),
                    "{} says {word}, and that crate is pure",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn only_the_clock_reads_the_time() {
    let mut files = Vec::new();
    rust_files(&root().join("runtime/src"), &mut files);
    for file in files.iter().filter(|f| !f.ends_with("clock.rs")) {
        let text = std::fs::read_to_string(file).expect("text");
        for word in ["Instant::now", "SystemTime"] {
            assert!(
                !text.contains(word),
                "{} says {word}; clock.rs is the place",
                file.display()
            );
        }
    }
}

#[test]
fn no_file_is_longer_than_a_concept() {
    let mut files = Vec::new();
    rust_files(&root(), &mut files);
    let long: Vec<_> = files
        .iter()
        .map(|f| (f, std::fs::read_to_string(f).expect("text").lines().count()))
        .filter(|(_, lines)| *lines > 600)
        .collect();
    assert!(long.is_empty(), "is there a concept to carve out? {long:?}");
}

#[test]
fn the_readme_lists_every_example_and_every_command_it_shows_exists() {
    let readme = read("README.md");
    let manifest: toml::Table = read("examples/Cargo.toml").parse().expect("TOML");
    for example in manifest["example"].as_array().expect("examples") {
        let name = example["name"].as_str().expect("a name");
        assert!(readme.contains(name), "README.md does not mention the example {name}");
    }
    assert!(readme.contains("scripts/test"));
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md"] {
        let text = read(document);
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                assert!(root().join(target).exists(), "{document} links to {target}");
            }
        }
    }
}

/// The tests of this binary, as `cargo test` names them.
fn tests() -> BTreeSet<String> {
    let told = std::process::Command::new(std::env::current_exe().expect("this binary"))
        .args(["--list", "--format", "terse"])
        .output()
        .expect("it lists its tests");
    let text = String::from_utf8(told.stdout).expect("text");
    text.lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_matrix_of_faults_names_tests_that_exist() {
    let (tests, text) = (tests(), read("tests/README.md"));
    // The last column of a row; `*` stands for the row's engines.
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| ") && line.ends_with("` |"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 45, "only {} rows", rows.len());
    for row in rows {
        let [fault, engines, expected, named] = row[..] else {
            panic!("four columns: {row:?}");
        };
        assert!(!fault.is_empty() && !expected.is_empty(), "{row:?}");
        let name = named.trim_matches('`');
        assert!(
            name.contains('*') || !engines.contains(','),
            "{name} is one test of several engines"
        );
        for engine in engines.split(", ").filter(|_| name.contains('*')) {
            let module = match engine {
                "SQLite" => "sqlite",
                "PostgreSQL" => "postgres",
                "MariaDB" => "mysql",
                other => panic!("no engine is called {other}"),
            };
            let name = name.replace('*', module);
            assert!(tests.contains(&name), "tests/README.md names {name}, which is no test");
        }
        assert!(
            name.contains('*') || tests.contains(name),
            "tests/README.md names {name}, which is no test"
        );
    }
}

/// What is written to show that a fault is survived is in the matrix.
#[test]
fn every_scenario_of_hardening_is_in_the_matrix() {
    let text = read("tests/README.md");
    for test in tests().iter().filter(|name| name.starts_with("hardening::")) {
        let parts: Vec<_> = test.split("::").collect();
        let any = parts.iter().map(|part| {
            if ["sqlite", "postgres", "mysql"].contains(part) {
                "*"
            } else {
                part
            }
        });
        let any = any.collect::<Vec<_>>().join("::");
        assert!(
            text.contains(&format!("`{test}`")) || text.contains(&format!("`{any}`")),
            "tests/README.md does not list {test}"
        );
    }
}

#[test]
fn architecture_names_every_module_of_the_runtime() {
    let text = read("ARCHITECTURE.md");
    for entry in std::fs::read_dir(root().join("runtime/src")).expect("a folder") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_owned();
        if name != "lib" {
            assert!(
                text.contains(&format!("`{name}`")),
                "ARCHITECTURE.md does not say where `{name}` is for"
            );
        }
    }
}
