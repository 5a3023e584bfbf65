//! Joins what was cut because it was too long: segments (ADD) and messages (DSC and MSH-14).
//!
//! A long segment goes on in ADD segments: [`join_additions`]. A long message goes on in further
//! messages (2.10.2): each but the last ends with DSC, and each but the first names in MSH-14 the
//! pointer in DSC-1 of the one before. A segment that is cut where a message is cut ends with a
//! bare ADD and goes on with an ADD right after the next MSH. [`Continuation`] joins both.
//!
//! ```
//! use hl7_parse::{OwnedMessage, continuation::{Continuation, Continued}};
//!
//! let first = "MSH|^~\\&|LAB|GH|||||ORU^R01|7\rOBX|1|TX|||12\rADD\rDSC|p1|F\r";
//! let last = "MSH|^~\\&|LAB|GH|||||ORU^R01|8||||p1\rADD|345\rOBX|2\r";
//!
//! let mut continuation = Continuation::new();
//! assert!(matches!(continuation.push(OwnedMessage::parse(first)?)?, Continued::Waiting(_)));
//! let Continued::Whole(joined) = continuation.push(OwnedMessage::parse(last)?)? else {
//!     return Err("more to come".into());
//! };
//! assert_eq!(
//!     joined.message.as_bytes(),
//!     "MSH|^~\\&|LAB|GH|||||ORU^R01|7\rOBX|1|TX|||12345\rOBX|2\r"
//! );
//! // The application acknowledgment names the first fragment.
//! assert_eq!(joined.message.header().control_id().as_bytes(), b"7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod additions;
mod error;

use std::fmt;

use crate::{Field, Message, OwnedMessage, Segment, Separators};

use additions::Glue;

pub use additions::join_additions;
pub use error::{ContinuationError, ContinuationErrorKind};

/// Collects the fragments of messages until they are whole.
///
/// One value may serve many senders and many messages at once: a fragment belongs to the one
/// whose pointer it names, of the same MSH-3 and MSH-4, and others may come between. Everything
/// is bounded; what is held for a message is a copy of its segments and 8 bytes for each of them,
/// so that in all it is at most [`Continuation::max_open`] times [`Continuation::max_len`] and
/// those.
///
/// It has no clock. A sender that never sends the next fragment leaves its message waiting until
/// [`Continuation::abandon`]: remember when each [`Waiting`] was reported last, and give up after
/// a time.
///
/// ```
/// use hl7_parse::{OwnedMessage, continuation::{Continuation, ContinuationErrorKind}};
///
/// let fragment = "MSH|^~\\&|LAB|GH|||||ORU^R01|7\rOBX|1|TX|||12\rADD\rDSC|p1|F\r";
/// let mut continuation = Continuation::new().max_fragments(100).max_len(1_000_000).max_open(1);
/// continuation.push(OwnedMessage::parse(fragment)?)?;
///
/// // One more than may be open; it comes back with the error.
/// let other = fragment.replace("p1", "p2");
/// let error = continuation.push(OwnedMessage::parse(other)?).err().ok_or("one too many")?;
/// assert_eq!(error.kind(), ContinuationErrorKind::TooManyOpen);
/// assert_eq!(error.message().header().control_id().as_bytes(), b"7");
/// assert!(error.unfinished().is_none());
///
/// // The first never goes on: it is given up with what there is of it.
/// let waiting = continuation.waiting().next().ok_or("one waits")?;
/// assert_eq!(continuation.first_control_id(waiting), Some(&b"7"[..]));
/// let joined = continuation.abandon(waiting).ok_or("it was there")?;
/// assert_eq!(joined.fragments, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// DSC-2 `I` asks for interactive continuation of a query's answer, which is another thing: such
/// a message is whole.
#[derive(Clone)]
pub struct Continuation {
    max_fragments: usize,
    max_len: usize,
    max_open: usize,
    /// In the order in which they began.
    open: Vec<Open>,
    next: u64,
}

/// What came of a message given to [`Continuation::push`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Continued {
    /// A whole message: the last fragment was there, or it was none.
    Whole(Joined),
    /// A fragment, kept; the next one is missing.
    Waiting(Waiting),
    /// A fragment that was sent again and is there already; the next one is missing.
    Again(Waiting),
}

/// A logical message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Joined {
    /// MSH of the first fragment, whose MSH-10 the application acknowledgment is to name, and
    /// the segments of all, additions joined and DSC left out. Where there was one fragment and
    /// no addition, the very bytes that came.
    pub message: OwnedMessage,
    /// Of how many messages it was made.
    pub fragments: usize,
}

/// A message that waits for its next fragment: a name for it, `Copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Waiting(u64);

#[derive(Clone)]
struct Open {
    name: Waiting,
    /// DSC-1 of the last fragment, which MSH-14 of the next is to name.
    pointer: Vec<u8>,
    /// MSH-3 and MSH-4.
    sender: [Vec<u8>; 2],
    /// MSH-10 and MSH-14 of the last fragment, to know it again.
    last: [Vec<u8>; 2],
    separators: Separators,
    glue: Glue,
    fragments: usize,
}

impl Continuation {
    /// The default for [`Continuation::max_fragments`]: one thousand.
    pub const MAX_FRAGMENTS: usize = 1000;
    /// The default for [`Continuation::max_len`]: 64 MiB.
    pub const MAX_LEN: usize = 64 * 1024 * 1024;
    /// The default for [`Continuation::max_open`]: sixteen.
    pub const MAX_OPEN: usize = 16;

    /// With the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self {
            max_fragments: Self::MAX_FRAGMENTS,
            max_len: Self::MAX_LEN,
            max_open: Self::MAX_OPEN,
            open: Vec::new(),
            next: 0,
        }
    }

    /// Of how many fragments a message may be made.
    #[must_use]
    pub fn max_fragments(mut self, max: usize) -> Self {
        self.max_fragments = max;
        self
    }

    /// How long a message may be that is made of fragments, in bytes: all of them together, at
    /// most 4 GiB. One that came whole is not held and not limited.
    #[must_use]
    pub fn max_len(mut self, max: usize) -> Self {
        self.max_len = max.min(u32::MAX as usize);
        self
    }

    /// How many messages may wait for their next fragment at once.
    #[must_use]
    pub fn max_open(mut self, max: usize) -> Self {
        self.max_open = max;
        self
    }

    /// Takes the next message.
    ///
    /// # Errors
    ///
    /// Where it is a fragment that can not be joined; the error holds it. What was joined before
    /// stays, unless it came over a limit with this fragment: then the error holds that too.
    pub fn push(&mut self, message: OwnedMessage) -> Result<Continued, ContinuationError> {
        let view = message.as_message();
        let fragment = Fragment::of(&view);
        if fragment.is_whole() {
            let message = join_additions(&message);
            return Ok(Continued::Whole(Joined { message, fragments: 1 }));
        }
        let kept = match fragment.continues {
            None => self.keep_first(&view, &fragment).map_err(|kind| (kind, None)),
            Some(pointer) => self.keep_next(&view, &fragment, pointer),
        };
        kept.map_err(|(kind, unfinished)| ContinuationError::new(kind, message, unfinished))
    }

    /// Begins a message.
    fn keep_first(
        &mut self,
        view: &Message<'_>,
        fragment: &Fragment<'_>,
    ) -> Result<Continued, ContinuationErrorKind> {
        if let Some(waiting) = self.sent_again(fragment) {
            return Ok(Continued::Again(waiting));
        }
        if self.at_pointer(fragment, fragment.pointer).is_some() {
            return Err(ContinuationErrorKind::PointerInUse);
        }
        if self.open.len() >= self.max_open {
            return Err(ContinuationErrorKind::TooManyOpen);
        }
        let mut open = Open {
            name: Waiting(self.next),
            pointer: Vec::new(),
            sender: fragment.sender.map(<[u8]>::to_vec),
            last: Default::default(),
            separators: view.separators(),
            glue: Glue::default(),
            fragments: 0,
        };
        if let Some(kind) = self.over_limit(&open, view) {
            return Err(kind);
        }
        open.add(view.segments(), fragment);
        self.next += 1;
        let waiting = open.name;
        self.open.push(open);
        Ok(Continued::Waiting(waiting))
    }

    /// Goes on with a message, and may end it.
    fn keep_next(
        &mut self,
        view: &Message<'_>,
        fragment: &Fragment<'_>,
        pointer: &[u8],
    ) -> Result<Continued, (ContinuationErrorKind, Option<Joined>)> {
        if let Some(waiting) = self.sent_again(fragment) {
            return Ok(Continued::Again(waiting));
        }
        let Some(at) = self.at_pointer(fragment, Some(pointer)) else {
            return Err((ContinuationErrorKind::UnknownPointer, None));
        };
        if self.at_pointer(fragment, fragment.pointer).is_some_and(|other| other != at) {
            return Err((ContinuationErrorKind::PointerInUse, None));
        }
        let mut open = self.open.remove(at);
        if let Some(kind) = self.over_limit(&open, view) {
            return Err((kind, Some(open.into_joined())));
        }
        if open.separators != view.separators() {
            self.open.insert(at, open);
            return Err((ContinuationErrorKind::DifferentSeparators, None));
        }
        open.add(view.segments().skip(1), fragment);
        if fragment.pointer.is_none() {
            return Ok(Continued::Whole(open.into_joined()));
        }
        let waiting = open.name;
        self.open.insert(at, open);
        Ok(Continued::Waiting(waiting))
    }

    /// The message whose last fragment this is once more.
    fn sent_again(&self, fragment: &Fragment<'_>) -> Option<Waiting> {
        let last = [fragment.control_id, fragment.continues.unwrap_or_default()];
        let at = self.at_pointer(fragment, fragment.pointer)?;
        let open = self.open.get(at)?;
        (!fragment.control_id.is_empty() && open.last == last).then_some(open.name)
    }

    fn at_pointer(&self, fragment: &Fragment<'_>, pointer: Option<&[u8]>) -> Option<usize> {
        let pointer = pointer?;
        let waits = |open: &Open| open.pointer == pointer && open.sender == fragment.sender;
        self.open.iter().position(waits)
    }

    fn over_limit(&self, open: &Open, view: &Message<'_>) -> Option<ContinuationErrorKind> {
        let len = open.glue.bytes.len().saturating_add(view.as_bytes().len());
        if open.fragments >= self.max_fragments {
            Some(ContinuationErrorKind::TooManyFragments)
        } else if len >= self.max_len {
            // The terminator of the last segment, which may be missing, has room.
            Some(ContinuationErrorKind::TooLong)
        } else {
            None
        }
    }

    /// The messages that wait for their next fragment, the oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = Waiting> {
        self.open.iter().map(|open| open.name)
    }

    /// MSH-10 of the first fragment of a message that waits.
    #[must_use]
    pub fn first_control_id(&self, waiting: Waiting) -> Option<&[u8]> {
        let open = self.open.iter().find(|open| open.name == waiting)?;
        Some(open.glue.header(open.separators).field(10).as_bytes())
    }

    /// Gives a message up and returns what there is of it.
    pub fn abandon(&mut self, waiting: Waiting) -> Option<Joined> {
        let at = self.open.iter().position(|open| open.name == waiting)?;
        Some(self.open.remove(at).into_joined())
    }
}

impl Default for Continuation {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Continuation")
            .field("max_fragments", &self.max_fragments)
            .field("max_len", &self.max_len)
            .field("max_open", &self.max_open)
            .field("open", &self.open.len())
            .finish()
    }
}

impl Open {
    /// Takes over segments, and what tells the next fragment.
    fn add<'a>(&mut self, segments: impl Iterator<Item = Segment<'a>>, fragment: &Fragment<'_>) {
        segments
            .filter(|segment| segment.id() != "DSC")
            .for_each(|segment| self.glue.push(segment));
        self.pointer = fragment.pointer.unwrap_or_default().to_vec();
        let last = [fragment.control_id, fragment.continues.unwrap_or_default()];
        self.last = last.map(<[u8]>::to_vec);
        self.fragments += 1;
    }

    fn into_joined(self) -> Joined {
        Joined { message: self.glue.into_message(self.separators), fragments: self.fragments }
    }
}

/// What a message says about what it continues and what continues it.
struct Fragment<'a> {
    /// MSH-3 and MSH-4.
    sender: [&'a [u8]; 2],
    /// MSH-10.
    control_id: &'a [u8],
    /// MSH-14.
    continues: Option<&'a [u8]>,
    /// DSC-1.
    pointer: Option<&'a [u8]>,
    /// DSC-2 is `I` (Table 0398).
    is_interactive: bool,
}

impl<'a> Fragment<'a> {
    fn of(message: &Message<'a>) -> Self {
        let header = message.header();
        let valued =
            |field: Field<'a>| (field.is_valued() && !field.is_null()).then_some(field.as_bytes());
        let dsc = message.segments().rev().find(|segment| segment.id() == "DSC");
        Self {
            sender: [header.sending_application(), header.sending_facility()]
                .map(|field| field.as_bytes()),
            control_id: header.control_id().as_bytes(),
            continues: valued(header.field(14)),
            pointer: dsc.and_then(|dsc| valued(dsc.field(1))),
            is_interactive: dsc.is_some_and(|dsc| dsc.field(2).as_bytes() == b"I"),
        }
    }

    fn is_whole(&self) -> bool {
        self.is_interactive || (self.continues.is_none() && self.pointer.is_none())
    }
}
