//! What may be written behind `schema` and `migration`.

use clap::{Args, Subcommand, ValueEnum};
use lockstep::structure::{Source, Strategy};

/// `schema`
#[derive(Debug, Subcommand)]
pub(crate) enum Schema {
    /// Show what a database looks like
    Inspect {
        /// What to look at: a database URL, a .sql file or a folder of them, a definition (.toml, .json), entity types (.toml, .json; FILE#TYPE for one), a snapshot (.json), schema:NAME; the database if not given
        source: Option<Source>,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Show what lies between two, and the statements that lead from one to the other
    Diff(SchemaDiff),
    /// Say what differs from what is declared, how grave it is and what to do
    Analyze(SchemaAnalyze),
    /// Make the database look as declared
    Sync(SchemaSync),
    /// Print 64 digits that are the same for databases that look the same
    Fingerprint {
        /// What to look at; the database if not given
        source: Option<Source>,
        #[command(flatten)]
        selection: SelectionArgs,
    },
    /// Print the JSON Schema of a definition's file, for editors
    #[command(name = "json-schema")]
    Describe {
        /// Of which kind of file
        #[arg(value_enum, default_value_t)]
        of: Described,
    },
}

/// What files have a JSON Schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Described {
    /// A structured definition.
    #[default]
    Definition,
    /// Entity types.
    Entities,
}

/// `migration`
#[derive(Debug, Subcommand)]
pub(crate) enum Migration {
    /// Write a schema's folder, up and down, out of a difference
    Generate(MigrationGenerate),
    /// Find what is dangerous about scripts before they run: locks, lost rows, ways back that do not lead back
    #[command(after_help = crate::help::LINT)]
    Lint(MigrationLint),
}

/// Which objects.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SelectionArgs {
    /// Only these schemas of a PostgreSQL database
    #[arg(long, value_name = "NAME")]
    pub(crate) namespace: Vec<String>,
    /// Only objects of these names; * and ? stand for any text and any character
    #[arg(long, value_name = "PATTERN")]
    pub(crate) include: Vec<String>,
    /// No objects of these names
    #[arg(long, value_name = "PATTERN")]
    pub(crate) exclude: Vec<String>,
}

/// `schema diff`
#[derive(Debug, Args)]
pub(crate) struct SchemaDiff {
    /// What is; the database if not given
    #[arg(long, value_name = "X")]
    pub(crate) from: Option<Source>,
    /// What should be: a database URL, a .sql file or a folder of them, a definition (.toml, .json), entity types (.toml, .json; FILE#TYPE for one), a snapshot (.json), schema:NAME
    #[arg(long, value_name = "Y")]
    pub(crate) to: Source,
    /// End with 5 where there are differences
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// How statements are chosen.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct PlanningArgs {
    /// Build indexes on tables that are there without blocking writers, outside a transaction (PostgreSQL)
    #[arg(long)]
    pub(crate) concurrently: bool,
    /// Look at the rows of tables that are there while others write: constraints are added unchecked and validated after (PostgreSQL)
    #[arg(long)]
    pub(crate) safe: bool,
}

/// `schema analyze`
#[derive(Debug, Args)]
pub(crate) struct SchemaAnalyze {
    /// One entity type, or one table
    pub(crate) entity: Option<String>,
    /// Everything, entity by entity
    #[arg(long, conflicts_with = "entity")]
    pub(crate) all: bool,
    /// What should be; "declared" of the configuration if not given
    #[arg(long, value_name = "Y")]
    pub(crate) to: Option<Source>,
    /// People depend on this database: its risk counts higher
    #[arg(long)]
    pub(crate) production: bool,
    /// End with 5 where there are differences
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// `schema sync`
#[derive(Debug, Args)]
pub(crate) struct SchemaSync {
    /// What should be; "declared" of the configuration if not given
    #[arg(long, value_name = "Y")]
    pub(crate) to: Option<Source>,
    /// What may be done
    #[arg(long, value_enum, default_value_t)]
    pub(crate) strategy: How,
    /// Only say what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go ahead with what is dangerous, without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// People depend on this database: its risk counts higher
    #[arg(long)]
    pub(crate) production: bool,
    /// Go ahead although users of a schema that is live may be harmed
    #[arg(long)]
    pub(crate) override_incompatible: bool,
    /// Write no files into the schemas folder
    #[arg(long)]
    pub(crate) no_files: bool,
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// What a sync may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum How {
    /// Add what is missing; change and remove nothing.
    #[default]
    Additive,
    /// Add, change and remove until it looks as declared.
    Full,
}

impl From<How> for Strategy {
    fn from(how: How) -> Self {
        match how {
            How::Additive => Self::Additive,
            How::Full => Self::Full,
        }
    }
}

/// `migration generate`
#[derive(Debug, Args)]
pub(crate) struct MigrationGenerate {
    /// What is; the database if not given
    #[arg(long, value_name = "X")]
    pub(crate) from: Option<Source>,
    /// What should be; "declared" of the configuration if not given
    #[arg(long, value_name = "Y")]
    pub(crate) to: Option<Source>,
    /// The schema's name; made from what it does if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Schemas it builds on
    #[arg(long, value_name = "SCHEMA")]
    pub(crate) requires: Vec<String>,
    /// Print the files, write none
    #[arg(long)]
    pub(crate) preview: bool,
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// `migration lint`
#[derive(Debug, Args)]
pub(crate) struct MigrationLint {
    /// SQL files, folders of them, or schemas by name; all schemas if nothing is named
    #[arg(value_name = "FILE|FOLDER|SCHEMA")]
    pub(crate) targets: Vec<String>,
    /// End with 5 where there are warnings
    #[arg(long)]
    pub(crate) strict: bool,
    /// Whose SQL it is; the database's, or what a file's name says, if not given
    #[arg(long, value_enum, value_name = "ENGINE")]
    pub(crate) dialect: Option<DialectName>,
    /// Ask no database, even if one is configured
    #[arg(long)]
    pub(crate) no_database: bool,
}

/// An engine, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectName {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl From<DialectName> for lockstep::catalog::Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Sqlite => Self::Sqlite,
            DialectName::Postgres => Self::Postgres,
            DialectName::Mysql => Self::Mysql,
        }
    }
}
