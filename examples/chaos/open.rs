//! [`Open`]: where a peer gets its connections from.

use std::{future::Future, io};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

/// Gives one connection after the other: made, or accepted.
///
/// A closure that connects is one, and so is a [`TcpListener`].
pub trait Open {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Send + Unpin;

    /// The next one.
    ///
    /// # Errors
    ///
    /// Those of the network.
    fn open(&mut self) -> impl Future<Output = io::Result<Self::Io>> + Send;

    /// Ends a connection with a reset, if that can be done.
    fn reset(io: Self::Io) {
        drop(io);
    }
}

impl<F, Fut> Open for F
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = io::Result<TcpStream>> + Send,
{
    type Io = TcpStream;

    async fn open(&mut self) -> io::Result<TcpStream> {
        without_delay(self().await?)
    }

    fn reset(io: TcpStream) {
        reset(io);
    }
}

impl Open for TcpListener {
    type Io = TcpStream;

    async fn open(&mut self) -> io::Result<TcpStream> {
        without_delay(self.accept().await?.0)
    }

    fn reset(io: TcpStream) {
        reset(io);
    }
}

/// What is written apart leaves apart.
fn without_delay(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn reset(stream: TcpStream) {
    // Where this fails the connection is closed in good order, which no row takes for a fault.
    drop(stream.set_zero_linger());
    drop(stream);
}
