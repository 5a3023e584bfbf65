//! [`Cq`], [`Nr`], [`Mo`] and [`Cp`]: quantities with units, ranges, money and prices.

use crate::value::composite::composite;

composite! {
    /// A quantity and its units (CQ).
    ///
    /// In a field the parts of the units stand between subcomponent separators. In a component,
    /// as [`Tq::quantity`](crate::value::Tq::quantity), there is no room for them: the units are
    /// a code.
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Cq, Nm}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBR|1||||||||2.5^mL&milliliter&UCUM\r")?;
    /// let volume: Cq = message.segment("OBR").ok_or("no OBR")?.field(9).read()?;
    /// assert_eq!(volume.quantity()?, Some(Nm::new("2.5")?));
    /// assert_eq!(volume.units().identifier().decode(), "mL");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "composite quantity with units")]
    Cq = "CQ" {
        1 quantity: read Nm, "quantity (text in 2.1 and 2.2)";
        2 units: view Cwe, "units (text in 2.1 and 2.2)";
    }
}

composite! {
    /// A range of numbers (NR). An end that was not sent is open.
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Nm, Nr}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOM2|1||||||^10\r")?;
    /// let range: Nr = message.segment("OM2").ok_or("no OM2")?.field(7).read()?;
    /// assert_eq!(range.low_value()?, None);
    /// assert_eq!(range.high_value()?, Some(Nm::new("10")?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "numeric range")]
    Nr = "NR" {
        1 low_value: read Nm, "low value";
        2 high_value: read Nm, "high value";
    }
}

composite! {
    /// An amount of money (MO).
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Mo, Nm}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|99.50^USD\r")?;
    /// let amount: Mo = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(amount.quantity()?, Some(Nm::new("99.5")?));
    /// assert_eq!(amount.denomination().decode(), "USD");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "money")]
    Mo = "MO" {
        1 quantity: read Nm, "quantity";
        2 denomination: raw, "denomination (Table 0913): three letters of ISO 4217; where nothing was sent the currency of the country in MSH-17";
    }
}

composite! {
    /// A price, and for what it holds (CP).
    ///
    /// ```
    /// use hl7_parse::{Message, value::{Cp, Nm}};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|10.50&EUR^UP^1^9^d&day^P\r")?;
    /// let price: Cp = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(price.price().quantity()?, Some(Nm::new("10.5")?));
    /// assert_eq!(price.price().denomination().decode(), "EUR");
    /// assert_eq!(price.to_value()?, Some(Nm::new("9")?));
    /// assert_eq!([price.price_type(), price.range_type()].map(|part| part.decode()), ["UP", "P"]);
    /// assert_eq!(price.range_units().text().decode(), "day");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "composite price")]
    Cp = "CP" {
        1 price: view Mo, "price";
        2 price_type: raw, "price type (Table 0205): `UP` unit price, `TF` total charge";
        3 from_value: read Nm, "from value: where the range begins";
        4 to_value: read Nm, "to value: where it ends";
        5 range_units: view Cwe, "range units";
        6 range_type: raw, "range type (Table 0298): `P` pro-rate, `F` flat";
    }
}
