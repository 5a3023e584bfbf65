//! [`Acknowledgment`]: the bytes of an acknowledgment, ready to be sent.

use std::fmt;

use bytes::Bytes;
use hl7_parse::Message;

use crate::{AckCode, Answer, msa::msa_of};

/// An acknowledgment, ready to be sent: as a [`crate::Reply`] these very bytes.
///
/// Built by an [`crate::Acknowledger`], or taken over from another system's [`Answer`].
#[derive(Clone, PartialEq, Eq)]
pub struct Acknowledgment {
    bytes: Bytes,
    code: Option<AckCode>,
}

impl Acknowledgment {
    pub(crate) fn built(bytes: Bytes, code: AckCode) -> Self {
        Self { bytes, code: Some(code) }
    }

    /// The answer of another system, to be passed on. Segment ends become CR, nothing else is
    /// changed.
    ///
    /// ```
    /// use hl7_ack::{Acknowledgment, Finding, Outstanding};
    /// use hl7_parse::OwnedMessage;
    ///
    /// let sent = OwnedMessage::parse("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\r")?;
    /// let came = "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5\nMSA|AE|7|as it came";
    /// let Finding::Answer(answer) = Outstanding::of(&sent).examine(came.into()) else {
    ///     return Err("no answer".into());
    /// };
    /// let passed = Acknowledgment::passed_on(&answer);
    /// assert!(passed.as_bytes().ends_with(b"\rMSA|AE|7|as it came\r"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn passed_on(answer: &Answer) -> Self {
        Self { bytes: answer.message().with_cr_ends().as_bytes().clone(), code: answer.code() }
    }

    /// The bytes, each segment ended by CR.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// MSA-1; `None` where an answer passed on has none that is known.
    #[must_use]
    pub fn code(&self) -> Option<AckCode> {
        self.code
    }
}

impl fmt::Debug for Acknowledgment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acknowledgment")
            .field("code", &self.code)
            .field("len", &self.bytes.len())
            .finish()
    }
}

/// MSA-1 of a message, if it has one that is known.
pub(crate) fn msa_code(message: &Message<'_>) -> Option<AckCode> {
    AckCode::from_msa_1(msa_of(message)?.field(1).as_bytes())
}
