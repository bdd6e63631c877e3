//! The `lockstep` command: see the library of this package.

use std::process::ExitCode;

fn main() -> ExitCode {
    lockstep_cli::main()
}
