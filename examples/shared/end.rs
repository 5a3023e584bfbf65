//! Ends a program: an error in one line, an honest exit status.

use std::{
    env,
    error::Error,
    io::{self, ErrorKind},
    path::Path,
    process::ExitCode,
};

/// What `main` returns: failure, with the error and its causes in one line on standard error.
///
/// Nothing is said where nobody reads the output any more, as in `... | head -1`.
#[expect(clippy::print_stderr, reason = "the end of a program")]
pub fn end(result: Result<(), Box<dyn Error>>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let nobody_reads = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe);
    if !nobody_reads {
        let program = env::args_os().next().unwrap_or_default();
        let program = Path::new(&program).file_stem().unwrap_or_default().display();
        eprintln!("{program}: {}", with_causes(&*error));
    }
    ExitCode::FAILURE
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_with_its_causes_in_one_line() {
        let read = hl7_parse::batch::Reader::new(Broken).next().and_then(Result::err);
        let error = read.expect("a reader that fails");
        assert_eq!(with_causes(&error), "reading failed: pulled out");
    }

    struct Broken;

    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("pulled out"))
        }
    }
}
