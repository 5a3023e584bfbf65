//! Writes a segment with other delimiters, so that it reads the same.

use std::slice;

use crate::{
    EditErrorKind, Level, Segment, Separators, Token, TokenKind, Tokens,
    edit::Output,
    escape,
    formatted::{kind_of, level_of},
    search::until,
};

/// Writes a segment; `fields` counts its fields, so that an error can say where.
pub(crate) fn write_swapped(
    out: &mut Output,
    segment: Segment<'_>,
    new: &Separators,
    encoding_characters: &str,
    fields: &mut usize,
) -> Result<(), EditErrorKind> {
    let old = segment.separators();
    let bytes = segment.as_bytes();
    let mut rest = bytes;
    if !segment.id().is_empty() {
        let id = segment.id_bytes();
        out.write(id)?;
        rest = bytes.get(id.len()..).unwrap_or_default();
    }
    if segment.is_header() {
        let after = rest.get(1..).unwrap_or_default();
        out.write(&[new.field])?;
        out.write(encoding_characters.as_bytes())?;
        rest = after.get(until(after, old.field).len()..).unwrap_or_default();
        *fields = 2;
    }
    for token in Tokens::new(rest, old) {
        match token.kind() {
            TokenKind::Separator(level) => {
                *fields += usize::from(level == Level::Field);
                let separator = new.between(level).ok_or(EditErrorKind::LevelNotInUse)?;
                out.write(&[separator])?;
            }
            TokenKind::Text | TokenKind::Escaped(_) => write_text(out, &token.unescape(), new)?,
            _ => write_sequence(out, token, new)?,
        }
    }
    Ok(())
}

/// Only delimiters are escaped: a line feed in data stays as it is.
fn write_text(out: &mut Output, text: &[u8], new: &Separators) -> Result<(), EditErrorKind> {
    let delimits = |byte: &u8| Some(*byte) == new.escape() || level_of(*byte, new).is_some();
    let mut rest = text;
    loop {
        let end = rest.iter().position(delimits).unwrap_or(rest.len());
        let (plain, from) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        out.write(plain)?;
        let Some((delimiter, after)) = from.split_first() else { return Ok(()) };
        if new.escape().is_none() {
            return Err(EditErrorKind::NotEscapable);
        }
        out.write(&escape(slice::from_ref(delimiter), new))?;
        rest = after;
    }
}

/// A sequence stays what it is.
fn write_sequence(
    out: &mut Output,
    token: Token<'_>,
    new: &Separators,
) -> Result<(), EditErrorKind> {
    let body = token.body();
    // The code of a delimiter that was not in use stood for nothing, and must not begin to.
    if let Some(TokenKind::Escaped(_)) = kind_of(body, new) {
        return write_text(out, token.as_bytes(), new);
    }
    let escape = new.escape().ok_or(EditErrorKind::NotEscapable)?;
    if body.iter().any(|byte| *byte == escape || level_of(*byte, new).is_some()) {
        return Err(EditErrorKind::SequenceLost);
    }
    out.write(&[escape])?;
    out.write(body)?;
    out.write(&[escape])
}
