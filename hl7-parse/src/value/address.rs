//! [`Xad`] and [`StreetAddress`], addresses; [`Pl`], [`La1`] and [`Dld`], places in a hospital and
//! where one goes from there.

use crate::value::composite::composite;

composite! {
    /// A street address and its parts (SAD, 2.4 and later). A bare text is the whole line.
    ///
    /// ```
    /// use hl7_parse::{Message, value::StreetAddress};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||||||1 Main St&Main St&1^^Anytown\r")?;
    /// let line = message.segment("PID").ok_or("no PID")?.field(11).component(1);
    /// let street: StreetAddress = line.read()?;
    /// assert_eq!(street.street_or_mailing_address().decode(), "1 Main St");
    /// assert_eq!(street.street_name().decode(), "Main St");
    /// assert_eq!(street.dwelling_number().decode(), "1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "SAD")]
    StreetAddress = "SAD" {
        1 street_or_mailing_address: raw, "street or mailing address, as a whole";
        2 street_name: raw, "street name";
        3 dwelling_number: raw, "dwelling number";
    }
}

composite! {
    /// An address (XAD). Reads the AD of 2.1 and 2.2 too, which has the first components.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Xad};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPID|||||||||||1 Main St&Main St&1^Apt 2^Anytown^ST^12345^USA^H^Riverside^C1^0042^A^2020&2030^^^MOV^N^Y^P^Eve^rear^1^UWM^77&REG\r")?;
    /// let address: Xad = message.segment("PID").ok_or("no PID")?.field(11).read()?;
    /// assert_eq!(address.street_address().street_or_mailing_address().decode(), "1 Main St");
    /// assert_eq!(address.city().decode(), "Anytown");
    /// assert_eq!(address.country().decode(), "USA");
    /// let parts = [
    ///     address.other_designation(),
    ///     address.state_or_province(),
    ///     address.zip_or_postal_code(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["Apt 2", "ST", "12345"]);
    /// let parts = [
    ///     address.address_type(),
    ///     address.other_geographic_designation(),
    ///     address.address_representation_code(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["H", "Riverside", "A"]);
    /// // What later versions added.
    /// assert_eq!(address.address_validity_range().end()?.map(|end| end.year()), Some(2030));
    /// let parts = [
    ///     address.temporary_indicator(),
    ///     address.bad_address_indicator(),
    ///     address.address_usage(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["N", "Y", "P"]);
    /// assert_eq!([address.addressee(), address.comment()].map(|part| part.decode()), ["Eve", "rear"]);
    /// let codes = [
    ///     address.county_or_parish_code(),
    ///     address.census_tract(),
    ///     address.expiration_reason(),
    ///     address.protection_code(),
    /// ];
    /// assert_eq!(codes.map(|code| code.identifier().decode()), ["C1", "0042", "MOV", "UWM"]);
    /// assert_eq!(address.preference_order()?, Some(hl7_parse::value::Nm::new("1")?));
    /// assert_eq!(address.address_identifier().namespace_id().decode(), "REG");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "AD")]
    Xad = "XAD" {
        1 street_address: view StreetAddress, "street address";
        2 other_designation: raw, "other designation: the second line";
        3 city: raw, "city";
        4 state_or_province: raw, "state or province";
        5 zip_or_postal_code: raw, "zip or postal code";
        6 country: raw, "country (Table 0399): three letters of ISO 3166";
        7 address_type: raw, "address type (Table 0190): `H` home, `B` business, `M` mailing";
        8 other_geographic_designation: raw, "other geographic designation";
        9 county_or_parish_code: view Cwe, "county or parish code (a bare code up to 2.6)";
        10 census_tract: view Cwe, "census tract (a bare code up to 2.6)";
        11 address_representation_code: raw, "address representation code (Table 0465; 2.3.1 and later)";
        12 address_validity_range: view Dr, "address validity range (2.4; deprecated in 2.5 for 13 and 14)";
        13 effective_date: read DateTime, "effective date (2.5 and later)";
        14 expiration_date: read DateTime, "expiration date (2.5 and later)";
        15 expiration_reason: view Cwe, "expiration reason (2.6 and later)";
        16 temporary_indicator: raw, "temporary indicator: `Y`, `N` (2.6 and later)";
        17 bad_address_indicator: raw, "bad address indicator: `Y`, `N` (2.6 and later)";
        18 address_usage: raw, "address usage (2.6 and later)";
        19 addressee: raw, "addressee (2.6 and later)";
        20 comment: raw, "comment (2.6 and later)";
        21 preference_order: read Nm, "preference order (2.6 and later)";
        22 protection_code: view Cwe, "protection code (2.6 and later)";
        23 address_identifier: view Ei, "address identifier (2.6 and later)";
    }
}

composite! {
    /// A place for a person (PL): ward, room, bed.
    ///
    /// Up to 2.8 the parts that are an [`Hd`](crate::value::Hd) here may be bare codes: the namespace ID.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Pl};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rPV1||I|ICU^12^A^GH^C^N^MAIN^2^by the window^B7&GH^GH\r")?;
    /// let location: Pl = message.segment("PV1").ok_or("no PV1")?.field(3).read()?;
    /// assert_eq!(location.point_of_care().namespace_id().decode(), "ICU");
    /// assert_eq!(location.bed().namespace_id().decode(), "A");
    /// let parts = [location.facility(), location.building(), location.floor()];
    /// assert_eq!(parts.map(|part| part.namespace_id().decode()), ["GH", "MAIN", "2"]);
    /// let parts = [
    ///     location.location_status(),
    ///     location.person_location_type(),
    ///     location.location_description(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["C", "N", "by the window"]);
    /// assert_eq!(location.comprehensive_location_identifier().entity_identifier().decode(), "B7");
    /// assert_eq!(location.assigning_authority_for_location().namespace_id().decode(), "GH");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "person location")]
    Pl = "PL" {
        1 point_of_care: view Hd, "point of care: the ward (Table 0302)";
        2 room: view Hd, "room (Table 0303)";
        3 bed: view Hd, "bed (Table 0304)";
        4 facility: view Hd, "facility";
        5 location_status: raw, "location status (Table 0306)";
        6 person_location_type: raw, "person location type (Table 0305)";
        7 building: view Hd, "building (Table 0307)";
        8 floor: view Hd, "floor (Table 0308)";
        9 location_description: raw, "location description (location type in 2.3)";
        10 comprehensive_location_identifier: view Ei, "comprehensive location identifier (2.5 and later)";
        11 assigning_authority_for_location: view Hd, "assigning authority for location (2.5 and later)";
    }
}

composite! {
    /// Where something is to be delivered in a hospital (LA1, 2.3.1 to 2.7).
    ///
    /// ```
    /// use hl7_parse::{Message, value::La1};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rRXO||||||||W3^101^A^GH^C^N^MAIN^2^1 Main St&&Anytown\r")?;
    /// let place: La1 = message.segment("RXO").ok_or("no RXO")?.field(8).read()?;
    /// assert_eq!(place.room().decode(), "101");
    /// assert_eq!(place.address().city().decode(), "Anytown");
    /// let parts = [
    ///     place.location_status(),
    ///     place.person_location_type(),
    ///     place.building(),
    ///     place.floor(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["C", "N", "MAIN", "2"]);
    /// assert_eq!(place.facility().namespace_id().decode(), "GH");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "location with address")]
    La1 = "LA1" {
        1 point_of_care: raw, "point of care (Table 0302)";
        2 room: raw, "room (Table 0303)";
        3 bed: raw, "bed (Table 0304)";
        4 facility: view Hd, "facility";
        5 location_status: raw, "location status (Table 0306)";
        6 person_location_type: raw, "person location type (Table 0305)";
        7 building: raw, "building (Table 0307)";
        8 floor: raw, "floor (Table 0308)";
        9 address: view Xad, "address (AD)";
    }
}

composite! {
    /// Where a patient was discharged to, and since when (DLD, 2.3.1 and later).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Dld};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|HOME^20240229\r")?;
    /// let discharged: Dld = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(discharged.discharge_to_location().identifier().decode(), "HOME");
    /// assert_eq!(discharged.effective_date()?.map(|date| date.year()), Some(2024));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "discharge to location and date")]
    Dld = "DLD" {
        1 discharge_to_location: view Cwe, "discharge to location (Table 0113; a bare code up to 2.5.1)";
        2 effective_date: read DateTime, "effective date";
    }
}
