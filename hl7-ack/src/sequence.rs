//! [`SequenceReceiver`] and [`SequenceSender`]: the sequence number protocol (2.9.1).

use hl7_parse::Header;

/// MSH-13 holds at most 15 digits.
const MAX: i64 = 999_999_999_999_999;

/// What MSH-13 of a message says; `None` where the protocol is not in use: the field is empty,
/// `""`, or no number from -1 to 999,999,999,999,999.
///
/// ```
/// use hl7_parse::Header;
///
/// let header = Header::parse(b"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|42\r")?;
/// assert_eq!(hl7_ack::sequence_number(&header), Some(42));
/// # Ok::<(), hl7_parse::ParseError>(())
/// ```
#[must_use]
pub fn sequence_number(header: &Header<'_>) -> Option<i64> {
    let number: i64 = header.field(13).to_str().ok()?.trim().parse().ok()?;
    (-1..=MAX).contains(&number).then_some(number)
}

/// The receiver's side of a link on which messages are numbered: one for each pair of sender and
/// receiver.
///
/// It says what to do with a message, and what MSA-4 of its acknowledgment is to be
/// ([`Outcome::expecting`](crate::Outcome::expecting)). The number has to be stored with the
/// message before that is acknowledged: [`SequenceReceiver::last_accepted`].
///
/// ```
/// use hl7_ack::{Sequence, SequenceReceiver};
///
/// let mut link = SequenceReceiver::new(Some(41));
/// let step = link.receive(42);
/// assert_eq!(step, Sequence::InOrder { expected: 42 });
/// let stored = hl7_ack::Outcome::accepted().expecting(step.expected());
/// # assert!(stored.is_accepted());
/// // 42 once more, because its acknowledgment was lost.
/// assert_eq!(link.receive(42), Sequence::OutOfOrder { expected: 43 });
/// assert_eq!(link.receive(43), Sequence::InOrder { expected: 43 });
/// assert_eq!(link.last_accepted(), Some(43));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceReceiver {
    last_accepted: Option<i64>,
}

/// What MSH-13 of a message means to its receiver, and what goes into MSA-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sequence {
    /// 0: the sender asks where to begin. The message may be no more than MSH, and is only to be
    /// acknowledged.
    Start {
        /// The number that comes next, or -1 where none is known.
        expected: i64,
    },
    /// -1: the next positive number, whatever it is, is where the sequence goes on. Only to be
    /// acknowledged.
    Resynchronise {
        /// -1.
        expected: i64,
    },
    /// The number that was expected: the message is to be handled.
    InOrder {
        /// Its own number.
        expected: i64,
    },
    /// Another number: the message is to be refused (AE; CE in enhanced mode) and not handled.
    OutOfOrder {
        /// The number that comes next.
        expected: i64,
    },
}

impl Sequence {
    /// What goes into MSA-4.
    #[must_use]
    pub fn expected(self) -> i64 {
        match self {
            Self::Start { expected }
            | Self::Resynchronise { expected }
            | Self::InOrder { expected }
            | Self::OutOfOrder { expected } => expected,
        }
    }
}

impl SequenceReceiver {
    /// A link of which this number was accepted last, if any was.
    #[must_use]
    pub fn new(last_accepted: Option<i64>) -> Self {
        Self { last_accepted: last_accepted.filter(|number| (1..=MAX).contains(number)) }
    }

    /// The number that was accepted last, to be stored; `None` where any positive number is the
    /// next.
    #[must_use]
    pub fn last_accepted(&self) -> Option<i64> {
        self.last_accepted
    }

    /// Takes the number of a message that arrived: [`sequence_number`].
    ///
    /// A number in order counts as accepted from here on. Where the message could then not be
    /// stored, make the link anew with the number before.
    pub fn receive(&mut self, number: i64) -> Sequence {
        let next = self.last_accepted.map(|last| if last >= MAX { 1 } else { last + 1 });
        match (number, next) {
            (0, _) => Sequence::Start { expected: next.unwrap_or(-1) },
            (-1, _) => {
                self.last_accepted = None;
                Sequence::Resynchronise { expected: -1 }
            }
            (1..=MAX, next) if next.is_none_or(|next| next == number) => {
                self.last_accepted = Some(number);
                Sequence::InOrder { expected: number }
            }
            (_, next) => Sequence::OutOfOrder { expected: next.unwrap_or(-1) },
        }
    }
}

/// The sender's side: what MSA-4 of an acknowledgment says about the message it answers.
///
/// ```
/// use hl7_ack::{SequenceSender, SequenceStep};
///
/// let mut link = SequenceSender::new();
/// assert_eq!(link.number(), 0);
/// // The receiver has 41 already.
/// assert_eq!(link.acknowledged(42), SequenceStep::SendNext);
/// assert_eq!(link.number(), 42);
/// assert_eq!(link.acknowledged(42), SequenceStep::SendNext);
/// assert_eq!(link.number(), 43);
///
/// // The receiver has lost messages: begin anew, if nobody is to look at it first.
/// assert_eq!(link.acknowledged(40), SequenceStep::Behind { expected: 40 });
/// link.restart();
/// assert_eq!(link.number(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceSender {
    number: i64,
}

/// What a sender does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SequenceStep {
    /// The message is there, or there was before: the next one is sent, with
    /// [`SequenceSender::number`].
    SendNext,
    /// The receiver has fewer messages than were sent: those from this number on are lost to it.
    /// [`SequenceSender::restart`], or stop for an operator.
    Behind {
        /// The number it waits for.
        expected: i64,
    },
    /// The receiver expects what makes no sense: stop for an operator.
    Stop,
}

impl SequenceSender {
    /// A link that begins by asking where to begin, with the number 0.
    #[must_use]
    pub fn new() -> Self {
        Self { number: 0 }
    }

    /// A link that goes on with this number, from 1 to 999,999,999,999,999; one that asks where to
    /// begin for any other.
    #[must_use]
    pub fn from(number: i64) -> Self {
        Self { number: if (1..=MAX).contains(&number) { number } else { 0 } }
    }

    /// What to write into MSH-13 of the message that is sent next; for a repeated one the same.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Takes MSA-4 of the acknowledgment of the message with [`SequenceSender::number`]:
    /// [`Answer::expected_sequence_number`](crate::Answer::expected_sequence_number).
    pub fn acknowledged(&mut self, expected: i64) -> SequenceStep {
        let following = |number: i64| if number >= MAX { 1 } else { number + 1 };
        let own = self.number;
        match expected {
            // The answer to 0. Where none is known, any number will do.
            -1 if own == 0 => self.number = 1,
            1..=MAX if own == 0 => self.number = expected,
            // The second: an earlier acknowledgment was lost, and the message is there.
            1..=MAX if expected == own || expected == following(own) => {
                self.number = following(own);
            }
            1..=MAX if expected < own => return SequenceStep::Behind { expected },
            _ => return SequenceStep::Stop,
        }
        SequenceStep::SendNext
    }

    /// Begins anew: the next message has the number 0 and asks where to begin.
    pub fn restart(&mut self) {
        self.number = 0;
    }
}

impl Default for SequenceSender {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receiver_answers_each_number_as_the_table_says() {
        use Sequence::{InOrder, OutOfOrder, Resynchronise, Start};
        for (last, number, answer, then) in [
            (None, 0, Start { expected: -1 }, None),
            (Some(41), 0, Start { expected: 42 }, Some(41)),
            (Some(41), -1, Resynchronise { expected: -1 }, None),
            (None, 7, InOrder { expected: 7 }, Some(7)),
            (Some(41), 42, InOrder { expected: 42 }, Some(42)),
            (Some(41), 41, OutOfOrder { expected: 42 }, Some(41)),
            (Some(41), 43, OutOfOrder { expected: 42 }, Some(41)),
            (Some(41), i64::MIN, OutOfOrder { expected: 42 }, Some(41)),
            (Some(41), i64::MAX, OutOfOrder { expected: 42 }, Some(41)),
            (None, MAX + 1, OutOfOrder { expected: -1 }, None),
            (Some(MAX), 1, InOrder { expected: 1 }, Some(1)),
            (Some(MAX), 0, Start { expected: 1 }, Some(MAX)),
            (Some(MAX + 1), 5, InOrder { expected: 5 }, Some(5)),
        ] {
            let mut link = SequenceReceiver::new(last);
            let shown = format!("{number} after {last:?}");
            assert_eq!(link.receive(number), answer, "{shown}");
            assert_eq!(link.last_accepted(), then, "{shown}");
        }
    }

    #[test]
    fn the_sender_goes_on_goes_back_or_stops() {
        for (own, expected, step, then) in [
            (0, -1, SequenceStep::SendNext, 1),
            (0, 42, SequenceStep::SendNext, 42),
            (42, 42, SequenceStep::SendNext, 43),
            (42, 43, SequenceStep::SendNext, 43),
            (42, 40, SequenceStep::Behind { expected: 40 }, 42),
            (42, 44, SequenceStep::Stop, 42),
            (42, -1, SequenceStep::Stop, 42),
            (42, 0, SequenceStep::Stop, 42),
            (0, 0, SequenceStep::Stop, 0),
            (42, i64::MAX, SequenceStep::Stop, 42),
            (MAX, MAX, SequenceStep::SendNext, 1),
            (MAX, 1, SequenceStep::SendNext, 1),
        ] {
            let mut link = SequenceSender::from(own);
            let shown = format!("{expected} for {own}");
            assert_eq!(link.acknowledged(expected), step, "{shown}");
            assert_eq!(link.number(), then, "{shown}");
        }
    }

    #[test]
    fn both_sides_agree_again_whatever_was_lost() {
        // Where they stand, and whether acknowledgments are lost.
        for (sent, accepted) in
            [(None, None), (None, Some(7)), (Some(9), Some(8)), (Some(9), Some(9))]
        {
            let mut sender = sent.map_or_else(SequenceSender::new, SequenceSender::from);
            let mut receiver = SequenceReceiver::new(accepted);
            let mut handled = Vec::new();
            for round in 0..20 {
                let answer = receiver.receive(sender.number());
                if let Sequence::InOrder { expected } = answer {
                    handled.push(expected);
                }
                // Every third acknowledgment is lost, and the message is repeated.
                if round % 3 != 0 {
                    let step = sender.acknowledged(answer.expected());
                    assert_eq!(step, SequenceStep::SendNext, "{sent:?}, {accepted:?}, {round}");
                }
            }
            let in_order = handled.windows(2).all(|pair| pair[1] == pair[0] + 1);
            assert!(in_order && handled.len() > 10, "{sent:?}, {accepted:?}: {handled:?}");
        }
    }

    #[test]
    fn a_sequence_number_is_read_from_msh_13_alone_and_within_its_range() {
        for (written, expected) in [
            ("42", Some(42)),
            (" 42 ", Some(42)),
            ("0", Some(0)),
            ("1", Some(1)),
            ("-1", Some(-1)),
            ("-2", None),
            ("999999999999999", Some(MAX)),
            ("1000000000000000", None),
            ("99999999999999999999", None),
            ("", None),
            ("\"\"", None),
            ("4 2", None),
            ("x", None),
        ] {
            let line = format!("MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5|{written}|9");
            let header = Header::parse(line.as_bytes()).expect("a header");
            assert_eq!(sequence_number(&header), expected, "{written:?}");
        }
    }

    #[test]
    fn a_link_that_is_restarted_asks_where_to_begin() {
        for number in [1, 42, MAX] {
            let mut link = SequenceSender::from(number);
            link.restart();
            assert_eq!((link, link.number()), (SequenceSender::new(), 0), "from {number}");
        }
    }
}
