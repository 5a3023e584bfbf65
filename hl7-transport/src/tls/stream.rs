//! [`TlsStream`]: a connection after its handshake.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use hl7_ack::Identity;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream as Inner;

use super::certificate::identity;

/// An encrypted connection, of either side, over any `AsyncRead + AsyncWrite`.
///
/// Shutting it down sends the closing alert, so that the peer can tell an end from a cut.
pub struct TlsStream<IO> {
    inner: Inner<IO>,
}

impl<IO> TlsStream<IO> {
    pub(super) fn new(inner: impl Into<Inner<IO>>) -> Self {
        Self { inner: inner.into() }
    }

    /// The connection underneath.
    pub fn get_ref(&self) -> &IO {
        self.inner.get_ref().0
    }

    /// Who the peer is by the certificate it presented and that was verified; `None` where it
    /// presented none.
    pub fn peer_identity(&self) -> Option<Identity> {
        let certificates = self.inner.get_ref().1.peer_certificates()?;
        certificates.first().map(|certificate| identity(certificate))
    }

    /// The application protocol both sides agreed on (ALPN), for example `h2`; `None` when either
    /// side offered none.
    pub fn alpn_protocol(&self) -> Option<&[u8]> {
        self.inner.get_ref().1.alpn_protocol()
    }
}

impl<IO> fmt::Debug for TlsStream<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.inner.get_ref().1;
        f.debug_struct("TlsStream").field("version", &session.protocol_version()).finish()
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
