//! Puts failures of the HTTP machinery into words.

use std::{error::Error, io, iter, time::Duration};

use hl7_ack::{Cause, CauseKind};
use hl7_transport::TlsError;

/// The cause of a failed request, without the URL that reqwest's own text would show.
pub(super) fn failure(error: &reqwest::Error, to: &str, connect_timeout: Duration) -> Cause {
    if let Some(tls) = TlsError::find(error) {
        return Cause::new(CauseKind::Tls, format!("{to}: {tls}"));
    }
    if error.is_timeout() {
        let text = format!("no connection to {to} within {connect_timeout:?}");
        return Cause::new(CauseKind::TimedOut, text);
    }
    let reason = system_error(error).map(|reason| format!(": {reason}")).unwrap_or_default();
    if error.is_connect() {
        return Cause::new(CauseKind::Unreachable, format!("{to}{reason}"));
    }
    if is_not_http(error) {
        let text = format!("{to} answered something that is not HTTP");
        return Cause::new(CauseKind::Unreadable, text);
    }
    let text = format!("{to} closed or broke the connection before its answer was complete");
    Cause::new(CauseKind::Closed, text + &reason)
}

/// Whether what came could not be read as HTTP: the port may be one of MLLP.
fn is_not_http(error: &reqwest::Error) -> bool {
    let first = error.source();
    // The type of the error is of a crate below reqwest; its texts are its own, without input.
    iter::successors(first, |&error| error.source())
        .any(|error| error.to_string().starts_with("invalid HTTP "))
}

/// What the operating system said, if it is among the sources: "connection refused" and the like.
fn system_error(error: &reqwest::Error) -> Option<String> {
    let mut next = error.source();
    while let Some(error) = next {
        // The resolver's own type is private to the crate below reqwest.
        if error.to_string() == "dns error" {
            return Some("the name can not be resolved".to_owned());
        }
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof) {
            return Some("the peer closed the connection".to_owned());
        }
        // Texts of other crates' errors could hold what the peer sent.
        if let Some(io) = io.filter(|io| io.raw_os_error().is_some() || io.get_ref().is_none()) {
            return Some(io.to_string());
        }
        next = error.source();
    }
    None
}
