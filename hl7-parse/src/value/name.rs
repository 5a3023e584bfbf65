//! [`Xpn`], [`Xcn`], [`Xon`] and [`FamilyName`]: names of people and organizations.

use crate::value::composite::composite;

composite! {
    /// A family name and its parts (FN, 2.3.1 and later). A bare text is the surname.
    ///
    /// 2.3.1 has two parts, the name and its prefix; 2.4 and later have five.
    ///
    /// ```
    /// use hl7_parse::{Message, value::FamilyName};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||van der Berg&van der&Berg&de&Wit^Eve\r")?;
    /// let name: FamilyName = message.segment("PID").ok_or("no PID")?.field(5).component(1).read()?;
    /// assert_eq!(name.surname().decode(), "van der Berg");
    /// assert_eq!((name.own_surname_prefix().decode(), name.own_surname().decode()), ("van der".into(), "Berg".into()));
    /// assert_eq!(name.surname_prefix_from_partner().decode(), "de");
    /// assert_eq!(name.surname_from_partner().decode(), "Wit");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "FN")]
    FamilyName = "FN" {
        1 surname: raw, "surname, as a whole";
        2 own_surname_prefix: raw, "own surname prefix: `van`";
        3 own_surname: raw, "own surname";
        4 surname_prefix_from_partner: raw, "surname prefix from partner or spouse";
        5 surname_from_partner: raw, "surname from partner or spouse";
    }
}

composite! {
    /// A person's name (XPN). Reads the PN of 2.1 and 2.2 too, which has the first six
    /// components.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Xpn};
    ///
    /// let message = Message::parse("MSH|^~\\&|A\rPID|||||O\\T\\Hara&van&Hara^Eve^E^JR^^^L^A^BUS^2020&2030^F^^^RN^Evie\r".as_bytes())?;
    /// let name: Xpn = message.segment("PID").ok_or("no PID")?.field(5).read()?;
    /// assert_eq!(name.family_name().surname().decode(), "O&Hara");
    /// assert_eq!(name.family_name().own_surname_prefix().decode(), "van");
    /// assert_eq!(name.given_name().decode(), "Eve");
    /// assert_eq!(name.name_type_code().decode(), "L");
    /// assert_eq!(name.second_and_further_given_names().decode(), "E");
    /// let parts = [name.suffix(), name.professional_suffix(), name.called_by()];
    /// assert_eq!(parts.map(|part| part.decode()), ["JR", "RN", "Evie"]);
    /// let parts = [name.name_representation_code(), name.name_assembly_order()];
    /// assert_eq!(parts.map(|part| part.decode()), ["A", "F"]);
    /// assert_eq!(name.name_context().identifier().decode(), "BUS");
    /// assert_eq!(name.name_validity_range().start()?.map(|start| start.year()), Some(2020));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "PN")]
    Xpn = "XPN" {
        1 family_name: view FamilyName, "family name";
        2 given_name: raw, "given name";
        3 second_and_further_given_names: raw, "second and further given names or initials thereof";
        4 suffix: raw, "suffix: `JR`, `III`";
        5 prefix: raw, "prefix: `DR`";
        6 degree: raw, "degree: `MD` (withdrawn by 2.8; see component 14)";
        7 name_type_code: raw, "name type code (Table 0200): `L` legal, `D` display, `M` maiden";
        8 name_representation_code: raw, "name representation code (Table 0465): `A` alphabetic, `I` ideographic, `P` phonetic";
        9 name_context: view Cwe, "name context (2.4 and later)";
        10 name_validity_range: view Dr, "name validity range (2.4; deprecated in 2.5 for 12 and 13)";
        11 name_assembly_order: raw, "name assembly order: `G` given name first, `F` family name first (2.4 and later)";
        12 effective_date: read DateTime, "effective date (2.5 and later)";
        13 expiration_date: read DateTime, "expiration date (2.5 and later)";
        14 professional_suffix: raw, "professional suffix (2.5 and later)";
        15 called_by: raw, "called by (2.7 and later)";
    }
}

composite! {
    /// A person with an identifier (XCN): physicians, operators. Reads the CN of 2.2 too, which
    /// has the first eight components; that of 2.1 has the degree in component 5.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Xcn};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPV1||I|||||42^Hippocrates^Harry^H^JR^DR^^T1^GH^L^5^M11^NPI^EAST^A^BUS^2020&2030^F^^^MD^BY^HLD^4711^V1\r")?;
    /// let attending: Xcn = message.segment("PV1").ok_or("no PV1")?.field(7).read()?;
    /// assert_eq!(attending.person_identifier().decode(), "42");
    /// assert_eq!(attending.family_name().surname().decode(), "Hippocrates");
    /// assert_eq!(attending.assigning_authority().namespace_id().decode(), "GH");
    /// let parts = [
    ///     attending.second_and_further_given_names(),
    ///     attending.suffix(),
    ///     attending.professional_suffix(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["H", "JR", "MD"]);
    /// let parts = [
    ///     attending.source_table(),
    ///     attending.identifier_check_digit(),
    ///     attending.check_digit_scheme(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["T1", "5", "M11"]);
    /// assert_eq!(attending.assigning_facility().namespace_id().decode(), "EAST");
    /// let parts = [attending.name_representation_code(), attending.name_assembly_order()];
    /// assert_eq!(parts.map(|part| part.decode()), ["A", "F"]);
    /// assert_eq!(attending.name_validity_range().start()?.map(|start| start.year()), Some(2020));
    /// let codes = [
    ///     attending.name_context(),
    ///     attending.assigning_jurisdiction(),
    ///     attending.assigning_agency_or_department(),
    /// ];
    /// assert_eq!(codes.map(|code| code.identifier().decode()), ["BUS", "BY", "HLD"]);
    /// let parts = [attending.security_check(), attending.security_check_scheme()];
    /// assert_eq!(parts.map(|part| part.decode()), ["4711", "V1"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "CN")]
    Xcn = "XCN" {
        1 person_identifier: raw, "person identifier (ID number before 2.7)";
        2 family_name: view FamilyName, "family name";
        3 given_name: raw, "given name";
        4 second_and_further_given_names: raw, "second and further given names or initials thereof";
        5 suffix: raw, "suffix: `JR`, `III`";
        6 prefix: raw, "prefix: `DR`";
        7 degree: raw, "degree: `MD` (withdrawn by 2.8; see component 21)";
        8 source_table: raw, "source table (Table 0297)";
        9 assigning_authority: view Hd, "assigning authority (2.3 and later)";
        10 name_type_code: raw, "name type code (Table 0200)";
        11 identifier_check_digit: raw, "identifier check digit";
        12 check_digit_scheme: raw, "check digit scheme (Table 0061)";
        13 identifier_type_code: raw, "identifier type code (Table 0203)";
        14 assigning_facility: view Hd, "assigning facility";
        15 name_representation_code: raw, "name representation code (Table 0465; 2.3.1 and later)";
        16 name_context: view Cwe, "name context (2.4 and later)";
        17 name_validity_range: view Dr, "name validity range (2.4; deprecated in 2.5 for 19 and 20)";
        18 name_assembly_order: raw, "name assembly order (2.4 and later)";
        19 effective_date: read DateTime, "effective date (2.5 and later)";
        20 expiration_date: read DateTime, "expiration date (2.5 and later)";
        21 professional_suffix: raw, "professional suffix (2.5 and later)";
        22 assigning_jurisdiction: view Cwe, "assigning jurisdiction (2.5 and later)";
        23 assigning_agency_or_department: view Cwe, "assigning agency or department (2.5 and later)";
        24 security_check: raw, "security check (2.7 and later)";
        25 security_check_scheme: raw, "security check scheme (2.7 and later)";
    }
}

composite! {
    /// An organization's name and identifier (XON).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Xon};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPD1|||Good Health^L^^5^M11^CMS&1.2.3&ISO^XX^EAST^A^17\r")?;
    /// let practice: Xon = message.segment("PD1").ok_or("no PD1")?.field(3).read()?;
    /// assert_eq!(practice.organization_name().decode(), "Good Health");
    /// assert_eq!(practice.organization_identifier().decode(), "17");
    /// assert_eq!(practice.assigning_authority().universal_id().decode(), "1.2.3");
    /// assert_eq!(practice.organization_name_type_code().identifier().decode(), "L");
    /// assert_eq!(practice.assigning_facility().namespace_id().decode(), "EAST");
    /// let parts = [
    ///     practice.check_digit(),
    ///     practice.check_digit_scheme(),
    ///     practice.name_representation_code(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["5", "M11", "A"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Xon = "XON" {
        1 organization_name: raw, "organization name";
        2 organization_name_type_code: view Cwe, "organization name type code (Table 0204; a bare code before 2.7)";
        3 id_number: raw, "ID number (withdrawn by 2.9; see component 10)";
        4 check_digit: raw, "identifier check digit (withdrawn by 2.9)";
        5 check_digit_scheme: raw, "check digit scheme (Table 0061; withdrawn by 2.9)";
        6 assigning_authority: view Hd, "assigning authority";
        7 identifier_type_code: raw, "identifier type code (Table 0203)";
        8 assigning_facility: view Hd, "assigning facility";
        9 name_representation_code: raw, "name representation code (Table 0465; 2.3.1 and later)";
        10 organization_identifier: raw, "organization identifier (2.5 and later)";
    }
}
