//! [`Admission`]: decides by its address whether a connection is taken.

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{io::AsyncRead, time::timeout};

use crate::{
    allow_list::AllowList,
    networks::Networks,
    proxy::{ProxyError, Source, read_header},
};

/// Default of the time a trusted proxy has for its header: 5 seconds.
pub(crate) const DEFAULT_PROXY_TIMEOUT: Duration = Duration::from_secs(5);

/// The rules, and how many connections each address holds.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) allowed: Option<AllowList>,
    pub(crate) proxies: Option<Networks>,
    pub(crate) proxy_timeout: Duration,
    pub(crate) max_per_address: Option<usize>,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// The right of an address to one connection.
#[derive(Debug)]
pub(crate) struct Place {
    address: IpAddr,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// Why a connection is not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    NotAllowed,
    NotSaid,
    TooMany(usize),
    Proxy(ProxyError),
    ProxyTimeout(Duration),
}

impl Refusal {
    /// Whether it is nothing to take note of: a load balancer's probe.
    pub(crate) fn is_probe(&self) -> bool {
        matches!(self, Self::Proxy(ProxyError::Probe))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed => f.write_str("the address is in no allowed network"),
            Self::NotSaid => f.write_str(
                "the proxy does not say for whom it connects, and is in no allowed network itself",
            ),
            Self::TooMany(max) => write!(f, "the address has {max} connections already"),
            Self::Proxy(error) => error.fmt(f),
            Self::ProxyTimeout(limit) => write!(f, "no PROXY protocol header within {limit:?}"),
        }
    }
}

impl Admission {
    pub(crate) fn new() -> Self {
        Self {
            allowed: None,
            proxies: None,
            proxy_timeout: DEFAULT_PROXY_TIMEOUT,
            max_per_address: None,
            held: Arc::default(),
        }
    }

    /// Decides on a connection that was accepted. `None`: a proxy's, to be decided by
    /// [`origin`](Self::origin).
    pub(crate) fn accepted(&self, address: SocketAddr) -> Result<Option<Place>, Refusal> {
        if self.is_proxy(address) { Ok(None) } else { self.admit(address).map(Some) }
    }

    /// Reads who is behind a trusted proxy, and decides on that address.
    pub(crate) async fn origin(
        &self,
        io: &mut (impl AsyncRead + Unpin),
        address: SocketAddr,
    ) -> Result<(SocketAddr, Option<Place>), Refusal> {
        if !self.is_proxy(address) {
            return Ok((address, None));
        }
        let read = timeout(self.proxy_timeout, read_header(io)).await;
        let source = read.map_err(|_| Refusal::ProxyTimeout(self.proxy_timeout))?;
        match source.map_err(Refusal::Proxy)? {
            Source::Address(source) => Ok((source, Some(self.admit(source)?))),
            Source::Proxy => Ok((address, None)),
            // Who nobody knows is in no allowed network, unless that is the proxy's.
            Source::Unknown if !self.is_allowed(address.ip()) => Err(Refusal::NotSaid),
            Source::Unknown => Ok((address, None)),
        }
    }

    fn is_proxy(&self, address: SocketAddr) -> bool {
        self.proxies.as_ref().is_some_and(|proxies| proxies.contains(address.ip()))
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(address))
    }

    fn admit(&self, address: SocketAddr) -> Result<Place, Refusal> {
        let address = address.ip().to_canonical();
        if !self.is_allowed(address) {
            return Err(Refusal::NotAllowed);
        }
        let max = self.max_per_address.unwrap_or(usize::MAX);
        let mut held = lock(&self.held);
        let count = held.entry(address).or_default();
        if *count >= max {
            return Err(Refusal::TooMany(max));
        }
        *count = count.saturating_add(1);
        drop(held);
        Ok(Place { address, held: Arc::clone(&self.held) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        if let Some(count) = held.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// The counts are right after every step, so a panic elsewhere does not spoil them.
fn lock(held: &Mutex<HashMap<IpAddr, usize>>) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_holds_as_many_as_it_may_and_forgets_those_it_gave_back() {
        let admission = Admission { max_per_address: Some(2), ..Admission::new() };
        let first = admission.accepted(at("10.0.0.1:1")).unwrap();
        let second = admission.accepted(at("[::ffff:10.0.0.1]:2")).unwrap();
        let third = admission.accepted(at("10.0.0.1:3")).unwrap_err();
        assert!(third.to_string().contains("2 connections"), "{third}");
        let other = admission.accepted(at("10.0.0.2:1")).unwrap();
        drop(first);
        admission.accepted(at("10.0.0.1:4")).unwrap();
        drop((second, other));
        assert!(lock(&admission.held).is_empty(), "{:?}", admission.held);
    }

    #[test]
    fn only_allowed_networks_are_taken() {
        let allowed = AllowList::new("10.0.0.0/8".parse().unwrap());
        let admission = Admission { allowed: Some(allowed.clone()), ..Admission::new() };
        assert!(admission.accepted(at("10.9.9.9:1")).is_ok());
        let refusal = admission.accepted(at("192.0.2.1:1")).unwrap_err();
        assert!(refusal.to_string().contains("no allowed network"), "{refusal}");
        // By another list from then on.
        allowed.replace("192.0.2.0/24".parse().unwrap());
        assert!(admission.accepted(at("192.0.2.1:1")).is_ok());
        assert!(admission.accepted(at("10.9.9.9:1")).is_err());
        allowed.replace(Networks::default());
        assert!(admission.accepted(at("192.0.2.1:1")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_proxys_header_decides_and_only_a_trusted_proxys() {
        let admission = Admission {
            allowed: "10.0.0.0/8".parse().ok().map(AllowList::new),
            proxies: "192.0.2.1".parse().ok(),
            ..Admission::new()
        };
        let proxy = at("192.0.2.1:1");
        assert!(admission.accepted(proxy).unwrap().is_none(), "decided later");
        let header = |source: &str| format!("PROXY TCP4 {source} 192.0.2.1 5 6\r\n").into_bytes();

        let inside = admission.origin(&mut &header("10.0.0.7")[..], proxy).await.unwrap();
        assert_eq!(inside.0, at("10.0.0.7:5"));
        let outside = admission.origin(&mut &header("172.16.0.1")[..], proxy).await.unwrap_err();
        assert!(matches!(outside, Refusal::NotAllowed), "{outside}");
        let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
        let health = admission.origin(&mut &local[..], proxy).await.unwrap();
        assert_eq!(health.0, proxy);
        let unknown = b"PROXY UNKNOWN\r\n";
        let refused = admission.origin(&mut &unknown[..], proxy).await.unwrap_err();
        assert!(refused.to_string().contains("does not say for whom"), "{refused}");
        let open = Admission { allowed: None, ..admission.clone() };
        assert_eq!(open.origin(&mut &unknown[..], proxy).await.unwrap().0, proxy);
        let inside = at("10.0.0.2:1");
        let allowed = Admission { proxies: "10.0.0.2".parse().ok(), ..admission.clone() };
        assert_eq!(allowed.origin(&mut &unknown[..], inside).await.unwrap().0, inside);
        let probe = admission.origin(&mut &b""[..], proxy).await.unwrap_err();
        assert!(probe.is_probe());
        // From anybody else these bytes are what they are: the beginning of the stream.
        let forged = header("10.0.0.7");
        let mut stream = &forged[..];
        let direct = admission.origin(&mut stream, at("10.0.0.9:1")).await.unwrap();
        assert_eq!((direct.0, stream.len()), (at("10.0.0.9:1"), forged.len()));

        let (_silent, mut io) = tokio::io::duplex(64);
        let started = tokio::time::Instant::now();
        let late = admission.origin(&mut io, proxy).await.unwrap_err();
        assert!(matches!(late, Refusal::ProxyTimeout(_)), "{late}");
        assert_eq!(started.elapsed(), DEFAULT_PROXY_TIMEOUT);
    }
}
