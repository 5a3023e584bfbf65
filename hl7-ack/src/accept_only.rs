//! [`AcceptOnly`]: refuses messages whose header says that they are not for this receiver (2.9.2).

use hl7_parse::{Header, Path};

use crate::{AnyHandler, ErrorCode, Handler, Outcome, Received, Reply, Version};

/// Lets messages through by type, version and processing ID, and rejects the others: AR, at the
/// accept level CR, with one error for each of
///
/// | code | field | where it is refused |
/// |---|---|---|
/// | 200 | MSH-9.1 | no message of that type is taken |
/// | 201 | MSH-9.2 | the type is taken, but not this event |
/// | 202 | MSH-11.1 | [`AcceptOnly::processing_ids`] does not have it |
/// | 203 | MSH-12.1 | [`AcceptOnly::versions`] does not have it |
///
/// ```
/// use hl7_ack::{AcceptOnly, AnyHandler, Handler};
///
/// fn filtered(handler: impl Handler) -> AnyHandler {
///     AcceptOnly::types(["ADT^*", "ORU^R01", "SIU^*"])
///         .versions(["2.3.1", "2.4", "2.5", "2.5.1"])
///         .processing_ids(["P"])
///         .around(handler)
/// }
/// ```
///
/// A sender whose MSH-15 asks for no such answer hears nothing, and the log of the server says that
/// it was refused, and by which code. Where MSH-16 asks for one, [`crate::Enhanced`] sends it if its `store` calls
/// [`AcceptOnly::refusal`]; around [`crate::Enhanced`] there is nowhere to send it to.
///
/// An acknowledgment is held against the lists like all else: [`crate::Waiters::around`] goes around
/// this, or `ACK`, and the types of the response messages, are in the list. Else whoever waits for
/// one never hears it.
///
/// Blanks around a value and lower case are seen and taken. An empty field is refused, unless
/// `""` is in the list.
#[derive(Clone, Debug)]
pub struct AcceptOnly {
    types: Vec<(String, String)>,
    versions: Option<Vec<String>>,
    processing_ids: Option<Vec<String>>,
}

impl AcceptOnly {
    /// Takes these types: `ORU^R01` is one event of a type, `SIU^*` or `SIU` all of them, `*`
    /// any type.
    #[must_use]
    pub fn types<T: AsRef<str>>(types: impl IntoIterator<Item = T>) -> Self {
        let cut = |pattern: T| {
            let pattern = pattern.as_ref();
            let (code, event) = pattern.split_once('^').unwrap_or((pattern, ANY));
            (code.trim().to_owned(), event.trim().to_owned())
        };
        Self { types: types.into_iter().map(cut).collect(), versions: None, processing_ids: None }
    }

    /// Takes these versions, as they stand in MSH-12.1. Default: all. A refusal names the newest of
    /// them in its own MSH-12.
    #[must_use]
    pub fn versions<T: Into<String>>(mut self, versions: impl IntoIterator<Item = T>) -> Self {
        self.versions = Some(versions.into_iter().map(Into::into).collect());
        self
    }

    /// Takes these processing IDs (Table 0103): `P` production, `T` training, `D` debugging.
    /// Default: all.
    #[must_use]
    pub fn processing_ids<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.processing_ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Hands what is taken to `handler`.
    #[must_use]
    pub fn around(self, handler: impl Handler) -> AnyHandler {
        AnyHandler::new(Filtered { filter: self, handler })
    }

    /// Why a message with this header is not taken, if it is not.
    ///
    /// ```
    /// use hl7_ack::AcceptOnly;
    /// use hl7_parse::Header;
    ///
    /// let filter = AcceptOnly::types(["ORU^R01"]);
    /// let header = Header::parse(b"MSH|^~\\&|A|B|C|D|1||ORU^R01|7|P|2.5")?;
    /// assert_eq!(filter.refusal(&header), None);
    /// # Ok::<(), hl7_parse::ParseError>(())
    /// ```
    #[must_use]
    pub fn refusal(&self, header: &Header<'_>) -> Option<Outcome> {
        let mut refusal: Option<Outcome> = None;
        let mut refuse = |code: ErrorCode, path: Path| {
            let refused = match refusal.take() {
                None => Outcome::rejected(code, "not taken by this receiver"),
                Some(refusal) => refusal.and(code, "not taken by this receiver"),
            };
            refusal = Some(refused.at(path));
        };
        let message_type = header.message_type();
        let code = message_type.component(1).as_bytes();
        let event = message_type.component(2).as_bytes();
        let mut of_code = self.types.iter().filter(|(taken, _)| is(taken, code)).peekable();
        if of_code.peek().is_none() {
            refuse(ErrorCode::UNSUPPORTED_MESSAGE_TYPE, const { Path::new("MSH-9.1") });
        } else if !of_code.any(|(_, taken)| is(taken, event)) {
            refuse(ErrorCode::UNSUPPORTED_EVENT_CODE, const { Path::new("MSH-9.2") });
        }
        let lists = |list: &Option<Vec<String>>, value: &[u8]| {
            list.as_ref().is_none_or(|list| list.iter().any(|taken| is(taken, value)))
        };
        if !lists(&self.processing_ids, header.processing_id().component(1).as_bytes()) {
            refuse(ErrorCode::UNSUPPORTED_PROCESSING_ID, const { Path::new("MSH-11.1") });
        }
        if lists(&self.versions, header.version().component(1).as_bytes()) {
            return refusal;
        }
        refuse(ErrorCode::UNSUPPORTED_VERSION_ID, const { Path::new("MSH-12.1") });
        // The sender is told which it may go on in.
        let listed = self.versions.iter().flatten();
        match listed.filter_map(|taken| Version::listed(taken)).max() {
            Some(newest) => refusal.map(|refusal| refusal.newest_version(newest)),
            None => refusal,
        }
    }
}

const ANY: &str = "*";

fn is(taken: &str, value: &[u8]) -> bool {
    taken == ANY || value.trim_ascii().eq_ignore_ascii_case(taken.as_bytes())
}

struct Filtered<H> {
    filter: AcceptOnly,
    handler: H,
}

impl<H: Handler> Handler for Filtered<H> {
    async fn handle(&self, received: Received) -> Reply {
        match self.filter.refusal(&received.message.header()) {
            Some(refusal) => refusal.into(),
            None => self.handler.handle(received).await,
        }
    }
}
