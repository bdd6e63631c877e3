//! Stands in until the command line is there.
fn main() {}
