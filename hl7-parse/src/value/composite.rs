//! Makes the views over composite types: named accessors over a [`crate::value::Raw`].

/// A view over a composite type. What an accessor gives is written after its name:
///
/// * `raw`: the part as it was sent, for text and codes;
/// * `view T`: another composite, absent where the part is;
/// * `read T`: `Result<Option<T>, ValueError>`, for what has a form.
macro_rules! composite {
    (
        $(#[$doc:meta])*
        $name:ident = $code:literal {
            $($number:literal $method:ident: $kind:ident $($type:ident)?, $about:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a> {
            raw: $crate::value::Raw<'a>,
        }

        impl<'a> $name<'a> {
            /// The view over a field (its first repetition), a repetition, a component or a
            /// subcomponent. Total: all parts of what was not sent are absent.
            #[must_use]
            pub fn of(value: impl Into<$crate::value::Raw<'a>>) -> Self {
                Self { raw: value.into().single() }
            }

            $($crate::value::composite::accessor! {
                #[doc = concat!("Component ", $number, ": ", $about, ".")]
                $number $method: $kind $($type)?
            })*

            /// Component `n` (subcomponent where this is a component), from 1.
            #[must_use]
            pub fn part(&self, n: usize) -> $crate::value::Raw<'a> {
                self.raw.part(n)
            }

            /// The value as a view without a type.
            #[must_use]
            pub fn raw(&self) -> $crate::value::Raw<'a> {
                self.raw
            }

            /// What was sent, delimiters and escape sequences and all.
            #[must_use]
            pub fn as_bytes(&self) -> &'a [u8] {
                self.raw.as_bytes()
            }

            /// Whether anything was sent; a delete indicator (`""`) was.
            #[must_use]
            pub fn is_valued(&self) -> bool {
                self.raw.is_valued()
            }
        }

        impl<'a> $crate::value::FromRaw<'a> for $name<'a> {
            fn from_raw(raw: $crate::value::Raw<'a>) -> Result<Self, $crate::value::ValueError> {
                raw.composite($code).map(|raw| Self { raw })
            }
        }

        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).field("len", &self.as_bytes().len()).finish()
            }
        }
    };
}

macro_rules! accessor {
    (#[$doc:meta] $number:literal $method:ident: raw) => {
        #[$doc]
        #[must_use]
        pub fn $method(&self) -> $crate::value::Raw<'a> {
            self.raw.part($number)
        }
    };
    (#[$doc:meta] $number:literal $method:ident: view $type:ident) => {
        #[$doc]
        #[must_use]
        pub fn $method(&self) -> $crate::value::$type<'a> {
            $crate::value::$type::of(self.raw.part($number))
        }
    };
    (#[$doc:meta] $number:literal $method:ident: read $type:ident) => {
        #[$doc]
        /// `None` where it was not sent.
        ///
        /// # Errors
        ///
        /// Where it is a delete indicator, or not in the form of its type.
        pub fn $method(
            &self,
        ) -> Result<Option<$crate::value::composite::types::$type<'a>>, $crate::value::ValueError> {
            self.raw.part($number).read()
        }
    };
}

/// The types that `read` names, each with a lifetime whether it needs it or not.
pub(crate) mod types {
    /// A date.
    pub(crate) type Date<'a> = crate::value::Date;
    /// A date and time.
    pub(crate) type DateTime<'a> = crate::value::DateTime;
    pub(crate) use crate::value::Nm;
}

pub(crate) use {accessor, composite};
