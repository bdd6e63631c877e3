//! Ids and versions.

use std::fmt::Display;
use std::str::FromStr;

use lockstep::registry::{
    ApiVersion, HandlerId, HandlerRef, HandlerVersion, Incarnation, InstanceId, ParseError, SchemaVersion, Scope, Tag,
};
use proptest::prelude::*;

/// What was read prints as something that reads as the same; what was not is pointed at.
fn holds<T>(text: &str) -> Result<(), TestCaseError>
where
    T: FromStr<Err = ParseError> + Display + PartialEq + std::fmt::Debug,
{
    match text.parse::<T>() {
        Ok(read) => prop_assert_eq!(read.to_string().parse::<T>(), Ok(read)),
        Err(error) => {
            let characters = text.chars().count();
            prop_assert!(error.position <= characters, "{error:?}");
            prop_assert_eq!(&error.input, text);
            prop_assert!(!error.reason.is_empty() && !error.to_string().is_empty());
        }
    }
    Ok(())
}

fn all_hold(text: &str) -> Result<(), TestCaseError> {
    holds::<HandlerId>(text)?;
    holds::<ApiVersion>(text)?;
    holds::<HandlerVersion>(text)?;
    holds::<HandlerRef>(text)?;
    holds::<SchemaVersion>(text)?;
    holds::<Tag>(text)?;
    holds::<Scope>(text)?;
    holds::<InstanceId>(text)?;
    holds::<Incarnation>(text)
}

/// Pieces of names, good and bad.
fn name_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "users",
        "/api",
        "{id}",
        "@",
        "@@",
        ".",
        "-",
        "_",
        ":",
        "/",
        "tsv:",
        "1732186200",
        "-users-",
        "001",
        "1.4.0",
        "1",
        "0",
        "00",
        "18446744073709551616",
        "+build",
        "-rc.1",
        " ",
        "é",
        "日本",
        "\u{301}",
        "\u{0}",
        "",
    ]);
    let long =
        (prop::sample::select(vec!["a", "é", "/a", "1"]), 0..70usize).prop_map(|(part, times)| part.repeat(times));
    prop::collection::vec(prop_oneof![8 => piece.prop_map(str::to_owned), 1 => long], 0..7)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn names_read_back_and_errors_point_into_the_text(arbitrary in any::<String>(), likely in name_like()) {
        all_hold(&arbitrary)?;
        all_hold(&likely)?;
    }

    #[test]
    fn names_in_json_are_judged_like_names(likely in name_like()) {
        let json = serde_json::to_string(&likely).unwrap();
        prop_assert_eq!(serde_json::from_str::<HandlerVersion>(&json).ok(), likely.parse().ok());
        prop_assert_eq!(serde_json::from_str::<SchemaVersion>(&json).ok(), likely.parse().ok());
        prop_assert_eq!(serde_json::from_str::<Tag>(&json).ok(), likely.parse().ok());
    }
}
