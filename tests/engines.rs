//! Every engine adopts the conformance suite here.

crate::conformance::suite!(sqlite, Sqlite);
crate::conformance::suite!(postgres, Postgres);
crate::conformance::suite!(mysql, Mysql);
// The next engine goes here.

crate::conformance::transactional_only!(sqlite_transactional, Sqlite);
crate::conformance::transactional_only!(postgres_transactional, Postgres);
crate::conformance::journalled_only!(mysql_journalled, Mysql);
crate::conformance::postgres_only!(postgres_alone, Postgres);
crate::conformance::mysql_only!(mysql_alone, Mysql);
crate::conformance::sqlite_only!(sqlite_alone, Sqlite);
