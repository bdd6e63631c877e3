//! Ids and versions: what was read prints as something that reads as the same; what was not is pointed at.
#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use libfuzzer_sys::fuzz_target;
use lockstep::registry::{
    ApiVersion, HandlerId, HandlerRef, HandlerVersion, Incarnation, InstanceId, ParseError, SchemaVersion, Scope, Tag,
};

fn reads_back<T: FromStr<Err = ParseError> + Display + PartialEq + Debug>(text: &str) {
    match text.parse::<T>() {
        Ok(read) => assert_eq!(read.to_string().parse::<T>(), Ok(read)),
        Err(error) => assert!(error.position <= text.chars().count(), "{error:?}"),
    }
}

fuzz_target!(|text: &str| {
    reads_back::<HandlerId>(text);
    reads_back::<ApiVersion>(text);
    reads_back::<HandlerVersion>(text);
    reads_back::<HandlerRef>(text);
    reads_back::<SchemaVersion>(text);
    reads_back::<Tag>(text);
    reads_back::<Scope>(text);
    reads_back::<InstanceId>(text);
    reads_back::<Incarnation>(text);
});
