//! [`Link`]: one connection of a peer, with what was read of it and not yet used.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{content::cut, row::Transport};

/// What came next.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// A whole message.
    Content(Vec<u8>),
    /// The other side closed, and owed nothing.
    End,
    /// The other side closed within a message.
    CutOff,
    /// Something that is no message.
    Bad(&'static str),
}

pub(crate) struct Link<S> {
    pub(crate) io: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io, buffer: Vec::new() }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.io.write_all(bytes).await?;
        self.io.flush().await
    }

    pub(crate) async fn next(&mut self, transport: Transport) -> Next {
        loop {
            match cut(transport, &self.buffer) {
                Err(what) => return Next::Bad(what),
                Ok(Some((content, len))) => {
                    self.buffer.drain(..len.min(self.buffer.len()));
                    return Next::Content(content);
                }
                Ok(None) => {}
            }
            // A reset is an end as well.
            if self.io.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return if self.buffer.is_empty() { Next::End } else { Next::CutOff };
            }
        }
    }
}
