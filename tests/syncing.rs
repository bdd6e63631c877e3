//! Sync: a database is made to look as declared, and nothing is lost on the way.

mod between;
mod by_hand;
mod command_line;
mod concurrent;
mod crashes;
mod declarations;
mod fills;
mod modified;
mod names;
mod privileges;
mod rows;
mod scenario;
mod stranded;
mod strategies;
