//! Bills and places: which accessor is which component.

use hl7_parse::value::{Dld, Dtn, Fc, La1, Ocd, Osp, Pta, Rmc};

use super::{assert_in_order, numbered, place, text};
use crate::values::with_field;

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
