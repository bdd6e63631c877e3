//! The texts of `--help`.

pub(crate) const ABOUT: &str = "Changes a database's schema while the programs that use it keep running";

pub(crate) const LONG_ABOUT: &str = "\
Changes a database's schema while the programs that use it keep running.

Lockstep knows which handler versions are live and which schema each one needs. \"activate\" applies a schema when the \
first version that needs it is activated; \"deactivate\" takes it back only when nothing that is live needs it any more. \
A change that would lose rows does not happen unless you say so.";

pub(crate) const AFTER: &str = "\
The first five minutes:
  lockstep init                      # lockstep.toml and two example schemas
  lockstep plan activate users@1.0.0 # what would be done
  lockstep activate users@1.0.0      # do it
  lockstep status                    # what is applied, and who uses it

Environment:
  LOCKSTEP_DATABASE_URL, then DATABASE_URL   the database, where --database-url is not given
  LOCKSTEP_CONFIG, LOCKSTEP_SCHEMAS_DIR, LOCKSTEP_SCOPE, LOCKSTEP_FORMAT   as these options
  LOCKSTEP_LOG                               what is logged, such as lockstep=debug
  NO_COLOR                                   no colours
  Set by \"run\" for its program: LOCKSTEP_INSTANCE, LOCKSTEP_SCHEMA, LOCKSTEP_HANDLER_VERSION

Exit codes:
  0    done
  1    failed
  2    wrong command line
  3    refused by a rule: in use, rows would be lost, tampered, incompatible
  4    busy or timed out: trying again may help
  5    differences or warnings were found, where that was asked for (--exit-code, --strict)
  130  stopped by Ctrl-C (143 by SIGTERM)

Durations are a number and a unit: 500ms, 15s, 5m, 1h.
Results go to standard output, everything else to standard error.";

pub(crate) const INIT: &str = "\
Examples:
  lockstep init                             # lockstep.toml and schemas/ here
  lockstep init --schemas db/schemas        # the schemas somewhere else
  lockstep init --database-url postgres://app@localhost/shop

Existing files are never overwritten.";

pub(crate) const VALIDATE: &str = "\
Examples:
  lockstep validate
  lockstep validate --schemas db/schemas --format json
  lockstep validate --database-url postgres://db/shop   # checked for PostgreSQL; nothing connects

Every finding is reported, not only the first. Exit code 1 if there is an error.";

pub(crate) const PLAN: &str = "\
Examples:
  lockstep plan activate users@2.0.0
  lockstep plan deactivate users@1.0.0
  lockstep plan activate users@stable --format json

Nothing is locked or changed. Exit code 3 if a rule would refuse it.";

pub(crate) const REHEARSE: &str = "\
Examples:
  lockstep rehearse                     # every schema
  lockstep rehearse schema_v2           # one, with what it builds on
  lockstep rehearse --in-place          # in a transaction in the database itself

SQLite rehearses on a copy with its rows, the servers on an empty temporary database; in place is not possible on MySQL
and MariaDB. Exit code 1 if a schema cannot be
applied, cannot be taken back, or does not come back to where it started.";

pub(crate) const ACTIVATE: &str = "\
Examples:
  lockstep activate users@2.0.0                            # pinned, until it is deactivated
  lockstep activate users@stable --instance web-1          # by a tag, for one instance
  lockstep activate users@2.0.0 --instance web-1 --ttl 30s # ends by itself unless renewed

Twice with the same instance is a no-op that says so. Where the schema is applied already, nothing but the lease changes.";

pub(crate) const DEACTIVATE: &str = "\
Examples:
  lockstep deactivate users@1.0.0
  lockstep deactivate users@1.0.0 --retain              # the schema stays
  lockstep deactivate users@1.0.0 --allow-data-loss     # the schema goes, rows and all

The policy on_deactivate decides what becomes of a schema nobody needs (rollback if not configured). Where taking it back
would lose rows, the version is deactivated all the same, the schema stays, and the answer says which rows are in the way.";

pub(crate) const ROLLBACK: &str = "\
Examples:
  lockstep rollback schema_v2 --dry-run
  lockstep rollback schema_v2
  lockstep rollback schema_v2 --allow-data-loss

Refused (exit code 3) while the schema is in use, and where rows would be lost unless that is allowed.";

pub(crate) const RUN: &str = "\
Examples:
  lockstep run users@2.0.0 -- ./server --port 8080
  lockstep run users@2.0.0 --ttl 30s --instance web-1 -- ./server
  lockstep run users@stable -- sh -c 'echo $LOCKSTEP_SCHEMA'

Holds a timed lease while the program runs, passes SIGINT, SIGTERM, SIGHUP and SIGQUIT on, and
gives the lease back after it ends; what that frees follows the policy on_deactivate. Ctrl-C in a
terminal reaches the program by itself and is not sent twice.

Exit code: the program's; 128 + the number of the signal that ended it; 127 if it is not found, 126
if it cannot be started. If the lease is lost the program gets SIGTERM, after --kill-after SIGKILL,
and the exit code is 1.";

pub(crate) const RENEW: &str = "\
Examples:
  lockstep activate users@2.0.0 --instance job-7 --ttl 1m
  lockstep renew users@2.0.0 --instance job-7
  lockstep deactivate users@2.0.0 --instance job-7

For schedulers that renew by themselves; \"run\" and the library renew on their own. Exit code 1 if the lease is lost.";

pub(crate) const REAP: &str = "\
Examples:
  lockstep reap
  lockstep reap --format json
  * * * * *  lockstep reap      # where no long-running program uses the library

Leases that ran out are fenced. What they held stays unless the policy on_expire says otherwise.";

pub(crate) const STATUS: &str = "\
Examples:
  lockstep status
  lockstep status --format json
  lockstep status --scope billing

Only looks: on a database Lockstep was never used on, nothing is created.";

pub(crate) const USAGE: &str = "\
Examples:
  lockstep usage
  lockstep usage schema_v1
  lockstep usage schema_v1 --format json

References are live leases plus applied schemas that build on it; at zero it may be taken back.";

pub(crate) const HISTORY: &str = "\
Examples:
  lockstep history
  lockstep history schema_v2
  lockstep history --limit 5 --format json

Durations are of the step at the server. Rows are those the step's statements changed.";

pub(crate) const EVENTS: &str = "\
Examples:
  lockstep events
  lockstep events --since 40 --format json     # one line an event
  lockstep events --follow                     # until Ctrl-C

Sequence numbers have no gaps. With --follow, what other processes do appears within a second.";

pub(crate) const GRAPH: &str = "\
Examples:
  lockstep graph
  lockstep graph --format mermaid
  lockstep graph --format svg > schemas.svg

Shows the schemas of the files and of the database, with what is applied.";

pub(crate) const REPAIR: &str = "\
Examples:
  lockstep repair schema_v3                # what failed, what the catalog shows, what each choice would do
  lockstep repair schema_v3 --resume       # go on, with the step's file as it is now
  lockstep repair schema_v3 --undo         # go back

Without a choice nothing is changed. Of a step that a crash left in doubt it says whether the catalog shows it in
effect, and why; each choice looks anew, under the lock.

--mark-done records that a person finished the work by hand; it runs nothing and checks nothing.";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  lockstep completions bash > /etc/bash_completion.d/lockstep
  lockstep completions zsh > ~/.zfunc/_lockstep
  lockstep completions fish > ~/.config/fish/completions/lockstep.fish";

pub(crate) const SCHEMA: &str = "\
Examples:
  lockstep schema inspect --format sql                        what the database looks like, as SQL
  lockstep schema diff --to schema.sql                        what lies between the database and a file
  lockstep schema sync --to schema.sql --dry-run              what a sync would do
  lockstep schema sync --to schema.sql --strategy full --yes  make it look as declared
  lockstep schema inspect --format svg > tables.svg           a picture of the tables";

pub(crate) const MIGRATION: &str = "\
Examples:
  lockstep migration generate --to schema.sql --name add_totals   a schema's folder, up and down
  lockstep migration generate --to schema.sql --preview           the same, printed
  lockstep migration lint                                         what is dangerous about the schemas";

pub(crate) const LINT: &str = "\
Examples:
  lockstep migration lint                                           all schemas
  lockstep migration lint schema_v2 --strict                        warnings end with 5, errors with 1
  lockstep migration lint migrations/ --dialect postgres --no-database
  lockstep --format json migration lint 001_users.up.sql

Without a database the rules speak, and SQLite itself; with one, what it has and its rows count too. A database is only
read; scripts are tried out on a throwaway one beside it. A comment above a statement silences a rule there:
  -- lockstep: allow=drop-column";
