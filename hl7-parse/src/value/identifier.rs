//! [`Cx`], [`Hd`], [`Ei`], [`Eip`] and [`Pln`]: identifiers, and who issued them.

use crate::value::composite::composite;

composite! {
    /// A hierarchic designator (HD): an application, a facility, an authority.
    ///
    /// Either a name that the parties know (component 1), or a universal ID and its type
    /// (components 2 and 3), or both. In 2.1 and 2.2 a text, which is component 1.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Hd};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|LAB^1.2.3^ISO|GH\r")?;
    /// let application: Hd = message.header().field(3).read()?;
    /// assert_eq!(application.universal_id().decode(), "1.2.3");
    /// let facility = Hd::of(message.header().field(4));
    /// assert_eq!(facility.namespace_id().decode(), "GH");
    /// assert_eq!(application.universal_id_type().decode(), "ISO");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "hierarchic designator")]
    Hd = "HD" {
        1 namespace_id: raw, "namespace ID (Table 0300, user-defined)";
        2 universal_id: raw, "universal ID: an OID, a DNS name, a UUID, by component 3";
        3 universal_id_type: raw, "universal ID type (Table 0301): `ISO`, `DNS`, `UUID`";
    }
}

composite! {
    /// An entity identifier (EI): an ID and the HD of who issued it, its components spread out.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Ei};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBR|1|A7^EHR^1.2.3^ISO\r")?;
    /// let order: Ei = message.segment("OBR").ok_or("no OBR")?.field(2).read()?;
    /// assert_eq!(order.entity_identifier().decode(), "A7");
    /// assert_eq!(order.namespace_id().decode(), "EHR");
    /// assert_eq!([order.universal_id(), order.universal_id_type()].map(|part| part.decode()), ["1.2.3", "ISO"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "entity identifier")]
    Ei = "EI" {
        1 entity_identifier: raw, "entity identifier, unique with whoever issued it";
        2 namespace_id: raw, "namespace ID (Table 0363)";
        3 universal_id: raw, "universal ID";
        4 universal_id_type: raw, "universal ID type (Table 0301)";
    }
}

composite! {
    /// An identifier with its check digit, authority and type (CX).
    ///
    /// Reads the CK and ST of 2.1 and 2.2 too, which have the first components alone.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Cx};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||12345^5^M11^GH&1.2.3&ISO^MR^EAST^^^BY^HLD^4711^V1\r")?;
    /// let id: Cx = message.segment("PID").ok_or("no PID")?.field(3).read()?;
    /// assert_eq!(id.id_number().decode(), "12345");
    /// assert_eq!(id.assigning_authority().namespace_id().decode(), "GH");
    /// assert_eq!(id.identifier_type_code().decode(), "MR");
    /// assert_eq!([id.check_digit(), id.check_digit_scheme()].map(|part| part.decode()), ["5", "M11"]);
    /// assert_eq!(id.assigning_facility().namespace_id().decode(), "EAST");
    /// // What later versions added.
    /// let codes = [id.assigning_jurisdiction(), id.assigning_agency_or_department()];
    /// assert_eq!(codes.map(|code| code.identifier().decode()), ["BY", "HLD"]);
    /// assert_eq!([id.security_check(), id.security_check_scheme()].map(|part| part.decode()), ["4711", "V1"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "CK")]
    #[doc(alias = "medical record number")]
    Cx = "CX" {
        1 id_number: raw, "ID number, without the check digit";
        2 check_digit: raw, "identifier check digit";
        3 check_digit_scheme: raw, "check digit scheme (Table 0061): `M10`, `M11`, `ISO`";
        4 assigning_authority: view Hd, "assigning authority";
        5 identifier_type_code: raw, "identifier type code (Table 0203): `MR`, `PI`, `SS`";
        6 assigning_facility: view Hd, "assigning facility";
        7 effective_date: read Date, "effective date (2.4 and later)";
        8 expiration_date: read Date, "expiration date (2.4 and later)";
        9 assigning_jurisdiction: view Cwe, "assigning jurisdiction (2.5 and later)";
        10 assigning_agency_or_department: view Cwe, "assigning agency or department (2.5 and later)";
        11 security_check: raw, "security check (2.7 and later)";
        12 security_check_scheme: raw, "security check scheme (2.7 and later)";
    }
}

composite! {
    /// A pair of entity identifiers (EIP, 2.3.1 and later): what the placer of an order calls it, and
    /// what the filler does. The parts of each stand between subcomponent separators.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Eip};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBR|1||||||||||||||||||||||||||||A7&EHR^L9&LAB\r")?;
    /// let parent: Eip = message.segment("OBR").ok_or("no OBR")?.field(29).read()?;
    /// assert_eq!(parent.placer_assigned_identifier().entity_identifier().decode(), "A7");
    /// assert_eq!(parent.filler_assigned_identifier().namespace_id().decode(), "LAB");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "entity identifier pair")]
    Eip = "EIP" {
        1 placer_assigned_identifier: view Ei, "placer assigned identifier";
        2 filler_assigned_identifier: view Ei, "filler assigned identifier";
    }
}

composite! {
    /// A licence or other ID number of a practitioner (PLN, 2.3.1 and later).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Pln};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPRA||||||12345^SL^ST^20301231\r")?;
    /// let licence: Pln = message.segment("PRA").ok_or("no PRA")?.field(6).read()?;
    /// assert_eq!(licence.type_of_id_number().identifier().decode(), "SL");
    /// assert_eq!(licence.expiration_date()?.map(|date| date.year()), Some(2030));
    /// assert_eq!(licence.state_or_other_qualifying_information().decode(), "ST");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "practitioner license")]
    Pln = "PLN" {
        1 id_number: raw, "ID number";
        2 type_of_id_number: view Cwe, "type of ID number (Table 0338; a bare code up to 2.6)";
        3 state_or_other_qualifying_information: raw, "state or other qualifying information";
        4 expiration_date: read Date, "expiration date";
    }
}
