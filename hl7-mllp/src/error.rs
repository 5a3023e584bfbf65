//! Says why a stream of frames can not go on, or why a block can not be written.

use std::{fmt, io};

use thiserror::Error;

/// A stream that is lost, or a block that can not be encoded.
///
/// What a receiver can survive is a [`Block::Skipped`](crate::Block::Skipped) and not an error.
/// The text never holds bytes of the stream.
#[derive(Debug, Error)]
#[error("{repr}")]
pub struct FrameError {
    repr: Repr,
}

#[derive(Debug)]
enum Repr {
    Kind(FrameErrorKind),
    Io(io::Error),
}

impl fmt::Display for Repr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => fmt::Display::fmt(kind, f),
            Self::Io(error) => write!(f, "the connection failed: {}", error.kind()),
        }
    }
}

impl FrameError {
    /// What went wrong.
    pub const fn kind(&self) -> FrameErrorKind {
        match &self.repr {
            Repr::Kind(kind) => *kind,
            Repr::Io(_) => FrameErrorKind::Io,
        }
    }

    /// The error of the underlying stream, if that is what this is.
    pub const fn io_error(&self) -> Option<&io::Error> {
        match &self.repr {
            Repr::Kind(_) => None,
            Repr::Io(error) => Some(error),
        }
    }
}

impl From<FrameErrorKind> for FrameError {
    fn from(kind: FrameErrorKind) -> Self {
        Self { repr: Repr::Kind(kind) }
    }
}

/// Required by tokio-util's `Decoder` and `Encoder`, whose transports fail with it.
impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self { repr: Repr::Io(error) }
    }
}

/// The kinds of [`FrameError`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameErrorKind {
    /// The peer speaks another protocol.
    #[error("{0} where an MLLP frame was expected")]
    ForeignProtocol(ForeignProtocol),
    /// More bytes than [`max_garbage_len`](crate::MllpCodec::max_garbage_len) came between
    /// frames; with [`strict`](crate::MllpCodec::strict), any that are not CR, LF, NUL or blank.
    #[error("too many bytes outside of frames")]
    Garbage,
    /// The block to be written would break the stream: its content holds a byte of the
    /// envelope (VT or FS), or is a
    /// single byte that a release 2 peer would take for a commit acknowledgment, or it is no
    /// block that can be sent.
    #[error("content that can not be framed")]
    InvalidContent,
    /// The underlying stream failed; see [`FrameError::io_error`].
    #[error("the connection failed")]
    Io,
    /// FS was not followed by CR. Only with [`strict`](crate::MllpCodec::strict).
    #[error("a frame end without its carriage return")]
    WrongEnding,
}

/// A protocol that is not MLLP and was recognised by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignProtocol {
    /// An HTTP request, or the answer of an HTTP server.
    Http,
    /// A TLS handshake or alert: one side speaks TLS and the other does not.
    Tls,
}

impl fmt::Display for ForeignProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
        })
    }
}
