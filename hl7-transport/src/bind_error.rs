//! [`BindError`]: why an address could not be listened on, and what to do about it.

use std::{error::Error, fmt, io, net::SocketAddr};

/// An address could not be listened on.
///
/// `Display` is one line that names the address and, for the usual causes, the remedy. Converts
/// into [`io::Error`] with the same kind, so that a `main` returning `io::Result` can use `?`.
pub struct BindError {
    address: Option<SocketAddr>,
    source: io::Error,
}

/// The causes a program may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindErrorKind {
    /// Another socket holds the address (`EADDRINUSE`).
    AddressInUse,
    /// No interface of this machine has the address (`EADDRNOTAVAIL`).
    AddressNotAvailable,
    /// Anything else; see the source.
    Other,
    /// The system refuses the port to this program (`EACCES`), usually one below 1024.
    PermissionDenied,
    /// The name could not be resolved to an address, or the text is no `host:port`.
    Unresolved,
}

impl BindError {
    pub(crate) fn unresolved(source: io::Error) -> Self {
        Self { address: None, source }
    }

    pub(crate) fn at(address: SocketAddr, source: io::Error) -> Self {
        Self { address: Some(address), source }
    }

    /// What kind of cause it is.
    pub fn kind(&self) -> BindErrorKind {
        match (self.address, self.source.kind()) {
            (None, _) => BindErrorKind::Unresolved,
            (_, io::ErrorKind::AddrInUse) => BindErrorKind::AddressInUse,
            (_, io::ErrorKind::AddrNotAvailable) => BindErrorKind::AddressNotAvailable,
            (_, io::ErrorKind::PermissionDenied) => BindErrorKind::PermissionDenied,
            _ => BindErrorKind::Other,
        }
    }

    /// The address that was tried last; `None` when the name could not be resolved.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(address) = self.address else {
            return write!(
                f,
                "cannot listen: the address can not be resolved ({}); write it as host:port",
                self.source
            );
        };
        write!(f, "cannot listen on {address}: ")?;
        match self.kind() {
            BindErrorKind::AddressInUse => f.write_str(
                "the address is in use; stop the program that holds it or choose another port",
            ),
            BindErrorKind::AddressNotAvailable => f.write_str(
                "no interface of this machine has that address; 0.0.0.0 or [::] means all of them",
            ),
            BindErrorKind::PermissionDenied => f.write_str(
                "permission denied; choose a port above 1023 or grant the right to bind low ports",
            ),
            BindErrorKind::Other | BindErrorKind::Unresolved => write!(f, "{}", self.source),
        }
    }
}

impl fmt::Debug for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindError")
            .field("kind", &self.kind())
            .field("address", &self.address)
            .field("source", &self.source)
            .finish()
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl From<BindError> for io::Error {
    fn from(error: BindError) -> Self {
        Self::new(error.source.kind(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_the_address_and_the_remedy_in_one_line() {
        let address: SocketAddr = "127.0.0.1:104".parse().unwrap();
        for (kind, expected, remedy) in [
            (io::ErrorKind::AddrInUse, BindErrorKind::AddressInUse, "another port"),
            (io::ErrorKind::PermissionDenied, BindErrorKind::PermissionDenied, "above 1023"),
            (io::ErrorKind::AddrNotAvailable, BindErrorKind::AddressNotAvailable, "0.0.0.0"),
        ] {
            let error = BindError::at(address, kind.into());
            let text = error.to_string();
            assert_eq!(error.kind(), expected);
            assert!(text.starts_with("cannot listen on 127.0.0.1:104: "), "{text}");
            assert!(text.contains(remedy) && !text.contains('\n'), "{text}");
            assert_eq!(io::Error::from(error).kind(), kind);
        }
    }
}
