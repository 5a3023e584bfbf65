//! [`Destination`]: `host:port` for MLLP, `mllps://host:port` for MLLP over TLS, a URL for HTTP.

use std::{path::PathBuf, time::Duration};

use hl7_ack::AnyDeliver;
use hl7_transport::{ClientTls, Pem};
use thiserror::Error;

/// How long a message waits for those before it on an MLLP connection.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(8);

/// Where messages are sent, read from a command line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Destination {
    /// `host:port` or `mllp://host:port`.
    Mllp(String),
    /// `mllps://host:port`: MLLP over TLS.
    Mllps(String),
    /// `http://...` or `https://...`.
    Http(String),
}

/// Why nothing can be sent to a destination.
#[derive(Debug, Error)]
#[error("can not send to {to}: {reason}")]
pub struct DestinationError {
    to: String,
    reason: String,
}

impl Destination {
    /// Tells HTTP from MLLP by what stands before `://`.
    ///
    /// # Errors
    ///
    /// Where that is neither `http`, `https` nor `mllp`, or an MLLP address has no port.
    pub fn parse(to: &str) -> Result<Self, DestinationError> {
        let refuse = |reason: &str| {
            Err(DestinationError { to: without_secrets(to), reason: reason.to_owned() })
        };
        let mut over_tls = false;
        let address = match to.split_once("://") {
            Some((scheme, _)) if is_any(scheme, &["http", "https"]) => {
                return Ok(Self::Http(to.to_owned()));
            }
            Some((scheme, address)) if is_any(scheme, &["mllp", "mllps"]) => {
                over_tls = is_any(scheme, &["mllps"]);
                address
            }
            Some(_) => return refuse("neither http://, https://, mllps:// nor host:port"),
            None => to,
        };
        match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(match over_tls {
                    true => Self::Mllps(address.to_owned()),
                    false => Self::Mllp(address.to_owned()),
                })
            }
            _ => refuse("an MLLP address is host:port, for HTTP write http://host:port/path"),
        }
    }

    /// A client for it. Nothing is connected yet.
    ///
    /// `ca` is a PEM file of certificate authorities to trust instead of the system's.
    ///
    /// # Errors
    ///
    /// Where the URL is malformed or the file can not be used.
    pub fn client(
        &self,
        timeout: Duration,
        ca: Option<&PathBuf>,
    ) -> Result<AnyDeliver, DestinationError> {
        let (Self::Mllp(to) | Self::Mllps(to) | Self::Http(to)) = self;
        let refuse = |reason: String| DestinationError { to: without_secrets(to), reason };
        let connect_timeout = timeout.min(Duration::from_secs(5));
        match self {
            Self::Mllp(_) if ca.is_some() => {
                Err(refuse("--ca is for https:// and mllps://".to_owned()))
            }
            Self::Mllp(address) | Self::Mllps(address) => {
                let mut builder = hl7_mllp::client::Client::builder(address)
                    .connect_timeout(connect_timeout)
                    .answer_timeout(timeout)
                    .queue_timeout(QUEUE_TIMEOUT);
                if let Self::Mllps(_) = self {
                    let tls = match ca {
                        Some(ca) => ClientTls::builder().ca(Pem::file(ca)),
                        None => ClientTls::builder().system_roots(),
                    };
                    let tls = tls.build().map_err(|error| refuse(error.to_string()))?;
                    let host = address.rsplit_once(':').map_or("", |(host, _)| host);
                    builder = builder.tls(tls, host);
                }
                builder.build().map(AnyDeliver::new).map_err(|error| refuse(error.to_string()))
            }
            Self::Http(url) => {
                let mut builder = hl7_http::client::Client::builder(url)
                    .connect_timeout(connect_timeout)
                    .timeout(timeout);
                if let Some(ca) = ca {
                    let tls = ClientTls::builder().ca(Pem::file(ca)).build();
                    builder = builder.tls(tls.map_err(|error| refuse(error.to_string()))?);
                }
                builder.build().map(AnyDeliver::new).map_err(|error| refuse(error.to_string()))
            }
        }
    }
}

fn is_any(scheme: &str, wanted: &[&str]) -> bool {
    wanted.iter().any(|wanted| scheme.eq_ignore_ascii_case(wanted))
}

/// A destination as it may be shown: without user, password, query and fragment.
#[must_use]
pub fn without_secrets(to: &str) -> String {
    let shown = to.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match shown.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), shown),
    };
    scheme + rest.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_tells_the_transport() {
        for (to, expected) in [
            ("localhost:2575", Some("mllp")),
            ("[::1]:2575", Some("mllp")),
            ("mllp://his:2575", Some("mllp")),
            ("MLLPS://his:2575", Some("mllps")),
            ("mllps://his", None),
            ("http://localhost:8575/hl7", Some("http")),
            ("https://ehr.example.org", Some("http")),
            ("HTTP://localhost:8575", Some("http")),
            ("ftp://localhost", None),
            ("localhost", None),
            (":2575", None),
            ("localhost:port", None),
            ("localhost:99999", None),
            ("", None),
        ] {
            let found = Destination::parse(to).ok().map(|destination| match destination {
                Destination::Mllp(_) => "mllp",
                Destination::Mllps(_) => "mllps",
                Destination::Http(_) => "http",
            });
            assert_eq!(found, expected, "{to}");
        }
    }

    #[test]
    fn errors_show_neither_password_nor_query() {
        for to in [
            "ftp://me:hidden@host/?token=hidden",
            "http://me:hidden@127.0.0.1:99999/",
            "http://me:hid@den@host:x/#hidden",
            "me:hidden@host",
            "http://[?hidden",
        ] {
            let client = Destination::parse(to)
                .and_then(|destination| destination.client(Duration::from_secs(1), None));
            let error = client.expect_err(to);
            assert!(!error.to_string().contains("hid"), "{error}");
        }
    }
}
