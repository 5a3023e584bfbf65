//! [`OwnedMessage`]: a message that owns its bytes.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use crate::{
    Charset, Header, Message, ParseError, ParseOptions,
    header::Declared,
    scan::{First, Ignore, LineFeeds, Scanned, Span, scan, scan_with},
};

/// A message that shares ownership of its bytes.
///
/// `Clone` is two reference counts; sending it to another thread or holding it across an
/// `await` copies nothing. [`OwnedMessage::as_message`] gives the view with all the accessors,
/// without scanning or allocating.
///
/// It keeps the whole buffer alive that its bytes are a part of: [`OwnedMessage::detach`] what
/// is stored or queued for long.
///
/// ```
/// use hl7_parse::OwnedMessage;
///
/// let message = OwnedMessage::parse("MSH|^~\\&|LAB|GH\rPID|||12345\r")?;
/// let kept = message.clone();
/// let thread = std::thread::spawn(move || {
///     let pid = message.as_message().segment("PID").map(|pid| pid.field(3).decode().into_owned());
///     pid
/// });
/// assert_eq!(thread.join().ok().flatten().as_deref(), Some("12345"));
/// assert_eq!(kept.header().sending_application().as_bytes(), b"LAB");
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[derive(Clone)]
pub struct OwnedMessage {
    bytes: Bytes,
    declared: Declared,
    spans: Arc<[Span]>,
}

impl OwnedMessage {
    /// Reads a message as [`Message::parse`] does, without copying the bytes. With tolerances
    /// and limits of your own: [`ParseOptions::parse_owned`].
    ///
    /// # Errors
    ///
    /// Those of [`Message::parse`].
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, ParseError> {
        Self::parse_with(LineFeeds::Guessed, bytes.into())
    }

    /// Reads a message whatever character set it declares, to pass it on.
    ///
    /// [`OwnedMessage::parse`] refuses text that can not be split before it is decoded
    /// ([`crate::ParseErrorKind::NeedsDecoding`]): in Shift_JIS, Big5, GB 18030 and ISO-2022-JP
    /// half a character may equal a delimiter. Segment ends are right all the same, and so are the
    /// fields of MSH ([`Header`]); those of other segments may be cut in the wrong place. To read
    /// them, decode the bytes (`charset::decode`).
    ///
    /// # Errors
    ///
    /// Those of [`Message::parse`]; `NeedsDecoding` for UTF-16 and UTF-32 alone.
    ///
    /// ```
    /// use hl7_parse::{OwnedMessage, ParseErrorKind};
    ///
    /// let big_5 = &b"MSH|^~\\&|A|||||||7|P|2.5||||||BIG-5\rPID|||||\xB3\x5C\rPV1|1\r"[..];
    /// let error = OwnedMessage::parse(big_5).expect_err("text that looks like an escape");
    /// assert!(matches!(error.kind(), ParseErrorKind::NeedsDecoding(_)));
    ///
    /// let message = OwnedMessage::parse_undecoded(big_5)?;
    /// assert_eq!(message.as_message().segments().len(), 3);
    /// assert_eq!(message.header().control_id().as_bytes(), b"7");
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    pub fn parse_undecoded(bytes: impl Into<Bytes>) -> Result<Self, ParseError> {
        let bytes = bytes.into();
        let max_segments = ParseOptions::MAX_SEGMENTS;
        let scanned = scan(&bytes, First::Undecoded, max_segments, &mut Ignore)?;
        Ok(Self::from_scanned(bytes, scanned))
    }

    /// [`OwnedMessage::parse`] with a choice.
    pub(crate) fn parse_with(line_feeds: LineFeeds, bytes: Bytes) -> Result<Self, ParseError> {
        let max_segments = ParseOptions::MAX_SEGMENTS;
        let scanned = scan_with(line_feeds, &bytes, First::Header, max_segments, &mut Ignore)?;
        Ok(Self::from_scanned(bytes, scanned))
    }

    /// What was found in just these bytes.
    pub(crate) fn from_scanned(bytes: Bytes, scanned: Scanned) -> Self {
        Self { bytes, declared: scanned.declared, spans: scanned.spans.into() }
    }

    pub(crate) fn from_message(message: &Message<'_>) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(message.as_bytes()),
            declared: message.declared(),
            spans: Arc::from(message.spans()),
        }
    }

    pub(crate) fn from_spans(bytes: Bytes, declared: Declared, spans: Arc<[Span]>) -> Self {
        Self { bytes, declared, spans }
    }

    /// The message as a view. Neither scans nor allocates.
    #[must_use]
    pub fn as_message(&self) -> Message<'_> {
        Message::from_spans(&self.bytes, self.declared, &self.spans)
    }

    /// The bytes that were read, all of them, as they came.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The MSH segment.
    #[must_use]
    pub fn header(&self) -> Header<'_> {
        self.as_message().header()
    }

    /// The character set that MSH-18 declares.
    #[must_use]
    pub fn charset(&self) -> Charset {
        self.declared.separators.charset()
    }

    /// A part of this message as an owner of its own, without copying; a copy where `part` is
    /// not a part of it.
    #[must_use]
    pub fn slice_ref(&self, part: &[u8]) -> Bytes {
        let start = (part.as_ptr() as usize).wrapping_sub(self.bytes.as_ptr() as usize);
        let inside = start.checked_add(part.len()).is_some_and(|end| end <= self.bytes.len());
        if inside {
            self.bytes.slice(start..start + part.len())
        } else {
            Bytes::copy_from_slice(part)
        }
    }

    /// A copy of its own, which keeps no larger buffer alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { bytes: Bytes::copy_from_slice(&self.bytes), ..self.clone() }
    }

    /// The message as it is to be sent on: each segment ended by one CR, nothing before the
    /// first and nothing after the last (2.4.4). The same bytes where it is so already.
    ///
    /// What is in a segment stays: lines that [`ParseOptions::join_lines`] made one segment are
    /// lines again when this is read without it. An [`crate::Editor`] without edits writes them as
    /// one.
    ///
    /// ```
    /// let message = hl7_parse::OwnedMessage::parse("\nMSH|^~\\&|A\r\nPID|1\n\nPV1|1")?;
    /// assert_eq!(message.with_cr_ends().as_bytes(), "MSH|^~\\&|A\rPID|1\rPV1|1\r");
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn with_cr_ends(&self) -> Self {
        let mut next_start = 0;
        let ended = self.spans.iter().all(|span| {
            let follows = span.start == next_start;
            next_start = span.end.saturating_add(1);
            follows && self.bytes.get(span.end as usize) == Some(&b'\r')
        });
        if ended && self.bytes.len() == next_start as usize {
            return self.clone();
        }
        let len = self.spans.iter().map(|span| (span.end - span.start) as usize + 1).sum();
        let mut bytes = Vec::with_capacity(len);
        let mut spans = Vec::with_capacity(self.spans.len());
        for span in self.spans.iter() {
            let start = bytes.len();
            bytes.extend_from_slice(span.of(&self.bytes));
            let narrow = |n| u32::try_from(n).unwrap_or(u32::MAX);
            spans.push(Span { start: narrow(start), end: narrow(bytes.len()) });
            bytes.push(b'\r');
        }
        Self { bytes: bytes.into(), declared: self.declared, spans: spans.into() }
    }
}

impl fmt::Debug for OwnedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedMessage")
            .field("len", &self.bytes.len())
            .field("segments", &self.spans.len())
            .finish()
    }
}
