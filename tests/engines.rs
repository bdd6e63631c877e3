//! Every engine adopts the conformance suite here.
// The next engine goes here.

crate::conformance::suite!(sqlite, Sqlite);
crate::conformance::suite!(postgres, Postgres);
