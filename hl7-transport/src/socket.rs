//! Sets the options every HL7 connection wants on its socket.

use std::{io, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// Idle time after which the first keepalive probe is sent: 60 seconds.
///
/// Firewalls commonly forget an idle connection after five minutes to an hour, and an HL7 link is
/// idle all night; a probe a minute keeps it known and notices a peer that is gone.
pub const DEFAULT_KEEPALIVE: Duration = Duration::from_secs(60);

/// Time between two probes once one was not answered.
const PROBE_INTERVAL: Duration = Duration::from_secs(10);

/// Sets TCP_NODELAY, and SO_KEEPALIVE with `keepalive` as idle time (whole seconds; `None` leaves
/// keepalive as the system has it).
///
/// HL7 exchanges are one small write each way, the pattern on which Nagle's algorithm and delayed
/// acknowledgments cost 40 ms apiece.
///
/// # Errors
///
/// Whatever the system says, usually because the peer has closed already.
pub fn tune(stream: &TcpStream, keepalive: Option<Duration>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if let Some(idle) = keepalive {
        let probes = TcpKeepalive::new().with_time(idle.max(Duration::from_secs(1)));
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows))]
        let probes = probes.with_interval(PROBE_INTERVAL);
        SockRef::from(stream).set_tcp_keepalive(&probes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn tune_sets_nodelay_and_keepalive() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(!SockRef::from(&stream).keepalive().unwrap(), "off before");

        tune(&stream, Some(Duration::from_secs(42))).unwrap();

        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(&stream).keepalive().unwrap());
        #[cfg(target_os = "linux")]
        {
            let socket = SockRef::from(&stream);
            assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(42));
            assert_eq!(socket.tcp_keepalive_interval().unwrap(), PROBE_INTERVAL);
        }
    }
}
