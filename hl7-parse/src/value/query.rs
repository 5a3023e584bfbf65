//! [`Qsc`], [`Qip`], [`Rcd`] and [`Scv`]: what queries ask for.

use crate::value::composite::composite;

composite! {
    /// A condition of a query (QSC, 2.3 and later): a field, and how it compares with a value.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Qsc};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|@PID.5.1^EQ^EVERYWOMAN^AND\r")?;
    /// let condition: Qsc = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(condition.relational_operator().decode(), "EQ");
    /// assert_eq!(condition.relational_conjunction().decode(), "AND");
    /// assert_eq!(condition.segment_field_name().decode(), "@PID.5.1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "query selection criteria")]
    Qsc = "QSC" {
        1 segment_field_name: raw, "segment field name: `@PID.5.1`";
        2 relational_operator: raw, "relational operator (Table 0209): `EQ`, `NE`, `LT`, `GT`, `LE`, `GE`, `CT`, `GN`";
        3 value: raw, "value";
        4 relational_conjunction: raw, "relational conjunction to the next condition (Table 0210): `AND`, `OR`";
    }
}

composite! {
    /// A parameter of a query (QIP, 2.3 and later): a field, and its values, with subcomponent
    /// separators between them.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Qip};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|@PID.3.1^12&34\r")?;
    /// let parameter: Qip = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// let values: Vec<_> = parameter.values().parts().map(|value| value.decode()).collect();
    /// assert_eq!(values, ["12", "34"]);
    /// assert_eq!(parameter.segment_field_name().decode(), "@PID.3.1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "query input parameter list")]
    Qip = "QIP" {
        1 segment_field_name: raw, "segment field name: `@PID.3.1`";
        2 values: raw, "values";
    }
}

composite! {
    /// A column of a table that a query asks for (RCD, 2.3 and later).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Rcd};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|PID.5^XPN^40\r")?;
    /// let column: Rcd = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(column.hl7_data_type().decode(), "XPN");
    /// assert_eq!(column.maximum_column_width()?, Some(hl7_parse::value::Nm::new("40")?));
    /// assert_eq!(column.segment_field_name().decode(), "PID.5");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "row column definition")]
    Rcd = "RCD" {
        1 segment_field_name: raw, "segment field name";
        2 hl7_data_type: raw, "HL7 data type (Table 0440)";
        3 maximum_column_width: read Nm, "maximum column width, in characters";
    }
}

composite! {
    /// A value that an appointment has to have (SCV, 2.3 and later).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Scv};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|PREFDAY^MON\r")?;
    /// let wanted: Scv = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(wanted.parameter_class().identifier().decode(), "PREFDAY");
    /// assert_eq!(wanted.parameter_value().decode(), "MON");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "scheduling class value pair")]
    Scv = "SCV" {
        1 parameter_class: view Cwe, "parameter class (Table 0294; a bare code up to 2.4)";
        2 parameter_value: raw, "parameter value";
    }
}
