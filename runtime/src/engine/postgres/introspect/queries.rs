//! The questions to `pg_catalog`, one for each kind of object, sent together.
//!
//! Each leaves out what is the server's own, what belongs to an extension and what is Lockstep's. Names are joined in here by
//! object id; only what the server alone can print (expressions, definitions) is printed by it. That is what costs: to print
//! an expression over a table's columns the server loads all it knows of that table. So a default, which names no column, is
//! printed without its table, and foreign keys and plain indexes are put together from their parts here.

/// What precedes the questions: one moment for all of them, every name with its schema, constants printed alike everywhere.
pub(super) const BEFORE: &[&str] = &[
    "SET LOCAL search_path = ''",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL quote_all_identifiers = off",
];

/// What is around them.
pub(super) enum Frame {
    /// Nothing: one snapshot for all of them, which nothing changes.
    Alone,
    /// A transaction, whose settings are as they were afterwards.
    Transaction,
}

impl Frame {
    /// What begins it.
    pub(super) fn first(&self) -> &'static str {
        match self {
            Self::Alone => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Transaction => "SAVEPOINT lockstep_reading",
        }
    }

    /// What ends it.
    pub(super) fn last(&self) -> &'static str {
        match self {
            Self::Alone => "COMMIT",
            Self::Transaction => "ROLLBACK TO SAVEPOINT lockstep_reading; RELEASE SAVEPOINT lockstep_reading",
        }
    }
}

/// Rows of `n` that are the server's own schemas.
macro_rules! own {
    () => {
        " n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' "
    };
}

/// Objects of a class that an extension brought.
macro_rules! member {
    ($class:literal, $oid:literal) => {
        concat!(
            $oid,
            " NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.",
            $class,
            "'::pg_catalog.regclass)"
        )
    };
}

/// A question: where its answer goes, and its text.
pub(super) struct Question {
    pub(super) about: About,
    pub(super) sql: &'static str,
}

/// What a question is about; its number is its place in the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum About {
    Database,
    Namespaces,
    Extensions,
    Types,
    Labels,
    TypeIds,
    Classes,
    Columns,
    Constraints,
    Indexes,
    Sequences,
    Inheritance,
    Views,
    Rules,
    Routines,
    Aggregates,
    Triggers,
    Policies,
    Descriptions,
    Privileges,
    DefaultPrivileges,
    Statistics,
    Others,
    Members,
    Dependencies,
}

macro_rules! question {
    ($about:ident, $($sql:expr),+ $(,)?) => {
        Question { about: About::$about, sql: concat!($($sql),+) }
    };
}

pub(super) const QUESTIONS: &[Question] = &[
    question!(Database, "SELECT pg_catalog.current_setting('server_version_num')"),
    question!(
        Namespaces,
        "SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n WHERE",
        own!(),
        "AND ",
        member!("pg_namespace", "n.oid")
    ),
    question!(
        Extensions,
        "SELECT x.oid, x.extname, n.nspname, x.extversion FROM pg_catalog.pg_extension x \
         JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql'"
    ),
    question!(
        Types,
        "SELECT t.oid, n.nspname, t.typname, t.typtype, t.typrelid, \
         CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END, t.typnotnull, \
         COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0), t.typdefault), \
         CASE WHEN co.oid IS NOT NULL THEN pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) END, \
         pg_catalog.format_type(r.rngsubtype, NULL), \
         CASE WHEN NOT op.opcdefault THEN pg_catalog.quote_ident(opn.nspname) || '.' || pg_catalog.quote_ident(op.opcname) END, \
         CASE WHEN r.rngcollation <> st.typcollation THEN (SELECT pg_catalog.quote_ident(ln.nspname) || '.' || pg_catalog.quote_ident(l.collname) \
           FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = r.rngcollation) END, \
         NULLIF(r.rngcanonical::pg_catalog.oid, 0)::pg_catalog.regproc, NULLIF(r.rngsubdiff::pg_catalog.oid, 0)::pg_catalog.regproc, \
         m.typname \
         FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         LEFT JOIN pg_catalog.pg_class rc ON rc.oid = t.typrelid \
         LEFT JOIN pg_catalog.pg_type bt ON bt.oid = t.typbasetype \
         LEFT JOIN pg_catalog.pg_collation co ON t.typtype = 'd' AND co.oid = t.typcollation AND t.typcollation <> bt.typcollation \
         LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace \
         LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid \
         LEFT JOIN pg_catalog.pg_type st ON st.oid = r.rngsubtype \
         LEFT JOIN pg_catalog.pg_opclass op ON op.oid = r.rngsubopc \
         LEFT JOIN pg_catalog.pg_namespace opn ON opn.oid = op.opcnamespace \
         LEFT JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid \
         WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND rc.relkind = 'c')) AND",
        own!(),
        "AND ",
        member!("pg_type", "t.oid")
    ),
    question!(
        Labels,
        "SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum ORDER BY enumtypid, enumsortorder"
    ),
    question!(
        TypeIds,
        "SELECT t.oid, t.typelem, t.typrelid, r.rngtypid FROM pg_catalog.pg_type t \
         LEFT JOIN pg_catalog.pg_range r ON r.rngmultitypid = t.oid \
         WHERE t.oid >= 16384 AND (t.typelem <> 0 OR t.typrelid <> 0 OR r.rngtypid IS NOT NULL)"
    ),
    question!(
        Classes,
        "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, \
         pg_catalog.array_to_string(c.reloptions, E'\\n'), pg_catalog.array_to_string(tc.reloptions, E'\\n'), \
         c.relrowsecurity, c.relforcerowsecurity, c.relreplident, ts.spcname, \
         CASE WHEN am.amname <> 'heap' THEN am.amname END, \
         CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END, \
         CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END, \
         CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END, \
         fs.srvname, CASE WHEN ft.ftrelid IS NOT NULL THEN (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || \
           pg_catalog.quote_literal(o.option_value), ', ' ORDER BY o.option_name) FROM pg_catalog.pg_options_to_table(ft.ftoptions) o) END, \
         CASE WHEN c.relispartition THEN pg_catalog.pg_get_partition_constraintdef(c.oid) END \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid AND tc.reloptions IS NOT NULL \
         LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace \
         LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam \
         LEFT JOIN pg_catalog.pg_foreign_table ft ON ft.ftrelid = c.oid \
         LEFT JOIN pg_catalog.pg_foreign_server fs ON fs.oid = ft.ftserver \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND c.relname !~* '^lockstep_' AND",
        own!(),
        "AND ",
        member!("pg_class", "c.oid")
    ),
    question!(
        Columns,
        "SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, \
         a.attgenerated, CASE WHEN co.oid IS NOT NULL THEN pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(co.collname) END, \
         CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END, a.attcompression, a.attstattarget, \
         pg_catalog.array_to_string(a.attoptions, E'\\n'), a.attislocal, \
         CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, 0) ELSE pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, d.oid, \
         CASE WHEN a.attfdwoptions IS NOT NULL THEN (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name) || ' ' || \
           pg_catalog.quote_literal(o.option_value), ', ') FROM pg_catalog.pg_options_to_table(a.attfdwoptions) o) END \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_attrdef d ON a.atthasdef AND d.adrelid = a.attrelid AND d.adnum = a.attnum \
         LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation \
         LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND",
        own!(),
        "ORDER BY a.attrelid, a.attnum"
    ),
    question!(
        Constraints,
        "SELECT k.oid, k.conrelid, k.contypid, k.conname, k.contype, \
         CASE WHEN k.contype <> 'f' OR k.confdeltype IN ('n', 'd') OR NOT (",
        member!("pg_class", "k.confrelid"),
        ") THEN pg_catalog.pg_get_constraintdef(k.oid) END, k.condeferrable, \
         k.condeferred, k.convalidated, k.conislocal, k.coninhcount, k.connoinherit, k.conkey, k.confrelid, k.confkey, k.confupdtype, \
         k.confdeltype, k.confmatchtype, k.conindid, k.conparentid \
         FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace \
         WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND",
        own!()
    ),
    question!(
        Indexes,
        "SELECT i.indexrelid, i.indrelid, ic.relname, i.indisunique, am.amname, \
         CASE WHEN k.oid IS NULL AND (i.indisunique OR am.amname NOT IN ('btree', 'hash') OR i.indpred IS NOT NULL OR i.indexprs IS NOT NULL \
           OR ic.reloptions IS NOT NULL OR i.indnkeyatts > 3 OR i.indcollation::text !~ '^(0|100)( (0|100))*$' \
           OR NOT o1.opcdefault OR NOT o2.opcdefault OR NOT o3.opcdefault) THEN pg_catalog.pg_get_indexdef(i.indexrelid) END, \
         i.indkey, i.indnkeyatts, i.indoption, i.indisvalid, \
         i.indisclustered, i.indisreplident, ic.relispartition, k.oid, ts.spcname, \
         CASE WHEN k.oid IS NOT NULL THEN pg_catalog.array_to_string(ic.reloptions, E'\\n') END, \
         CASE WHEN i.indexprs IS NOT NULL THEN (SELECT pg_catalog.string_agg(a.attnum || '=' || a.attstattarget, ',' ORDER BY a.attnum) \
           FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) END \
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid \
         JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p', 'm') \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_am am ON am.oid = ic.relam \
         LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') \
         LEFT JOIN pg_catalog.pg_opclass o1 ON o1.oid = i.indclass[0] LEFT JOIN pg_catalog.pg_opclass o2 ON o2.oid = i.indclass[1] \
         LEFT JOIN pg_catalog.pg_opclass o3 ON o3.oid = i.indclass[2] \
         LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = ic.reltablespace WHERE",
        own!()
    ),
    question!(
        Sequences,
        "SELECT c.oid, n.nspname, c.relname, pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, \
         s.seqcache, s.seqcycle, c.relpersistence, d.refobjid, d.refobjsubid, d.deptype \
         FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid \
           AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 \
         WHERE c.relpersistence <> 't' AND",
        own!(),
        "AND ",
        member!("pg_class", "c.oid")
    ),
    question!(
        Inheritance,
        "SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits ORDER BY inhrelid, inhseqno"
    ),
    question!(
        Views,
        "SELECT c.oid, r.oid, pg_catalog.pg_get_viewdef(c.oid) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN' \
         WHERE c.relkind IN ('v', 'm') AND",
        own!(),
        "AND ",
        member!("pg_class", "c.oid")
    ),
    question!(
        Rules,
        "SELECT r.oid, r.ev_class, r.rulename, pg_catalog.pg_get_ruledef(r.oid), r.ev_enabled FROM pg_catalog.pg_rewrite r \
         JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE r.rulename <> '_RETURN' AND",
        own!()
    ),
    question!(
        Routines,
        "SELECT p.oid, n.nspname, p.proname, p.prokind, pg_catalog.oidvectortypes(p.proargtypes), \
         pg_catalog.pg_get_function_identity_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid), \
         CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END, p.pronargdefaults \
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE",
        own!(),
        "AND ",
        member!("pg_proc", "p.oid"),
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i WHERE i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
          AND i.objid = p.oid AND i.deptype = 'i')"
    ),
    question!(
        Aggregates,
        "SELECT a.aggfnoid::pg_catalog.oid, a.aggkind, pg_catalog.format_type(a.aggtranstype, NULL), a.aggtransspace, a.agginitval, \
         a.aggtransfn::pg_catalog.oid::pg_catalog.regproc, NULLIF(a.aggfinalfn::pg_catalog.oid, 0)::pg_catalog.regproc, a.aggfinalextra, a.aggfinalmodify, \
         NULLIF(a.aggcombinefn::pg_catalog.oid, 0)::pg_catalog.regproc, NULLIF(a.aggserialfn::pg_catalog.oid, 0)::pg_catalog.regproc, \
         NULLIF(a.aggdeserialfn::pg_catalog.oid, 0)::pg_catalog.regproc, NULLIF(a.aggmtransfn::pg_catalog.oid, 0)::pg_catalog.regproc, \
         NULLIF(a.aggminvtransfn::pg_catalog.oid, 0)::pg_catalog.regproc, NULLIF(a.aggmfinalfn::pg_catalog.oid, 0)::pg_catalog.regproc, \
         CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END, a.aggminitval, \
         CASE WHEN o.oid IS NOT NULL THEN pg_catalog.quote_ident(opn.nspname) || '.' || o.oprname END, p.proparallel \
         FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid \
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_catalog.pg_operator o ON o.oid = a.aggsortop \
         LEFT JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace WHERE",
        own!()
    ),
    question!(
        Triggers,
        "SELECT t.oid, t.tgrelid, t.tgname, pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled FROM pg_catalog.pg_trigger t \
         WHERE NOT t.tgisinternal AND t.tgparentid = 0"
    ),
    question!(
        Policies,
        "SELECT p.oid, p.polrelid, p.polname, p.polcmd, p.polpermissive, \
         CASE WHEN p.polroles <> '{0}' THEN (SELECT pg_catalog.string_agg(CASE WHEN o.oid = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END, \
           ', ' ORDER BY r.rolname) FROM pg_catalog.unnest(p.polroles) o(oid) LEFT JOIN pg_catalog.pg_roles r ON r.oid = o.oid) END, \
         pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) FROM pg_catalog.pg_policy p"
    ),
    question!(
        Descriptions,
        "SELECT d.classoid, d.objoid, d.objsubid, d.description FROM pg_catalog.pg_description d \
         WHERE d.objoid >= 16384 OR d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass"
    ),
    question!(
        Privileges,
        "WITH held AS ( \
           SELECT 'c' AS class, c.oid, 0 AS sub, c.relowner AS owner, c.relacl AS acl, \
             COALESCE(i.initprivs, pg_catalog.acldefault(CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner)) AS base \
             FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_init_privs i ON i.objoid = c.oid AND i.objsubid = 0 \
               AND i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.oid >= 16384 \
           UNION ALL SELECT 'a', c.oid, a.attnum, c.relowner, a.attacl, NULL::pg_catalog.aclitem[] FROM pg_catalog.pg_attribute a \
             JOIN pg_catalog.pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND c.oid >= 16384 AND NOT a.attisdropped \
           UNION ALL SELECT 'p', p.oid, 0, p.proowner, p.proacl, pg_catalog.acldefault('f', p.proowner) FROM pg_catalog.pg_proc p \
             WHERE p.proacl IS NOT NULL AND p.oid >= 16384 \
           UNION ALL SELECT 't', t.oid, 0, t.typowner, t.typacl, pg_catalog.acldefault('T', t.typowner) FROM pg_catalog.pg_type t \
             WHERE t.typacl IS NOT NULL AND t.oid >= 16384 \
           UNION ALL SELECT 'n', n.oid, 0, n.nspowner, n.nspacl, COALESCE(i.initprivs, pg_catalog.acldefault('n', n.nspowner)) \
             FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_init_privs i ON i.objoid = n.oid \
               AND i.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass WHERE n.nspacl IS NOT NULL AND",
        own!(),
        "UNION ALL SELECT 'S', s.oid, 0, s.srvowner, s.srvacl, pg_catalog.acldefault('S', s.srvowner) FROM pg_catalog.pg_foreign_server s \
             WHERE s.srvacl IS NOT NULL \
           UNION ALL SELECT 'F', f.oid, 0, f.fdwowner, f.fdwacl, COALESCE(i.initprivs, pg_catalog.acldefault('F', f.fdwowner)) \
             FROM pg_catalog.pg_foreign_data_wrapper f LEFT JOIN pg_catalog.pg_init_privs i ON i.objoid = f.oid \
               AND i.classoid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass WHERE f.fdwacl IS NOT NULL \
           UNION ALL SELECT 'l', l.oid, 0, l.lanowner, l.lanacl, COALESCE(i.initprivs, pg_catalog.acldefault('l', l.lanowner)) \
             FROM pg_catalog.pg_language l LEFT JOIN pg_catalog.pg_init_privs i ON i.objoid = l.oid \
               AND i.classoid = 'pg_catalog.pg_language'::pg_catalog.regclass WHERE l.lanacl IS NOT NULL \
         ), \
         now AS (SELECT h.class, h.oid, h.sub, h.owner, x.grantee, x.privilege_type AS what, x.is_grantable AS further \
           FROM held h, pg_catalog.aclexplode(h.acl) x), \
         was AS (SELECT h.class, h.oid, h.sub, h.owner, x.grantee, x.privilege_type AS what, x.is_grantable AS further \
           FROM held h, pg_catalog.aclexplode(h.base) x) \
         SELECT d.class, d.oid, d.sub, d.granted, d.what, d.further, d.grantee = d.owner, \
           CASE WHEN d.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END, \
           CASE d.class WHEN 'S' THEN (SELECT s.srvname FROM pg_catalog.pg_foreign_server s WHERE s.oid = d.oid) \
             WHEN 'F' THEN (SELECT f.fdwname FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.oid = d.oid) \
             WHEN 'l' THEN (SELECT l.lanname FROM pg_catalog.pg_language l WHERE l.oid = d.oid) END \
         FROM (SELECT *, true AS granted FROM (SELECT * FROM now EXCEPT SELECT * FROM was) a \
           UNION ALL SELECT *, false FROM (SELECT * FROM was EXCEPT SELECT * FROM now) b) d \
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = d.grantee ORDER BY 1, 2, 3, 8, 4, 6, 5"
    ),
    question!(
        DefaultPrivileges,
        "SELECT pg_catalog.quote_ident(o.rolname), n.nspname, d.defaclobjtype, \
         CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END, x.is_grantable, \
         pg_catalog.string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type), x.granted \
         FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles o ON o.oid = d.defaclrole \
         LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace \
         CROSS JOIN LATERAL ( \
           SELECT g.grantee, g.privilege_type, g.is_grantable, true AS granted FROM pg_catalog.aclexplode(d.defaclacl) g \
             WHERE d.defaclnamespace <> 0 OR (g.grantee, g.privilege_type, g.is_grantable) NOT IN (SELECT b.grantee, b.privilege_type, b.is_grantable \
               FROM pg_catalog.aclexplode(pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)) b) \
           UNION ALL SELECT b.grantee, b.privilege_type, b.is_grantable, false \
             FROM pg_catalog.aclexplode(pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)) b \
             WHERE d.defaclnamespace = 0 AND (b.grantee, b.privilege_type, b.is_grantable) NOT IN (SELECT g.grantee, g.privilege_type, \
               g.is_grantable FROM pg_catalog.aclexplode(d.defaclacl) g)) x \
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee \
         GROUP BY o.rolname, n.nspname, d.defaclobjtype, x.grantee, r.rolname, x.is_grantable, x.granted"
    ),
    question!(
        Statistics,
        "SELECT s.oid, s.stxrelid, n.nspname, s.stxname, pg_catalog.pg_get_statisticsobjdef(s.oid), s.stxstattarget \
         FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE",
        own!()
    ),
    question!(Others, include_str!("others.sql")),
    question!(
        Members,
        "SELECT 6106, r.oid, 6104, r.prpubid FROM pg_catalog.pg_publication_rel r UNION ALL \
         SELECT d.classid::pg_catalog.int8, d.objid, d.refclassid::pg_catalog.int8, d.refobjid FROM pg_catalog.pg_depend d \
         WHERE d.classid IN (2602, 2603) AND d.refclassid IN (2616, 2753) AND d.objid >= 16384 ORDER BY 3 DESC"
    ),
    question!(
        Dependencies,
        "SELECT d.classid::pg_catalog.oid, d.objid, d.objsubid, d.refclassid::pg_catalog.oid, d.refobjid, d.refobjsubid \
         FROM pg_catalog.pg_depend d WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a') \
         AND d.refclassid NOT IN ('pg_catalog.pg_namespace'::pg_catalog.regclass, 'pg_catalog.pg_extension'::pg_catalog.regclass)"
    ),
];
