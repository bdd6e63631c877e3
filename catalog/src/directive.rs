//! Directives: what a step file says about itself, in comments above its first statement.
//!
//! ```sql
//! -- lockstep: no-transaction
//! -- lockstep: timeout=5m
//! CREATE INDEX CONCURRENTLY orders_by_day ON orders (day);
//! ```
//!
//! One directive a line. A directive further down is an error, because it would look obeyed and would not be. To be sure of
//! that, everything below the first statement that reads `-- lockstep:` counts, even within a string.
//!
//! The exception is `-- lockstep: allow=rule-name, …`, which silences findings of [`lint`](crate::lint) about the statement
//! below it (or around it), and so may stand above any statement, on a line of its own. It changes nothing about how the
//! step runs.

mod carries;

use std::time::Duration;

use carries::carried;
pub(crate) use carries::quoted_name;
pub use carries::{carried_path, carries_entry};

/// What a step file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// `no-transaction`: the step runs outside a transaction.
    pub no_transaction: bool,
    /// `timeout=5m`: how long the step may take, longer than zero.
    pub timeout: Option<Duration>,
    /// `irreversible`: the step is not to be taken back.
    pub irreversible: bool,
    /// `manual`: after a crash in the middle of the step a person says whether it took effect.
    pub manual: bool,
    /// `carries=table.column, …`: columns and tables whose data this step moves elsewhere, so that dropping them is no loss.
    pub carries: Vec<String>,
}

/// Why the directives of a step file are refused; `line` is counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectiveError {
    /// No such directive.
    #[error(
        "line {line}: unknown directive {name:?}; there are no-transaction, timeout, irreversible, manual, carries and allow"
    )]
    Unknown {
        /// What was written.
        name: String,
        /// Where.
        line: u32,
    },
    /// A directive with a value that takes none.
    #[error("line {line}: the directive {name} takes no value; write `-- lockstep: {name}`")]
    UnexpectedValue {
        /// The directive.
        name: &'static str,
        /// Where.
        line: u32,
    },
    /// A directive that stands there twice.
    #[error("line {line}: the directive {name} was given before")]
    Repeated {
        /// The directive.
        name: &'static str,
        /// Where it stands for the second time.
        line: u32,
    },
    /// A duration that cannot be read, or is zero.
    #[error(
        "line {line}: {value:?} is not a timeout; write a whole number above 0 and a unit (ms, s, m or h), as in \
         `-- lockstep: timeout=5m`"
    )]
    InvalidTimeout {
        /// What was written.
        value: String,
        /// Where.
        line: u32,
    },
    /// A list of names that cannot be read.
    #[error(
        "line {line}, column {column}: {value:?} is neither a table nor a table.column; write names separated by commas, as \
         in `-- lockstep: carries=products.price_cents, products.\"the currency\"`"
    )]
    InvalidCarries {
        /// The entry that was written.
        value: String,
        /// Where.
        line: u32,
        /// Where it begins, or the quotes that nothing ends, in characters from 1.
        column: u32,
    },
    /// A list of rules that cannot be read.
    #[error(
        "line {line}: {value:?} is not the name of a rule; write names separated by commas, as in \
         `-- lockstep: allow=drop-column, rename-table`"
    )]
    InvalidAllow {
        /// The entry that was written.
        value: String,
        /// Where.
        line: u32,
    },
    /// A directive below the first statement.
    #[error("line {line}: a `-- lockstep:` comment has to stand above the first statement of the file")]
    TooLate {
        /// Where.
        line: u32,
    },
}

impl DirectiveError {
    /// The line it is about, counted from 1.
    pub fn line(&self) -> u32 {
        match self {
            Self::Unknown { line, .. }
            | Self::UnexpectedValue { line, .. }
            | Self::Repeated { line, .. }
            | Self::InvalidTimeout { line, .. }
            | Self::InvalidCarries { line, .. }
            | Self::InvalidAllow { line, .. }
            | Self::TooLate { line } => *line,
        }
    }
}

/// Reads the directives of a step file.
///
/// ```
/// use std::time::Duration;
///
/// let directives = lockstep_catalog::directive::read("-- lockstep: timeout=5m\nSELECT 1;").unwrap();
/// assert_eq!(directives.timeout, Some(Duration::from_secs(300)));
/// ```
///
/// # Errors
///
/// For a directive that is unknown, malformed, given twice, or below the first statement.
pub fn read(text: &str) -> Result<Directives, DirectiveError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut directives = Directives::default();
    let mut region = Region::Top;
    for (line, number) in text.split('\n').zip(1_u32..) {
        region = region.at(line);
        match (region, directive_in(line)) {
            (Region::Top, Some(found)) if found.leads => {
                directives.add(found.text, line, number)?;
            }
            (Region::Statements, Some(found)) if found.leads && found.is_allow() => {
                Directives::default().add(found.text, line, number)?;
            }
            (Region::Statements, Some(_)) => return Err(DirectiveError::TooLate { line: number }),
            _ => {}
        }
    }
    Ok(directives)
}

/// Which part of a step file a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Region {
    /// Comments and empty lines above the first statement.
    Top,
    /// A block comment above the first statement that goes on in the next line.
    TopBlock,
    /// From the first statement on.
    Statements,
}

impl Region {
    /// The part that `line` belongs to, coming from the part of the line above it.
    fn at(self, line: &str) -> Self {
        let mut rest = line.trim_start();
        let mut inside = match self {
            Self::Statements => return Self::Statements,
            Self::TopBlock => true,
            Self::Top => false,
        };
        loop {
            if inside {
                let Some((_, after)) = rest.split_once("*/") else {
                    return Self::TopBlock;
                };
                rest = after.trim_start();
                inside = false;
            } else if rest.is_empty() || rest.starts_with("--") || rest.starts_with('#') {
                return Self::Top;
            } else if let Some(after) = rest.strip_prefix("/*") {
                rest = after;
                inside = true;
            } else {
                return Self::Statements;
            }
        }
    }
}

struct Found<'a> {
    /// What follows `lockstep:`.
    text: &'a str,
    /// Whether nothing but white space, or the end of a block comment, stands before it on its line.
    leads: bool,
}

impl Found<'_> {
    fn is_allow(&self) -> bool {
        let name = self.text.split_once('=').map_or(self.text, |(name, _)| name);
        name.trim() == "allow"
    }
}

/// The rules that a comment silences: those of `-- lockstep: allow=…`, if it is one.
pub(crate) fn allowed(comment: &str) -> Vec<String> {
    match directive_in(comment) {
        Some(found) if found.leads && found.is_allow() => {
            let names = found.text.split_once('=').map_or("", |(_, names)| names).split(',');
            names.map(|name| name.trim().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

/// The directive in a line, however it is spaced or capitalised: a near miss is not to pass for a remark.
fn directive_in(line: &str) -> Option<Found<'_>> {
    line.match_indices("--").find_map(|(at, marks)| {
        let comment = line[at + marks.len()..].trim_start();
        let (word, rest) = comment.split_at_checked("lockstep".len())?;
        let text = rest.trim_start().strip_prefix(':')?;
        let before = line[..at].trim_end();
        word.eq_ignore_ascii_case("lockstep").then(|| Found {
            text: text.trim(),
            leads: before.is_empty() || before.ends_with("*/"),
        })
    })
}

impl Directives {
    /// `whole` is the line that `text` ends.
    fn add(&mut self, text: &str, whole: &str, line: u32) -> Result<(), DirectiveError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.trim_end(), Some(value.trim_start())),
            None => (text, None),
        };
        match name {
            "no-transaction" => set(&mut self.no_transaction, "no-transaction", value, line),
            "irreversible" => set(&mut self.irreversible, "irreversible", value, line),
            "manual" => set(&mut self.manual, "manual", value, line),
            "timeout" => {
                let value = value.unwrap_or_default();
                let timeout = duration(value).ok_or_else(|| DirectiveError::InvalidTimeout {
                    value: value.to_owned(),
                    line,
                })?;
                match self.timeout.replace(timeout) {
                    None => Ok(()),
                    Some(_) => Err(DirectiveError::Repeated { name: "timeout", line }),
                }
            }
            "carries" => {
                let value = value.unwrap_or_default();
                let carries = carried(value).map_err(|wrong| {
                    let before = whole.trim_end().len() - value.len() + wrong.at;
                    DirectiveError::InvalidCarries {
                        value: wrong.entry,
                        line,
                        column: u32::try_from(whole[..before].chars().count() + 1).unwrap_or(u32::MAX),
                    }
                })?;
                self.carries.extend(carries);
                Ok(())
            }
            "allow" => {
                let names = value.unwrap_or_default().split(',').map(str::trim);
                let is_rule =
                    |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                match names.into_iter().find(|name| !is_rule(name)) {
                    Some(wrong) => Err(DirectiveError::InvalidAllow {
                        value: wrong.to_owned(),
                        line,
                    }),
                    None => Ok(()),
                }
            }
            _ => Err(DirectiveError::Unknown {
                name: name.to_owned(),
                line,
            }),
        }
    }
}

fn set(flag: &mut bool, name: &'static str, value: Option<&str>, line: u32) -> Result<(), DirectiveError> {
    if value.is_some() {
        return Err(DirectiveError::UnexpectedValue { name, line });
    }
    if std::mem::replace(flag, true) {
        return Err(DirectiveError::Repeated { name, line });
    }
    Ok(())
}

/// A whole number above zero and its unit, with nothing before, between or after.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let duration = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3600)?),
        _ => return None,
    };
    (!duration.is_zero()).then_some(duration)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_directive_is_read() {
        let text = "\u{feff}-- Orders by day.\r\n\r\n/* a licence\r\n that goes on */\r\n\
                    -- lockstep: no-transaction\r\n  --lockstep: timeout = 500ms\r\n\
                    -- LOCKSTEP : irreversible\n-- lockstep: manual\n\
                    -- lockstep: carries=products.price_cents, products\n-- lockstep: carries=shop.products.x\n\
                    CREATE INDEX i ON orders (day); -- by lockstep\n";
        assert_eq!(
            read(text).unwrap(),
            Directives {
                no_transaction: true,
                timeout: Some(Duration::from_millis(500)),
                irreversible: true,
                manual: true,
                carries: ["products.price_cents", "products", "shop.products.x"]
                    .map(str::to_owned)
                    .to_vec(),
            }
        );
    }

    #[test]
    fn a_file_without_directives_has_none() {
        for text in [
            "",
            "SELECT 1",
            "-- lockstep applies this\n-- about lockstep: nothing\nSELECT 1",
        ] {
            assert_eq!(read(text), Ok(Directives::default()), "{text}");
        }
    }

    #[test]
    fn timeouts_have_a_whole_number_and_a_unit() {
        for (text, expected) in [
            ("1ms", Some(1)),
            ("2s", Some(2_000)),
            ("5m", Some(300_000)),
            ("1h", Some(3_600_000)),
            ("0s", None),
            ("0", None),
            ("5", None),
            ("", None),
            ("m", None),
            ("+5m", None),
            ("-5m", None),
            ("1.5h", None),
            ("5 m", None),
            ("5M", None),
            ("1h30m", None),
            ("5min", None),
            ("99999999999999999999s", None),
            ("9999999999999999999h", None),
        ] {
            assert_eq!(duration(text), expected.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_obeyed_is_refused_with_its_line() {
        use DirectiveError::{InvalidCarries, InvalidTimeout, Repeated, TooLate, UnexpectedValue, Unknown};
        let value = |value: &str| value.to_owned();
        for (text, expected) in [
            (
                "\n-- lockstep: no-transactoin",
                Unknown {
                    name: value("no-transactoin"),
                    line: 2,
                },
            ),
            (
                "-- lockstep:",
                Unknown {
                    name: value(""),
                    line: 1,
                },
            ),
            (
                "-- lockstep: manual, irreversible",
                Unknown {
                    name: value("manual, irreversible"),
                    line: 1,
                },
            ),
            (
                "-- lockstep: manual=yes",
                UnexpectedValue {
                    name: "manual",
                    line: 1,
                },
            ),
            (
                "-- lockstep: manual\n-- lockstep: manual",
                Repeated {
                    name: "manual",
                    line: 2,
                },
            ),
            (
                "-- lockstep: timeout=1s\n-- lockstep: timeout=2s",
                Repeated {
                    name: "timeout",
                    line: 2,
                },
            ),
            (
                "-- lockstep: timeout",
                InvalidTimeout {
                    value: value(""),
                    line: 1,
                },
            ),
            (
                "-- lockstep: timeout=0ms",
                InvalidTimeout {
                    value: value("0ms"),
                    line: 1,
                },
            ),
            (
                "-- lockstep: carries",
                InvalidCarries {
                    value: value(""),
                    line: 1,
                    column: 21,
                },
            ),
            (
                "-- lockstep: carries=a,,b",
                InvalidCarries {
                    value: value(""),
                    line: 1,
                    column: 24,
                },
            ),
            (
                "-- lockstep: carries=a b",
                InvalidCarries {
                    value: value("a b"),
                    line: 1,
                    column: 22,
                },
            ),
            (
                "-- lockstep: carries=a..b",
                InvalidCarries {
                    value: value("a..b"),
                    line: 1,
                    column: 24,
                },
            ),
            (
                "\n  -- lockstep: carries= é, t.\"never ends",
                InvalidCarries {
                    value: value("t.\"never ends"),
                    line: 2,
                    column: 30,
                },
            ),
            (
                "-- lockstep: carries=\"a\"b",
                InvalidCarries {
                    value: value("\"a\"b"),
                    line: 1,
                    column: 22,
                },
            ),
            (
                "-- lockstep: carries=a.b.c.d",
                InvalidCarries {
                    value: value("a.b.c.d"),
                    line: 1,
                    column: 28,
                },
            ),
            ("SELECT 1;\n-- lockstep: manual", TooLate { line: 2 }),
            ("SELECT 1; -- lockstep: manual", TooLate { line: 1 }),
            ("/* a */ SELECT 1;\r\n\r\n  -- lockstep: manual", TooLate { line: 3 }),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(
                error.to_string().starts_with(&format!("line {}", error.line())),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_allowed_may_stand_above_any_statement_and_on_a_line_of_its_own_only() {
        use DirectiveError::{InvalidAllow, TooLate};
        let text =
            "-- lockstep: allow=drop-table\nDROP TABLE a;\n  -- lockstep: allow = drop-table, truncate\nDROP TABLE b";
        assert_eq!(read(text), Ok(Directives::default()));
        assert_eq!(
            allowed("-- lockstep: allow = drop-table, truncate"),
            ["drop-table", "truncate"]
        );
        assert!(allowed("-- lockstep: manual").is_empty() && allowed("-- allow=drop-table").is_empty());
        assert_eq!(read("SELECT 1; -- lockstep: allow=truncate"), Err(TooLate { line: 1 }));
        for (text, wrong) in [("allow", ""), ("allow=a b", "a b"), ("allow=a,,b", ""), ("allow=", "")] {
            for above in ["", "SELECT 1;\n"] {
                let line = 1 + u32::from(!above.is_empty());
                let value = wrong.to_owned();
                assert_eq!(
                    read(&format!("{above}-- lockstep: {text}\nSELECT 2")),
                    Err(InvalidAllow { value, line })
                );
            }
        }
    }

    #[test]
    fn a_directive_inside_a_block_comment_is_a_remark() {
        let text = "/* for example:\n-- lockstep: manual\n*/ -- lockstep: irreversible\nSELECT 1";
        let directives = read(text).unwrap();
        assert!(directives.irreversible && !directives.manual);
    }
}
