//! [`Data`]: the data of an ED, decoded as it is read, in bounded memory.

use std::{fmt, io, iter::FusedIterator};

use memchr::{memchr, memmem};

use crate::value::{Encoding, Raw, ValueError, ValueErrorKind, decoder::Decoder};

/// The data of a document, still encoded. Made by [`crate::value::Ed::data`].
///
/// Decoded by [`Data::reader`] or [`Data::chunks`] in pieces: neither the encoded nor the decoded
/// data is copied as a whole, however long it is.
///
/// Base64 is read tolerantly: both alphabets, with or without padding, with blanks, line breaks
/// and their escape sequences (`\X0D\`, `\.br\`) in it, and with `data:..;base64,` before it.
/// Escape sequences for delimiters that the alphabet has (where `/` is one) are resolved.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    raw: Raw<'a>,
    encoding: Encoding,
}

impl<'a> Data<'a> {
    /// The most bytes in one of [`Data::chunks`].
    pub const CHUNK_LEN: usize = 48 * 1024;

    pub(crate) fn new(raw: Raw<'a>, encoding: Encoding) -> Self {
        Self { raw, encoding }
    }

    /// How the data is encoded.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The data as it was sent.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw.as_bytes()
    }

    /// No more bytes than this come of decoding.
    #[must_use]
    pub fn max_len(&self) -> usize {
        let len = self.as_bytes().len();
        match self.encoding {
            Encoding::Text => len,
            Encoding::Hex => len / 2,
            Encoding::Base64 => len / 4 * 3 + 2,
        }
    }

    /// The decoded bytes, in pieces of at most [`Data::CHUNK_LEN`].
    ///
    /// What could be decoded comes before an error, and nothing after it.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Ed};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|ED|1||^AP^PDF^Base64^SEw3*\r")?;
    /// let document: Ed = message.segment("OBX").ok_or("no OBX")?.field(5).read()?;
    /// let mut chunks = document.data()?.chunks();
    /// assert_eq!(chunks.next().transpose()?.as_deref(), Some(&b"HL7"[..]));
    /// let error = chunks.next().and_then(Result::err).ok_or("no error")?;
    /// assert_eq!(error.to_string(), "ED: not in the form of the type (component 5, byte 4)");
    /// assert!(chunks.next().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn chunks(&self) -> Chunks<'a> {
        Chunks { decoder: Decoder::new(self.raw, self.encoding), is_over: false }
    }

    /// The decoded bytes as a [`io::Read`]. A [`ValueError`] is inside of the error, which is of
    /// kind [`io::ErrorKind::InvalidData`], and comes after what could be decoded. Decodes into
    /// the buffer that it is given.
    #[must_use]
    pub fn reader(&self) -> DataReader<'a> {
        DataReader { decoder: Decoder::new(self.raw, self.encoding) }
    }

    /// All decoded bytes at once, if they are no more than `max_len`.
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Ed, ValueErrorKind}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|ED|1||^AP^PDF^Base64^SEw3\r")?;
    /// let document: Ed = message.segment("OBX").ok_or("no OBX")?.field(5).read()?;
    /// let data = document.data()?;
    /// assert_eq!(data.to_vec(1000)?, b"HL7");
    /// assert_eq!(data.to_vec(2).map_err(|error| error.kind()), Err(ValueErrorKind::TooLong));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ValueErrorKind::TooLong`], [`ValueErrorKind::Form`] and [`ValueErrorKind::Incomplete`].
    pub fn to_vec(&self, max_len: usize) -> Result<Vec<u8>, ValueError> {
        let mut decoder = Decoder::new(self.raw, self.encoding);
        let mut decoded = Vec::with_capacity(self.max_len().min(max_len));
        let mut chunk = [0u8; 4096];
        loop {
            let len = decoder.fill(&mut chunk)?;
            let piece = chunk.get(..len).unwrap_or_default();
            if piece.is_empty() {
                return Ok(decoded);
            }
            if decoded.len() + len > max_len {
                return Err(self.raw.error(ValueErrorKind::TooLong, "ED", decoder.at()));
            }
            decoded.extend_from_slice(piece);
        }
    }
}

impl fmt::Debug for Data<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data")
            .field("encoding", &self.encoding)
            .field("encoded_len", &self.as_bytes().len())
            .finish()
    }
}

/// The decoded bytes of a document, in pieces. Made by [`Data::chunks`].
#[derive(Clone)]
pub struct Chunks<'a> {
    decoder: Decoder<'a>,
    is_over: bool,
}

impl Iterator for Chunks<'_> {
    type Item = Result<Vec<u8>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let mut chunk = vec![0; self.decoder.max_len().min(Data::CHUNK_LEN)];
        match self.decoder.fill(&mut chunk) {
            Ok(0) => {
                self.is_over = true;
                None
            }
            Ok(len) => {
                chunk.truncate(len);
                Some(Ok(chunk))
            }
            Err(error) => {
                self.is_over = true;
                Some(Err(error))
            }
        }
    }
}

impl FusedIterator for Chunks<'_> {}

impl fmt::Debug for Chunks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("read", &self.decoder.at()).finish_non_exhaustive()
    }
}

/// The decoded bytes of a document, as a [`io::Read`]. Made by [`Data::reader`].
#[derive(Clone)]
pub struct DataReader<'a> {
    decoder: Decoder<'a>,
}

impl io::Read for DataReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.decoder.fill(buf)?)
    }
}

impl fmt::Debug for DataReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataReader").field("read", &self.decoder.at()).finish_non_exhaustive()
    }
}

/// How long `data:..;base64,` before the data is, if it is there.
pub(crate) fn data_uri(data: &[u8]) -> Option<usize> {
    /// Where no comma is so far, this is no data URI.
    const MAX_LEN: usize = 256;
    let head = data.get(..MAX_LEN).unwrap_or(data);
    let scheme = head.get(..5)?;
    let head = head.get(..memchr(b',', head)?)?;
    let is_base64 = head.len() >= 12
        && memmem::rfind(&head.to_ascii_lowercase(), b";base64") == Some(head.len() - 7);
    (scheme.eq_ignore_ascii_case(b"data:") && is_base64).then_some(head.len() + 1)
}
