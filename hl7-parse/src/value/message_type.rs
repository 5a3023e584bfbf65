//! [`Msg`], [`Pt`] and [`Vid`]: what MSH says of the message itself.

use crate::value::composite::composite;

composite! {
    /// A message type (MSG, MSH-9; CM up to 2.3): what kind of message, and why it was sent.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Msg};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|LAB|GH|||||ORU^R01^ORU_R01\r")?;
    /// let kind: Msg = message.header().field(9).read()?;
    /// assert_eq!(kind.message_code().decode(), "ORU");
    /// assert_eq!(kind.trigger_event().decode(), "R01");
    /// assert_eq!(kind.message_structure().decode(), "ORU_R01");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "message type")]
    Msg = "MSG" {
        1 message_code: raw, "message code (Table 0076): `ADT`, `ORU`, `ACK`";
        2 trigger_event: raw, "trigger event (Table 0003): `A01`, `R01`";
        3 message_structure: raw, "message structure (Table 0354; 2.3.1 and later): `ADT_A01`";
    }
}

composite! {
    /// A processing type (PT, MSH-11).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Pt};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|LAB|GH|||||ACK|1|P^T|2.5\r")?;
    /// let processing: Pt = message.header().field(11).read()?;
    /// assert_eq!(processing.processing_id().decode(), "P");
    /// assert_eq!(processing.processing_mode().decode(), "T");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "processing type")]
    Pt = "PT" {
        1 processing_id: raw, "processing ID (Table 0103): `P` production, `T` training, `D` debugging";
        2 processing_mode: raw, "processing mode (Table 0207): `A` archive, `R` restore, `I` initial load, `T` current; nothing, current too";
    }
}

composite! {
    /// A version of the standard (VID, MSH-12; a bare code up to 2.3).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Vid};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|LAB|GH|||||ACK|1|P|2.5^DEU&Germany&ISO3166_1^2.1\r")?;
    /// let version: Vid = message.header().field(12).read()?;
    /// assert_eq!(version.version_id().decode(), "2.5");
    /// assert_eq!(version.internationalization_code().identifier().decode(), "DEU");
    /// assert_eq!(version.international_version_id().identifier().decode(), "2.1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "version identifier")]
    Vid = "VID" {
        1 version_id: raw, "version ID (Table 0104): `2.5.1`";
        2 internationalization_code: view Cwe, "internationalization code (Table 0399): the country whose rules are followed";
        3 international_version_id: view Cwe, "international version ID: the version of those rules";
    }
}
