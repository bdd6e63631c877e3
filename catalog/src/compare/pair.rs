//! An object on both sides, or on one.

use super::Alike;

/// An object on both sides, or on one.
#[derive(Debug)]
pub enum Pair<'a, T> {
    /// Only where we go to.
    Added(&'a T),
    /// Only where we come from.
    Dropped(&'a T),
    /// On both sides.
    Both {
        /// As it is.
        from: &'a T,
        /// As it should be.
        to: &'a T,
        /// Whether they mean the same, parts that are paired by themselves left out.
        alike: bool,
    },
}

impl<T> Clone for Pair<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Pair<'_, T> {}

impl<'a, T> Pair<'a, T> {
    pub(super) fn both(from: &'a T, to: &'a T) -> Self
    where
        T: Alike,
    {
        Self::Both {
            from,
            to,
            alike: from.is_alike(to),
        }
    }

    /// The side that is, if it is there.
    pub fn from(&self) -> Option<&'a T> {
        match *self {
            Self::Added(_) => None,
            Self::Dropped(from) | Self::Both { from, .. } => Some(from),
        }
    }

    /// The side that should be, if it is there.
    pub fn to(&self) -> Option<&'a T> {
        match *self {
            Self::Dropped(_) => None,
            Self::Added(to) | Self::Both { to, .. } => Some(to),
        }
    }

    /// Both sides, where they are there and do not mean the same.
    pub fn changed(&self) -> Option<(&'a T, &'a T)> {
        match *self {
            Self::Both { from, to, alike: false } => Some((from, to)),
            _ => None,
        }
    }

    /// Whether it is on both sides and does not mean the same.
    pub fn is_changed(&self) -> bool {
        self.changed().is_some()
    }

    /// Whether there is anything to do about it.
    pub fn differs(&self) -> bool {
        !matches!(self, Self::Both { alike: true, .. })
    }
}
