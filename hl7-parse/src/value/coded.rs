//! [`Cwe`] and [`Coding`]: coded elements; [`Dr`]: a range of time.

use crate::value::{Raw, composite::composite};

composite! {
    /// A coded element: a concept in up to three coding systems, and its text (CWE, CNE, CE).
    ///
    /// CE has the first six components, CWE and CNE nine, and from 2.7 twenty-two; the parts that
    /// they share are the same.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Cwe};
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|A\rOBX|1|NM|718-7^Hemoglobin^LN^HGB^Haemoglobin^L\r",
    /// )?;
    /// let code: Cwe = message.segment("OBX").ok_or("no OBX")?.field(3).read()?;
    /// assert_eq!(code.text().decode(), "Hemoglobin");
    /// assert_eq!(code.codings().count(), 2);
    /// let local = code.coding_in("L").ok_or("no local code")?;
    /// assert_eq!(local.identifier().decode(), "HGB");
    /// assert_eq!(local.system().decode(), "L");
    /// assert!(!local.version().is_valued() && !local.system_oid().is_valued());
    /// assert!(!local.value_set_oid().is_valued());
    /// assert_eq!(code.raw().part(2).decode(), code.part(2).decode());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "CE")]
    #[doc(alias = "CNE")]
    #[doc(alias = "coded element")]
    Cwe = "CWE" {
        1 identifier: raw, "identifier: the code";
        2 text: raw, "text";
        3 name_of_coding_system: raw, "name of coding system (Table 0396): `LN`, `SCT`, `L`, `99zzz`";
        4 alternate_identifier: raw, "alternate identifier";
        5 alternate_text: raw, "alternate text";
        6 name_of_alternate_coding_system: raw, "name of alternate coding system";
        7 coding_system_version_id: raw, "coding system version ID (CWE)";
        8 alternate_coding_system_version_id: raw, "alternate coding system version ID (CWE)";
        9 original_text: raw, "original text: what was seen or said before it was coded (CWE)";
        10 second_alternate_identifier: raw, "second alternate identifier (2.7 and later)";
        11 second_alternate_text: raw, "second alternate text (2.7 and later)";
        12 name_of_second_alternate_coding_system: raw, "name of second alternate coding system (2.7 and later)";
        13 second_alternate_coding_system_version_id: raw, "second alternate coding system version ID (2.7 and later)";
        14 coding_system_oid: raw, "coding system OID (2.7 and later)";
        15 value_set_oid: raw, "value set OID (2.7 and later)";
        16 value_set_version_id: read DateTime, "value set version ID, a date (2.7 and later)";
        17 alternate_coding_system_oid: raw, "alternate coding system OID (2.7 and later)";
        18 alternate_value_set_oid: raw, "alternate value set OID (2.7 and later)";
        19 alternate_value_set_version_id: read DateTime, "alternate value set version ID, a date (2.7 and later)";
        20 second_alternate_coding_system_oid: raw, "second alternate coding system OID (2.7 and later)";
        21 second_alternate_value_set_oid: raw, "second alternate value set OID (2.7 and later)";
        22 second_alternate_value_set_version_id: read DateTime, "second alternate value set version ID, a date (2.7 and later)";
    }
}

impl<'a> Cwe<'a> {
    /// The codings that have an identifier or a text, in order; at most three.
    pub fn codings(&self) -> impl Iterator<Item = Coding<'a>> + use<'a> {
        let raw = self.raw;
        NUMBERS.into_iter().map(move |numbers| Coding { raw, numbers }).filter(Coding::is_valued)
    }

    /// The coding in a system, by its name (Table 0396).
    #[must_use]
    pub fn coding_in(&self, system: &str) -> Option<Coding<'a>> {
        self.codings().find(|coding| coding.system().as_bytes() == system.as_bytes())
    }
}

/// One of the codings of a [`Cwe`].
#[derive(Clone, Copy)]
pub struct Coding<'a> {
    raw: Raw<'a>,
    numbers: Numbers,
}

/// In which component a coding has what.
#[derive(Clone, Copy)]
struct Numbers {
    identifier: usize,
    version: usize,
    system_oid: usize,
}

const NUMBERS: [Numbers; 3] = [
    Numbers { identifier: 1, version: 7, system_oid: 14 },
    Numbers { identifier: 4, version: 8, system_oid: 17 },
    Numbers { identifier: 10, version: 13, system_oid: 20 },
];

impl<'a> Coding<'a> {
    /// The code.
    #[must_use]
    pub fn identifier(&self) -> Raw<'a> {
        self.raw.part(self.numbers.identifier)
    }

    /// What the code means, in words.
    #[must_use]
    pub fn text(&self) -> Raw<'a> {
        self.raw.part(self.numbers.identifier + 1)
    }

    /// The name of the coding system (Table 0396).
    #[must_use]
    pub fn system(&self) -> Raw<'a> {
        self.raw.part(self.numbers.identifier + 2)
    }

    /// The version of the coding system.
    #[must_use]
    pub fn version(&self) -> Raw<'a> {
        self.raw.part(self.numbers.version)
    }

    /// The OID of the coding system (2.7 and later).
    #[must_use]
    pub fn system_oid(&self) -> Raw<'a> {
        self.raw.part(self.numbers.system_oid)
    }

    /// The OID of the value set (2.7 and later).
    #[must_use]
    pub fn value_set_oid(&self) -> Raw<'a> {
        self.raw.part(self.numbers.system_oid + 1)
    }

    fn is_valued(&self) -> bool {
        self.identifier().is_valued() || self.text().is_valued()
    }
}

impl std::fmt::Debug for Coding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coding").field("first_component", &self.numbers.identifier).finish()
    }
}

composite! {
    /// A range of time (DR). An end that was not sent is open.
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Dr, Precision}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|2023^\r")?;
    /// let range: Dr = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(range.start()?.map(|start| start.precision()), Some(Precision::Year));
    /// assert_eq!(range.end()?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "date range")]
    Dr = "DR" {
        1 start: read DateTime, "range start";
        2 end: read DateTime, "range end";
    }
}
