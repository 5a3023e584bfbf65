//! Cuts text of which the bytes of a character may look like a separator.

use hl7_parse::Separators;

/// What stands before the first separator that is one; of a level that is not in use the whole.
pub(crate) fn until<'a>(text: &'a [u8], wanted: Option<u8>, separators: &Separators) -> &'a [u8] {
    let (mut rest, mut start) = (text, 0);
    loop {
        let hidden = separators.first_hidden(rest);
        let before = hidden.as_ref().map_or(rest.len(), |hidden| hidden.start);
        let mut cuttable = rest.iter().take(before);
        if let Some(at) = cuttable.position(|byte| Some(*byte) == wanted) {
            return text.get(..start + at).unwrap_or(text);
        }
        let Some(hidden) = hidden else { return text };
        start += hidden.end;
        rest = text.get(start..).unwrap_or_default();
    }
}
