//! [`Software`]: who has written an acknowledgment (SFT).

use crate::{Version, writer::Writer};

/// The software that writes acknowledgments: what SFT says from 2.5 on, where
/// [`Acknowledger::software`](crate::Acknowledger::software) is told to.
///
/// All four texts are required by the standard, and are written whole. Up to 2.6 the release holds
/// at most 15 characters, product and binary ID at most 20.
///
/// ```
/// use hl7_ack::Software;
///
/// let ours = Software::new("Example Systems", "2.1.0", "Bridge", "9f3c2ab")
///     .information("northern site");
/// # drop(ours);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    vendor: String,
    release: String,
    product: String,
    binary_id: String,
    information: String,
}

impl Software {
    /// The name of the vendor (SFT-1), the release (SFT-2), the name of the product (SFT-3), and
    /// what tells this build from others of the same release (SFT-4).
    #[must_use]
    pub fn new(
        vendor: impl Into<String>,
        release: impl Into<String>,
        product: impl Into<String>,
        binary_id: impl Into<String>,
    ) -> Self {
        Self {
            vendor: vendor.into(),
            release: release.into(),
            product: product.into(),
            binary_id: binary_id.into(),
            information: String::new(),
        }
    }

    /// Whatever else there is to tell (SFT-5): up to 1024 characters are written.
    #[must_use]
    pub fn information(mut self, text: impl Into<String>) -> Self {
        self.information = text.into();
        self
    }

    pub(crate) fn write(&self, writer: &mut Writer, version: Version) {
        if version < Version::V2_5 {
            return;
        }
        writer.begin(b"SFT");
        for text in [&self.vendor, &self.release, &self.product, &self.binary_id] {
            writer.text(text, usize::MAX);
        }
        writer.text(&self.information, MAX_SFT_5_LEN);
        writer.end();
    }
}

/// SFT-5 holds at most 1024 characters (up to 2.6).
const MAX_SFT_5_LEN: usize = 1024;
