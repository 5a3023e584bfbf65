//! Sets up the log of a configured gateway: text or JSON, one line an event.

use hl7_examples::log_to_stderr;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// What goes wrong with a database is told by its store, and notices of servers are not for here.
const FILTER: &str = "info,sqlx=error";

/// Writes log lines at `info` to standard error, unless `RUST_LOG` says otherwise.
pub(crate) fn to_stderr(format: LogFormat) {
    if format == LogFormat::Text {
        return log_to_stderr(FILTER);
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .init();
}
