//! The command line as users get it, built with crash points so that tests can kill it at any of them.

fn main() -> std::process::ExitCode {
    lockstep_cli::main()
}
