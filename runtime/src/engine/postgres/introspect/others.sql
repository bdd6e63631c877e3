-- Kinds that are kept as text: class, id, kind, name, create, drop, comment's object; each row one object.
SELECT 'pg_event_trigger', e.oid, 'event trigger', pg_catalog.quote_ident(e.evtname),
  pg_catalog.format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', e.evtname, e.evtevent,
    CASE WHEN e.evttags IS NOT NULL THEN ' WHEN TAG IN (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(t), ', ' ORDER BY t)
      FROM pg_catalog.unnest(e.evttags) t) || ')' ELSE '' END, e.evtfoid::pg_catalog.regproc)
  || CASE e.evtenabled WHEN 'D' THEN pg_catalog.format(E';\nALTER EVENT TRIGGER %I DISABLE', e.evtname)
     WHEN 'A' THEN pg_catalog.format(E';\nALTER EVENT TRIGGER %I ENABLE ALWAYS', e.evtname)
     WHEN 'R' THEN pg_catalog.format(E';\nALTER EVENT TRIGGER %I ENABLE REPLICA', e.evtname) ELSE '' END,
  pg_catalog.format('DROP EVENT TRIGGER %I', e.evtname)
FROM pg_catalog.pg_event_trigger e
UNION ALL
SELECT 'pg_collation', c.oid, 'collation', pg_catalog.format('%I.%I', n.nspname, c.collname),
  pg_catalog.format('CREATE COLLATION %I.%I (%s)', n.nspname, c.collname, pg_catalog.concat_ws(', ',
    'provider = ' || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' ELSE 'default' END,
    CASE WHEN NOT c.collisdeterministic THEN 'deterministic = false' END,
    CASE WHEN c.j ->> 'collcollate' IS NOT NULL AND c.j ->> 'collcollate' = c.j ->> 'collctype'
         THEN 'locale = ' || pg_catalog.quote_literal(c.j ->> 'collcollate') END,
    CASE WHEN c.j ->> 'collcollate' IS NOT NULL AND c.j ->> 'collcollate' <> c.j ->> 'collctype'
         THEN 'lc_collate = ' || pg_catalog.quote_literal(c.j ->> 'collcollate') || ', lc_ctype = ' || pg_catalog.quote_literal(c.j ->> 'collctype') END,
    'locale = ' || pg_catalog.quote_literal(COALESCE(c.j ->> 'colliculocale', c.j ->> 'colllocale')),
    'rules = ' || pg_catalog.quote_literal(c.j ->> 'collicurules'))),
  pg_catalog.format('DROP COLLATION %I.%I', n.nspname, c.collname)
FROM (SELECT x.*, pg_catalog.to_jsonb(x) AS j FROM pg_catalog.pg_collation x WHERE x.oid >= 16384) c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_collation'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_cast', c.oid, 'cast', pg_catalog.format('(%s AS %s)', pg_catalog.format_type(c.castsource, NULL), pg_catalog.format_type(c.casttarget, NULL)),
  pg_catalog.format('CREATE CAST (%s AS %s) %s%s', pg_catalog.format_type(c.castsource, NULL), pg_catalog.format_type(c.casttarget, NULL),
    CASE c.castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT' ELSE 'WITH FUNCTION ' || c.castfunc::pg_catalog.regprocedure END,
    CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END),
  pg_catalog.format('DROP CAST (%s AS %s)', pg_catalog.format_type(c.castsource, NULL), pg_catalog.format_type(c.casttarget, NULL))
FROM pg_catalog.pg_cast c WHERE c.oid >= 16384
  AND c.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype IN ('e', 'i') AND e.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_operator', o.oid, 'operator', o.oid::pg_catalog.regoperator::text,
  pg_catalog.format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, pg_catalog.concat_ws(', ',
    'FUNCTION = ' || o.oprcode, CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || pg_catalog.format_type(o.oprleft, NULL) END,
    CASE WHEN o.oprright <> 0 THEN 'RIGHTARG = ' || pg_catalog.format_type(o.oprright, NULL) END,
    CASE WHEN o.oprcom <> 0 THEN pg_catalog.format('COMMUTATOR = OPERATOR(%I.%s)', cn.nspname, c.oprname) END,
    CASE WHEN o.oprnegate <> 0 THEN pg_catalog.format('NEGATOR = OPERATOR(%I.%s)', gn.nspname, g.oprname) END,
    CASE WHEN o.oprrest <> 0 THEN 'RESTRICT = ' || o.oprrest END, CASE WHEN o.oprjoin <> 0 THEN 'JOIN = ' || o.oprjoin END,
    CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' END)),
  pg_catalog.format('DROP OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname,
    CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) ELSE 'NONE' END, pg_catalog.format_type(o.oprright, NULL))
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
LEFT JOIN pg_catalog.pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = c.oprnamespace
LEFT JOIN pg_catalog.pg_operator g ON g.oid = o.oprnegate LEFT JOIN pg_catalog.pg_namespace gn ON gn.oid = g.oprnamespace
WHERE o.oid >= 16384 AND o.oprcode <> 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND o.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_ts_dict', d.oid, 'text search dictionary', pg_catalog.format('%I.%I', n.nspname, d.dictname),
  pg_catalog.format('CREATE TEXT SEARCH DICTIONARY %I.%I (TEMPLATE = %I.%I%s)', n.nspname, d.dictname, tn.nspname, t.tmplname, ', ' || d.dictinitoption),
  pg_catalog.format('DROP TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname)
FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
WHERE d.oid >= 16384 AND n.nspname !~ '^pg_'
  AND d.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_ts_config', c.oid, 'text search configuration', pg_catalog.format('%I.%I', n.nspname, c.cfgname),
  pg_catalog.format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname)
  || COALESCE((SELECT pg_catalog.string_agg(pg_catalog.format(E';\nALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s',
       n.nspname, c.cfgname, m.alias, m.dicts), '' ORDER BY m.alias)
     FROM (SELECT tt.alias, pg_catalog.string_agg(m.mapdict::pg_catalog.regdictionary::text, ', ' ORDER BY m.mapseqno) AS dicts
           FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.ts_token_type(c.cfgparser) tt ON tt.tokid = m.maptokentype
           WHERE m.mapcfg = c.oid GROUP BY tt.alias) m), ''),
  pg_catalog.format('DROP TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname)
FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
WHERE c.oid >= 16384 AND n.nspname !~ '^pg_'
  AND c.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_ts_config'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_foreign_data_wrapper', f.oid, 'foreign data wrapper', pg_catalog.quote_ident(f.fdwname),
  pg_catalog.format('CREATE FOREIGN DATA WRAPPER %I%s%s%s', f.fdwname, ' HANDLER ' || NULLIF(f.fdwhandler, 0)::pg_catalog.regproc,
    ' VALIDATOR ' || NULLIF(f.fdwvalidator, 0)::pg_catalog.regproc,
    ' OPTIONS (' || (SELECT pg_catalog.string_agg(pg_catalog.format('%I %L', o.option_name, o.option_value), ', ' ORDER BY o.option_name)
      FROM pg_catalog.pg_options_to_table(f.fdwoptions) o) || ')'),
  pg_catalog.format('DROP FOREIGN DATA WRAPPER %I', f.fdwname)
FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.oid >= 16384
  AND f.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_foreign_server', s.oid, 'server', pg_catalog.quote_ident(s.srvname),
  pg_catalog.format('CREATE SERVER %I%s%s FOREIGN DATA WRAPPER %I%s', s.srvname, ' TYPE ' || pg_catalog.quote_literal(s.srvtype),
    ' VERSION ' || pg_catalog.quote_literal(s.srvversion), f.fdwname,
    ' OPTIONS (' || (SELECT pg_catalog.string_agg(pg_catalog.format('%I %L', o.option_name, o.option_value), ', ' ORDER BY o.option_name)
      FROM pg_catalog.pg_options_to_table(s.srvoptions) o) || ')'),
  pg_catalog.format('DROP SERVER %I', s.srvname)
FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid = s.srvfdw
UNION ALL
SELECT 'pg_publication', p.oid, 'publication', pg_catalog.quote_ident(p.pubname),
  pg_catalog.format('CREATE PUBLICATION %I%s WITH (publish = %L%s)', p.pubname,
    CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE COALESCE(' FOR ' || NULLIF(pg_catalog.concat_ws(', ',
      (SELECT pg_catalog.string_agg('TABLE ' || t.what, ', ' ORDER BY t.what) FROM (
        SELECT pg_catalog.format('%I.%I%s%s', n.nspname, c.relname,
          ' (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs)) || ')',
          ' WHERE (' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) || ')') AS what
        FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid) t),
      (SELECT pg_catalog.string_agg(pg_catalog.format('TABLES IN SCHEMA %I', n.nspname), ', ' ORDER BY n.nspname)
        FROM pg_catalog.pg_publication_namespace s JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid)), ''), '') END,
    pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
      CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
    CASE WHEN p.pubviaroot THEN ', publish_via_partition_root = true' ELSE '' END),
  pg_catalog.format('DROP PUBLICATION %I', p.pubname)
FROM pg_catalog.pg_publication p
UNION ALL
-- What a mapping says of passwords and keys is a secret, and stays where it is.
SELECT 'pg_user_mapping', m.umid, 'user mapping', pg_catalog.format('%s SERVER %I', w.who, m.srvname),
  pg_catalog.format('CREATE USER MAPPING FOR %s SERVER %I%s', w.who, m.srvname,
    ' OPTIONS (' || (SELECT pg_catalog.string_agg(pg_catalog.format('%I %L', o.option_name, o.option_value), ', ' ORDER BY o.option_name)
      FROM pg_catalog.pg_options_to_table(m.umoptions) o WHERE o.option_name !~* '(pass|secret|token|key)') || ')'),
  pg_catalog.format('DROP USER MAPPING FOR %s SERVER %I', w.who, m.srvname)
FROM pg_catalog.pg_user_mappings m,
  LATERAL (SELECT CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(m.usename) END AS who) w
UNION ALL
SELECT 'pg_am', a.oid, 'access method', pg_catalog.quote_ident(a.amname),
  pg_catalog.format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', a.amname, CASE a.amtype WHEN 't' THEN 'TABLE' ELSE 'INDEX' END, a.amhandler),
  pg_catalog.format('DROP ACCESS METHOD %I', a.amname)
FROM pg_catalog.pg_am a WHERE a.oid >= 16384
  AND a.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_am'::pg_catalog.regclass)
UNION ALL
-- A family with what was added to it beside its classes; a class with what is in it.
SELECT 'pg_opfamily', f.oid, 'operator family', pg_catalog.format('%I.%I USING %I', n.nspname, f.opfname, am.amname),
  pg_catalog.format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, am.amname)
  || COALESCE(pg_catalog.format(E';\nALTER OPERATOR FAMILY %I.%I USING %I ADD ', n.nspname, f.opfname, am.amname) || m.members, ''),
  pg_catalog.format('DROP OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, am.amname)
FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod,
  LATERAL (SELECT pg_catalog.string_agg(x.what, ', ' ORDER BY x.what) AS members FROM (
    SELECT pg_catalog.format('OPERATOR %s %s%s', o.amopstrategy, o.amopopr::pg_catalog.regoperator,
      ' FOR ORDER BY ' || (SELECT pg_catalog.format('%I.%I', sn.nspname, s.opfname) FROM pg_catalog.pg_opfamily s
        JOIN pg_catalog.pg_namespace sn ON sn.oid = s.opfnamespace WHERE s.oid = o.amopsortfamily)) AS what
    FROM pg_catalog.pg_amop o JOIN pg_catalog.pg_depend d ON d.classid = 2602 AND d.objid = o.oid AND d.refclassid = 2753 AND d.refobjid = f.oid
    UNION ALL
    SELECT pg_catalog.format('FUNCTION %s (%s, %s) %s', p.amprocnum, pg_catalog.format_type(p.amproclefttype, NULL),
      pg_catalog.format_type(p.amprocrighttype, NULL), p.amproc::pg_catalog.regprocedure)
    FROM pg_catalog.pg_amproc p JOIN pg_catalog.pg_depend d ON d.classid = 2603 AND d.objid = p.oid AND d.refclassid = 2753 AND d.refobjid = f.oid) x) m
WHERE f.oid >= 16384
  AND f.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_opclass', c.oid, 'operator class', pg_catalog.format('%I.%I USING %I', n.nspname, c.opcname, am.amname),
  pg_catalog.format('CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS %s', n.nspname, c.opcname,
    CASE WHEN c.opcdefault THEN ' DEFAULT' ELSE '' END, pg_catalog.format_type(c.opcintype, NULL), am.amname, fn.nspname, f.opfname,
    pg_catalog.concat_ws(', ', CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || pg_catalog.format_type(c.opckeytype, NULL) END, m.members,
      CASE WHEN c.opckeytype = 0 AND m.members IS NULL THEN 'STORAGE ' || pg_catalog.format_type(c.opcintype, NULL) END)),
  pg_catalog.format('DROP OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, am.amname)
FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace JOIN pg_catalog.pg_am am ON am.oid = c.opcmethod
JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace,
  LATERAL (SELECT pg_catalog.string_agg(x.what, ', ' ORDER BY x.what) AS members FROM (
    SELECT pg_catalog.format('OPERATOR %s %s%s', o.amopstrategy, o.amopopr::pg_catalog.regoperator,
      ' FOR ORDER BY ' || (SELECT pg_catalog.format('%I.%I', sn.nspname, s.opfname) FROM pg_catalog.pg_opfamily s
        JOIN pg_catalog.pg_namespace sn ON sn.oid = s.opfnamespace WHERE s.oid = o.amopsortfamily)) AS what
    FROM pg_catalog.pg_amop o JOIN pg_catalog.pg_depend d ON d.classid = 2602 AND d.objid = o.oid AND d.refclassid = 2616 AND d.refobjid = c.oid
    UNION ALL
    SELECT pg_catalog.format('FUNCTION %s (%s, %s) %s', p.amprocnum, pg_catalog.format_type(p.amproclefttype, NULL),
      pg_catalog.format_type(p.amprocrighttype, NULL), p.amproc::pg_catalog.regprocedure)
    FROM pg_catalog.pg_amproc p JOIN pg_catalog.pg_depend d ON d.classid = 2603 AND d.objid = p.oid AND d.refclassid = 2616 AND d.refobjid = c.oid) x) m
WHERE c.oid >= 16384
  AND c.oid NOT IN (SELECT e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e' AND e.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass)
UNION ALL
SELECT 'pg_conversion', c.oid, 'conversion', pg_catalog.format('%I.%I', n.nspname, c.conname),
  pg_catalog.format('CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s', CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END, n.nspname, c.conname,
    pg_catalog.pg_encoding_to_char(c.conforencoding), pg_catalog.pg_encoding_to_char(c.contoencoding), c.conproc),
  pg_catalog.format('DROP CONVERSION %I.%I', n.nspname, c.conname)
FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
WHERE c.oid >= 16384
