//! [`Na`] and [`Ma`]: arrays of numbers, as waveforms have them.

use std::{fmt, iter::FusedIterator};

use crate::value::{FromRaw, Nm, Raw, RawParts, ValueError};

/// An array of numbers (NA): one row of it; the repetitions of a field are its rows.
///
/// ```
/// use hl7_parse::{Message, value::Na};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|NA|1||125^34^-22^~-40^-44\r")?;
/// let mut rows = Vec::new();
/// for row in message.segment("OBX").ok_or("no OBX")?.field(5).read_each::<Na>() {
///     let row: Result<Vec<_>, _> = row?.values().collect();
///     rows.push(row?.into_iter().flatten().map(|value| value.as_str()).collect::<Vec<_>>());
/// }
/// assert_eq!(rows, [vec!["125", "34", "-22"], vec!["-40", "-44"]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "numeric array")]
#[derive(Clone, Copy)]
pub struct Na<'a> {
    raw: Raw<'a>,
}

/// What several channels measured at one time (MA): a number for each channel; the repetitions of
/// a field follow one another in time.
///
/// ```
/// use hl7_parse::{Message, value::{Ma, Nm}};
///
/// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|MA|1||0^0~1^-3\r")?;
/// let channels = message.segment("OBX").ok_or("no OBX")?.field(5);
/// let later: Ma = channels.repetition(2).read()?;
/// assert_eq!(later.channel(2)?, Some(Nm::new("-3")?));
/// assert_eq!(later.values().count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "multiplexed array")]
#[derive(Clone, Copy)]
pub struct Ma<'a> {
    raw: Raw<'a>,
}

impl<'a> Na<'a> {
    /// Value `n`, from 1; `None` where it was not sent. To read all, [`Self::values`] is faster.
    ///
    /// # Errors
    ///
    /// Where it is a delete indicator, or no number.
    pub fn value(&self, n: usize) -> Result<Option<Nm<'a>>, ValueError> {
        self.raw.part(n).read()
    }
}

impl<'a> Ma<'a> {
    /// What channel `n`, from 1, measured; `None` where it was not sent. To read all,
    /// [`Self::values`] is faster.
    ///
    /// # Errors
    ///
    /// Where it is a delete indicator, or no number.
    pub fn channel(&self, n: usize) -> Result<Option<Nm<'a>>, ValueError> {
        self.raw.part(n).read()
    }
}

macro_rules! samples {
    ($name:ident is $code:literal) => {
        impl<'a> $name<'a> {
            /// The view over a field (its first repetition), a repetition or a component. Total:
            /// what was not sent has no values.
            #[must_use]
            pub fn of(value: impl Into<Raw<'a>>) -> Self {
                Self { raw: value.into().single() }
            }

            /// All values in order, each read when the iterator comes to it; `None` for one that
            /// was left out. An error stops none after it.
            #[must_use]
            pub fn values(&self) -> Samples<'a> {
                Samples(self.raw.parts())
            }

            /// The value as a view without a type.
            #[must_use]
            pub fn raw(&self) -> Raw<'a> {
                self.raw
            }

            /// What was sent, delimiters and all.
            #[must_use]
            pub fn as_bytes(&self) -> &'a [u8] {
                self.raw.as_bytes()
            }

            /// Whether anything was sent; a delete indicator (`""`) was.
            #[must_use]
            pub fn is_valued(&self) -> bool {
                self.raw.is_valued()
            }
        }

        impl<'a> FromRaw<'a> for $name<'a> {
            fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
                raw.composite($code).map(|raw| Self { raw })
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("len", &self.as_bytes().len()).finish()
            }
        }
    };
}

samples!(Na is "NA");
samples!(Ma is "MA");

/// The values of an [`Na`] or [`Ma`], in order.
#[derive(Clone, Debug)]
pub struct Samples<'a>(RawParts<'a>);

impl<'a> Iterator for Samples<'a> {
    type Item = Result<Option<Nm<'a>>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|raw| raw.read())
    }
}

impl FusedIterator for Samples<'_> {}
