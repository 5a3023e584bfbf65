//! [`Tq`] and [`Ri`]: how often and for how long an order is to be carried out.

use crate::value::composite::composite;

composite! {
    /// A repeat interval (RI): `Q6H`, `BID`, or explicit times.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Ri};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|QID^0600,1200,1800,2400\r")?;
    /// let interval: Ri = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(interval.repeat_pattern().identifier().decode(), "QID");
    /// assert_eq!(interval.explicit_time_interval().decode().split(',').count(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "repeat interval")]
    Ri = "RI" {
        1 repeat_pattern: view Cwe, "repeat pattern (Table 0335): `Q6H`, `BID`, `PRN` (a bare code up to 2.6)";
        2 explicit_time_interval: raw, "explicit time interval: times of day as HHMM, with commas between them";
    }
}

composite! {
    /// Quantity and timing of an order (TQ; ORC-7 and OBR-27).
    ///
    /// Deprecated in 2.5 for the segments TQ1 and TQ2, and gone from 2.7 on.
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Nm, Precision, Tq}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rORC|NW||||||2&TAB^Q6H&0600,1200^D5^2024022906^^S^if awake^^S^^2&h^9\r")?;
    /// let timing: Tq = message.segment("ORC").ok_or("no ORC")?.field(7).read()?;
    /// assert_eq!(timing.quantity().quantity()?, Some(Nm::new("2")?));
    /// assert_eq!(timing.interval().repeat_pattern().identifier().decode(), "Q6H");
    /// assert_eq!(timing.duration().decode(), "D5");
    /// assert_eq!(timing.start()?.map(|start| start.precision()), Some(Precision::Hour));
    /// assert_eq!(timing.end()?, None);
    /// let parts = [
    ///     timing.priority(),
    ///     timing.condition(),
    ///     timing.conjunction(),
    ///     timing.order_sequencing(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["S", "if awake", "S", ""]);
    /// assert_eq!(timing.occurrence_duration().text().decode(), "h");
    /// assert_eq!(timing.total_occurrences()?, Some(Nm::new("9")?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "timing quantity")]
    Tq = "TQ" {
        1 quantity: view Cq, "quantity";
        2 interval: view Ri, "interval";
        3 duration: raw, "duration: `S30`, `M10`, `H4`, `D5`, `W2`, `L1`, `X3` times, `INDEF`";
        4 start: read DateTime, "start date and time";
        5 end: read DateTime, "end date and time";
        6 priority: raw, "priority: `S` stat, `A` as soon as possible, `R` routine";
        7 condition: raw, "condition";
        8 text: raw, "text: the whole instruction as a person reads it";
        9 conjunction: raw, "conjunction to the next repetition (Table 0472): `S` follows, `A` runs beside it, `C` actuation time";
        10 order_sequencing: raw, "order sequencing, of up to eleven parts (OSD)";
        11 occurrence_duration: view Cwe, "occurrence duration (2.3.1 and later)";
        12 total_occurrences: read Nm, "total occurrences (2.3.1 and later)";
    }
}
