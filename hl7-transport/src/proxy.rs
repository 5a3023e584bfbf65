//! Reads the header of the PROXY protocol, versions 1 and 2: who connected to a load balancer.
//!
//! A balancer that passes TCP on hides the address of the sender; with this protocol it says it in
//! a header before the first byte. Whoever can write such a header can claim any address, so it is
//! read only from addresses that are trusted to.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest line of version 1, with its CR LF.
const MAX_LINE_LEN: usize = 107;

/// Most bytes of addresses and extensions in a header of version 2.
const MAX_BODY_LEN: usize = 4096;

/// What version 2 begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Why no header was read.
#[derive(Debug)]
pub(crate) enum ProxyError {
    /// Closed before the first byte, as a balancer's probe does.
    Probe,
    /// The connection failed or ended within the header.
    Io(io::Error),
    /// What came is no such header.
    Malformed,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe => f.write_str("closed without a byte"),
            Self::Io(error) => write!(f, "connection lost within the PROXY header: {error}"),
            Self::Malformed => f.write_str("no PROXY protocol header where one is expected"),
        }
    }
}

impl Error for ProxyError {}

impl From<io::Error> for ProxyError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// On whose behalf a proxy connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// On that of this address.
    Address(SocketAddr),
    /// On its own: a health check. Only version 2 can say so.
    Proxy,
    /// It does not say.
    Unknown,
}

/// Reads one header and not a byte more.
pub(crate) async fn read_header(io: &mut (impl AsyncRead + Unpin)) -> Result<Source, ProxyError> {
    let mut start = [0; 12];
    // No header of either version is shorter than 15 bytes.
    let (first, rest) = start.split_at_mut(1);
    // A probe may end with a reset as well.
    if !matches!(io.read(first).await, Ok(1..)) {
        return Err(ProxyError::Probe);
    }
    io.read_exact(rest).await?;
    if &start == SIGNATURE {
        return read_version_2(io).await;
    }
    if start.starts_with(b"PROXY ") {
        return read_version_1(io, &start).await;
    }
    Err(ProxyError::Malformed)
}

/// `PROXY TCP4 SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT CR LF`.
async fn read_version_1(
    io: &mut (impl AsyncRead + Unpin),
    start: &[u8],
) -> Result<Source, ProxyError> {
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() >= MAX_LINE_LEN {
            return Err(ProxyError::Malformed);
        }
        line.push(io.read_u8().await?);
    }
    let line = str::from_utf8(&line).map_err(|_| ProxyError::Malformed)?;
    let mut words = line.trim_end_matches("\r\n").split(' ').skip(1);
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Ok(Source::Unknown);
    }
    let (source, destination) = (words.next(), words.next());
    let ports = (words.next(), words.next());
    let (Some(source), Some(destination), (Some(port), Some(_)), None) =
        (source, destination, ports, words.next())
    else {
        return Err(ProxyError::Malformed);
    };
    let address = |text: &str| text.parse::<IpAddr>().map_err(|_| ProxyError::Malformed);
    let (source, destination) = (address(source)?, address(destination)?);
    let fits = match family {
        Some("TCP4") => source.is_ipv4() && destination.is_ipv4(),
        Some("TCP6") => source.is_ipv6() && destination.is_ipv6(),
        _ => false,
    };
    let port = port.parse().map_err(|_| ProxyError::Malformed)?;
    match fits {
        true => Ok(Source::Address(SocketAddr::new(source, port))),
        false => Err(ProxyError::Malformed),
    }
}

/// Version and command, family and protocol, length, addresses, extensions.
async fn read_version_2(io: &mut (impl AsyncRead + Unpin)) -> Result<Source, ProxyError> {
    let (command, family) = (io.read_u8().await?, io.read_u8().await?);
    let len = usize::from(io.read_u16().await?);
    if len > MAX_BODY_LEN {
        return Err(ProxyError::Malformed);
    }
    let mut body = vec![0; len];
    io.read_exact(&mut body).await?;
    match (command, family) {
        // LOCAL: a connection of the proxy's own.
        (0x20, _) => Ok(Source::Proxy),
        (0x21, 0x11) => {
            let source = body.first_chunk::<4>().map(|source| Ipv4Addr::from(*source));
            address(source.map(IpAddr::V4), body.get(8..10))
        }
        (0x21, 0x21) => {
            let source = body.first_chunk::<16>().map(|source| Ipv6Addr::from(*source));
            address(source.map(IpAddr::V6), body.get(32..34))
        }
        // No family, and a Unix socket, have no address to go by.
        (0x21, 0x00 | 0x31) => Ok(Source::Unknown),
        _ => Err(ProxyError::Malformed),
    }
}

fn address(source: Option<IpAddr>, port: Option<&[u8]>) -> Result<Source, ProxyError> {
    match (source, port) {
        (Some(source), Some(&[high, low])) => {
            let port = u16::from_be_bytes([high, low]);
            Ok(Source::Address(SocketAddr::new(source, port)))
        }
        _ => Err(ProxyError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio::io::ReadBuf;

    use super::*;

    fn version_2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &len, body].concat()
    }

    async fn read(bytes: &[u8]) -> (Result<Source, String>, usize) {
        let mut rest = bytes;
        let read = read_header(&mut rest).await.map_err(|error| error.to_string());
        (read, rest.len())
    }

    #[tokio::test]
    async fn both_versions_name_the_source_and_nothing_behind_the_header_is_read() {
        let at = |text: &str| Source::Address(text.parse().unwrap());
        let four = [192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0x0a, 0x0f];
        let mut six = [0; 36];
        six[15] = 1;
        six[32..34].copy_from_slice(&[0x30, 0x39]);
        let extended = [&four[..], &[4, 0, 200], &[0; 200]].concat();
        for (header, expected) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 2575\r\n".to_vec(), at("192.0.2.7:12345")),
            (b"PROXY TCP6 ::1 ::2 12345 2575\r\n".to_vec(), at("[::1]:12345")),
            (b"PROXY UNKNOWN\r\n".to_vec(), Source::Unknown),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(), Source::Unknown),
            (version_2(0x21, 0x11, &four), at("192.0.2.7:12345")),
            (version_2(0x21, 0x11, &extended), at("192.0.2.7:12345")),
            (version_2(0x21, 0x21, &six), at("[::1]:12345")),
            (version_2(0x21, 0x00, &[]), Source::Unknown),
            (version_2(0x21, 0x31, &[0; 216]), Source::Unknown),
            (version_2(0x20, 0x00, &[]), Source::Proxy),
            (version_2(0x20, 0x11, &four), Source::Proxy),
        ] {
            let stream = [&header[..], b"\x0bMSH|"].concat();
            assert_eq!(read(&stream).await, (Ok(expected), 5), "{}", header.escape_ascii());
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let long = format!("PROXY TCP4 192.0.2.7 {} 1 2\r\n", "1".repeat(100));
        for header in [
            b"\x0bMSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5\r\x1c\r".to_vec(),
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            b"PROXY TCP4 ::1 ::2 1 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 65536 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 1\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2 3\r\n".to_vec(),
            b"PROXY UDP4 192.0.2.7 10.0.0.1 1 2\r\n".to_vec(),
            long.into_bytes(),
            version_2(0x11, 0x11, &[0; 12]),
            version_2(0x21, 0x11, &[0; 9]),
            version_2(0x21, 0x21, &[0; 33]),
            version_2(0x21, 0x12, &[0; 12]),
            version_2(0x21, 0x00, &vec![0; MAX_BODY_LEN + 1]),
        ] {
            let (result, _) = read(&header).await;
            let text = result.expect_err("malformed");
            assert!(text.contains("no PROXY"), "{}: {text}", header.escape_ascii());
        }
    }

    #[tokio::test]
    async fn a_header_cut_anywhere_is_an_error_and_nothing_at_all_a_probe() {
        for whole in [
            b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 2575\r\n".to_vec(),
            version_2(0x21, 0x11, &[0; 12]),
            version_2(0x21, 0x00, &vec![0; MAX_BODY_LEN]),
        ] {
            assert!(read(&whole).await.0.is_ok());
            for end in 1..whole.len() {
                let (result, _) = read(&whole[..end]).await;
                let text = result.expect_err("cut");
                assert!(text.contains("connection lost"), "{end}: {text}");
            }
        }
        assert_eq!(read(b"").await.0, Err("closed without a byte".to_owned()));
        let reset = read_header(&mut Reset).await.expect_err("nothing was read");
        assert!(matches!(reset, ProxyError::Probe), "{reset}");
    }

    /// A connection that is reset before its first byte, as some balancers end their probes.
    struct Reset;

    impl AsyncRead for Reset {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }
}
