//! Follows `\C..\` and `\M..\` sequences, which switch the character set (2.6.3), and resolves
//! `\X..\` where the set that its bytes are of is about to change.

use std::borrow::Cow;

use memchr::memchr;

use super::iso2022::State;
use crate::{
    Charset, Separators,
    escape::{escape, hex_bytes, is_sequence},
};

/// Calls `read` for every piece between two switches, with what it is to be read in; the
/// sequences themselves are in no piece. Whether there was one at all.
pub(crate) fn each_run(
    bytes: &[u8],
    separators: &Separators,
    mut read: impl FnMut(State, &[u8]),
) -> bool {
    let (mut state, mut switched) = (State::INITIAL, false);
    let (mut start, mut at) = (0, 0);
    let Some(escape) = separators.escape() else {
        read(state, bytes);
        return false;
    };
    while let Some(rest) = bytes.get(at..) {
        let stop = match state == State::INITIAL {
            true => memchr(escape, rest),
            // Every element begins in the set of the message.
            false => rest.iter().position(|byte| *byte == escape || ends_leaf(*byte, separators)),
        };
        let Some(length) = stop else { break };
        at += length;
        let here = rest.get(length..).unwrap_or_default();
        if here.first() != Some(&escape) {
            read(state, bytes.get(start..at).unwrap_or_default());
            (state, start) = (State::INITIAL, at);
            continue;
        }
        let Some(body) = body(here, escape, separators) else {
            at += 1;
            continue;
        };
        if let Some(following) = switch(body, state) {
            read(state, bytes.get(start..at).unwrap_or_default());
            (state, start) = (following, at + body.len() + 2);
            switched = true;
        }
        at += body.len() + 2;
    }
    read(state, bytes.get(start..).unwrap_or_default());
    switched
}

/// What stands between the escape character at the start of `text` and the next one, if that
/// is a sequence. None crosses a delimiter.
fn body<'a>(text: &'a [u8], escape: u8, separators: &Separators) -> Option<&'a [u8]> {
    let after = text.get(1..)?;
    let end = after.iter().position(|byte| *byte == escape || ends_leaf(*byte, separators))?;
    let (body, closing) = after.split_at_checked(end)?;
    (closing.first() == Some(&escape) && is_sequence(body, separators)).then_some(body)
}

fn ends_leaf(byte: u8, separators: &Separators) -> bool {
    matches!(byte, b'\r' | b'\n') || (separators.delimits(byte) && byte != separators.escape)
}

/// What is designated after a sequence that switches.
fn switch(body: &[u8], state: State) -> Option<State> {
    let (b'C' | b'M', digits) = body.split_first()? else { return None };
    let (_, designation) = hex_bytes(digits).ok().filter(|(rest, _)| rest.is_empty())?;
    let (following, length) = state.after(&designation)?;
    (length == designation.len()).then_some(following)
}

/// Writes out the `\X..\` sequences whose bytes are text in another set than ASCII: what they
/// stand for would change with the set of the message.
///
/// `read` decodes such bytes; `None` leaves the sequence as it is.
pub(crate) fn resolve_hex<'t>(
    text: &'t str,
    separators: &Separators,
    read: impl Fn(&[u8]) -> Option<String>,
) -> Cow<'t, str> {
    let Some(escape_character) = separators.escape() else { return text.into() };
    let (mut resolved, mut written) = (String::new(), 0);
    let mut at = 0;
    while let Some(length) =
        text.as_bytes().get(at..).and_then(|rest| memchr(escape_character, rest))
    {
        at += length;
        let start = at;
        let mut bytes = Vec::new();
        // Neighbours are read as one: a character may be in two sequences.
        while let Some(body) = body_of_str(text, at, escape_character, separators) {
            let Some(Ok(([], more))) = body.strip_prefix(b"X").map(hex_bytes) else {
                if at == start {
                    at += body.len() + 2;
                }
                break;
            };
            bytes.extend_from_slice(&more);
            at += body.len() + 2;
        }
        if at == start {
            at += 1;
            continue;
        }
        if !bytes.iter().any(|byte| !byte.is_ascii() || *byte == super::ESCAPE) {
            continue;
        }
        let Some(meant) = read(&bytes) else { continue };
        resolved.push_str(text.get(written..start).unwrap_or_default());
        resolved.push_str(&String::from_utf8_lossy(&escape(meant.as_bytes(), separators)));
        written = at;
    }
    match written {
        0 => text.into(),
        _ => {
            resolved.push_str(text.get(written..).unwrap_or_default());
            resolved.into()
        }
    }
}

fn body_of_str<'t>(
    text: &'t str,
    at: usize,
    escape: u8,
    separators: &Separators,
) -> Option<&'t [u8]> {
    let here = text.as_bytes().get(at..)?;
    if here.first() != Some(&escape) {
        return None;
    }
    body(here, escape, separators)
}

/// Decodes the bytes of `\X..\` in a message whose set is `charset`; `None` where they are none
/// of it, or where they may stay as they are.
pub(crate) fn hex_reader(
    charset: Charset,
    default: Charset,
    separators: Separators,
) -> impl Fn(&[u8]) -> Option<String> {
    move |bytes| {
        let stays = match charset {
            Charset::Utf8 => true,
            // What a width of two or four bytes makes of single bytes is not defined.
            charset if charset.is_wide() => true,
            charset if charset.is_iso_2022_jp() => {
                let (text, replaced) =
                    super::iso2022::decode(bytes, Charset::JisX0201, &separators);
                return (!replaced).then(|| text.into_owned());
            }
            charset => !charset.decodes_alone() && std::str::from_utf8(bytes).is_ok(),
        };
        if stays {
            return None;
        }
        let (text, replaced) = charset.read(bytes, default);
        (!replaced).then(|| text.into_owned())
    }
}

/// The text of `\X..\` in a message in UTF-8 that is about to be written in another set.
pub(crate) fn hex_reader_of_utf_8(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.is_ascii()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &[u8]) -> (Vec<(bool, String)>, bool) {
        let mut runs = Vec::new();
        let switched = each_run(text, &Separators::RECOMMENDED, |state, run| {
            runs.push((state == State::INITIAL, run.escape_ascii().to_string()));
        });
        (runs.into_iter().filter(|(_, run)| !run.is_empty()).collect(), switched)
    }

    #[test]
    fn switches_cut_and_delimiters_take_them_back() {
        for (text, expected) in [
            (&br"a\C2D4C\b^c"[..], &[(true, "a"), (false, "b"), (true, "^c")][..]),
            (br"\C2D4C\a\C2842\b|", &[(false, "a"), (false, "b"), (true, "|")]),
            (br"\M2442\\C2842\", &[]),
            (br"a\T\b\C2D4C\c\E\C2842\E\d", &[(true, r"a\\T\\b"), (false, r"c\\E\\C2842\\E\\d")]),
            (br"a\b\C2D4C\c", &[(true, r"a\\b"), (false, "c")]),
        ] {
            let (found, switched) = runs(text);
            assert!(switched, "{}", text.escape_ascii());
            let found: Vec<_> = found.iter().map(|(initial, run)| (*initial, &**run)).collect();
            assert_eq!(found, expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_switch_cuts_nothing() {
        for text in [
            &br"plain"[..],
            b"",
            br"\C2\",
            br"\CZZZZ\",
            br"\C2D4C",
            br"\C2D4C|\",
            br"\C284299\",
            br"\C5A5A\",
            br"\X2D4C\",
            br"\E\C2D4C\E\",
        ] {
            let (found, switched) = runs(text);
            assert!(!switched && found.len() <= 1, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn hexadecimal_text_is_written_out_and_nothing_else() {
        let read = hex_reader(Charset::Latin1, Charset::Windows1252, Separators::RECOMMENDED);
        for (text, expected) in [
            ("plain", "plain"),
            (r"Ren\XE9\ \XE9\\XE8\.", "Ren\u{e9} \u{e9}\u{e8}."),
            (r"\XE97C0D\", r"é\F\\X0D\"),
            (r"\X0D\\T\\XE9\\X41\", "\\X0D\\\\T\\\u{e9}A"),
            (r"\X0D\ \X4\ \XGG\ \X\", r"\X0D\ \X4\ \XGG\ \X\"),
            (r"\E\XE9\E\", r"\E\XE9\E\"),
            (r"MSH|^~\&|\XE9|\", r"MSH|^~\&|\XE9|\"),
            (r"\", r"\"),
        ] {
            assert_eq!(resolve_hex(text, &Separators::RECOMMENDED, &read), expected, "{text}");
        }
        let read = hex_reader(Charset::Ascii, Charset::Windows1252, Separators::RECOMMENDED);
        let resolved = resolve_hex(r"\XE9\ \XC3A9\", &Separators::RECOMMENDED, &read);
        assert_eq!(resolved, "é \\XC3A9\\");
    }
}
