//! [`ReplayKey`]: what makes a message a copy of another.

use std::{fmt, hash::Hasher};

use hl7_parse::Message;
use siphasher::sip128::{Hasher128, SipHasher13};

/// What makes a message a copy of another: the same MSH-3, MSH-4 and MSH-10, and the same content
/// but for MSH-7, which some senders write anew when they send again.
///
/// Two digests of 128 bits (SipHash-1-3), which stay the same across processes, machines and
/// versions of this crate, so that they can be stored. They hold nothing of the message; they are
/// no protection against somebody who wants two messages to have the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplayKey {
    id: u128,
    content: u128,
}

impl ReplayKey {
    /// The key of a message; `None` where MSH-10 is empty, because then nothing says that it is
    /// a copy.
    ///
    /// ```
    /// use hl7_ack::ReplayKey;
    /// use hl7_parse::Message;
    ///
    /// let first = Message::parse(b"MSH|^~\\&|LAB|GH|||20260101||ORU^R01|7|P|2.5\rOBX|1\r")?;
    /// let again = Message::parse(b"MSH|^~\\&|LAB|GH|||20260102||ORU^R01|7|P|2.5\rOBX|1\r")?;
    /// let other = Message::parse(b"MSH|^~\\&|LAB|GH|||20260101||ORU^R01|7|P|2.5\rOBX|2\r")?;
    /// let key = |message| ReplayKey::of(message).ok_or("no control ID");
    /// assert!(key(&first)? == key(&again)?);
    /// assert!(key(&first)? != key(&other)? && key(&first)?.id() == key(&other)?.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(message: &Message<'_>) -> Option<Self> {
        let header = message.header();
        let control_id = header.control_id().as_bytes().trim_ascii();
        if control_id.is_empty() || header.control_id().is_null() {
            return None;
        }
        let sender = [header.sending_application(), header.sending_facility()];
        let id = digest([sender[0].as_bytes(), sender[1].as_bytes(), control_id]);

        let bytes = message.as_bytes();
        let time = message.span_of(header.field(7)).unwrap_or(0..0);
        let (before, after) = (bytes.get(..time.start), bytes.get(time.end..));
        let content = digest([before.unwrap_or_default(), after.unwrap_or_default()]);
        Some(Self { id, content })
    }

    /// The digest of MSH-3, MSH-4 and MSH-10.
    #[must_use]
    pub fn id(&self) -> u128 {
        self.id
    }

    /// The digest of the content.
    #[must_use]
    pub fn content(&self) -> u128 {
        self.content
    }
}

/// Of parts that are told apart by their lengths.
fn digest<const N: usize>(parts: [&[u8]; N]) -> u128 {
    let mut hasher = SipHasher13::new_with_keys(0x484c_3720_7632, 0x7265_706c_6179);
    for part in parts {
        hasher.write(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish128().as_u128()
}

impl fmt::Debug for ReplayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplayKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored keys have to be found by later versions.
    #[test]
    fn digests_do_not_change() {
        let bytes = b"MSH|^~\\&|LAB|GH|EHR|GH|20260101||ORU^R01|7|P|2.5\rOBX|1\r";
        let message = Message::parse(bytes).expect("readable");
        let key = ReplayKey::of(&message).expect("has an ID");
        // As another implementation of SipHash has them.
        let expected =
            (0xf354_2cb2_a462_292c_80a5_a0e1_0eee_b1e5, 0xa1c4_3454_75be_18a5_1fc6_f8d7_7c51_d1de);
        assert_eq!((key.id(), key.content()), expected);
    }

    #[test]
    fn what_is_no_id_makes_no_key() {
        for id in ["", " ", "\"\""] {
            let bytes = format!("MSH|^~\\&|LAB|GH|||1||ORU^R01|{id}|P|2.5\r");
            let message = Message::parse(bytes.as_bytes()).expect("readable");
            assert_eq!(ReplayKey::of(&message), None, "{id:?}");
        }
    }

    #[test]
    fn each_part_counts_and_the_time_alone_does_not() {
        let key = |msh_3: &str, msh_4: &str, msh_7: &str, msh_10: &str, rest: &str| {
            let bytes =
                format!("MSH|^~\\&|{msh_3}|{msh_4}|C|D|{msh_7}||ADT^A01|{msh_10}|P|2.5\r{rest}");
            ReplayKey::of(&Message::parse(bytes.as_bytes()).expect("readable")).expect("has an ID")
        };
        let key_of_first = key("A", "B", "1", "7", "PID|1\r");
        assert_eq!(key("A", "B", "", "7", "PID|1\r"), key_of_first);
        for (other, same_id) in [
            (key("AB", "", "1", "7", "PID|1\r"), false),
            (key("A", "B", "1", "8", "PID|1\r"), false),
            (key("A", "B", "1", "7", "PID|2\r"), true),
            (key("A", "B", "1", "7", ""), true),
        ] {
            assert!(other != key_of_first);
            assert_eq!(other.id() == key_of_first.id(), same_id);
        }
    }
}
