//! Holds what can be set on a server, and gives `Server` and `ConnectionsBuilder` the same setters.

use std::time::Duration;

use hl7_ack::{Acknowledger, Handler, Responder};
use hl7_transport::{Background, TokioTimer};

use crate::{MllpCodec, connection::DEFAULT_END_TIMEOUT};

/// The limits and tolerances of a server; the defaults are documented at the setters.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) codec: MllpCodec,
    pub(super) end_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) frame_timeout: Duration,
    pub(super) handler_timeout: Duration,
    pub(super) write_timeout: Duration,
    pub(super) shutdown_timeout: Duration,
    pub(super) stop_grace: Duration,
    pub(super) commit_timeout: Duration,
    pub(super) answer_timeout: Duration,
    pub(super) release2: bool,
    pub(super) max_background: usize,
    pub(super) max_in_flight: usize,
    pub(super) max_buffered: usize,
    pub(super) acknowledger: Option<Acknowledger>,
}

impl Options {
    pub(super) fn responder(&self, handler: impl Handler) -> Responder {
        let responder =
            Responder::new(handler).with_time_limit(self.handler_timeout, TokioTimer::default());
        match &self.acknowledger {
            Some(acknowledger) => responder.with_acknowledger(acknowledger.clone()),
            None => responder,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            codec: MllpCodec::new(),
            end_timeout: DEFAULT_END_TIMEOUT,
            idle_timeout: Duration::from_secs(600),
            frame_timeout: Duration::from_secs(60),
            handler_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(30),
            stop_grace: Duration::from_secs(3),
            commit_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(30),
            release2: false,
            max_background: Background::DEFAULT_MAX,
            max_in_flight: 1024,
            max_buffered: 256 * 1024 * 1024,
            acknowledger: None,
        }
    }
}

/// The setters of a type that has a field `options: Options`.
macro_rules! option_setters {
    () => {
        /// Most bytes of content in one frame. Default 16 MiB.
        ///
        /// A longer frame is passed over without being kept and gets a negative acknowledgment.
        pub fn max_frame_len(mut self, bytes: usize) -> Self {
            self.options.codec = self.options.codec.max_frame_len(bytes);
            self
        }

        /// Most bytes between two frames, or before the first. Default 64 KiB.
        pub fn max_garbage_len(mut self, bytes: usize) -> Self {
            self.options.codec = self.options.codec.max_garbage_len(bytes);
            self
        }

        /// Takes FS CR alone for the end of a frame, and no garbage between frames. Default: off.
        ///
        /// See [`MllpCodec::strict`](crate::MllpCodec::strict).
        pub fn strict(mut self, strict: bool) -> Self {
            self.options.codec = self.options.codec.strict(strict);
            self
        }

        /// Begins and ends frames, the peers' and ours, with other bytes. Default VT and FS.
        pub fn envelope(mut self, envelope: crate::Envelope) -> Self {
            self.options.codec = self.options.codec.envelope(envelope);
            self
        }

        /// How long FS waits for its CR before it ends the frame alone. Default 200 ms.
        pub fn end_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.end_timeout = limit;
            self
        }

        /// How long a connection may be without a frame. Default 10 min.
        ///
        /// Bytes between frames do not count as life.
        pub fn idle_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.idle_timeout = limit;
            self
        }

        /// How long a frame may take from its first byte to its last. Default 60 s.
        ///
        /// A frame that takes longer is dropped, never answered, and the connection closed.
        pub fn frame_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.frame_timeout = limit;
            self
        }

        /// How long the handler may take for one message. Default 60 s.
        ///
        /// Then the sender gets a negative acknowledgment, and the handler goes on in the
        /// background.
        pub fn handler_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.handler_timeout = limit;
            self
        }

        /// How long writing one answer may take, until the peer's system has taken its last byte.
        /// Default 30 s.
        pub fn write_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.write_timeout = limit;
            self
        }

        /// Speaks MLLP release 2: every block is answered by a commit block before anything else,
        /// and so are ours by the peer. Default: off.
        ///
        /// See [release 2](crate::server#release-2). It is agreed upon and can not be seen on the
        /// wire.
        pub fn release2(mut self, release2: bool) -> Self {
            self.options.codec = self.options.codec.release2(release2);
            self.options.release2 = release2;
            self
        }

        /// How long a release 2 peer may take to commit an answer. Default 30 s.
        pub fn commit_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.commit_timeout = limit;
            self
        }

        /// How long the peer may take to answer a message that it is sent on its own connection, by
        /// [`Peer::same_connection`](hl7_ack::Peer::same_connection). Default 30 s.
        pub fn answer_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.answer_timeout = limit;
            self
        }

        /// Most messages that are handled at once, on all connections together, at least 1.
        /// Default 1024.
        ///
        /// A connection with one more waits, and does not read meanwhile.
        pub fn max_in_flight(mut self, messages: usize) -> Self {
            self.options.max_in_flight = messages;
            self
        }

        /// Most bytes of frames that are held at once, on all connections together, beyond the
        /// 128 KiB that each may hold. Default 256 MiB.
        ///
        /// While they are taken up, connections in the middle of a frame are not read, but for one
        /// at a time, which may go on to `max_frame_len`.
        pub fn max_buffered(mut self, bytes: usize) -> Self {
            self.options.max_buffered = bytes;
            self
        }

        /// Most futures of [`Reply::then`](hl7_ack::Reply::then) at once. Default 256.
        ///
        /// A connection whose handler leaves one more waits before it reads its next message.
        pub fn max_background(mut self, futures: usize) -> Self {
            self.options.max_background = futures;
            self
        }

        /// How long a graceful stop may take before it cuts off what is left. Default 30 s.
        pub fn shutdown_timeout(mut self, limit: ::std::time::Duration) -> Self {
            self.options.shutdown_timeout = limit;
            self
        }

        /// How long a graceful stop waits for the rest of a frame that has begun to arrive.
        /// Default 3 s. What comes later was never acknowledged.
        pub fn stop_grace(mut self, limit: ::std::time::Duration) -> Self {
            self.options.stop_grace = limit;
            self
        }

        /// Builds acknowledgments by `acknowledger`: its clock, control IDs and identity.
        pub fn acknowledger(mut self, acknowledger: ::hl7_ack::Acknowledger) -> Self {
            self.options.acknowledger = Some(acknowledger);
            self
        }
    };
}

pub(super) use option_setters;
