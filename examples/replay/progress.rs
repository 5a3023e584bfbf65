//! Shows how far it is, where somebody looks.

use std::{
    io::{self, IsTerminal, Write},
    sync::Arc,
    time::Duration,
};

use crate::load::Load;

const WIDTH: u64 = 30;

/// Draws a bar on standard error five times a second; nothing where that is no terminal.
pub(crate) async fn show(load: Arc<Load>) {
    if !io::stderr().is_terminal() {
        return;
    }
    let mut interval = tokio::time::interval(Duration::from_millis(200));
    loop {
        interval.tick().await;
        let (done, count) = (load.done(), load.count.max(1));
        let filled = usize::try_from(done.min(count).saturating_mul(WIDTH) / count).unwrap_or(0);
        let empty = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(filled);
        let bar = "#".repeat(filled) + &".".repeat(empty);
        if write!(io::stderr(), "\r[{bar}] {done} of {count}").is_err() {
            return;
        }
    }
}

/// Takes the bar away, so that the summary stands in its place.
pub(crate) fn clear() {
    const START_OF_LINE_AND_ERASE: &str = "\r\x1b[K";
    if io::stderr().is_terminal() {
        // What can not be written is not to be seen either.
        let _ = write!(io::stderr(), "{START_OF_LINE_AND_ERASE}");
    }
}
