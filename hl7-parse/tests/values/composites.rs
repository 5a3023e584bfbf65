//! Composite types: which accessor is which component, at which level, of which version.

use hl7_parse::{
    Message, Path,
    value::{
        Cp, Cq, Cwe, Cx, DateTime, Dld, Dr, Dtn, Ei, Eip, Eld, Erl, FamilyName, Fc, FromRaw, Hd,
        Jcc, La1, Ma, Mo, Msg, Na, Nr, Ocd, Osp, Pl, Pln, Pt, Pta, Qip, Qsc, Raw, Rcd, Ri, Rmc, Rp,
        Scv, Sps, StreetAddress, Tq, ValueError, ValueErrorKind, Vid, Xad, Xcn, Xon, Xpn, Xtn,
    },
};
use proptest::prelude::*;

use super::with_field;

/// `c1^c2^..^c30`: each component is its number.
fn numbered() -> Vec<u8> {
    let components: Vec<_> = (1..=30).map(|n| format!("c{n}")).collect();
    components.join("^").into_bytes()
}

/// What `read` found in which component: that of a form is out of form, and says where.
fn place<T>(read: Result<Option<T>, ValueError>) -> String {
    let error = read.err().map(|error| error.at(Path::new("ZZZ-1")));
    let component = error.and_then(|error| error.path()?.component());
    component.map_or_else(|| "no error".to_owned(), |component| format!("c{component}"))
}

fn text(raw: Raw<'_>) -> String {
    raw.decode().into_owned()
}

/// Every accessor, in the order of the standard, gives its component.
fn assert_in_order(found: &[String], first: usize) {
    for (n, found) in (first..).zip(found) {
        assert_eq!(*found, format!("c{n}"), "component {n} of {}", found.len());
    }
}

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
fn accessors_of_quantities_are_in_the_order_of_the_standard() {
    with_field(&numbered(), |field| {
        let cq: Cq<'_> = field.read().expect("valued");
        assert_in_order(&[place(cq.quantity()), text(cq.units().raw())], 1);

        let nr: Nr<'_> = field.read().expect("valued");
        assert_in_order(&[place(nr.low_value()), place(nr.high_value())], 1);

        let mo: Mo<'_> = field.read().expect("valued");
        assert_in_order(&[place(mo.quantity()), text(mo.denomination())], 1);

        let cp: Cp<'_> = field.read().expect("valued");
        let all = [
            text(cp.price().raw()),
            text(cp.price_type()),
            place(cp.from_value()),
            place(cp.to_value()),
            text(cp.range_units().raw()),
            text(cp.range_type()),
        ];
        assert_in_order(&all, 1);

        let ri: Ri<'_> = field.read().expect("valued");
        assert_in_order(&[text(ri.repeat_pattern().raw()), text(ri.explicit_time_interval())], 1);

        let tq: Tq<'_> = field.read().expect("valued");
        let all = [
            text(tq.quantity().raw()),
            text(tq.interval().raw()),
            text(tq.duration()),
            place(tq.start()),
            place(tq.end()),
            text(tq.priority()),
            text(tq.condition()),
            text(tq.text()),
            text(tq.conjunction()),
            text(tq.order_sequencing()),
            text(tq.occurrence_duration().raw()),
            place(tq.total_occurrences()),
        ];
        assert_in_order(&all, 1);
    });
}

#[test]
fn accessors_of_headers_and_identifiers_are_in_the_order_of_the_standard() {
    with_field(&numbered(), |field| {
        let msg: Msg<'_> = field.read().expect("valued");
        assert_in_order(
            &[text(msg.message_code()), text(msg.trigger_event()), text(msg.message_structure())],
            1,
        );

        let pt: Pt<'_> = field.read().expect("valued");
        assert_in_order(&[text(pt.processing_id()), text(pt.processing_mode())], 1);

        let vid: Vid<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(vid.version_id()),
                text(vid.internationalization_code().raw()),
                text(vid.international_version_id().raw()),
            ],
            1,
        );

        let eip: Eip<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(eip.placer_assigned_identifier().raw()),
                text(eip.filler_assigned_identifier().raw()),
            ],
            1,
        );

        let pln: Pln<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(pln.id_number()),
                text(pln.type_of_id_number().raw()),
                text(pln.state_or_other_qualifying_information()),
                place(pln.expiration_date()),
            ],
            1,
        );
    });
}

#[test]
fn accessors_of_bills_and_places_are_in_the_order_of_the_standard() {
    with_field(&numbered(), |field| {
        let la1: La1<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(la1.point_of_care()),
                text(la1.room()),
                text(la1.bed()),
                text(la1.facility().raw()),
                text(la1.location_status()),
                text(la1.person_location_type()),
                text(la1.building()),
                text(la1.floor()),
                text(la1.address().raw()),
            ],
            1,
        );

        let dld: Dld<'_> = field.read().expect("valued");
        assert_in_order(&[text(dld.discharge_to_location().raw()), place(dld.effective_date())], 1);

        let fc: Fc<'_> = field.read().expect("valued");
        assert_in_order(&[text(fc.financial_class_code().raw()), place(fc.effective_date())], 1);

        let ocd: Ocd<'_> = field.read().expect("valued");
        assert_in_order(&[text(ocd.occurrence_code().raw()), place(ocd.occurrence_date())], 1);

        let osp: Osp<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(osp.occurrence_span_code().raw()),
                place(osp.occurrence_span_start_date()),
                place(osp.occurrence_span_stop_date()),
            ],
            1,
        );

        let pta: Pta<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(pta.policy_type().raw()),
                text(pta.amount_class().raw()),
                place(pta.amount()),
                text(pta.money_or_percentage()),
            ],
            1,
        );

        let rmc: Rmc<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(rmc.room_type().raw()),
                text(rmc.amount_type().raw()),
                place(rmc.coverage_amount()),
                text(rmc.money_or_percentage()),
            ],
            1,
        );

        let dtn: Dtn<'_> = field.read().expect("valued");
        assert_in_order(&[text(dtn.day_type().raw()), place(dtn.number_of_days())], 1);
    });
}

#[test]
fn accessors_of_queries_and_errors_are_in_the_order_of_the_standard() {
    with_field(&numbered(), |field| {
        let jcc: Jcc<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(jcc.job_code().raw()),
                text(jcc.job_class().raw()),
                text(jcc.job_description_text()),
            ],
            1,
        );

        let sps: Sps<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(sps.specimen_source_name_or_code().raw()),
                text(sps.additives().raw()),
                text(sps.specimen_collection_method()),
                text(sps.body_site().raw()),
                text(sps.site_modifier().raw()),
                text(sps.collection_method_modifier_code().raw()),
                text(sps.specimen_role().raw()),
            ],
            1,
        );

        let qsc: Qsc<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(qsc.segment_field_name()),
                text(qsc.relational_operator()),
                text(qsc.value()),
                text(qsc.relational_conjunction()),
            ],
            1,
        );

        let qip: Qip<'_> = field.read().expect("valued");
        assert_in_order(&[text(qip.segment_field_name()), text(qip.values())], 1);

        let rcd: Rcd<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(rcd.segment_field_name()),
                text(rcd.hl7_data_type()),
                place(rcd.maximum_column_width()),
            ],
            1,
        );

        let scv: Scv<'_> = field.read().expect("valued");
        assert_in_order(&[text(scv.parameter_class().raw()), text(scv.parameter_value())], 1);

        let erl: Erl<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(erl.segment_id()),
                place(erl.segment_sequence()),
                place(erl.field_position()),
                place(erl.field_repetition()),
                place(erl.component_number()),
                place(erl.subcomponent_number()),
            ],
            1,
        );

        let eld: Eld<'_> = field.read().expect("valued");
        assert_in_order(
            &[
                text(eld.segment_id()),
                place(eld.segment_sequence()),
                place(eld.field_position()),
                text(eld.code_identifying_error().raw()),
            ],
            1,
        );
    });
}

#[test]
fn arrays_of_numbers_know_their_places() {
    with_field(b"1^^x^\"\"^-2.50", |field| {
        let found: Vec<_> = Na::of(field)
            .values()
            .map(|value| match value {
                Ok(value) => value.map_or("none", |value| value.as_str()).to_owned(),
                Err(error) => error.at(Path::new("ZZZ-1")).to_string(),
            })
            .collect();
        assert_eq!(
            found,
            [
                "1",
                "none",
                "NM: not in the form of the type (ZZZ-1.3, byte 0)",
                "NM: the delete indicator (ZZZ-1.4, byte 0)",
                "-2.50",
            ]
        );
        let ma = Ma::of(field);
        for (n, value) in (1..).zip(ma.values()) {
            let same = ma.channel(n).map_err(|error| error.kind());
            assert_eq!(value.map_err(|error| error.kind()), same, "channel {n}");
        }
        assert_eq!(ma.channel(6), Ok(None));
    });
    with_field(b"", |field| assert_eq!(Na::of(field).values().count(), 0));
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

#[test]
fn composites_are_read_at_every_level() {
    // A CX with an HD in it, and a whole HD where a field is.
    for (content, path) in [
        ("GH^1.2.3^ISO", "ZZZ-1"),
        ("x~GH^1.2.3^ISO", "ZZZ-1[2]"),
        ("7^^^GH&1.2.3&ISO", "ZZZ-1.4"),
        ("x~7^^^GH&1.2.3&ISO", "ZZZ-1[2].4"),
    ] {
        let bytes = format!("MSH|^~\\&|A\rZZZ|{content}\r");
        let message = Message::parse(bytes.as_bytes()).expect("a message");
        let path: Path = path.parse().expect("a path");
        let hd: Hd<'_> = message.read(&path).expect("valued");
        assert_eq!(text(hd.namespace_id()), "GH", "{content}");
        assert_eq!(text(hd.universal_id()), "1.2.3", "{content}");
        assert_eq!(text(hd.universal_id_type()), "ISO", "{content}");
        assert!(!hd.part(4).is_present(), "{content}");
    }
    // A subcomponent has no parts but itself.
    let message = Message::parse(b"MSH|^~\\&|A\rZZZ|7^^^GH&1.2.3\r").expect("a message");
    let hd: Hd<'_> = message.read(&Path::new("ZZZ-1.4.2")).expect("valued");
    assert_eq!((text(hd.namespace_id()), text(hd.universal_id())), ("1.2.3".into(), "".into()));
    let whole: Result<Hd<'_>, _> = message.read(&Path::new("ZZZ"));
    assert_eq!(whole.map(|_| ()).map_err(|error| error.kind()), Err(ValueErrorKind::NoField));
    let missing: Result<Option<Hd<'_>>, _> = message.read(&Path::new("PID-3"));
    assert!(matches!(missing, Ok(None)));
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

#[test]
fn other_delimiters_are_used_where_they_are_declared() {
    let message = Message::parse(b"MSH$%*/@$A\rZZZ$7%%%GH@1.2.3@ISO*8$a/T/b\r").expect("a message");
    let segment = message.segment("ZZZ").expect("a segment");
    let ids: Vec<Cx<'_>> = segment.field(1).read().expect("valued");
    assert_eq!(text(ids[0].assigning_authority().universal_id()), "1.2.3");
    assert_eq!(text(ids[1].id_number()), "8");
    assert_eq!(text(segment.field(2).read().expect("raw")), "a@b");
}

#[test]
fn repetitions_keep_their_places() {
    with_field(b"20240131~~\"\"~x", |field| {
        let found: Vec<_> = field.read_each::<Option<DateTime>>().collect();
        assert!(matches!(found[0], Ok(Some(_))));
        assert_eq!(found[1], Ok(None));
        let error = found[3].expect_err("x");
        assert_eq!(error.to_string(), "DTM: not in the form of the type (repetition 4, byte 0)");
        assert_eq!(error.at(Path::new("ZZZ-1")).path(), Some(Path::new("ZZZ-1[4]")));
        assert_eq!(found[2].map_err(|error| error.kind()), Err(ValueErrorKind::Null));
        assert_eq!(field.read::<Vec<Raw<'_>>>().expect("raw").len(), 4);
    });
    with_field(b"", |field| assert!(field.read::<Vec<DateTime>>().expect("none").is_empty()));
}

/// A type that reads a part which may be missing must not vanish into `None` with it.
#[test]
fn none_is_only_what_was_not_sent_at_all() {
    #[derive(Debug)]
    struct Start;

    impl<'a> FromRaw<'a> for Start {
        fn from_raw(raw: Raw<'a>) -> Result<Self, ValueError> {
            raw.part(2).read::<DateTime>().map(|_| Self)
        }
    }

    with_field(b"x^", |field| {
        let error = field.read::<Option<Start>>().expect_err("the part is missing");
        assert_eq!(error.kind(), ValueErrorKind::NotValued);
    });
}

#[test]
fn no_debug_text_and_no_error_shows_a_value() {
    const MARK: &str = "SECRET";
    let content = format!("{MARK}^{MARK}&{MARK}^{MARK}^{MARK}^{MARK}^{MARK}^{MARK}~{MARK}");
    with_field(content.as_bytes(), |field| {
        let cwe = Cwe::of(field);
        let shown = [
            format!("{:?} {:?} {:?}", Raw::from(field), Cx::of(field), Xpn::of(field)),
            format!("{cwe:?} {:?}", cwe.codings().collect::<Vec<_>>()),
            format!("{:?} {:?}", field.read::<DateTime>(), field.read_each::<Hd<'_>>()),
            format!("{:?}", Cx::of(field).effective_date()),
            field.read::<DateTime>().expect_err("no date").to_string(),
        ];
        for text in shown {
            assert!(!text.contains(MARK), "{text}");
        }
    });
    for text in ["19620317101530.25-0500", "19620317", "101530.25-0500", "8472.5"] {
        let shown = with_field(text.as_bytes(), |field| {
            use hl7_parse::value::{Date, Nm, Time};
            let date_time = field.read::<DateTime>();
            let offset = date_time.ok().and_then(|value| value.offset());
            format!(
                "{date_time:?} {offset:?} {:?} {:?} {:?}",
                field.read::<Date>(),
                field.read::<Time>(),
                field.read::<Nm<'_>>()
            )
        });
        for part in ["1962", "317", "1530", "8472", "500"] {
            assert!(!shown.contains(part), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn a_composite_is_its_bytes(content in "[a-z&^\\\\\"]{0,40}") {
        with_field(content.as_bytes(), |field| {
            let cx = Cx::of(field);
            prop_assert_eq!(cx.as_bytes(), content.as_bytes());
            for (n, component) in (1..).zip(content.split('^')) {
                prop_assert_eq!(cx.part(n).as_bytes(), component.as_bytes());
                for (s, leaf) in (1..).zip(component.split('&')) {
                    prop_assert_eq!(cx.part(n).part(s).as_bytes(), leaf.as_bytes());
                }
            }
            let read = field.read::<Cx<'_>>().map(|cx| cx.as_bytes().to_vec());
            prop_assert_eq!(read.is_ok(), !content.is_empty() && content != "\"\"");
            Ok(())
        })?;
    }

    #[test]
    fn repetitions_are_those_of_the_field(content in "[a-c~^&]{0,30}") {
        with_field(content.as_bytes(), |field| {
            let one: Vec<_> = field.repetitions().map(|repetition| repetition.as_bytes()).collect();
            let two: Vec<_> =
                Raw::from(field).repetitions().map(|repetition| repetition.as_bytes()).collect();
            prop_assert_eq!(one, two);
            Ok(())
        })?;
    }
}
