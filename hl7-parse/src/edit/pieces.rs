//! Goes through the pieces of an element, forwards, by their numbers.

use memchr::memchr_iter;

use crate::{
    Segment,
    header::{
        hidden::{Hides, hides},
        is_header_id,
    },
    search::{find_nth, until},
};

/// How a segment is cut into fields.
#[derive(Clone, Copy)]
pub(crate) struct Cutting {
    /// Whether MSH-1, or that of FHS and BHS, is the first separator itself.
    pub(crate) is_header: bool,
    /// Where an undecoded MSH holds bytes that look like separators.
    hides: Option<Hides>,
}

impl Cutting {
    pub(crate) fn of(segment: &Segment<'_>) -> Self {
        let is_header = is_header_id(segment.id().as_bytes());
        let may_be_hidden = is_header && segment.separators().may_be_hidden();
        Self { is_header, hides: if may_be_hidden { hides(segment) } else { None } }
    }

    /// Of a segment that is built.
    pub(crate) fn built(is_header: bool) -> Self {
        Self { is_header, hides: None }
    }
}

/// Where one is in the pieces that a separator cuts; each byte is looked at once.
pub(crate) struct Pieces<'b> {
    /// What is not passed yet: from the separator that ends the piece visited last.
    rest: &'b [u8],
    /// The number of the piece visited last; 0 before the first.
    visited: usize,
    separator: u8,
    hides: Option<Hides>,
    /// How many separators `rest` has, once they had to be counted.
    left: Option<usize>,
}

impl<'b> Pieces<'b> {
    pub(crate) fn of(bytes: &'b [u8], separator: u8) -> Self {
        Self { rest: bytes, visited: 0, separator, hides: None, left: None }
    }

    /// The fields of a segment; its ID is the first piece.
    pub(crate) fn of_segment(segment: &'b [u8], separator: u8, cutting: Cutting) -> Self {
        Self { hides: cutting.hides, ..Self::of(segment, separator) }
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
            _ => match self.find_nth(crossed) {
                Some(at) => at + 1,
                None => {
                    self.left = Some(self.count());
                    return None;
                }
            },
        };
        let (passed, from) = self.rest.split_at_checked(start)?;
        let piece = match self.hides {
            None => until(from, self.separator),
            Some(hides) => hides.until(from, self.separator),
        };
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

    fn find_nth(&self, n: usize) -> Option<usize> {
        match self.hides {
            None => find_nth(self.rest, self.separator, n),
            Some(hides) => hides.find_nth(self.rest, self.separator, n),
        }
    }

    /// How many separators the rest has.
    fn count(&self) -> usize {
        let Some(hides) = self.hides else {
            return memchr_iter(self.separator, self.rest).count();
        };
        let (mut count, mut rest) = (0, self.rest);
        while let Some(at) = hides.find_nth(rest, self.separator, 1) {
            count += 1;
            rest = rest.get(at + 1..).unwrap_or_default();
        }
        count
    }

    /// What is not passed yet.
    pub(crate) fn rest(&self) -> &'b [u8] {
        self.rest
    }
}
