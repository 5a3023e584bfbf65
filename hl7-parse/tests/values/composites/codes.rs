//! Codes, and what is kept with them: which accessor is which component.

use hl7_parse::value::{Cwe, Dr, Pl, Rp, Xad, Xon, Xtn};

use super::{assert_in_order, numbered, place, text};
use crate::values::with_field;

#[test]
fn accessors_of_places_and_codes_are_in_the_order_of_the_standard() {
    with_field(&numbered(), |field| {
        let xon: Xon<'_> = field.read().expect("valued");
        let all = [
            text(xon.organization_name()),
            text(xon.organization_name_type_code().raw()),
            text(xon.id_number()),
            text(xon.check_digit()),
            text(xon.check_digit_scheme()),
            text(xon.assigning_authority().raw()),
            text(xon.identifier_type_code()),
            text(xon.assigning_facility().raw()),
            text(xon.name_representation_code()),
            text(xon.organization_identifier()),
        ];
        assert_in_order(&all, 1);

        let xad: Xad<'_> = field.read().expect("valued");
        let all = [
            text(xad.street_address().raw()),
            text(xad.other_designation()),
            text(xad.city()),
            text(xad.state_or_province()),
            text(xad.zip_or_postal_code()),
            text(xad.country()),
            text(xad.address_type()),
            text(xad.other_geographic_designation()),
            text(xad.county_or_parish_code().raw()),
            text(xad.census_tract().raw()),
            text(xad.address_representation_code()),
            text(xad.address_validity_range().raw()),
            place(xad.effective_date()),
            place(xad.expiration_date()),
            text(xad.expiration_reason().raw()),
            text(xad.temporary_indicator()),
            text(xad.bad_address_indicator()),
            text(xad.address_usage()),
            text(xad.addressee()),
            text(xad.comment()),
            place(xad.preference_order()),
            text(xad.protection_code().raw()),
            text(xad.address_identifier().raw()),
        ];
        assert_in_order(&all, 1);

        let xtn: Xtn<'_> = field.read().expect("valued");
        let all = [
            text(xtn.telephone_number()),
            text(xtn.telecommunication_use_code()),
            text(xtn.telecommunication_equipment_type()),
            text(xtn.communication_address()),
            text(xtn.country_code()),
            text(xtn.area_or_city_code()),
            text(xtn.local_number()),
            text(xtn.extension()),
            text(xtn.any_text()),
            text(xtn.extension_prefix()),
            text(xtn.speed_dial_code()),
            text(xtn.unformatted_telephone_number()),
            place(xtn.effective_start_date()),
            place(xtn.expiration_date()),
            text(xtn.expiration_reason().raw()),
            text(xtn.protection_code().raw()),
            text(xtn.shared_telecommunication_identifier().raw()),
            place(xtn.preference_order()),
        ];
        assert_in_order(&all, 1);

        let pl: Pl<'_> = field.read().expect("valued");
        let all = [
            text(pl.point_of_care().raw()),
            text(pl.room().raw()),
            text(pl.bed().raw()),
            text(pl.facility().raw()),
            text(pl.location_status()),
            text(pl.person_location_type()),
            text(pl.building().raw()),
            text(pl.floor().raw()),
            text(pl.location_description()),
            text(pl.comprehensive_location_identifier().raw()),
            text(pl.assigning_authority_for_location().raw()),
        ];
        assert_in_order(&all, 1);

        let cwe: Cwe<'_> = field.read().expect("valued");
        let all = [
            text(cwe.identifier()),
            text(cwe.text()),
            text(cwe.name_of_coding_system()),
            text(cwe.alternate_identifier()),
            text(cwe.alternate_text()),
            text(cwe.name_of_alternate_coding_system()),
            text(cwe.coding_system_version_id()),
            text(cwe.alternate_coding_system_version_id()),
            text(cwe.original_text()),
            text(cwe.second_alternate_identifier()),
            text(cwe.second_alternate_text()),
            text(cwe.name_of_second_alternate_coding_system()),
            text(cwe.second_alternate_coding_system_version_id()),
            text(cwe.coding_system_oid()),
            text(cwe.value_set_oid()),
            place(cwe.value_set_version_id()),
            text(cwe.alternate_coding_system_oid()),
            text(cwe.alternate_value_set_oid()),
            place(cwe.alternate_value_set_version_id()),
            text(cwe.second_alternate_coding_system_oid()),
            text(cwe.second_alternate_value_set_oid()),
            place(cwe.second_alternate_value_set_version_id()),
        ];
        assert_in_order(&all, 1);

        let rp: Rp<'_> = field.read().expect("valued");
        let all = [rp.pointer(), rp.application_id().raw(), rp.type_of_data(), rp.subtype()];
        assert_in_order(&all.map(text), 1);

        let dr: Dr<'_> = field.read().expect("valued");
        assert_in_order(&[place(dr.start()), place(dr.end())], 1);
    });
}

#[test]
fn the_codings_of_a_code_have_their_own_components() {
    with_field(&numbered(), |field| {
        let codings: Vec<_> = Cwe::of(field).codings().collect();
        let found: Vec<_> = codings
            .iter()
            .map(|coding| {
                [
                    coding.identifier(),
                    coding.text(),
                    coding.system(),
                    coding.version(),
                    coding.system_oid(),
                    coding.value_set_oid(),
                ]
                .map(text)
            })
            .collect();
        assert_eq!(
            found,
            [
                ["c1", "c2", "c3", "c7", "c14", "c15"],
                ["c4", "c5", "c6", "c8", "c17", "c18"],
                ["c10", "c11", "c12", "c13", "c20", "c21"],
            ]
        );
    });
    // Text alone, and a code with an alternate alone.
    with_field(b"^only text", |field| assert_eq!(Cwe::of(field).codings().count(), 1));
    with_field(b"^^^7^^L", |field| {
        let cwe = Cwe::of(field);
        assert_eq!(cwe.codings().count(), 1);
        assert_eq!(
            cwe.coding_in("L").map(|coding| text(coding.identifier())).as_deref(),
            Some("7")
        );
        assert!(cwe.coding_in("LN").is_none());
    });
}
