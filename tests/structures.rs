//! What a structure is: what counts for it, and what does not.

mod fingerprints;
mod properties;
mod random_sqlite;
mod round_trips;
