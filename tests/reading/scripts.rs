//! Step files: statements and directives.

use std::time::Duration;

use lockstep::catalog::{Dialect, Directives, directive, split};
use proptest::prelude::*;

use super::lines;

/// Lines that look like directives, and what may stand between them.
fn step_like() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "-- lockstep: no-transaction",
        "--lockstep:no-transaction",
        "-- LOCKSTEP : irreversible",
        "-- lockstep:",
        "-- lockstep: timeout=5m",
        "-- lockstep: timeout = 0s",
        "-- lockstep: timeout=99999999999999999999h",
        "-- lockstep: timeout=18446744073709551615h",
        "-- lockstep: timeout=",
        "-- lockstep: manual",
        "-- lockstep: manual=1",
        "-- lockstep: carries=a.b, c",
        "-- lockstep: carries=",
        "-- lockstep: carries=é.x,,",
        "-- lockstep: carries=\"é, \"\"x\".\"y z\", a",
        "-- lockstep: carries=\"é",
        "-- lockstep: é",
        "/* licence",
        "*/",
        "*/ -- lockstep: manual",
        "/* a */",
        "SELECT 1;",
        "SELECT '-- lockstep: manual';",
        "é -- lockstep",
        "",
        "\t",
        "--",
        "-- --lockstep: x",
        "$$",
        "'",
        "\u{feff}",
    ]);
    let end = prop::sample::select(vec!["\n", "\r\n", "\r", " ", ""]);
    prop::collection::vec((line, end), 0..8)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect())
}

/// Directives the way a person would write them.
fn written(directives: &Directives) -> String {
    let mut text = String::from("-- What this step is for.\n");
    let flags = [
        ("no-transaction", directives.no_transaction),
        ("irreversible", directives.irreversible),
        ("manual", directives.manual),
    ];
    for (name, _) in flags.iter().filter(|(_, set)| *set) {
        text += &format!("-- lockstep: {name}\n");
    }
    if let Some(timeout) = directives.timeout {
        text += &format!("-- lockstep: timeout={}ms\n", timeout.as_millis());
    }
    if !directives.carries.is_empty() {
        text += &format!("-- lockstep: carries={}\n", directives.carries.join(", "));
    }
    text + "SELECT 1;\n"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn directives_never_panic_and_their_errors_are_in_the_text(arbitrary in any::<String>(), likely in step_like()) {
        for text in [arbitrary, likely] {
            match directive::read(&text) {
                Err(error) => {
                    let line = error.line() as usize;
                    prop_assert!((1..=lines(&text)).contains(&line), "{error}: {text:?}");
                }
                Ok(found) => {
                    prop_assert!(found.timeout.is_none_or(|t| !t.is_zero()));
                    // What was read, written plainly, reads as the same.
                    let timeout = found.timeout.map(|t| Duration::from_millis(t.as_millis() as u64));
                    prop_assert_eq!(directive::read(&written(&found)), Ok(Directives { timeout, ..found }));
                }
            }
        }
    }

    #[test]
    fn directives_read_back(
        flags in any::<[bool; 3]>(),
        timeout in prop::option::of(1u64..1_000_000_000),
        carries in prop::collection::vec("[a-zé_][a-z0-9_]{0,8}(\\.[a-z]{1,8}){0,2}", 0..4),
    ) {
        let directives = Directives {
            no_transaction: flags[0],
            irreversible: flags[1],
            manual: flags[2],
            timeout: timeout.map(Duration::from_millis),
            carries,
        };
        prop_assert_eq!(directive::read(&written(&directives)), Ok(directives));
    }

    #[test]
    fn an_error_of_the_splitter_lies_inside_the_text(arbitrary in any::<String>(), likely in step_like()) {
        for text in [arbitrary, likely] {
            let plain = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
            for dialect in Dialect::ALL {
                let Err(error) = split(dialect, &text) else { continue };
                let line = plain.split('\n').nth(error.line() as usize - 1);
                let columns = line.map(|line| line.chars().count() + 1);
                let column = error.column() as usize;
                prop_assert!(columns.is_some_and(|last| (1..=last).contains(&column)), "{dialect}: {error:?}: {text:?}");
            }
        }
    }
}
