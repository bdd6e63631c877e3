//! Whatever a person or a file says, reading it never panics, says where it went wrong, and reads back what it wrote.
//!
//! Each property here is also a target in `fuzz/`, which looks longer and in odder places.

mod files;
mod metadata;
mod names;
mod scripts;
mod urls;

/// Where a text's lines end, counted from 1: the last line an error may name.
fn lines(text: &str) -> usize {
    text.replace("\r\n", "\n").matches(['\n', '\r']).count() + 1
}
