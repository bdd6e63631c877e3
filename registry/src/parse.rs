//! One error for every name a person or a file can get wrong.

/// Something a person or a file wrote is not what it should be; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input:?} is not {what}: {reason} (at character {})", position + 1)]
pub struct ParseError {
    /// What was expected, with its article: "a handler version".
    pub what: &'static str,
    /// The text as it was written.
    pub input: String,
    /// Where it went wrong: characters (not bytes) before the fault.
    pub position: usize,
    /// What is wrong there.
    pub reason: String,
}

impl ParseError {
    /// An error at byte `offset` of `input`.
    pub(crate) fn at(what: &'static str, input: &str, offset: usize, reason: impl Into<String>) -> Self {
        let position = input.char_indices().take_while(|(at, _)| *at < offset).count();
        Self {
            what,
            input: input.to_owned(),
            position,
            reason: reason.into(),
        }
    }

    /// The same error seen from `whole`, in which the faulty text starts at byte `start`.
    pub(crate) fn within(self, what: &'static str, whole: &str, start: usize) -> Self {
        let before = whole[..start].chars().count();
        Self {
            what,
            input: whole.to_owned(),
            position: before + self.position,
            reason: self.reason,
        }
    }
}

/// Checks a name of letters, digits and `extra`, at most `max` bytes, starting with one of `first`.
pub(crate) fn check_name(
    what: &'static str,
    input: &str,
    max: usize,
    extra: &str,
    first: &str,
) -> Result<(), ParseError> {
    if input.is_empty() {
        return Err(ParseError::at(what, input, 0, "it is empty"));
    }
    for (at, c) in input.char_indices() {
        if at == 0 && !(c.is_alphanumeric() || first.contains(c)) {
            let reason = format!("it starts with {c:?}; begin with a letter or a digit");
            return Err(ParseError::at(what, input, at, reason));
        }
        if !(c.is_alphanumeric() || extra.contains(c)) {
            let reason = format!("{c:?} is not allowed; use letters, digits and any of {extra}");
            return Err(ParseError::at(what, input, at, reason));
        }
    }
    if input.len() > max {
        let reason = format!("it is {} bytes long, at most {max} fit", input.len());
        return Err(ParseError::at(what, input, input.floor_char_boundary(max), reason));
    }
    Ok(())
}

/// A name type: a checked, cheaply cloned string that serialises as that string.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, max $max:literal, extra $extra:literal, first $first:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Reads the name, or says where it is wrong.
            pub fn new(text: &str) -> Result<Self, $crate::ParseError> {
                $crate::parse::check_name($what, text, $max, $extra, $first)?;
                Ok(Self(text.into()))
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ParseError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::ParseError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::ParseError;
            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        // Hash and order are those of the text, so maps may be asked with a plain one.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}
pub(crate) use name_type;

/// Serialises a type through its `Display` and `FromStr`.
macro_rules! as_string {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = $crate::ParseError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    };
}
pub(crate) use as_string;
