//! [`Fc`], [`Ocd`], [`Osp`], [`Pta`], [`Rmc`] and [`Dtn`]: what bills and insurances are about.

use crate::value::composite::composite;

composite! {
    /// A financial class (FC): who is expected to pay.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Fc};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|C1^20240229\r")?;
    /// let class: Fc = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(class.financial_class_code().identifier().decode(), "C1");
    /// assert_eq!(class.effective_date()?.map(|date| date.year()), Some(2024));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "financial class")]
    Fc = "FC" {
        1 financial_class_code: view Cwe, "financial class code (Table 0064; a bare code up to 2.6)";
        2 effective_date: read DateTime, "effective date";
    }
}

composite! {
    /// An occurrence that bears on a bill, and its date (OCD, 2.3.1 and later).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Ocd};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|01&Accident^20240229\r")?;
    /// let occurrence: Ocd = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(occurrence.occurrence_code().text().decode(), "Accident");
    /// assert_eq!(occurrence.occurrence_date()?.and_then(|date| date.month()), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "occurrence code and date")]
    Ocd = "OCD" {
        1 occurrence_code: view Cwe, "occurrence code (Table 0350; a bare code up to 2.4)";
        2 occurrence_date: read Date, "occurrence date";
    }
}

composite! {
    /// An occurrence that bears on a bill, from when to when (OSP, 2.3.1 and later).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Osp};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|71^20240228^20240229\r")?;
    /// let span: Osp = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(span.occurrence_span_code().identifier().decode(), "71");
    /// assert_eq!(span.occurrence_span_stop_date()?.and_then(|date| date.day()), Some(29));
    /// assert_eq!(span.occurrence_span_start_date()?.and_then(|date| date.day()), Some(28));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "occurrence span code and date")]
    Osp = "OSP" {
        1 occurrence_span_code: view Cwe, "occurrence span code (Table 0351)";
        2 occurrence_span_start_date: read Date, "occurrence span start date";
        3 occurrence_span_stop_date: read Date, "occurrence span stop date";
    }
}

composite! {
    /// A policy type and what it pays (PTA).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Pta};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|ANC^AT^500^AT&500\r")?;
    /// let policy: Pta = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(policy.amount_class().identifier().decode(), "AT");
    /// assert!(policy.amount()?.is_some());
    /// assert_eq!(policy.policy_type().identifier().decode(), "ANC");
    /// assert_eq!(policy.money_or_percentage().part(2).decode(), "500");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "policy type and amount")]
    Pta = "PTA" {
        1 policy_type: view Cwe, "policy type (Table 0147; a bare code up to 2.6)";
        2 amount_class: view Cwe, "amount class (Table 0193; a bare code up to 2.6)";
        3 amount: read Nm, "amount (withdrawn; 4 from 2.5 on)";
        4 money_or_percentage: raw, "money or percentage (MOP; 2.5 and later)";
    }
}

composite! {
    /// A type of room and what is paid for it (RMC).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Rmc};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|PRI^LM^120^AT&120\r")?;
    /// let room: Rmc = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(room.room_type().identifier().decode(), "PRI");
    /// assert!(room.coverage_amount()?.is_some());
    /// assert_eq!(room.amount_type().identifier().decode(), "LM");
    /// assert_eq!(room.money_or_percentage().part(2).decode(), "120");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "room coverage")]
    Rmc = "RMC" {
        1 room_type: view Cwe, "room type (Table 0145; a bare code up to 2.6)";
        2 amount_type: view Cwe, "amount type (Table 0146; a bare code up to 2.6)";
        3 coverage_amount: read Nm, "coverage amount (withdrawn; 4 from 2.5 on)";
        4 money_or_percentage: raw, "money or percentage (MOP; 2.5 and later)";
    }
}

composite! {
    /// A number of days of a kind (DTN, 2.3.1 and later).
    ///
    /// ```
    /// use hl7_parse::{Message, value::Dtn};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rZZZ|AP^5\r")?;
    /// let days: Dtn = message.segment("ZZZ").ok_or("no ZZZ")?.field(1).read()?;
    /// assert_eq!(days.day_type().identifier().decode(), "AP");
    /// assert_eq!(days.number_of_days()?, Some(hl7_parse::value::Nm::new("5")?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "day type and number")]
    Dtn = "DTN" {
        1 day_type: view Cwe, "day type (Table 0149; a bare code up to 2.6)";
        2 number_of_days: read Nm, "number of days";
    }
}
