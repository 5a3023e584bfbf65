//! [`Xtn`]: telephone numbers and e-mail addresses.

use std::borrow::Cow;

use crate::value::{Raw, composite::composite};

composite! {
    /// A telephone number or other address of telecommunication (XTN). Reads the TN of 2.1 and
    /// 2.2 too: component 1 alone.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Xtn};
    ///
    /// let message = Message::parse(
    ///     b"MSH|^~\\&|A\rPID|||||||||||||(555)123-4567^PRN^PH~^NET^Internet^eve@example.org~^PRN^PH^^1^555^1234567^89^after six^9^77^^2020^2030^MOV^UWM^S1&REG^1\r",
    /// )?;
    /// let phones = message.segment("PID").ok_or("no PID")?.field(13);
    /// let phones: Vec<Xtn> = phones.read()?;
    /// assert_eq!(phones[0].number(), "(555)123-4567");
    /// assert_eq!(phones[1].email().ok_or("no e-mail")?.decode(), "eve@example.org");
    /// assert_eq!(phones[2].number(), "+1 555 1234567 x89");
    /// assert_eq!(phones[0].telephone_number().decode(), "(555)123-4567");
    /// assert_eq!(phones[1].communication_address().decode(), "eve@example.org");
    /// let phone = phones[2];
    /// let parts = [
    ///     phone.telecommunication_use_code(),
    ///     phone.telecommunication_equipment_type(),
    ///     phone.any_text(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["PRN", "PH", "after six"]);
    /// let parts = [
    ///     phone.country_code(),
    ///     phone.area_or_city_code(),
    ///     phone.local_number(),
    ///     phone.extension(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["1", "555", "1234567", "89"]);
    /// let parts = [
    ///     phone.extension_prefix(),
    ///     phone.speed_dial_code(),
    ///     phone.unformatted_telephone_number(),
    /// ];
    /// assert_eq!(parts.map(|part| part.decode()), ["9", "77", ""]);
    /// // What later versions added.
    /// assert_eq!(phone.effective_start_date()?.map(|date| date.year()), Some(2020));
    /// let codes = [phone.expiration_reason(), phone.protection_code()];
    /// assert_eq!(codes.map(|code| code.identifier().decode()), ["MOV", "UWM"]);
    /// assert_eq!(phone.shared_telecommunication_identifier().namespace_id().decode(), "REG");
    /// assert_eq!(phone.preference_order()?.map(|order| order.to_u64()), Some(Ok(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "TN")]
    #[doc(alias = "phone")]
    Xtn = "XTN" {
        1 telephone_number: raw, "telephone number, as one text (withdrawn in 2.7, and what most senders fill)";
        2 telecommunication_use_code: raw, "telecommunication use code (Table 0201): `PRN`, `WPN`, `NET`";
        3 telecommunication_equipment_type: raw, "telecommunication equipment type (Table 0202): `PH`, `CP`, `FX`, `Internet`";
        4 communication_address: raw, "communication address: e-mail or URI";
        5 country_code: raw, "country code of the number";
        6 area_or_city_code: raw, "area or city code";
        7 local_number: raw, "local number";
        8 extension: raw, "extension";
        9 any_text: raw, "any text";
        10 extension_prefix: raw, "extension prefix (2.5 and later)";
        11 speed_dial_code: raw, "speed dial code (2.5 and later)";
        12 unformatted_telephone_number: raw, "unformatted telephone number (2.5 and later)";
        13 effective_start_date: read DateTime, "effective start date (2.6 and later)";
        14 expiration_date: read DateTime, "expiration date (2.6 and later)";
        15 expiration_reason: view Cwe, "expiration reason (2.6 and later)";
        16 protection_code: view Cwe, "protection code (2.6 and later)";
        17 shared_telecommunication_identifier: view Ei, "shared telecommunication identifier (2.6 and later)";
        18 preference_order: read Nm, "preference order (2.6 and later)";
    }
}

impl<'a> Xtn<'a> {
    /// The number as a person would want it: component 12; else country, area, local number and
    /// extension, put together; else component 1. Empty where there is none.
    #[must_use]
    pub fn number(&self) -> Cow<'a, str> {
        let has = |part: &Raw<'_>| part.is_valued() && !part.is_null();
        let unformatted = self.unformatted_telephone_number();
        if has(&unformatted) {
            return unformatted.decode();
        }
        if !has(&self.local_number()) {
            return Some(self.telephone_number())
                .filter(has)
                .map(|part| part.decode())
                .unwrap_or_default();
        }
        let mut number = String::new();
        for (before, part) in [
            ("+", self.country_code()),
            (" ", self.area_or_city_code()),
            (" ", self.local_number()),
            (" x", self.extension()),
        ] {
            if !has(&part) {
                continue;
            }
            let part = part.decode();
            match (number.is_empty(), before) {
                // A plus is put before the country code, if it is not there yet.
                (true, "+") if !part.starts_with('+') => number.push('+'),
                (true, _) => {}
                (false, before) => number.push_str(before),
            }
            number.push_str(&part);
        }
        number.into()
    }

    /// The e-mail address: component 4, or component 1 where component 3 says `Internet`.
    ///
    /// Component 4 may hold other addresses since 2.7; what has no `@` is none.
    #[must_use]
    pub fn email(&self) -> Option<Raw<'a>> {
        let is_internet =
            self.telecommunication_equipment_type().as_bytes().eq_ignore_ascii_case(b"Internet");
        let first = Some(self.telephone_number()).filter(|_| is_internet);
        [Some(self.communication_address()), first]
            .into_iter()
            .flatten()
            .find(|part| part.as_bytes().contains(&b'@'))
    }
}
