//! Cases, as they are written down.

use std::path::{Path, PathBuf};

/// A schema as it is and as it should be.
#[derive(Debug, Clone, Default)]
pub struct Case {
    pub name: String,
    /// Where it begins in its file.
    pub line: usize,
    pub current: String,
    pub rows: String,
    pub desired: String,
    /// Queries whose answers stay the same.
    pub keeps: Vec<String>,
    /// Queries whose answers are the same again after the way back.
    pub returns: Vec<String>,
    /// Words of the refusal.
    pub refused: Option<String>,
    /// Words with which the way there stops by itself.
    pub stopped: Option<String>,
    /// Whether there is no way back, and it says so; `None` where either is right.
    pub one_way: Option<bool>,
}

/// Which part of a case a line belongs to.
#[derive(Clone, Copy)]
enum Part {
    None,
    Current,
    Rows,
    Desired,
}

/// All cases of a folder, each with its file.
pub fn read(folder: &Path) -> Vec<(PathBuf, Case)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    let cases = files.into_iter().flat_map(|file| {
        let text = std::fs::read_to_string(&file).expect("a text");
        parse(&text).into_iter().map(move |case| (file.clone(), case))
    });
    cases.collect()
}

fn parse(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut part = Part::None;
    for (at, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("-- case:") {
            part = Part::None;
            cases.push(Case {
                name: name.trim().to_owned(),
                line: at + 1,
                one_way: Some(false),
                ..Case::default()
            });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        match line.trim_end() {
            "-- current" => part = Part::Current,
            "-- rows" => part = Part::Rows,
            "-- desired" => part = Part::Desired,
            "-- no way back" => case.one_way = Some(true),
            other => {
                if let Some(query) = other.strip_prefix("-- keeps:") {
                    case.keeps.push(query.trim().to_owned());
                } else if let Some(query) = other.strip_prefix("-- returns:") {
                    case.returns.push(query.trim().to_owned());
                } else if let Some(words) = other.strip_prefix("-- refused:") {
                    case.refused = Some(words.trim().to_owned());
                } else if let Some(words) = other.strip_prefix("-- stopped:") {
                    case.stopped = Some(words.trim().to_owned());
                } else {
                    let text = match part {
                        Part::None => continue,
                        Part::Current => &mut case.current,
                        Part::Rows => &mut case.rows,
                        Part::Desired => &mut case.desired,
                    };
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    cases
}

#[test]
fn a_case_has_all_its_parts() {
    let cases = parse(
        "-- case: one\n-- current\nA;\n-- rows\nB;\n-- desired\nC;\n-- d\n-- keeps: Q\n-- case: two\n-- desired\nX;\n-- refused: no\n-- stopped: by it\n-- no way back\n",
    );
    assert_eq!(cases.len(), 2);
    assert_eq!((cases[0].current.as_str(), cases[0].rows.as_str()), ("A;\n", "B;\n"));
    assert_eq!(cases[0].desired, "C;\n-- d\n");
    assert_eq!(cases[0].keeps, ["Q"]);
    assert_eq!(cases[1].refused.as_deref(), Some("no"));
    assert_eq!(cases[1].stopped.as_deref(), Some("by it"));
    assert_eq!((cases[0].one_way, cases[1].one_way), (Some(false), Some(true)));
}
