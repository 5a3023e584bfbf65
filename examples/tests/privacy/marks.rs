//! What must not be seen, in every form in which it could be, and messages that are full of it.

use hl7_chaos::MARK;

/// A date and a number that stand for those of a patient.
pub(crate) const DATE: &str = "19770707";
pub(crate) const NUMBER: &str = "48151623";

/// Fails if a mark is in `text`: as it is, as the numbers of its bytes, as hex, or as Base64.
pub(crate) fn assert_clean(what: &str, text: &str) {
    // A message may be cut anywhere, so that a part of the mark gives it away; three letters alone on
    // a line are a segment ID, which may be shown.
    for mark in ["QXMA", "19770707", "48151623", "81, 88, 77", "51584d", "51584D", "UVhN"] {
        if let Some(at) = text.find(mark) {
            let from = text.floor_char_boundary(at.saturating_sub(200));
            let to = text.ceil_char_boundary(text.len().min(at + 200));
            panic!("{what} shows {mark}: {}", &text[from..to]);
        }
    }
}

/// A message in which every value but MSH-7, 9 to 12 and the types of OBX-2 is a mark.
pub(crate) fn marked() -> Vec<u8> {
    let m = MARK;
    let mut text = format!(
        "MSH|^~\\&|{m}|{m}^{m}|{m}|{m}|20260302101500|{m}|ORU^R01^ORU_R01|77|P|2.5.1|||||||{m}\r\
         PID|1|{m}|{NUMBER}^^^{m}&{m}^MR~{m}||{m}&{m}^{m}^{m}||{DATE}|{m}|||{m}&{m}^{m}^{m}|{m}|{m}\r\
         NK1|1|{m}^{m}\\T\\{m}|{m}||^{m}^{m}\rZXX|{m}|\\X{NUMBER}\\|\\{m}\\|\"\"\r"
    );
    for kind in [
        "NM", "SI", "DT", "TM", "TS", "SN", "CWE", "ED", "RP", "CX", "EI", "HD", "XPN", "XCN",
        "XON", "XAD", "XTN", "PL", "CQ", "NR", "MO", "CP", "TQ", "TX", "FT", m,
    ] {
        text +=
            &format!("OBX|1|{kind}|{m}^{m}||{m}^{m}^{m}^{m}^{m}~{DATE}x~{NUMBER}x|{m}|{NUMBER}\r");
        text += &format!("OBX|1|{kind}|{m}||{m}^{m}^{m}^Base64^{m}?~{m}^^^^{m}&{m}|{m}\r");
    }
    text.into_bytes()
}

/// A shorter one, and what it becomes when each byte is lost with all behind it, or is another.
pub(crate) fn damaged() -> impl Iterator<Item = Vec<u8>> {
    let m = MARK;
    let whole = format!(
        "MSH|^~\\&|{m}|{m}|{m}|{m}|20260302101500||ADT^A01|77|P|2.5.1\r\
         PID|1||{NUMBER}^^^{m}^MR||{m}^{m}||{DATE}|F\r{m} {m}\rBTS|{m}\r"
    )
    .into_bytes();
    let others = [b'|', b'^', b'\\', b'\r', b'\n', 0, 0x0B, 0x1C, 0xFF, b'M'];
    let cut = (0..whole.len()).map({
        let whole = whole.clone();
        move |len| whole[..len].to_vec()
    });
    cut.chain((0..whole.len()).flat_map(move |at| {
        let whole = whole.clone();
        others.into_iter().map(move |other| {
            let mut changed = whole.clone();
            changed[at] = other;
            changed
        })
    }))
}
