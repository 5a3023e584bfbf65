//! [`Cwe`] and [`Coding`]: coded elements; [`Jcc`] and [`Sps`]: types that are little else; [`Dr`]: a
//! range of time.

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
    ///
    /// Each part of the three codings by its name:
    ///
    /// ```
    /// use hl7_parse::{Message, value::Cwe};
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|A\rOBX|1|NM|718-7^Hemoglobin^LN^HGB^Hb^L^2.74^1^haemoglobin^HB^Blood^99LAB^3^\
    ///       1.2.3^1.2.4^2024^1.2.5^1.2.6^2025^1.2.7^1.2.8^2026\r",
    /// )?;
    /// let code: Cwe = message.segment("OBX").ok_or("no OBX")?.field(3).read()?;
    /// let identifiers = [
    ///     code.identifier(),
    ///     code.alternate_identifier(),
    ///     code.second_alternate_identifier(),
    /// ];
    /// assert_eq!(identifiers.map(|part| part.decode()), ["718-7", "HGB", "HB"]);
    /// let texts = [
    ///     code.text(),
    ///     code.alternate_text(),
    ///     code.second_alternate_text(),
    ///     code.original_text(),
    /// ];
    /// assert_eq!(texts.map(|part| part.decode()), ["Hemoglobin", "Hb", "Blood", "haemoglobin"]);
    /// let systems = [
    ///     code.name_of_coding_system(),
    ///     code.name_of_alternate_coding_system(),
    ///     code.name_of_second_alternate_coding_system(),
    /// ];
    /// assert_eq!(systems.map(|part| part.decode()), ["LN", "L", "99LAB"]);
    /// let versions = [
    ///     code.coding_system_version_id(),
    ///     code.alternate_coding_system_version_id(),
    ///     code.second_alternate_coding_system_version_id(),
    /// ];
    /// assert_eq!(versions.map(|part| part.decode()), ["2.74", "1", "3"]);
    /// let oids = [
    ///     code.coding_system_oid(),
    ///     code.alternate_coding_system_oid(),
    ///     code.second_alternate_coding_system_oid(),
    /// ];
    /// assert_eq!(oids.map(|part| part.decode()), ["1.2.3", "1.2.5", "1.2.7"]);
    /// let value_sets =
    ///     [code.value_set_oid(), code.alternate_value_set_oid(), code.second_alternate_value_set_oid()];
    /// assert_eq!(value_sets.map(|part| part.decode()), ["1.2.4", "1.2.6", "1.2.8"]);
    /// let dates = [
    ///     code.value_set_version_id()?,
    ///     code.alternate_value_set_version_id()?,
    ///     code.second_alternate_value_set_version_id()?,
    /// ];
    /// assert_eq!(dates.map(|date| date.map(|date| date.year())), [Some(2024), Some(2025), Some(2026)]);
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

composite! {
    /// A job (JCC).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Jcc};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|RN^F^Night nurse\r")?;
    /// let job: Jcc = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(job.job_code().identifier().decode(), "RN");
    /// assert_eq!(job.job_description_text().decode(), "Night nurse");
    /// assert_eq!(job.job_class().identifier().decode(), "F");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "job code and class")]
    Jcc = "JCC" {
        1 job_code: view Cwe, "job code (Table 0327; a bare code up to 2.6)";
        2 job_class: view Cwe, "job class (Table 0328; a bare code up to 2.6)";
        3 job_description_text: raw, "job description text (2.5 and later)";
    }
}

composite! {
    /// What a specimen is, and where it comes from (SPS, OBR-15; CM up to 2.3, gone from 2.7 on).
    /// The parts of each code stand between subcomponent separators.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Sps};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|BLD&Blood^EDTA^drawn^LA&Left arm^UPPER^VEN^P\r")?;
    /// let source: Sps = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(source.specimen_source_name_or_code().text().decode(), "Blood");
    /// assert_eq!(source.body_site().identifier().decode(), "LA");
    /// assert_eq!(source.specimen_collection_method().decode(), "drawn");
    /// let codes = [
    ///     source.additives(),
    ///     source.site_modifier(),
    ///     source.collection_method_modifier_code(),
    ///     source.specimen_role(),
    /// ];
    /// assert_eq!(codes.map(|code| code.identifier().decode()), ["EDTA", "UPPER", "VEN", "P"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "specimen source")]
    Sps = "SPS" {
        1 specimen_source_name_or_code: view Cwe, "specimen source name or code (Table 0070)";
        2 additives: view Cwe, "additives (Table 0371; text up to 2.4)";
        3 specimen_collection_method: raw, "specimen collection method";
        4 body_site: view Cwe, "body site (Table 0163)";
        5 site_modifier: view Cwe, "site modifier (Table 0495)";
        6 collection_method_modifier_code: view Cwe, "collection method modifier code";
        7 specimen_role: view Cwe, "specimen role (Table 0369)";
    }
}
