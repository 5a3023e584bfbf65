//! Rewrites a field from one set of delimiters to another.

use hl7_parse::{Separators, escape, unescape};

/// The field as it reads in a message with delimiters `ours`: delimiters become ours, and the
/// text of each leaf is escaped anew.
pub(crate) fn rewritten(field: &[u8], theirs: &Separators, ours: &Separators) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    loop {
        let end = rest.iter().position(|byte| translated(*byte, theirs, ours).is_some());
        let (leaf, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, &[]));
        out.extend_from_slice(&escape(&unescape(leaf, theirs), ours));
        let Some((delimiter, after)) = after.split_first() else { return out };
        out.extend(translated(*delimiter, theirs, ours));
        rest = after;
    }
}

/// Our delimiter for one of theirs, of a level below the field.
fn translated(byte: u8, theirs: &Separators, ours: &Separators) -> Option<u8> {
    let same = |delimiter: Option<u8>| delimiter == Some(byte);
    if same(theirs.repetition()) {
        ours.repetition()
    } else if same(theirs.component()) {
        ours.component()
    } else if same(theirs.subcomponent()) {
        ours.subcomponent()
    } else {
        None
    }
}
