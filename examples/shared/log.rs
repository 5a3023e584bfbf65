//! Sets up the log.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Writes log lines to standard error, as `filter` says unless `RUST_LOG` says otherwise.
///
/// Called once, first of all.
pub fn log_to_stderr(filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(filter));
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_env_filter(filter)
        .init();
}
