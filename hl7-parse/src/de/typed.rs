//! The types of [`crate::value`] as types to fill.

use serde_core::{Deserialize, Deserializer};

use super::view::read;
use crate::value::{
    Cp, Cq, Cwe, Cx, Date, DateTime, Dr, Ed, Ei, FamilyName, Hd, Mo, Nm, Nr, Pl, Ri, Rp, Si, Sn,
    StreetAddress, Time, Tq, Xad, Xcn, Xon, Xpn, Xtn,
};

/// Read by their `FromRaw`, from a message alone.
macro_rules! typed {
    ($($name:ident $(<$lifetime:lifetime>)?),+) => {$(
        impl<'de $(: $lifetime, $lifetime)?> Deserialize<'de> for $name $(<$lifetime>)? {
            /// From a message alone, with [`crate::de::from_message`] and
            /// [`crate::de::from_segment`].
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read(deserializer)
            }
        }
    )+};
}

typed! { Date, DateTime, Si, Time }
typed! {
    Cp<'a>, Cq<'a>, Cwe<'a>, Cx<'a>, Dr<'a>, Ed<'a>, Ei<'a>, FamilyName<'a>, Hd<'a>, Mo<'a>,
    Nm<'a>, Nr<'a>, Pl<'a>, Ri<'a>, Rp<'a>, Sn<'a>, StreetAddress<'a>, Tq<'a>, Xad<'a>, Xcn<'a>,
    Xon<'a>, Xpn<'a>, Xtn<'a>
}
