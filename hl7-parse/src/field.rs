//! [`Field`], [`Repetition`], [`Component`] and [`Subcomponent`]: the four levels below a
//! segment, and [`Element`], any of them.

use std::{borrow::Cow, fmt, str::Utf8Error};

use crate::{
    Separators,
    charset::text_of_leaf,
    search::{nth_piece, until},
};

/// A part of a message at whatever level: what a [`crate::Path`] leads to.
///
/// A view: `Copy`, and alive as long as the bytes it shows. Where nothing was sent the view is
/// absent: it reads as empty, and [`Element::is_present`] tells the difference.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    bytes: Option<&'a [u8]>,
    separators: Separators,
}

impl<'a> Element<'a> {
    pub(crate) const ABSENT: Self = Self { bytes: None, separators: Separators::RECOMMENDED };

    #[inline]
    pub(crate) fn new(bytes: Option<&'a [u8]>, separators: Separators) -> Self {
        Self { bytes, separators }
    }

    #[inline]
    pub(crate) fn piece(self, separator: u8, n: usize) -> Self {
        let bytes = self.bytes.and_then(|bytes| nth_piece(bytes, separator, n));
        Self { bytes, separators: self.separators }
    }

    pub(crate) fn separators(self) -> Separators {
        self.separators
    }

    fn pieces(self, separator: u8) -> Pieces<'a> {
        let rest = self.bytes.filter(|bytes| !bytes.is_empty());
        Pieces { rest, separator, separators: self.separators }
    }
}

/// What all levels share. One list, so that they can not differ.
macro_rules! element {
    ($name:ident, $($to_element:tt)+) => {
        impl<'a> $name<'a> {
            /// What was sent, escape sequences and all; empty if nothing was.
            #[must_use]
            pub fn as_bytes(&self) -> &'a [u8] {
                self$($to_element)+.bytes.unwrap_or_default()
            }

            /// The same as [`Self::as_bytes`], as text, escape sequences untouched.
            ///
            /// # Errors
            ///
            /// Where the bytes are not UTF-8. [`Self::decode`] reads those too.
            pub fn to_str(&self) -> Result<&'a str, Utf8Error> {
                std::str::from_utf8(self.as_bytes())
            }

            /// The text: escape sequences resolved, in the character set of the message.
            ///
            /// Delimiters of lower levels stay as they are: go down to the leaf first to tell
            /// `A\S\B` from `A^B`. Formatting, highlighting and local sequences (`\.br\`,
            /// `\H\`, `\Zxx\`) stay too, as does what is no sequence at all. Switches of the
            /// character set (`\Cxxyy\`, `\Mxxyy\`) are followed with the feature `charset`
            /// where MSH-20 is `2.3` or empty, and stay where not. Borrows where there is
            /// nothing to resolve.
            #[must_use]
            pub fn decode(&self) -> Cow<'a, str> {
                let element = self$($to_element)+;
                text_of_leaf(self.as_bytes(), &element.separators)
            }

            /// Whether there is content; a delete indicator (`""`) is.
            #[must_use]
            pub fn is_valued(&self) -> bool {
                !self.as_bytes().is_empty()
            }

            /// Whether the content is the delete indicator: two double quotes and no more
            /// (2.5.3; called null before 2.9).
            #[must_use]
            #[doc(alias = "delete indicator")]
            pub fn is_null(&self) -> bool {
                self.as_bytes() == b"\"\""
            }

            /// Whether the element was sent, if only as nothing between two delimiters. The
            /// standard makes no difference; writing the message back does.
            #[must_use]
            pub fn is_present(&self) -> bool {
                self$($to_element)+.bytes.is_some()
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("present", &self.is_present())
                    .field("len", &self.as_bytes().len())
                    .finish()
            }
        }
    };
}

macro_rules! level {
    ($name:ident) => {
        element!($name, .0);

        impl<'a> From<$name<'a>> for Element<'a> {
            fn from(view: $name<'a>) -> Self {
                view.0
            }
        }
    };
}

element!(Element, .own());

impl<'a> Element<'a> {
    fn own(self) -> Self {
        self
    }
}

impl<'a> From<crate::Segment<'a>> for Element<'a> {
    fn from(segment: crate::Segment<'a>) -> Self {
        Self::new(Some(segment.as_bytes()), segment.separators())
    }
}

/// A field: repetitions of the same thing, mostly one.
#[derive(Clone, Copy)]
pub struct Field<'a>(Element<'a>);

level!(Field);

impl<'a> Field<'a> {
    pub(crate) const ABSENT: Self = Self(Element::ABSENT);

    pub(crate) fn new(bytes: Option<&'a [u8]>, separators: Separators) -> Self {
        Self(Element::new(bytes, separators))
    }

    /// Repetition `n`, from 1; an absent view where there are fewer.
    ///
    /// ```
    /// let message = hl7_parse::Message::parse(b"MSH|^~\\&|A\rPID|||1~2\r")?;
    /// let ids = message.segment("PID").ok_or("no PID")?.field(3);
    /// assert_eq!(ids.repetition(2).as_bytes(), b"2");
    /// assert!(!ids.repetition(3).is_present());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn repetition(&self, n: usize) -> Repetition<'a> {
        Repetition(self.0.piece(self.0.separators.repetition, n))
    }

    /// The repetitions in order; none where the field is empty.
    #[must_use]
    pub fn repetitions(&self) -> Repetitions<'a> {
        Repetitions(self.0.pieces(self.0.separators.repetition))
    }

    /// Component `n`, from 1, of the first repetition.
    ///
    /// Component 1 of a field without components is the whole of it (2.7.2).
    #[must_use]
    pub fn component(&self, n: usize) -> Component<'a> {
        self.repetition(1).component(n)
    }

    /// The components of the first repetition, in order.
    #[must_use]
    pub fn components(&self) -> Components<'a> {
        self.repetition(1).components()
    }
}

/// One repetition of a field.
#[derive(Clone, Copy)]
pub struct Repetition<'a>(Element<'a>);

level!(Repetition);

impl<'a> Repetition<'a> {
    /// Component `n`, from 1; an absent view where there are fewer.
    #[must_use]
    pub fn component(&self, n: usize) -> Component<'a> {
        Component(self.0.piece(self.0.separators.component, n))
    }

    /// The components in order; none where the repetition is empty.
    #[must_use]
    pub fn components(&self) -> Components<'a> {
        Components(self.0.pieces(self.0.separators.component))
    }
}

/// One component.
#[derive(Clone, Copy)]
pub struct Component<'a>(Element<'a>);

level!(Component);

impl<'a> Component<'a> {
    #[inline]
    pub(crate) fn new(element: Element<'a>) -> Self {
        Self(element)
    }

    /// Subcomponent `n`, from 1; an absent view where there are fewer.
    ///
    /// Subcomponent 1 of a component without subcomponents is the whole of it.
    #[must_use]
    pub fn subcomponent(&self, n: usize) -> Subcomponent<'a> {
        Subcomponent(self.0.piece(self.0.separators.subcomponent, n))
    }

    /// The subcomponents in order; none where the component is empty.
    #[must_use]
    pub fn subcomponents(&self) -> Subcomponents<'a> {
        Subcomponents(self.0.pieces(self.0.separators.subcomponent))
    }
}

/// One subcomponent: the lowest level, a leaf.
#[derive(Clone, Copy)]
pub struct Subcomponent<'a>(Element<'a>);

level!(Subcomponent);

impl<'a> Subcomponent<'a> {
    pub(crate) fn from_leaf(element: Element<'a>) -> Self {
        Self(element)
    }
}

#[derive(Clone)]
struct Pieces<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
    separators: Separators,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let piece = until(rest, self.separator);
        self.rest = rest.get(piece.len() + 1..);
        Some(Element::new(Some(piece), self.separators))
    }
}

macro_rules! iterator {
    ($(#[$doc:meta])* $name:ident of $item:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<'a>(Pieces<'a>);

        impl<'a> Iterator for $name<'a> {
            type Item = $item<'a>;

            fn next(&mut self) -> Option<Self::Item> {
                self.0.next().map($item)
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("len", &self.0.rest.map_or(0, <[u8]>::len))
                    .finish()
            }
        }
    };
}

iterator!(
    /// The repetitions of a field. Made by [`Field::repetitions`].
    Repetitions of Repetition
);
iterator!(
    /// The components of a repetition. Made by [`Repetition::components`].
    Components of Component
);
iterator!(
    /// The subcomponents of a component. Made by [`Component::subcomponents`].
    Subcomponents of Subcomponent
);
