//! [`Clock`] and [`ControlIds`]: what MSH-7 and MSH-10 of an acknowledgment are made from.

use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::BuildHasher,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// Tells the time, for MSH-7.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// A message control ID (MSH-10) to be written. Made of a `String` or `&str`; one of up to 20
/// bytes is held without an allocation.
#[derive(Clone)]
pub struct ControlId(Held);

#[derive(Clone)]
enum Held {
    /// Letters and digits, which need no escaping.
    Plain([u8; ControlId::SHORT]),
    Short {
        bytes: [u8; ControlId::SHORT],
        len: u8,
    },
    Long(String),
}

impl ControlId {
    /// MSH-10 holds at most 20 characters up to 2.5.1, and 199 later.
    const SHORT: usize = 20;

    /// The text.
    ///
    /// ```
    /// use hl7_ack::ControlId;
    ///
    /// assert_eq!(ControlId::from("A17").as_str(), "A17");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Held::Plain(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            Held::Short { bytes, len } => {
                let text = bytes.get(..usize::from(*len)).unwrap_or_default();
                // It was made of text.
                std::str::from_utf8(text).unwrap_or_default()
            }
            Held::Long(text) => text,
        }
    }

    /// The text, where it is known to need no escaping.
    pub(crate) fn as_plain(&self) -> Option<&[u8; Self::SHORT]> {
        match &self.0 {
            Held::Plain(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn short(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::SHORT];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self(Held::Short { bytes, len: u8::try_from(text.len()).ok()? }))
    }
}

impl PartialEq for ControlId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ControlId {}

impl From<&str> for ControlId {
    fn from(text: &str) -> Self {
        Self::short(text.as_bytes()).unwrap_or_else(|| Self(Held::Long(text.to_owned())))
    }
}

impl From<String> for ControlId {
    fn from(text: String) -> Self {
        Self::short(text.as_bytes()).unwrap_or(Self(Held::Long(text)))
    }
}

impl fmt::Debug for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlId").field("len", &self.as_str().len()).finish()
    }
}

/// Makes message control IDs, for MSH-10.
pub trait ControlIds: Send + Sync + 'static {
    /// An ID that was not given out before: at most 20 characters, letters and digits, so that
    /// it fits every version of the standard.
    fn next(&self) -> ControlId;
}

impl<F, T> ControlIds for F
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Into<ControlId>,
{
    fn next(&self) -> ControlId {
        self().into()
    }
}

/// Control IDs that differ across processes and restarts: 12 characters drawn at random for
/// the first, then 8 that count.
pub struct UniqueIds {
    /// Drawn for the first ID: where there is no clock, making a generator must not need one.
    prefix: OnceLock<[u8; 12]>,
    count: AtomicU64,
}

/// Without letters that are taken for digits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl UniqueIds {
    /// Draws, for the first ID, 60 bits from the randomness that the standard library seeds its hash maps with,
    /// together with the time and the process.
    ///
    /// ```
    /// use hl7_ack::{ControlIds, UniqueIds};
    ///
    /// let ids = UniqueIds::new();
    /// assert_ne!(ids.next(), ids.next());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { prefix: OnceLock::new(), count: AtomicU64::new(0) }
    }

    fn prefix(&self) -> &[u8; 12] {
        self.prefix.get_or_init(|| {
            base_32(RandomState::new().hash_one((SystemTime::now(), std::process::id())))
        })
    }
}

impl Default for UniqueIds {
    fn default() -> Self {
        Self::new()
    }
}

impl ControlIds for UniqueIds {
    fn next(&self) -> ControlId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; ControlId::SHORT];
        let (prefix, counted) = bytes.split_at_mut(self.prefix().len());
        prefix.copy_from_slice(self.prefix());
        counted.copy_from_slice(&base_32::<8>(count));
        ControlId(Held::Plain(bytes))
    }
}

impl fmt::Debug for UniqueIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UniqueIds").field("count", &self.count).finish()
    }
}

/// The lowest `5 * DIGITS` bits.
fn base_32<const DIGITS: usize>(mut number: u64) -> [u8; DIGITS] {
    let mut digits = [0; DIGITS];
    for digit in digits.iter_mut().rev() {
        // Five bits: no index is beyond the alphabet.
        let index = usize::try_from(number & 31).unwrap_or_default();
        *digit = ALPHABET.get(index).copied().unwrap_or_default();
        number >>= 5;
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_fit_and_differ_within_and_across_generators() {
        let generators = [UniqueIds::new(), UniqueIds::new(), UniqueIds::new()];
        let next = |n: usize| generators[n % 3].next().as_str().to_owned();
        let ids: HashSet<String> = (0..3000).map(next).collect();
        assert_eq!(ids.len(), 3000);
        for id in ids {
            assert!(id.len() == 20 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
        }
    }

    #[test]
    fn the_clock_is_not_asked_before_the_first_id() {
        let ids = UniqueIds::new();
        assert!(ids.prefix.get().is_none(), "there is no clock in a browser");
        let prefix = ids.next().as_str().get(..12).map(str::to_owned);
        assert_eq!(ids.next().as_str().get(..12).map(str::to_owned), prefix);
    }

    #[test]
    fn ids_of_any_length_are_held_whole() {
        for len in [0, 1, 19, 20, 21, 36, 199] {
            let id = "x".repeat(len);
            assert_eq!(ControlId::from(id.as_str()).as_str(), id);
            assert_eq!(ControlId::from(id.clone()).as_str(), id);
        }
    }

    #[test]
    fn ids_are_equal_where_their_text_is_however_it_is_held() {
        let ids = UniqueIds::new();
        let plain = ids.next();
        let short = ControlId::from(plain.as_str());
        assert_eq!(plain, short);
        assert_ne!(ids.next(), short);
        let long = |end: &str| ControlId::from("x".repeat(30) + end);
        assert!(long("a") == long("a") && long("a") != long("b") && long("a") != short);
    }
}
