//! Random pairs of SQLite schemas, there and back, judged like those that were written by hand.
//!
//! Each pair comes from a seed, which a failure names. What is not a schema at all, and what the rows cannot follow, is
//! passed over, but some have to be left.

use std::fmt::Write;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::pairs::case::Case;
use crate::pairs::judge::judge;
use crate::support::{Database, Engine};

/// How many pairs are tried.
const PAIRS: u64 = 64;

const TABLES: [&str; 5] = ["t1", "T2", "\"t 3\"", "t4", "\"group\""];
const COLUMNS: [&str; 6] = ["a", "B", "\"order\"", "\"x y\"", "d", "é"];
const TYPES: [&str; 9] = [
    "INTEGER",
    "INT",
    "TEXT",
    "VARCHAR(20)",
    "REAL",
    "NUMERIC(10,2)",
    "BLOB",
    "",
    "BOOLEAN",
];

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).unwrap()
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn some<'a>(&mut self, of: &[&'a str], least: usize) -> Vec<&'a str> {
        let mut left = of.to_vec();
        let count = least + self.below(left.len() - least + 1);
        (0..count).map(|_| left.remove(self.below(left.len()))).collect()
    }
}

fn schema(dice: &mut Dice) -> String {
    let tables = dice.some(&TABLES, 1);
    // What is referenced has to be a key.
    let keys: Vec<usize> = tables.iter().map(|_| dice.below(5)).collect();
    let keyed: Vec<&str> = tables
        .iter()
        .zip(&keys)
        .filter(|(_, key)| **key < 4)
        .map(|(table, _)| *table)
        .collect();
    let mut text = String::new();
    for (at, table) in tables.iter().enumerate() {
        let columns = dice.some(&COLUMNS, 1);
        create_table(dice, &mut text, table, &columns, (keys[at], &keyed));
        let column = dice.one_of(&columns);
        if dice.percent(50) {
            let what = [column.to_owned(), format!("{column} DESC"), format!("lower({column})")];
            let what = &what[dice.below(3)];
            let filter = if dice.percent(30) {
                format!(" WHERE {column} IS NOT NULL")
            } else {
                String::new()
            };
            let _ = writeln!(text, "CREATE INDEX i{} ON {table} ({what}){filter};", at % 3);
        }
        if dice.percent(30) {
            let _ = writeln!(text, "CREATE VIEW v{at} AS SELECT id, {column} FROM {table};");
        }
        if dice.percent(25) {
            let other = dice.one_of(&tables);
            let _ = writeln!(
                text,
                "CREATE TRIGGER g{at} AFTER UPDATE OF {column} ON {table} BEGIN DELETE FROM {other} WHERE id = 77; END;"
            );
        }
    }
    if dice.percent(25) {
        let option = dice.one_of(&["", ", tokenize = porter", ", prefix = '2 3'"]);
        let _ = writeln!(text, "CREATE VIRTUAL TABLE f USING fts5(p, q{option});");
    }
    text
}

fn create_table(dice: &mut Dice, text: &mut String, table: &str, columns: &[&str], (key, keyed): (usize, &[&str])) {
    let (key, tail) = [
        ("id INTEGER PRIMARY KEY", ""),
        ("id INTEGER PRIMARY KEY AUTOINCREMENT", ""),
        ("id TEXT PRIMARY KEY", ""),
        ("id TEXT NOT NULL PRIMARY KEY", " WITHOUT ROWID"),
        ("id INT", ""),
    ][key];
    let mut parts = vec![key.to_owned()];
    let mut written: Vec<&str> = Vec::new();
    for column in columns {
        let mut part = format!("{column} {}", dice.one_of(&TYPES));
        if !written.is_empty() && dice.percent(15) {
            let of = dice.one_of(&written);
            let how = dice.one_of(&["STORED", "VIRTUAL"]);
            let _ = write!(part, " AS ({of} || 1) {how}");
        } else {
            written.push(column);
            let defaults = [
                "DEFAULT 1",
                "DEFAULT 'x'",
                "DEFAULT CURRENT_TIMESTAMP",
                "DEFAULT (1 + 1)",
            ];
            for (chance, what) in [
                (35, dice.one_of(&defaults).to_owned()),
                (20, "NOT NULL".to_owned()),
                (15, "COLLATE NOCASE".to_owned()),
                (15, format!("CONSTRAINT c CHECK ({column} IS NOT 'zz')")),
                (8, "UNIQUE".to_owned()),
                (
                    if keyed.is_empty() { 0 } else { 20 },
                    format!(
                        "REFERENCES {} (id) ON DELETE CASCADE",
                        keyed.first().map_or("", |_| dice.one_of(keyed))
                    ),
                ),
            ] {
                if dice.percent(chance) {
                    let _ = write!(part, " {what}");
                }
            }
        }
        parts.push(part);
    }
    if dice.percent(15) {
        parts.push(format!("CHECK ({table}.id <> {})", 5 + dice.below(2)));
    }
    let _ = writeln!(text, "CREATE TABLE {table} ({}){tail};", parts.join(", "));
}

/// The case of a seed; `None` where one of its sides is no schema.
async fn case(seed: u64) -> Option<Case> {
    let mut dice = Dice(seed);
    let (current, desired) = (schema(&mut dice), schema(&mut dice));
    let (one, other) = (Database::new(Engine::Sqlite).await, Database::new(Engine::Sqlite).await);
    let possible = one.try_execute(&current).await.is_ok() && other.try_execute(&desired).await.is_ok();
    let mut rows = String::new();
    for table in TABLES {
        let insert = format!("INSERT INTO {table} (id) VALUES (1), (2);\n");
        if possible && seed.is_multiple_of(2) && one.try_execute(&insert).await.is_ok() {
            rows.push_str(&insert);
        }
    }
    one.drop().await;
    other.drop().await;
    possible.then_some(Case {
        name: format!("seed {seed}"),
        current,
        rows,
        desired,
        ..Case::default()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn random_pairs_lead_there_and_back_on_sqlite() {
    let slots = Arc::new(Semaphore::new(4));
    let mut running = tokio::task::JoinSet::new();
    for seed in 0..PAIRS {
        let slots = Arc::clone(&slots);
        running.spawn(async move {
            let _slot = slots.acquire_owned().await.expect("open");
            let case = case(seed).await?;
            let judged = judge(Engine::Sqlite, &case).await;
            Some(judged.map_err(|why| (why, case)))
        });
    }
    let (mut led, mut failed) = (0, Vec::new());
    while let Some(done) = running.join_next().await {
        match done.expect("no panic") {
            None => {}
            Some(Ok(())) => led += 1,
            // The rows cannot follow: said, and nothing is changed.
            Some(Err((why, _))) if why.starts_with("an obstacle") => {}
            Some(Err((why, case))) => failed.push(format!(
                "{}: {why}\n-- current\n{}-- rows\n{}-- desired\n{}",
                case.name, case.current, case.rows, case.desired
            )),
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(led * 3 > PAIRS, "only {led} of {PAIRS} were possible");
}
