//! [`Ed`] and [`Rp`]: documents in a message, and pointers to documents elsewhere.

use crate::value::{Data, Raw, ValueError, ValueErrorKind, composite::composite, data::data_uri};

composite! {
    /// Encapsulated data (ED): a document in a field, mostly PDF in Base64.
    ///
    /// The components are `source ^ type ^ subtype ^ encoding ^ data`. Some senders leave the
    /// source out and begin with the type, or the subtype (`PDF^Application^Base64^..`): where
    /// component 3 names Base64 or Hex and component 4 names no encoding, everything is taken one
    /// component earlier. [`Ed::part`] shows what was sent.
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Ed, Encoding}};
    /// use std::io::Read;
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|A\rOBX|1|ED|18842-5^Summary^LN||^AP^PDF^Base64^JVBERi0xLjQ=\r",
    /// )?;
    /// let document: Ed = message.segment("OBX").ok_or("no OBX")?.field(5).read()?;
    /// assert_eq!(document.media_type().as_deref(), Some("application/pdf"));
    /// assert_eq!(document.encoding()?, Encoding::Base64);
    /// assert_eq!(document.type_of_data().as_bytes(), b"AP");
    /// assert_eq!(document.data_subtype().as_bytes(), b"PDF");
    /// assert!(!document.source_application().is_valued());
    /// assert_eq!(document.encoded_data().as_bytes().len(), 12);
    ///
    /// let mut pdf = Vec::new();
    /// document.data()?.reader().read_to_end(&mut pdf)?;
    /// assert_eq!(pdf, b"%PDF-1.4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "encapsulated data")]
    #[doc(alias = "Base64")]
    Ed = "ED" {}
}

/// How the data of an [`Ed`] is encoded (ED.4, Table 0299).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// `A`: not at all; text with the usual escape sequences.
    Text,
    /// `Hex`: two digits for each byte.
    Hex,
    /// `Base64`.
    Base64,
}

impl Encoding {
    fn from_name(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("A") || is("ASCII") {
            Some(Self::Text)
        } else if is("Hex") || is("Hexadecimal") {
            Some(Self::Hex)
        } else if is("Base64") || is("B64") || is("Base-64") {
            Some(Self::Base64)
        } else {
            None
        }
    }
}

impl<'a> Ed<'a> {
    /// How far the components are shifted to the left.
    fn shift(&self) -> usize {
        let named = |n| Encoding::from_name(self.raw.part(n).leaf().as_bytes());
        match named(3) {
            Some(Encoding::Base64 | Encoding::Hex) if named(4).is_none() => 1,
            _ => 0,
        }
    }

    /// Component 1: the source application; absent where components are shifted.
    #[must_use]
    pub fn source_application(&self) -> crate::value::Hd<'a> {
        // There is no component 0.
        crate::value::Hd::of(self.raw.part(1 - self.shift()))
    }

    /// Component 2: type of data (Table 0191 or 0834): `AP`, `application`, `IM`, `TEXT`.
    #[must_use]
    pub fn type_of_data(&self) -> Raw<'a> {
        self.raw.part(2 - self.shift())
    }

    /// Component 3: data subtype (Table 0291, or a MIME subtype): `PDF`, `JPEG`.
    #[must_use]
    pub fn data_subtype(&self) -> Raw<'a> {
        self.raw.part(3 - self.shift())
    }

    /// Component 4: how the data is encoded. Where nothing was sent and the data begins with
    /// `data:..;base64,`: Base64.
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::NotValued`] where nothing was sent, and [`ValueErrorKind::Code`] where
    /// it is none that is known. Letter case does not count; `B64` and `ASCII` are known too.
    pub fn encoding(&self) -> Result<Encoding, ValueError> {
        let part = self.raw.part(4 - self.shift());
        if !part.is_valued() && data_uri(self.encoded_data().as_bytes()).is_some() {
            return Ok(Encoding::Base64);
        }
        let name = part.primitive("ED")?;
        Encoding::from_name(name).ok_or_else(|| part.error(ValueErrorKind::Code, "ED", 0))
    }

    /// Component 5: the data as it was sent, encoded. Subcomponents, which it does not have, are
    /// part of it.
    #[must_use]
    pub fn encoded_data(&self) -> Raw<'a> {
        self.raw.part(5 - self.shift())
    }

    /// The data, to be decoded as it is read. Nothing is decoded yet.
    ///
    /// # Errors
    ///
    /// Those of [`Ed::encoding`], and [`ValueErrorKind::NotValued`] where there is no data.
    pub fn data(&self) -> Result<Data<'a>, ValueError> {
        let data = self.encoded_data();
        let encoding = self.encoding()?;
        data.composite("ED").map(|data| Data::new(data, encoding))
    }

    /// The media type, as `application/pdf`, put together of type and subtype in whichever order;
    /// `None` where they do not make one.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        media_type(self.type_of_data(), self.data_subtype())
    }
}

composite! {
    /// A reference pointer (RP): where a document is that is not in the message.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Rp};
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|A\rOBX|1|RP|1||https://example.org/7?a=1\\T\\b=2^VIEWER^AP^PDF\r",
    /// )?;
    /// let pointer: Rp = message.segment("OBX").ok_or("no OBX")?.field(5).read()?;
    /// assert_eq!(pointer.pointer().decode(), "https://example.org/7?a=1&b=2");
    /// assert_eq!(pointer.media_type().as_deref(), Some("application/pdf"));
    /// assert_eq!(pointer.application_id().namespace_id().decode(), "VIEWER");
    /// assert_eq!((pointer.type_of_data().as_bytes(), pointer.subtype().as_bytes()), (&b"AP"[..], &b"PDF"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "reference pointer")]
    Rp = "RP" {
        1 pointer: raw, "the pointer, opaque or a URL; whole, also where its `&` was not escaped";
        2 application_id: view Hd, "application ID: where the pointer means something";
        3 type_of_data: raw, "type of data (Table 0191 or 0834)";
        4 subtype: raw, "subtype (Table 0291, or a MIME subtype)";
    }
}

impl Rp<'_> {
    /// The media type, as [`Ed::media_type`].
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        media_type(self.type_of_data(), self.subtype())
    }
}

/// What is longer is no name of a type.
const MAX_MEDIA_TYPE_LEN: usize = 127;

fn media_type(type_of_data: Raw<'_>, subtype: Raw<'_>) -> Option<String> {
    let lower = |raw: Raw<'_>| -> Option<String> {
        let bytes = raw.leaf().as_bytes();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(byte);
        (bytes.len() <= MAX_MEDIA_TYPE_LEN && bytes.iter().all(is_name))
            .then(|| bytes.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect())
    };
    let (one, two) = (lower(type_of_data)?, lower(subtype)?);
    for whole in [&one, &two] {
        if whole.split('/').filter(|name| !name.is_empty()).count() == 2 {
            return Some(whole.clone());
        }
    }
    let (top_level, sub) = match (top_level(&one), top_level(&two)) {
        (Some(top_level), _) => (top_level, two),
        (None, Some(top_level)) => (top_level, one),
        (None, None) => return None,
    };
    let sub = match sub.as_str() {
        "" if top_level == "text" => "plain",
        "" => return None,
        "jpg" => "jpeg",
        "txt" | "text" => "plain",
        "htm" => "html",
        "octet" => "octet-stream",
        sub => sub,
    };
    Some(format!("{top_level}/{sub}"))
}

/// Table 0191, and the top-level media types of Table 0834.
fn top_level(name: &str) -> Option<&'static str> {
    Some(match name {
        "ap" | "application" => "application",
        "au" | "audio" => "audio",
        "im" | "si" | "image" => "image",
        "ft" | "tx" | "text" => "text",
        "multipart" => "multipart",
        "model" => "model",
        "video" => "video",
        _ => return None,
    })
}
