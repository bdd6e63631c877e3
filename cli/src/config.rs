//! `lockstep.toml`: what a project says about itself once, so that nobody has to type it.
//!
//! ```toml
//! scope = "main"
//! schemas = "schemas"                 # relative to this file
//! declared = "schema.sql"             # what the database should look like: SQL, a folder of it, a definition
//!
//! [database]
//! url = "postgres://app:${DB_PASSWORD}@db/shop"
//!
//! [policy]
//! on_deactivate = "rollback"          # or "retain", "grace=60s"
//! on_expire = "retain"
//!
//! [timeouts]                          # "500ms", "30s", "10m"
//! operation = "10m"
//! step = "30s"
//! lock = "500ms"
//! connect = "5s"
//! lease = "15s"
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use lockstep::{Policy, Scope, Settings};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::trouble::{Result, Trouble, scrub};

/// The name looked for where none is given.
pub(crate) const FILE: &str = "lockstep.toml";

/// The file as it is written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) scope: Option<ScopeName>,
    pub(crate) schemas: Option<PathBuf>,
    pub(crate) declared: Option<PathBuf>,
    pub(crate) database: Database,
    pub(crate) policy: Policies,
    pub(crate) timeouts: Timeouts,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a section: [database] with url = \"…\"")]
pub(crate) struct Database {
    /// With `${NAME}` still in it: expanded only where it is used.
    pub(crate) url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a section [policies]")]
pub(crate) struct Policies {
    pub(crate) on_deactivate: Option<PolicyName>,
    pub(crate) on_expire: Option<PolicyName>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a section [timeouts]")]
pub(crate) struct Timeouts {
    pub(crate) operation: Option<Span>,
    pub(crate) step: Option<Span>,
    pub(crate) lock: Option<Span>,
    pub(crate) connect: Option<Span>,
    pub(crate) lease: Option<Span>,
}

/// A scope as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScopeName(pub(crate) Scope);

/// A policy as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PolicyName(pub(crate) Policy);

/// A duration as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span(pub(crate) Duration);

macro_rules! from_text {
    ($name:ident, $read:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let read: fn(&str) -> Result<_, String> = $read;
                read(&text).map(Self).map_err(D::Error::custom)
            }
        }
    };
}
from_text!(ScopeName, |text| Scope::new(text).map_err(|e| e.to_string()));
from_text!(PolicyName, policy);
from_text!(Span, span);

fn span(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err(format!("{text:?} is not longer than zero")),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{text:?} is not a duration: {error}; write 500ms, 30s or 10m")),
    }
}

fn policy(text: &str) -> Result<Policy, String> {
    match (text, text.strip_prefix("grace=")) {
        ("rollback", _) => Ok(Policy::Rollback),
        ("retain", _) => Ok(Policy::Retain),
        (_, Some(time)) => span(time.trim()).map(Policy::Grace),
        _ => Err(format!(
            "{text:?} is no policy; there are \"rollback\", \"retain\" and \"grace=60s\""
        )),
    }
}

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Trouble::input("config", format!("cannot read {}: {e}", path.display())))?;
        Self::parse(&text).map_err(|(line, message)| {
            let place = line.map(|l| format!(":{l}")).unwrap_or_default();
            let message = format!("{}{place}: {}", path.display(), scrub(&message));
            // The line itself is not shown: it may be the one with the password.
            Trouble::input("config", message).next(format!("correct {}", path.display()))
        })
    }

    fn parse(text: &str) -> Result<Self, (Option<usize>, String)> {
        toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .map(|span| text.get(..span.start).unwrap_or(text).matches('\n').count() + 1);
            (line, error.message().to_owned())
        })
    }

    /// Puts what the file says into the library's settings.
    pub(crate) fn apply(&self, settings: &mut Settings) {
        let set = |slot: &mut Duration, given: Option<Span>| {
            if let Some(Span(duration)) = given {
                *slot = duration;
            }
        };
        set(&mut settings.operation_timeout, self.timeouts.operation);
        set(&mut settings.step_timeout, self.timeouts.step);
        set(&mut settings.lock_timeout, self.timeouts.lock);
        set(&mut settings.connect_timeout, self.timeouts.connect);
        set(&mut settings.lease_ttl, self.timeouts.lease);
        if let Some(PolicyName(policy)) = self.policy.on_deactivate {
            settings.on_deactivate = policy;
        }
        if let Some(PolicyName(policy)) = self.policy.on_expire {
            settings.on_expire = policy;
        }
        if let Some(ScopeName(scope)) = &self.scope {
            settings.scope = scope.clone();
        }
    }
}

/// Puts environment variables in place of `${NAME}`; `$${` stands for `${`.
pub(crate) fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('}') else {
            return Err("there is a \"${\" without its \"}\"".to_owned());
        };
        let name = &rest[at + 2..at + end];
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!(
                "{name:?} is no name of an environment variable; write ${{DB_PASSWORD}}"
            ));
        }
        match variable(name) {
            Some(value) => out.push_str(&value),
            None => return Err(format!("the environment variable {name} is not set")),
        }
        rest = &rest[at + end + 1..];
    }
    Ok(out + rest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lockstep::{Policy, Settings};

    use super::{Config, expand};

    fn with(text: &str) -> Result<String, String> {
        expand(text, |name| match name {
            "PW" => Some("s3cret${X}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn variables_are_put_in_once_and_missing_ones_are_named() {
        assert_eq!(
            with("postgres://a:${PW}@h/d").expect("set"),
            "postgres://a:s3cret${X}@h/d"
        );
        assert_eq!(with("${EMPTY}x$y$${PW}").expect("set"), "x$y${PW}");
        assert!(with("${NOPE}").expect_err("missing").contains("NOPE"));
        assert!(with("${PW").expect_err("open").contains('}'));
        assert!(with("${}").is_err());
        assert!(with("${A B}").is_err());
    }

    #[test]
    fn everything_in_the_file_reaches_the_settings() {
        let text = "scope = 'b'\n[policy]\non_deactivate = 'grace=90s'\non_expire = 'rollback'\n[timeouts]\noperation = '2m'\nstep = '1s'\nlock = '5ms'\nconnect = '3s'\nlease = '1m'";
        let mut settings = Settings::default();
        Config::parse(text).expect("valid").apply(&mut settings);
        assert_eq!(settings.scope.as_str(), "b");
        assert_eq!(settings.on_deactivate, Policy::Grace(Duration::from_secs(90)));
        assert_eq!(settings.on_expire, Policy::Rollback);
        assert_eq!(settings.operation_timeout, Duration::from_secs(120));
        assert_eq!(settings.lock_timeout, Duration::from_millis(5));
        assert_eq!(settings.lease_ttl, Duration::from_secs(60));
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let cases = [
            ("scope = 'a'\nschemes = 'x'", 2, "schemes"),
            ("[database]\nuri = 'x'", 2, "uri"),
            ("\n[policy]\non_expire = 'sometimes'", 3, "sometimes"),
            ("[timeouts]\n\nstep = '5'", 3, "\"5\""),
            ("scope = 'a b'", 1, "scope"),
            ("x", 1, ""),
        ];
        for (text, line, named) in cases {
            let (found, message) = Config::parse(text).expect_err(text);
            assert_eq!(found, Some(line), "{message}");
            assert!(message.contains(named), "{message}");
        }
    }
}
