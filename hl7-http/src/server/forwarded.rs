//! [`TrustedProxies`]: which proxies are believed when they say who is behind them.

use std::net::{IpAddr, SocketAddr};

use hl7_transport::Networks;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The reverse proxies in front of a server, and the headers in which they say who is behind them.
///
/// Anybody can send such headers. So they are believed from these addresses alone, only by the
/// names given here, and are taken out of every request:
/// [`RequestParts::forwarded_for`](super::RequestParts::forwarded_for) and
/// [`forwarded_certificate`](super::RequestParts::forwarded_certificate) have what was believed.
/// The proxy has to replace the certificate's header, or remove it, in each request it passes on.
///
/// ```
/// use hl7_http::server::TrustedProxies;
/// use http::HeaderName;
///
/// # fn main() -> Result<(), hl7_transport::NetworksError> {
/// let proxies = TrustedProxies::new("127.0.0.1, 10.1.0.0/28".parse()?)
///     .address_in(HeaderName::from_static("x-forwarded-for"))
///     .certificate_in(HeaderName::from_static("x-ssl-client-cert"));
/// # drop(proxies);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    proxies: Networks,
    address: Option<HeaderName>,
    certificate: Option<HeaderName>,
}

/// What a request says about who is behind the proxy, and may be believed.
#[derive(Clone, Debug, Default)]
pub(super) struct Behind {
    pub(super) address: Option<IpAddr>,
    pub(super) certificate: Option<HeaderValue>,
}

/// Headers by which proxies tell who is behind them; a handler never sees them.
const TOLD_BY_PROXIES: [&str; 11] = [
    "forwarded",
    "x-forwarded-for",
    "x-real-ip",
    "client-cert",
    "client-cert-chain",
    "x-forwarded-client-cert",
    "x-client-cert",
    "x-ssl-client-cert",
    "x-ssl-client-verify",
    "x-ssl-client-s-dn",
    "x-ssl-client-fingerprint",
];

impl TrustedProxies {
    /// Believes the proxies at these addresses.
    #[must_use]
    pub fn new(proxies: Networks) -> Self {
        Self { proxies, ..Self::default() }
    }

    /// The header with the caller's address, as a list to which each proxy adds the one it sees:
    /// `x-forwarded-for`, or `forwarded` (RFC 7239).
    #[must_use]
    pub fn address_in(mut self, name: HeaderName) -> Self {
        self.address = Some(name);
        self
    }

    /// The header with the caller's certificate, or what the proxy says of it.
    #[must_use]
    pub fn certificate_in(mut self, name: HeaderName) -> Self {
        self.certificate = Some(name);
        self
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.contains(address)
    }

    /// Takes out of the headers what proxies tell, and gives what of it can be believed.
    pub(super) fn take(&self, headers: &mut HeaderMap, peer: Option<SocketAddr>) -> Behind {
        let mut behind = Behind::default();
        if peer.is_some_and(|peer| self.trusts(peer.ip())) {
            behind.address = self.address.as_ref().and_then(|name| self.caller(headers, name));
            let certificate = self.certificate.as_ref().map(|name| headers.get_all(name));
            let mut values = certificate.iter().flatten();
            // Two would be one of the proxy and one of somebody else.
            if let (Some(value), None) = (values.next(), values.next()) {
                behind.certificate = Some(value.clone());
            }
        }
        // Most requests have none of them: comparing names is cheaper than looking each up.
        let is_told = |name: &HeaderName| {
            TOLD_BY_PROXIES.contains(&name.as_str())
                || self.address.as_ref() == Some(name)
                || self.certificate.as_ref() == Some(name)
        };
        let told: Vec<HeaderName> = headers.keys().filter(|name| is_told(name)).cloned().collect();
        for name in told {
            headers.remove(name);
        }
        behind
    }

    /// The last address in the list that is not one of the proxies: those before it were written
    /// by the caller.
    fn caller(&self, headers: &HeaderMap, name: &HeaderName) -> Option<IpAddr> {
        let values: Vec<&str> =
            headers.get_all(name).iter().map(|value| value.to_str().ok()).collect::<Option<_>>()?;
        let is_rfc_7239 = name == "forwarded";
        for element in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            let text = match is_rfc_7239 {
                true => node(element)?,
                false => element,
            };
            let address = address(text)?;
            if !self.trusts(address) {
                return Some(address);
            }
        }
        None
    }
}

/// The `for` of one element of `Forwarded`: `for=192.0.2.43;proto=http`.
fn node(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value.trim())
    })
}

/// An address, with or without a port, brackets and quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new("10.0.0.1, 10.0.0.2, 2001:db8::1".parse().unwrap())
    }

    fn behind(
        proxies: &TrustedProxies,
        peer: &str,
        headers: &[(&str, &str)],
    ) -> (Behind, HeaderMap) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            map.append(name, HeaderValue::try_from(*value).unwrap());
        }
        let behind = proxies.take(&mut map, peer.parse().ok());
        (behind, map)
    }

    #[test]
    fn the_caller_is_the_last_address_no_proxy_of_ours_has() {
        for (name, values, expected) in [
            ("x-forwarded-for", vec!["192.0.2.7"], Some("192.0.2.7")),
            ("x-forwarded-for", vec!["1.2.3.4, 192.0.2.7"], Some("192.0.2.7")),
            ("x-forwarded-for", vec!["192.0.2.7, 10.0.0.2"], Some("192.0.2.7")),
            ("x-forwarded-for", vec!["1.2.3.4", "192.0.2.7,10.0.0.2"], Some("192.0.2.7")),
            ("x-forwarded-for", vec!["192.0.2.7:4711"], Some("192.0.2.7")),
            ("x-forwarded-for", vec!["2001:db8::7"], Some("2001:db8::7")),
            ("x-forwarded-for", vec!["[2001:db8::7]:1"], Some("2001:db8::7")),
            ("x-forwarded-for", vec!["1.2.3.4, unknown"], None),
            ("x-forwarded-for", vec!["1.2.3.4,"], None),
            ("x-forwarded-for", vec!["10.0.0.2"], None),
            ("x-forwarded-for", vec![], None),
            ("forwarded", vec!["for=1.2.3.4, for=192.0.2.7;proto=https"], Some("192.0.2.7")),
            ("forwarded", vec!["By=x; For=\"[2001:db8::7]:4711\""], Some("2001:db8::7")),
            ("forwarded", vec!["for=_hidden"], None),
            ("forwarded", vec!["for=192.0.2.7, proto=http"], None),
        ] {
            let proxies = proxies().address_in(HeaderName::try_from(name).unwrap());
            let headers: Vec<_> = values.iter().map(|value| (name, *value)).collect();
            for peer in ["10.0.0.1:9", "[::ffff:10.0.0.1]:9", "[2001:db8::1]:9"] {
                let (found, _) = behind(&proxies, peer, &headers);
                let expected = expected.map(|address| address.parse().unwrap());
                assert_eq!(found.address, expected, "{peer} {headers:?}");
            }
            let (found, _) = behind(&proxies, "192.0.2.1:9", &headers);
            assert_eq!(found.address, None, "not from a proxy: {headers:?}");
        }
    }

    #[test]
    fn nobody_is_believed_by_a_header_that_was_not_named() {
        let headers = [
            ("forwarded", "for=1.2.3.4"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-ssl-client-cert", "forged"),
            ("x-own-cert", "forged"),
            ("x-own-cert", "twice"),
            ("x-other", "stays"),
        ];
        let (found, left) = behind(&proxies(), "10.0.0.1:9", &headers);
        assert!(found.address.is_none() && found.certificate.is_none(), "{found:?}");
        assert_eq!(left.len(), 3, "{left:?}");
        let own = HeaderName::from_static("x-own-cert");
        let proxies = proxies().certificate_in(own);
        let (found, left) = behind(&proxies, "10.0.0.1:9", &headers);
        assert!(found.certificate.is_none(), "two values are one too many");
        assert_eq!(left.keys().collect::<Vec<_>>(), ["x-other"]);
        let one = [("x-own-cert", "CN=lab")];
        let (found, _) = behind(&proxies, "10.0.0.1:9", &one);
        assert_eq!(found.certificate.unwrap(), "CN=lab");
        let (found, _) = behind(&proxies, "192.0.2.1:9", &one);
        assert!(found.certificate.is_none(), "not from a proxy");
    }
}
