//! The text of an element: escape sequences resolved, in the character set of the message.

use std::borrow::Cow;

use crate::{Separators, escape::unescape};

/// What `decode()` of every view gives.
pub(crate) fn text_of_leaf<'a>(bytes: &'a [u8], separators: &Separators) -> Cow<'a, str> {
    #[cfg(feature = "charset")]
    if let Some(text) = designated(bytes, separators) {
        return text;
    }
    match unescape(bytes, separators) {
        Cow::Borrowed(bytes) => separators.charset.decode(bytes),
        Cow::Owned(resolved) => {
            #[cfg(feature = "charset")]
            if let Some(text) = switched(bytes, separators) {
                return text.into();
            }
            separators.charset.decode(&resolved).into_owned().into()
        }
    }
}

/// Text in which ESC designates sets, in a message that says that it may.
#[cfg(feature = "charset")]
fn designated<'a>(bytes: &[u8], separators: &Separators) -> Option<Cow<'a, str>> {
    if !separators.is_iso_2022() || memchr::memchr(super::ESCAPE, bytes).is_none() {
        return None;
    }
    let bytes = unescape(bytes, separators);
    let (text, _) = super::iso2022::decode(&bytes, separators.right(), separators);
    Some(text.into_owned().into())
}

/// Text in which sequences switch the set, in a message that does not say otherwise.
#[cfg(feature = "charset")]
fn switched(bytes: &[u8], separators: &Separators) -> Option<String> {
    if separators.switching != super::Switching::Sequences
        || !super::sequences::is_switched(bytes, separators)
    {
        return None;
    }
    let mut text = String::with_capacity(bytes.len());
    super::sequences::each_run(bytes, separators, |state, run| {
        let run = unescape(run, separators);
        text.push_str(&state.read(&run, separators.right(), separators).0);
    });
    Some(text)
}
