//! Every engine adopts the conformance suite here.

crate::conformance::suite!(sqlite, Sqlite);
crate::conformance::suite!(postgres, Postgres);
// The next engine goes here.

crate::conformance::postgres_only!(postgres_alone, Postgres);
crate::conformance::sqlite_only!(sqlite_alone, Sqlite);
