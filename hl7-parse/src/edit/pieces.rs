//! Goes through the pieces of an element, forwards, by their numbers.

use memchr::memchr_iter;

use crate::search::{find_nth, until};

/// Where one is in the pieces that a separator cuts; each byte is looked at once.
pub(crate) struct Pieces<'b> {
    /// What is not passed yet: from the separator that ends the piece visited last.
    rest: &'b [u8],
    /// The number of the piece visited last; 0 before the first.
    visited: usize,
    separator: u8,
    /// How many separators `rest` has, once they had to be counted.
    left: Option<usize>,
}

impl<'b> Pieces<'b> {
    pub(crate) fn of(bytes: &'b [u8], separator: u8) -> Self {
        Self { rest: bytes, visited: 0, separator, left: None }
    }

    pub(crate) fn separator(&self) -> u8 {
        self.separator
    }

    /// Visits piece `n`, from 1 and above the one before: what was passed on the way,
    /// separators included, and the piece. `None` where there are fewer.
    pub(crate) fn visit(&mut self, n: usize) -> Option<(&'b [u8], &'b [u8])> {
        let crossed = n.checked_sub(self.visited.max(1))?;
        if self.left.is_some_and(|left| left < crossed) {
            return None;
        }
        let start = match crossed {
            0 => 0,
            _ => match find_nth(self.rest, self.separator, crossed) {
                Some(at) => at + 1,
                None => {
                    self.left = Some(memchr_iter(self.separator, self.rest).count());
                    return None;
                }
            },
        };
        let (passed, from) = self.rest.split_at_checked(start)?;
        let piece = until(from, self.separator);
        self.rest = from.get(piece.len()..).unwrap_or_default();
        self.visited = n;
        self.left = None;
        Some((passed, piece))
    }

    /// Visits piece `n` after [`Self::visit`] found that there are fewer: the rest, and how
    /// many separators are to follow it so that the piece can.
    pub(crate) fn extend_to(&mut self, n: usize) -> (&'b [u8], usize) {
        let crossed = n.saturating_sub(self.visited.max(1));
        let missing = crossed.saturating_sub(self.left.unwrap_or(0));
        self.visited = n;
        self.left = Some(0);
        (std::mem::take(&mut self.rest), missing)
    }

    /// What is not passed yet.
    pub(crate) fn rest(&self) -> &'b [u8] {
        self.rest
    }
}
