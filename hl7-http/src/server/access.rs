//! [`Access`]: who may send messages to a server.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use hl7_ack::{Identity, Peer};
use http::{HeaderMap, HeaderValue, header};
use subtle::{Choice, ConstantTimeEq};

use super::request_parts::RequestParts;

/// Who may send messages, decided before the body is read.
///
/// Any one of the ways that were set is enough. Who shows none is answered by 401 with
/// `WWW-Authenticate`, or by 403 where certificates are the only way in; whom the check denies by
/// 403. Secrets are compared in a time that does not depend on how much of them is right.
///
/// ```
/// use hl7_ack::{Outcome, Received};
/// use hl7_http::server::{Access, Permission, Service};
///
/// let access = Access::new()
///     .basic("lab", "a long password")
///     .bearer("a token")
///     .certificate_subject("CN=Lab,O=General Hospital")
///     .check(|request, peer| match request.path() {
///         "/admin" => Permission::Denied,
///         // Nothing said: then the password or the token decides.
///         _ if peer.address().is_none() => Permission::Unknown,
///         _ => Permission::Unknown,
///     });
/// let service = Service::new(|_: Received| async { Outcome::accepted() }).access(access);
/// # drop(service);
/// ```
#[derive(Clone, Default)]
pub struct Access {
    basic: Vec<Vec<u8>>,
    bearer: Vec<Vec<u8>>,
    certificates: Vec<Certificate>,
    check: Option<Arc<Check>>,
}

/// A certificate that lets its owner in.
#[derive(Clone)]
enum Certificate {
    Subject(String),
    Fingerprint(String),
}

type Check = dyn Fn(&RequestParts, &Peer) -> Permission + Send + Sync;

/// What a check of the caller says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// It may be handled, whatever else the caller shows.
    Granted,
    /// The check does not know the caller: a password or a token decides.
    Unknown,
    /// It may not be handled, whatever else the caller shows: 403.
    Denied,
}

/// Why a request is not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAccess {
    Unauthorized,
    Forbidden,
}

impl Access {
    /// Nobody, until a way in is added.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets in who shows this user name and password by HTTP Basic (RFC 7617), in UTF-8. A name
    /// with a colon can not be told from the password and lets nobody in.
    #[must_use]
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        if !user.contains(':') {
            self.basic.push(format!("{user}:{password}").into_bytes());
        }
        self
    }

    /// Lets in who shows this bearer token (RFC 6750). An empty one lets nobody in.
    #[must_use]
    pub fn bearer(mut self, token: &str) -> Self {
        if !token.is_empty() {
            self.bearer.push(token.as_bytes().to_vec());
        }
        self
    }

    /// Lets in who has shown a client certificate with this subject, as
    /// [`Identity::subject`](hl7_ack::Identity::subject) has it: `CN=Lab,O=General Hospital`
    /// (RFC 4514), letter for letter.
    ///
    /// The certificate is one that [`ServerTls`](hl7_transport::ServerTls) has verified, by
    /// authorities that issue no such name to anybody else. What a proxy says of a certificate
    /// ([`RequestParts::forwarded_certificate`]) is for [`check`](Self::check) to read.
    #[must_use]
    pub fn certificate_subject(mut self, subject: &str) -> Self {
        if !subject.is_empty() {
            self.certificates.push(Certificate::Subject(subject.to_owned()));
        }
        self
    }

    /// Lets in who has shown the client certificate with this SHA-256: 64 hexadecimal digits, with
    /// or without colons, as `openssl x509 -fingerprint -sha256` prints them. What is none lets
    /// nobody in.
    ///
    /// ```
    /// use hl7_http::server::Access;
    ///
    /// let digits = "3F:2A:".repeat(16);
    /// let access = Access::new().certificate_fingerprint(digits.trim_end_matches(':'));
    /// # drop(access);
    /// ```
    #[must_use]
    pub fn certificate_fingerprint(mut self, sha_256: &str) -> Self {
        let digits = sha_256.replace(':', "").to_ascii_lowercase();
        self.certificates.push(Certificate::Fingerprint(digits));
        self
    }

    /// Asks this function first: for signed tokens, paths, what a proxy says. It is called on the
    /// server's tasks, so that it is not to block; keys are fetched ahead by a task of their own.
    #[must_use]
    pub fn check(
        mut self,
        check: impl Fn(&RequestParts, &Peer) -> Permission + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    pub(super) fn decide(&self, request: &RequestParts, peer: &Peer) -> Result<(), NoAccess> {
        match self.check.as_ref().map(|check| check(request, peer)) {
            Some(Permission::Granted) => return Ok(()),
            Some(Permission::Denied) => return Err(NoAccess::Forbidden),
            Some(Permission::Unknown) | None => {}
        }
        if peer.identity().is_some_and(|identity| self.is_certified(identity)) {
            return Ok(());
        }
        let shown = request.headers().get(header::AUTHORIZATION);
        match shown.is_some_and(|shown| self.knows(shown)) {
            true => Ok(()),
            false if self.is_by_certificate_alone() => Err(NoAccess::Forbidden),
            false => Err(NoAccess::Unauthorized),
        }
    }

    fn is_certified(&self, identity: &Identity) -> bool {
        self.certificates.iter().any(|certificate| match certificate {
            Certificate::Subject(subject) => subject == identity.subject(),
            Certificate::Fingerprint(digits) => *digits == identity.fingerprint_hex(),
        })
    }

    /// Whether no header could help.
    fn is_by_certificate_alone(&self) -> bool {
        let by_header = self.check.is_some() || !self.basic.is_empty() || !self.bearer.is_empty();
        !self.certificates.is_empty() && !by_header
    }

    fn knows(&self, shown: &HeaderValue) -> bool {
        let Some((scheme, rest)) = shown.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return false;
        };
        let rest = rest.trim_matches(' ');
        if scheme.eq_ignore_ascii_case("basic") {
            STANDARD.decode(rest).is_ok_and(|shown| is_among(&self.basic, &shown))
        } else {
            scheme.eq_ignore_ascii_case("bearer") && is_among(&self.bearer, rest.as_bytes())
        }
    }

    /// Says how to get in (RFC 9110, 11.6.1).
    pub(super) fn challenge(&self, headers: &mut HeaderMap) {
        const BASIC: HeaderValue =
            HeaderValue::from_static("Basic realm=\"hl7\", charset=\"UTF-8\"");
        const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"hl7\"");
        if !self.basic.is_empty() {
            headers.append(header::WWW_AUTHENTICATE, BASIC);
        }
        if !self.bearer.is_empty() || self.basic.is_empty() {
            headers.append(header::WWW_AUTHENTICATE, BEARER);
        }
    }
}

/// Compares with all of them, each to its end.
fn is_among(secrets: &[Vec<u8>], shown: &[u8]) -> bool {
    let any = |found: Choice, secret: &Vec<u8>| found | secret.as_slice().ct_eq(shown);
    secrets.iter().fold(Choice::from(0), any).into()
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("basic", &self.basic.len())
            .field("bearer", &self.bearer.len())
            .field("certificates", &self.certificates.len())
            .field("check", &self.check.is_some())
            .finish()
    }
}
