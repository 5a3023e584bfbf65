//! Writes and reads the little of HL7 v2 that a peer needs, by hand.

/// Stands in every field about a person in what a peer sends; no log and no error may ever show it.
pub const MARK: &str = "QXMARKED";

/// An admission of an invented patient, with this control ID.
#[must_use]
pub fn message(id: &str) -> Vec<u8> {
    format!(
        "MSH|^~\\&|CHAOS|NORTH|ENGINE|SOUTH|20260302101500||ADT^A01^ADT_A01|{id}|P|2.5.1\r\
         EVN|A01|20260302101500\r\
         PID|1||{MARK}^^^NORTH^MR||{MARK}^{MARK}||19620320|F|||{MARK}^^{MARK}\r\
         PV1|1|I|W3^12^{MARK}\r"
    )
    .into_bytes()
}

/// VT, content, FS, CR.
#[must_use]
pub fn frame(content: &[u8]) -> Vec<u8> {
    [b"\x0b", content, b"\x1c\r"].concat()
}

/// An acknowledgment of `message` as its receiver would write it: `code` is `A`, `E` or `R`, and
/// becomes `AA` or, where MSH-15 or MSH-16 asks for enhanced mode, `CA` and so on.
///
/// `None` if `message` has no MSH with a control ID.
#[must_use]
pub fn acknowledgment(message: &[u8], code: char) -> Option<Vec<u8>> {
    let header = Header::of(message)?;
    let bar = header.bar;
    let level = match header.field(15).is_empty() && header.field(16).is_empty() {
        true => 'A',
        false => 'C',
    };
    let mut written = b"MSH".to_vec();
    for number in 2..=12 {
        written.push(bar);
        written.extend_from_slice(match number {
            3 => header.field(5),
            4 => header.field(6),
            5 => header.field(3),
            6 => header.field(4),
            7 => b"20260302101501",
            9 => b"ACK",
            10 => b"CHAOS-ACK",
            8 => b"",
            _ => header.field(number),
        });
    }
    written.extend_from_slice(b"\rMSA");
    for field in [format!("{level}{code}").as_bytes(), header.field(10)] {
        written.push(bar);
        written.extend_from_slice(field);
    }
    written.push(b'\r');
    Some(written)
}

/// MSH-10.
#[must_use]
pub fn control_id(message: &[u8]) -> Option<&[u8]> {
    Some(Header::of(message)?.field(10)).filter(|id| !id.is_empty())
}

/// MSA-1 and MSA-2 of the first MSA segment, whatever ends the segments.
#[must_use]
pub fn msa(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let bar = Header::of(answer)?.bar;
    let mut segments = answer.split(|byte| matches!(byte, b'\r' | b'\n'));
    let segment = segments.find(|segment| segment.starts_with(&[b'M', b'S', b'A', bar]))?;
    let mut fields = segment.split(|byte| *byte == bar).skip(1);
    Some((fields.next()?, fields.next()?))
}

struct Header<'a> {
    bar: u8,
    fields: Vec<&'a [u8]>,
}

impl<'a> Header<'a> {
    fn of(message: &'a [u8]) -> Option<Self> {
        let start = message.windows(3).position(|window| window == b"MSH")?;
        let header = message.get(start..)?.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
        let bar = *header.get(3)?;
        Some(Self { bar, fields: header.split(|byte| *byte == bar).collect() })
    }

    /// The field with this number; MSH-1 is the separator itself, so MSH-2 is the second part.
    fn field(&self, number: usize) -> &'a [u8] {
        number.checked_sub(1).and_then(|index| self.fields.get(index).copied()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgment_names_its_message_and_has_the_level_it_asks_for() {
        for (asked, code, expected) in [("", 'A', &b"AA"[..]), ("|||AL|NE", 'E', b"CE")] {
            let text =
                format!("MSH*^~\\&*A*B*C*D*1**ADT^A01*77*P*2.5{}\r", asked.replace('|', "*"));
            let ack = acknowledgment(text.as_bytes(), code).expect("an acknowledgment");
            assert_eq!(msa(&ack), Some((expected, &b"77"[..])), "{text:?}");
            assert!(ack.starts_with(b"MSH*^~\\&*C*D*A*B*"), "{}", ack.escape_ascii());
        }
        assert_eq!(acknowledgment(b"PID|1", 'A'), None);
        assert_eq!(control_id(&message("9")), Some(&b"9"[..]));
    }
}
