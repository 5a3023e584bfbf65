//! Recognises HTTP and TLS by the first bytes of a stream.

use std::fmt;

use crate::ForeignProtocol;

/// The first bytes of a stream that did not begin with a frame, until they are judged.
#[derive(Clone)]
pub(crate) struct Lead {
    bytes: [u8; LEAD_LEN],
    len: usize,
}

/// The bytes may be a patient's; their number tells enough.
impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lead({} bytes)", self.len)
    }
}

/// What the first bytes of a stream tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// These bytes begin another protocol.
    Foreign(ForeignProtocol),
    /// They may; more bytes are needed.
    Open,
    /// They do not.
    Unknown,
}

impl Lead {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; LEAD_LEN], len: 0 }
    }

    /// Adds bytes until the verdict is reached.
    ///
    /// The verdict depends on the bytes alone, not on how they were cut into calls.
    pub(crate) fn judge(&mut self, bytes: &[u8]) -> Verdict {
        let mut verdict = self.verdict();
        for &byte in bytes {
            if verdict != Verdict::Open {
                break;
            }
            if let Some(slot) = self.bytes.get_mut(self.len) {
                *slot = byte;
                self.len += 1;
            }
            verdict = self.verdict();
        }
        verdict
    }

    fn verdict(&self) -> Verdict {
        let lead = self.bytes.get(..self.len).unwrap_or_default();
        let mut open = false;
        for &(signature, protocol) in SIGNATURES {
            if lead.starts_with(signature) {
                return Verdict::Foreign(protocol);
            }
            open |= signature.starts_with(lead);
        }
        if open { Verdict::Open } else { Verdict::Unknown }
    }
}

/// As long as the longest signature.
const LEAD_LEN: usize = 8;

const SIGNATURES: &[(&[u8], ForeignProtocol)] = &[
    (b"CONNECT ", ForeignProtocol::Http),
    (b"DELETE ", ForeignProtocol::Http),
    (b"GET ", ForeignProtocol::Http),
    (b"HEAD ", ForeignProtocol::Http),
    (b"HTTP/", ForeignProtocol::Http),
    (b"OPTIONS ", ForeignProtocol::Http),
    (b"PATCH ", ForeignProtocol::Http),
    (b"POST ", ForeignProtocol::Http),
    (b"PRI * HT", ForeignProtocol::Http),
    (b"PUT ", ForeignProtocol::Http),
    (b"TRACE ", ForeignProtocol::Http),
    // An alert and a handshake record: type, then the major version, which is 3 in all of them.
    (b"\x15\x03", ForeignProtocol::Tls),
    (b"\x16\x03", ForeignProtocol::Tls),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_recognised_at_its_last_byte_however_it_is_cut() {
        for &(signature, protocol) in SIGNATURES {
            assert!(signature.len() <= LEAD_LEN, "{signature:?}");
            let (last, rest) = signature.split_last().unwrap();
            let mut lead = Lead::new();
            for byte in rest {
                assert_eq!(lead.judge(&[*byte]), Verdict::Open, "{signature:?}");
            }
            assert_eq!(lead.judge(&[*last]), Verdict::Foreign(protocol), "{signature:?}");
            assert_eq!(Lead::new().judge(signature), Verdict::Foreign(protocol));
        }
    }

    #[test]
    fn other_bytes_are_not_taken_for_a_protocol() {
        for bytes in [&b"MSH|^~\\&|"[..], b"GETAWAY", b"get / ", b"\x16\x02", b"\x15", b"\r\nGET "]
        {
            let verdict = Lead::new().judge(bytes);
            assert!(!matches!(verdict, Verdict::Foreign(_)), "{bytes:?}: {verdict:?}");
        }
    }
}
