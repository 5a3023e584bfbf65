//! Names, addresses and numbers: which accessor is which component, of which version.

use hl7_parse::value::{Cx, Ei, FamilyName, Hd, Pl, StreetAddress, Xad, Xcn, Xpn, Xtn};

use super::{assert_in_order, numbered, place, text};
use crate::values::with_field;

#[test]
fn accessors_are_in_the_order_of_the_standard() {
    with_field(&numbered(), |field| {
        let hd: Hd<'_> = field.read().expect("valued");
        let all = [hd.namespace_id(), hd.universal_id(), hd.universal_id_type()];
        assert_in_order(&all.map(text), 1);

        let ei: Ei<'_> = field.read().expect("valued");
        let all =
            [ei.entity_identifier(), ei.namespace_id(), ei.universal_id(), ei.universal_id_type()];
        assert_in_order(&all.map(text), 1);

        let cx: Cx<'_> = field.read().expect("valued");
        let all = [
            text(cx.id_number()),
            text(cx.check_digit()),
            text(cx.check_digit_scheme()),
            text(cx.assigning_authority().raw()),
            text(cx.identifier_type_code()),
            text(cx.assigning_facility().raw()),
            place(cx.effective_date()),
            place(cx.expiration_date()),
            text(cx.assigning_jurisdiction().raw()),
            text(cx.assigning_agency_or_department().raw()),
            text(cx.security_check()),
            text(cx.security_check_scheme()),
        ];
        assert_in_order(&all, 1);

        let xpn: Xpn<'_> = field.read().expect("valued");
        let all = [
            text(xpn.family_name().raw()),
            text(xpn.given_name()),
            text(xpn.second_and_further_given_names()),
            text(xpn.suffix()),
            text(xpn.prefix()),
            text(xpn.degree()),
            text(xpn.name_type_code()),
            text(xpn.name_representation_code()),
            text(xpn.name_context().raw()),
            text(xpn.name_validity_range().raw()),
            text(xpn.name_assembly_order()),
            place(xpn.effective_date()),
            place(xpn.expiration_date()),
            text(xpn.professional_suffix()),
            text(xpn.called_by()),
        ];
        assert_in_order(&all, 1);

        let xcn: Xcn<'_> = field.read().expect("valued");
        let all = [
            text(xcn.person_identifier()),
            text(xcn.family_name().raw()),
            text(xcn.given_name()),
            text(xcn.second_and_further_given_names()),
            text(xcn.suffix()),
            text(xcn.prefix()),
            text(xcn.degree()),
            text(xcn.source_table()),
            text(xcn.assigning_authority().raw()),
            text(xcn.name_type_code()),
            text(xcn.identifier_check_digit()),
            text(xcn.check_digit_scheme()),
            text(xcn.identifier_type_code()),
            text(xcn.assigning_facility().raw()),
            text(xcn.name_representation_code()),
            text(xcn.name_context().raw()),
            text(xcn.name_validity_range().raw()),
            text(xcn.name_assembly_order()),
            place(xcn.effective_date()),
            place(xcn.expiration_date()),
            text(xcn.professional_suffix()),
            text(xcn.assigning_jurisdiction().raw()),
            text(xcn.assigning_agency_or_department().raw()),
            text(xcn.security_check()),
            text(xcn.security_check_scheme()),
        ];
        assert_in_order(&all, 1);
    });
}

#[test]
fn older_messages_are_read_by_the_same_names() {
    with_field(b"SMITH^JOHN^Q^JR^DR^MD", |field| {
        let name = Xpn::of(field);
        assert_eq!(text(name.family_name().surname()), "SMITH");
        assert_eq!((text(name.degree()), name.name_type_code().is_present()), ("MD".into(), false));
    });
    // 2.3.1: a family name and its prefix. 2.4: five parts.
    with_field(b"Vries&de^J", |field| {
        let name: FamilyName<'_> = Xpn::of(field).family_name();
        assert_eq!(
            (text(name.surname()), text(name.own_surname_prefix())),
            ("Vries".into(), "de".into())
        );
    });
    with_field(b"de Vries-van Dam&de&Vries&van&Dam", |field| {
        let name = Xpn::of(field).family_name();
        let all = [
            name.surname(),
            name.own_surname_prefix(),
            name.own_surname(),
            name.surname_prefix_from_partner(),
            name.surname_from_partner(),
        ];
        assert_eq!(all.map(text), ["de Vries-van Dam", "de", "Vries", "van", "Dam"]);
    });
    with_field(b"1 Main St^Apt 2^Anytown", |field| {
        let street: StreetAddress<'_> = Xad::of(field).street_address();
        assert_eq!(text(street.street_or_mailing_address()), "1 Main St");
        assert!(!street.street_name().is_present() && !street.dwelling_number().is_present());
    });
    with_field(b"12345^5^M11", |field| {
        let id = Cx::of(field);
        assert_eq!(
            (text(id.id_number()), text(id.check_digit_scheme())),
            ("12345".into(), "M11".into())
        );
    });
    with_field(b"ICU", |field| {
        assert_eq!(text(Pl::of(field).point_of_care().namespace_id()), "ICU");
    });
    // DR in a component, at the level of subcomponents.
    with_field(b"A^B^^^^^^^^2020&202112", |field| {
        let range = Xpn::of(field).name_validity_range();
        assert_eq!(range.start(), Ok("2020".parse().ok()));
        assert_eq!(range.end(), Ok("202112".parse().ok()));
    });
}

#[test]
fn the_best_number_is_chosen() {
    for (content, number, email) in [
        ("(555)123-4567^PRN^PH", "(555)123-4567", None),
        ("555-1^PRN^PH^^1^555^1234567", "+1 555 1234567", None),
        ("^PRN^PH^^^555^1234567^89", "555 1234567 x89", None),
        ("^PRN^PH^^+1^555^1234567", "+1 555 1234567", None),
        ("a^PRN^PH^^1^555^1234567^^^^^5551234567", "5551234567", None),
        ("\"\"^PRN^PH", "", None),
        ("^NET^Internet^a@b.example", "", Some("a@b.example")),
        ("a@b.example^NET^Internet", "a@b.example", Some("a@b.example")),
        ("a@b.example^NET^X.400", "a@b.example", None),
        ("555^PRN^PH^https://example.org", "555", None),
        ("", "", None),
    ] {
        with_field(content.as_bytes(), |field| {
            let xtn = Xtn::of(field);
            assert_eq!(xtn.number(), number, "{content}");
            assert_eq!(xtn.email().map(text).as_deref(), email, "{content}");
        });
    }
}
