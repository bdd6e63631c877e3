//! What holds for every script.

use proptest::prelude::*;

use super::*;

/// Text that is likely to hit the tokenizer's and the splitter's corners.
fn sql_like() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "SELECT",
        "CREATE",
        "TRIGGER",
        "FUNCTION",
        "PROCEDURE",
        "RULE",
        "EVENT",
        "BEGIN",
        "ATOMIC",
        "END",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "IF",
        "LOOP",
        "REPEAT",
        "WHILE",
        "DO",
        "DECLARE",
        "HANDLER",
        "FOR",
        "EACH",
        "ROW",
        "DEFINER",
        "AS",
        "x",
        "é",
        "_a",
        "1",
        "1_",
        "0x",
        ".5",
        "1e",
        "'",
        "''",
        "\"",
        "`",
        "[",
        "]",
        "$$",
        "$t$",
        "$",
        "E'",
        "U&'",
        "X'",
        "N'",
        "B'",
        "\\",
        "--",
        "#",
        "/*",
        "*/",
        "/",
        "*",
        "|",
        "||",
        ";",
        ";",
        ";",
        "(",
        ")",
        ".",
        ":",
        "=",
        "@",
        "@@",
        "-",
        ">",
        "?",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\u{feff}",
        "\u{a0}",
    ]);
    let piece = (word, any::<bool>()).prop_map(|(word, space)| format!("{word}{}", if space { " " } else { "" }));
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn splitting_never_panics(arbitrary in any::<String>(), likely in sql_like()) {
        for dialect in Dialect::ALL {
            for text in [&arbitrary, &likely] {
                if let Err(error) = split(dialect, text) {
                    prop_assert!(error.line() >= 1 && error.column() >= 1);
                }
                let statement = Statement { text: text.clone(), line: 1 };
                forbids_transaction(dialect, &statement);
                index_of_concurrent(dialect, &statement);
            }
        }
    }

    #[test]
    fn statements_joined_and_split_again_are_the_same(text in sql_like()) {
        for dialect in Dialect::ALL {
            let Ok(statements) = split(dialect, &text) else { continue };
            let texts: Vec<&str> = statements.iter().map(|statement| statement.text.as_str()).collect();
            let joined: String = texts.iter().map(|text| format!("{text};\n")).collect();
            let again = split(dialect, &joined);
            prop_assert!(again.is_ok(), "{dialect}: {text:?} {joined:?} {again:?}");
            let again = again.unwrap();
            let again: Vec<&str> = again.iter().map(|statement| statement.text.as_str()).collect();
            prop_assert_eq!(texts, again, "{}: {:?}", dialect, text);
        }
    }

    #[test]
    fn a_statement_is_a_slice_of_the_script_at_its_line(text in sql_like()) {
        let line_of = |at: usize| text[..at].replace("\r\n", "\n").matches(['\n', '\r']).count() + 1;
        for dialect in Dialect::ALL {
            for statement in split(dialect, &text).unwrap_or_default() {
                let mut places = text.match_indices(&statement.text).map(|(at, _)| line_of(at));
                prop_assert!(
                    places.any(|line| line == statement.line as usize),
                    "{dialect}: {text:?} {statement:?}"
                );
            }
        }
    }
}
