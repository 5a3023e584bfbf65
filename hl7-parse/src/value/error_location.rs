//! [`Erl`] and [`Eld`]: where an error is in a message.

use crate::value::composite::composite;

composite! {
    /// Where an error is (ERL, ERR-2; 2.5 and later). What is not valued means all of the part before.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Erl};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|PID^1^5^2^1^3\r")?;
    /// let place: Erl = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(place.segment_id().decode(), "PID");
    /// assert_eq!(place.field_position()?, Some(hl7_parse::value::Nm::new("5")?));
    /// let numbers = [
    ///     place.segment_sequence()?,
    ///     place.field_repetition()?,
    ///     place.component_number()?,
    ///     place.subcomponent_number()?,
    /// ];
    /// assert_eq!(numbers.map(|number| number.map_or("all", |number| number.as_str())), ["1", "2", "1", "3"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "error location")]
    Erl = "ERL" {
        1 segment_id: raw, "segment ID";
        2 segment_sequence: read Nm, "segment sequence: which of the segments with that ID, from 1";
        3 field_position: read Nm, "field position, from 1";
        4 field_repetition: read Nm, "field repetition, from 1";
        5 component_number: read Nm, "component number, from 1";
        6 subcomponent_number: read Nm, "subcomponent number, from 1";
    }
}

composite! {
    /// An error and where it is (ELD, ERR-1; CM up to 2.3, gone from 2.7 on). The parts of the code
    /// stand between subcomponent separators.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Eld};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|PID^1^5^101&Required field missing&HL70357\r")?;
    /// let found: Eld = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(found.code_identifying_error().identifier().decode(), "101");
    /// assert_eq!(found.segment_id().decode(), "PID");
    /// assert_eq!(found.segment_sequence()?.map(|number| number.to_u64()), Some(Ok(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "error location and description")]
    Eld = "ELD" {
        1 segment_id: raw, "segment ID";
        2 segment_sequence: read Nm, "segment sequence: which of the segments with that ID, from 1";
        3 field_position: read Nm, "field position, from 1";
        4 code_identifying_error: view Cwe, "code identifying error (Table 0357)";
    }
}
