//! How dangerous a set of differences is: a score from named factors, and what each level allows.

use serde::{Deserialize, Serialize};

use crate::compare::{Difference, Dimension};
use crate::structure::Name;

/// More rows than this make a table large.
pub const LARGE_TABLE_ROWS: u64 = 100_000;

/// A reason why a change is dangerous. Each counts once, however often it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// Rows or values go.
    DataLoss,
    /// Values have to become something else, and some may not be able to.
    TypeIncompatibility,
    /// A table with more than [`LARGE_TABLE_ROWS`] rows is changed.
    LargeTable,
    /// A foreign key comes, goes or changes.
    ForeignKey,
    /// The database is one that people depend on, as its caller says.
    Production,
}

impl std::fmt::Display for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::DataLoss => "data loss",
            Self::TypeIncompatibility => "type incompatibility",
            Self::LargeTable => "large table",
            Self::ForeignKey => "foreign key",
            Self::Production => "production",
        })
    }
}

impl Factor {
    /// How much it adds to the score.
    pub const fn points(self) -> u32 {
        match self {
            Self::DataLoss => 30,
            Self::TypeIncompatibility => 40,
            Self::LargeTable => 20,
            Self::ForeignKey => 15,
            Self::Production => 10,
        }
    }
}

/// How dangerous a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 0 to 20.
    Safe,
    /// 21 to 40.
    Low,
    /// 41 to 70.
    Medium,
    /// 71 to 90.
    High,
    /// 91 to 100.
    Dangerous,
}

impl Level {
    /// The level of a score.
    pub const fn of(score: u32) -> Self {
        match score {
            0..=20 => Self::Safe,
            21..=40 => Self::Low,
            41..=70 => Self::Medium,
            71..=90 => Self::High,
            _ => Self::Dangerous,
        }
    }

    /// Whether it may be done without asking anybody.
    pub const fn auto_approve(self) -> bool {
        matches!(self, Self::Safe | Self::Low)
    }

    /// Whether there has to be a way to get the rows back first.
    pub const fn requires_backup(self) -> bool {
        !self.auto_approve()
    }

    /// Whether a person has to have read the statements.
    pub const fn requires_review(self) -> bool {
        matches!(self, Self::High | Self::Dangerous)
    }

    /// Whether a person has to say so in as many words.
    pub const fn requires_confirmation(self) -> bool {
        matches!(self, Self::Dangerous)
    }

    /// Its name, for people and programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Dangerous => "dangerous",
        }
    }
}

/// A score and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// 0 to 100.
    pub score: u32,
    /// What the score means.
    pub level: Level,
    /// What it is made of, each factor once.
    pub factors: Vec<Factor>,
    /// Whether it may be done without asking anybody.
    pub auto_approve: bool,
    /// Whether there has to be a way to get the rows back first.
    pub requires_backup: bool,
    /// Whether a person has to have read the statements.
    pub requires_review: bool,
    /// Whether a person has to say so in as many words.
    pub requires_confirmation: bool,
}

/// How dangerous it is to do something about these differences. `rows` tells how many rows a table has, roughly; `None` where
/// that is not known.
pub fn assess(differences: &[Difference], rows: impl Fn(&Name) -> Option<u64>, production: bool) -> Risk {
    let mut factors = Vec::new();
    if differences.iter().any(|one| one.loses_data) {
        factors.push(Factor::DataLoss);
    }
    if differences.iter().any(|one| one.converts) {
        factors.push(Factor::TypeIncompatibility);
    }
    let touches_large = |one: &Difference| {
        one.object.kind == crate::structure::Kind::Table
            && one.dimension != Dimension::Settings
            && rows(&one.object.name).is_some_and(|rows| rows > LARGE_TABLE_ROWS)
    };
    if differences.iter().any(touches_large) {
        factors.push(Factor::LargeTable);
    }
    if differences
        .iter()
        .any(|one| one.difference_type.ends_with("foreign_key") || one.difference_type == "foreign_key_mismatch")
    {
        factors.push(Factor::ForeignKey);
    }
    if production && !differences.is_empty() {
        factors.push(Factor::Production);
    }
    let score = factors.iter().map(|factor| factor.points()).sum::<u32>().min(100);
    let level = Level::of(score);
    Risk {
        score,
        level,
        factors,
        auto_approve: level.auto_approve(),
        requires_backup: level.requires_backup(),
        requires_review: level.requires_review(),
        requires_confirmation: level.requires_confirmation(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_levels_meet_without_gaps() {
        for (score, level) in [
            (0, Level::Safe),
            (20, Level::Safe),
            (21, Level::Low),
            (40, Level::Low),
            (41, Level::Medium),
            (70, Level::Medium),
            (71, Level::High),
            (90, Level::High),
            (91, Level::Dangerous),
            (100, Level::Dangerous),
        ] {
            assert_eq!(Level::of(score), level, "{score}");
        }
    }

    #[test]
    fn all_factors_together_are_capped() {
        let all = [
            Factor::DataLoss,
            Factor::TypeIncompatibility,
            Factor::LargeTable,
            Factor::ForeignKey,
            Factor::Production,
        ];
        assert_eq!(all.iter().map(|one| one.points()).sum::<u32>(), 115);
    }
}
