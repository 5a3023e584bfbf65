//! Reads formatted text: the escape sequences of an element as tokens, and as plain text.

mod plain_text;
mod tokens;

pub use tokens::{Level, Token, TokenKind, Tokens};

pub(crate) use tokens::{kind_of, level_of};
