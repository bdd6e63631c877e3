//! Exit codes: what a script can tell without reading.

use lockstep::{Error, ErrorKind};

pub(crate) const DONE: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const REFUSED: u8 = 3;
pub(crate) const BUSY: u8 = 4;
pub(crate) const DIFFERENT: u8 = 5;
/// 128 + SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code that an error of the library comes to.
pub(crate) fn of(error: &Error) -> u8 {
    match (error, error.kind()) {
        (Error::Step { failure }, _) if failure.timed_out => BUSY,
        (Error::Unfinished { cause, .. }, _) => of(cause),
        (_, ErrorKind::Refused) => REFUSED,
        (_, ErrorKind::Retry) => BUSY,
        (_, ErrorKind::Cancelled) => INTERRUPTED,
        _ => FAILED,
    }
}

/// A kind's name for programs.
pub(crate) fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Retry => "retry",
        ErrorKind::Refused => "refused",
        ErrorKind::FixInput => "fix_input",
        ErrorKind::StepFailed => "step_failed",
        ErrorKind::Operator => "operator",
        ErrorKind::LeaseLost => "lease_lost",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Bug => "bug",
    }
}

#[cfg(test)]
mod tests {
    use lockstep::lifecycle::{Direction, Failure, Refusal};
    use lockstep::{Error, SchemaVersion};

    use super::of;

    fn v1() -> SchemaVersion {
        SchemaVersion::new("schema_v1").expect("valid")
    }

    fn step(timed_out: bool) -> Error {
        let failure = Failure {
            schema: v1(),
            direction: Direction::Up,
            step: "001".to_owned(),
            position: 0,
            statement: "SELECT 1".to_owned(),
            error: "no".to_owned(),
            timed_out,
            leaves_traces: false,
        };
        Error::Step {
            failure: Box::new(failure),
        }
    }

    #[test]
    fn every_kind_of_error_has_the_exit_code_of_the_contract() {
        let in_use = Refusal::InUse {
            schema: v1(),
            leases: Vec::new(),
            dependents: Vec::new(),
        };
        let unknown = Refusal::UnknownSchema { schema: v1() };
        let busy = Error::Busy {
            what: "x",
            waited: std::time::Duration::ZERO,
            holder: None,
        };
        let cases = [
            (Error::from(in_use), 3),
            (Error::from(unknown), 1),
            (busy, 4),
            (Error::Cancelled, 130),
            (step(false), 1),
            (step(true), 4),
            (
                Error::ReadOnly {
                    message: "x".to_owned(),
                },
                1,
            ),
        ];
        for (error, code) in cases {
            assert_eq!(of(&error), code, "{error}");
        }
    }
}
