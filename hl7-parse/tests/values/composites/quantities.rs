//! Quantities and arrays: which accessor is which component.

use hl7_parse::{
    Path,
    value::{Cp, Cq, Ma, Mo, Na, Nr, Ri, Tq},
};

use super::{assert_in_order, numbered, place, text};
use crate::values::with_field;

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
