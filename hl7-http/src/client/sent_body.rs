//! The body of a request, which tells when it begins to leave.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hl7_ack::Progress;
use http_body::{Body, Frame, SizeHint};

/// One message as a request's body.
///
/// The HTTP machinery asks for the content before it writes the first byte of the request, so that
/// a message that was not asked for has not left.
pub(super) struct SentBody {
    content: Option<Bytes>,
    progress: Progress,
}

impl SentBody {
    pub(super) fn new(content: Bytes, progress: Progress) -> Self {
        Self { content: Some(content), progress }
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.progress.begin();
        Poll::Ready(self.content.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}
