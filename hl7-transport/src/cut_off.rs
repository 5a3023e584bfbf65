//! [`CutOff`]: a graceful stop that could not wait for everything.

use std::{error::Error, fmt, io, time::Duration};

/// Tasks outlived the deadline of a graceful stop and were dropped.
///
/// Converts into an [`io::Error`] of kind [`TimedOut`](io::ErrorKind::TimedOut).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutOff {
    tasks: usize,
    deadline: Duration,
}

impl CutOff {
    pub(crate) fn new(tasks: usize, deadline: Duration) -> Self {
        Self { tasks, deadline }
    }

    /// How many were dropped, at least 1.
    pub fn tasks(&self) -> usize {
        self.tasks
    }
}

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tasks, deadline } = self;
        write!(f, "stopped, but {tasks} tasks had not ended within {deadline:?} and were cut off")
    }
}

impl Error for CutOff {}

impl From<CutOff> for io::Error {
    fn from(cut_off: CutOff) -> Self {
        Self::new(io::ErrorKind::TimedOut, cut_off)
    }
}
