//! Queries and errors: which accessor is which component.

use hl7_parse::value::{Eld, Erl, Jcc, Qip, Qsc, Rcd, Scv, Sps};

use super::{assert_in_order, numbered, place, text};
use crate::values::with_field;

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
