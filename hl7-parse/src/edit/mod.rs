//! Writes changes into a message: collected first, and then written in one pass.

mod delimiters;
mod editor;
mod edits;
mod error;
mod fields;
mod keep;
mod lines;
mod output;
mod pieces;
mod place;
mod plan;
mod swap;
mod target;
mod value;
mod writing;

pub use editor::Editor;
pub use error::{EditError, EditErrorKind};
pub use target::Target;

pub(crate) use delimiters::encoding_characters;
pub(crate) use edits::{Edit, Edits};
pub(crate) use output::Output;
pub(crate) use pieces::Cutting;
pub(crate) use value::{Encoder, Undeclared, Value};
pub(crate) use writing::needs_decoding;
