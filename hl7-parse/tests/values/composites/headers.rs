//! What MSH holds, and identifiers: which accessor is which component.

use hl7_parse::value::{Eip, Msg, Pln, Pt, Vid};

use super::{assert_in_order, numbered, place, text};
use crate::values::with_field;

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
