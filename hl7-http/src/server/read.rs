//! Reads a request's body, within limits.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes};
use hl7_transport::Shutdown;
use http_body::Body;
use tokio::time::timeout;

use super::budget::Held;

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// The caller broke off, or sent something that is not HTTP.
    Broken,
    /// All requests together hold as much as they may.
    NoRoom,
    /// It was said to be gzip and is not, or not to its end.
    NotGzip,
    /// It had not come when the server stopped, nor in the moment it was given then.
    Stopping,
    /// It did not come in time.
    TimedOut,
    /// It has more bytes than allowed.
    TooLong,
}

/// How long a body may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience<'a> {
    /// From the end of the headers.
    pub(super) limit: Duration,
    /// From the beginning of a graceful stop.
    pub(super) stop_grace: Duration,
    pub(super) shutdown: &'a Shutdown,
}

impl Patience<'_> {
    async fn wait<T>(self, job: impl Future<Output = Result<T, Unread>>) -> Result<T, Unread> {
        let mut job = pin!(timeout(self.limit, job));
        let in_time = match self.shutdown.until_stopping(job.as_mut()).await {
            Some(in_time) => in_time,
            None => timeout(self.stop_grace, job).await.map_err(|_| Unread::Stopping)?,
        };
        in_time.unwrap_or(Err(Unread::TimedOut))
    }
}

/// Bytes that have to arrive before the announced length is believed and reserved.
const BELIEVE_AFTER: usize = 64 * 1024;

/// Reads the whole body into one buffer of its own, so that a small message never keeps a large
/// buffer of the connection alive.
pub(super) async fn read<B: Body>(
    body: B,
    max: usize,
    held: &mut Held,
    patience: Patience<'_>,
) -> Result<Bytes, Unread> {
    let mut body = pin!(body);
    let announced = body.size_hint().exact().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > max {
        return Err(Unread::TooLong);
    }
    let reading = async {
        let mut content = Vec::new();
        while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
            if data.remaining() > max - content.len() {
                return Err(Unread::TooLong);
            }
            let is_believed = content.len() + data.remaining() >= BELIEVE_AFTER.min(announced);
            let room = if is_believed { announced } else { 0 };
            if !held.grow_to(room.max(content.len() + data.remaining())) {
                return Err(Unread::NoRoom);
            }
            if is_believed && content.capacity() < announced {
                content.reserve_exact(announced - content.len());
            }
            content.put(data);
        }
        if content.capacity() - content.len() > BELIEVE_AFTER {
            content.shrink_to_fit();
        }
        Ok(Bytes::from(content))
    };
    patience.wait(reading).await
}

/// Reads and forgets up to `max` bytes, so that a caller that sends everything before it looks for
/// an answer gets to see it instead of a reset connection.
pub(super) async fn discard<B: Body>(body: B, max: usize, patience: Patience<'_>) {
    let mut body = pin!(body);
    let discarding = async {
        let mut left = max;
        while let Some(Ok(frame)) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
            let len = frame.data_ref().map_or(0, Buf::remaining);
            let Some(rest) = left.checked_sub(len) else { break };
            left = rest;
        }
        Ok(())
    };
    let _in_time = patience.wait(discarding).await;
}
