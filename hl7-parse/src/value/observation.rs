//! [`Observation`]: OBX-5, read as the type that OBX-2 names.

use std::iter::FusedIterator;

use crate::{
    Segment,
    value::{
        Cp, Cq, Cwe, Cx, Date, DateTime, Dr, Ed, Ei, Hd, Ma, Mo, Na, Nm, Nr, Pl, Raw,
        RawRepetitions, Rp, Si, Sn, Time, Tq, ValueError, Xad, Xcn, Xon, Xpn, Xtn,
    },
};

/// One value of an OBX segment: OBX-5 as the type that OBX-2 names (Table 0125).
///
/// ```
/// use hl7_parse::{Message, value::Observation};
///
/// let message = Message::parse(
///     b"MSH|^~\\&|A\rOBX|1|NM|1||7.4\rOBX|2|CE|2||POS^Positive^L~NEG\rOBX|3|NM|3||<5\rOBX|4|ZZ|4||x\r",
/// )?;
/// let mut shown = Vec::new();
/// for obx in message.segments_with_id("OBX") {
///     for (n, observation) in (1..).zip(Observation::of(obx)) {
///         shown.push(match observation {
///             Ok(Observation::Nm(number)) => number.as_str().to_owned(),
///             Ok(Observation::Cwe(code)) => code.identifier().decode().into_owned(),
///             // Another type, or not what OBX-2 promised: the text is still there.
///             Ok(_) | Err(_) => obx.field(5).repetition(n).decode().into_owned(),
///         });
///     }
/// }
/// assert_eq!(shown, ["7.4", "POS", "NEG", "<5", "x"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// Nothing, between two repetitions.
    NotValued(Raw<'a>),
    /// The delete indicator, `""`.
    Null(Raw<'a>),
    /// `NM`: a number.
    Nm(Nm<'a>),
    /// `SN`: a bound, a range, a ratio.
    Sn(Sn<'a>),
    /// `SI`: a sequence number.
    Si(Si),
    /// `ST`, `TX`, `FT`, `ID`, `IS`, `TXT`, `HTML`, or nothing: text or a code.
    Text(Raw<'a>),
    /// `CE`, `CWE`, `CNE`, `CF`: a coded value.
    Cwe(Cwe<'a>),
    /// `DT`.
    Date(Date),
    /// `TM`.
    Time(Time),
    /// `DTM`, `TS`.
    DateTime(DateTime),
    /// `DR`: a range of time.
    Dr(Dr<'a>),
    /// `ED`: a document.
    Ed(Ed<'a>),
    /// `RP`: where a document is.
    Rp(Rp<'a>),
    /// `CX`, `CK`: an identifier.
    Cx(Cx<'a>),
    /// `EI`: an entity identifier.
    Ei(Ei<'a>),
    /// `HD`.
    Hd(Hd<'a>),
    /// `XPN`, `PN`: a name.
    Xpn(Xpn<'a>),
    /// `XCN`, `CN`: a person.
    Xcn(Xcn<'a>),
    /// `XON`: an organization.
    Xon(Xon<'a>),
    /// `XAD`, `AD`: an address.
    Xad(Xad<'a>),
    /// `XTN`, `TN`: a telephone number or e-mail address.
    Xtn(Xtn<'a>),
    /// `PL`: a place in a hospital.
    Pl(Pl<'a>),
    /// `CQ`: a quantity with units.
    Cq(Cq<'a>),
    /// `NR`: a range of numbers.
    Nr(Nr<'a>),
    /// `NA`: a row of numbers.
    Na(Na<'a>),
    /// `MA`: what several channels measured at one time.
    Ma(Ma<'a>),
    /// `MO`: an amount of money.
    Mo(Mo<'a>),
    /// `CP`: a price.
    Cp(Cp<'a>),
    /// `TQ`: quantity and timing.
    Tq(Tq<'a>),
    /// Any other type.
    Other(Raw<'a>),
}

impl<'a> Observation<'a> {
    /// The values of an OBX segment, one for each repetition of OBX-5; none where it is empty.
    ///
    /// Where a value is not in the form of its type an item is an error, and the next is the next
    /// repetition.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Observation};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rOBX|1|NM|1||7.4~7.5\r")?;
    /// let values = Observation::of(message.segment("OBX").ok_or("no OBX")?);
    /// assert_eq!(values.value_type().as_bytes(), b"NM");
    /// assert_eq!(values.filter(Result::is_ok).count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(obx: Segment<'a>) -> Observations<'a> {
        let value_type = Raw::from(obx.field(2));
        Observations { value_type, repetitions: Raw::from(obx.field(5)).repetitions() }
    }

    /// A value as the type that is named, as in any field whose type another field gives
    /// (`varies`). Letter case does not count in the name.
    ///
    /// ```
    /// use hl7_parse::{Message, value::Observation};
    ///
    /// let message = Message::parse(b"MSH|^~\\&|A\rMFE|MAD|1|20240131|GLU^Glucose^L|CE\r")?;
    /// let mfe = message.segment("MFE").ok_or("no MFE")?;
    /// let key = Observation::typed(mfe.field(5).as_bytes(), mfe.field(4))?;
    /// assert!(matches!(key, Observation::Cwe(code) if code.identifier().as_bytes() == b"GLU"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where the value is not in the form of the type. Nothing and a delete indicator are in the
    /// form of any.
    pub fn typed(value_type: &[u8], value: impl Into<Raw<'a>>) -> Result<Self, ValueError> {
        let raw = value.into().single();
        if raw.is_null() {
            return Ok(Self::Null(raw));
        }
        if !raw.is_valued() {
            return Ok(Self::NotValued(raw));
        }
        let mut name = [0; 4];
        for (slot, byte) in name.iter_mut().zip(value_type) {
            *slot = byte.to_ascii_uppercase();
        }
        let name = name.get(..value_type.len()).unwrap_or(b"?");
        Ok(match name {
            b"NM" => Self::Nm(raw.read()?),
            b"SN" => Self::Sn(raw.read()?),
            b"SI" => Self::Si(raw.read()?),
            b"" | b"ST" | b"TX" | b"FT" | b"ID" | b"IS" | b"TXT" | b"HTML" => Self::Text(raw),
            b"CE" | b"CWE" | b"CNE" | b"CF" => Self::Cwe(raw.read()?),
            b"DT" => Self::Date(raw.read()?),
            b"TM" => Self::Time(raw.read()?),
            b"DTM" | b"TS" => Self::DateTime(raw.read()?),
            b"DR" => Self::Dr(raw.read()?),
            b"ED" => Self::Ed(raw.read()?),
            b"RP" => Self::Rp(raw.read()?),
            b"CX" | b"CK" => Self::Cx(raw.read()?),
            b"EI" => Self::Ei(raw.read()?),
            b"HD" => Self::Hd(raw.read()?),
            b"XPN" | b"PN" => Self::Xpn(raw.read()?),
            b"XCN" | b"CN" => Self::Xcn(raw.read()?),
            b"XON" => Self::Xon(raw.read()?),
            b"XAD" | b"AD" => Self::Xad(raw.read()?),
            b"XTN" | b"TN" => Self::Xtn(raw.read()?),
            b"PL" => Self::Pl(raw.read()?),
            b"CQ" => Self::Cq(raw.read()?),
            b"NR" => Self::Nr(raw.read()?),
            b"NA" => Self::Na(raw.read()?),
            b"MA" => Self::Ma(raw.read()?),
            b"MO" => Self::Mo(raw.read()?),
            b"CP" => Self::Cp(raw.read()?),
            b"TQ" => Self::Tq(raw.read()?),
            _ => Self::Other(raw),
        })
    }
}

/// The values of an OBX segment. Made by [`Observation::of`].
#[derive(Clone, Debug)]
pub struct Observations<'a> {
    value_type: Raw<'a>,
    repetitions: RawRepetitions<'a>,
}

impl<'a> Observations<'a> {
    /// OBX-2: the name of the type, as it was sent.
    #[must_use]
    pub fn value_type(&self) -> Raw<'a> {
        self.value_type
    }
}

impl<'a> Iterator for Observations<'a> {
    type Item = Result<Observation<'a>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        let raw = self.repetitions.next()?;
        Some(Observation::typed(self.value_type.leaf().as_bytes(), raw))
    }
}

impl FusedIterator for Observations<'_> {}
