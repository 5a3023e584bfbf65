//! Refuses values without showing them.

/// Methods that refuse a value without showing it, which serde's own would.
macro_rules! refuse {
    ($($method:ident($type:ty)),+) => {$(
        fn $method<E: Error>(self, _: $type) -> Result<Self::Value, E> {
            Err(self.refusal())
        }
    )+};
}

macro_rules! refuse_all_but_strings {
    () => {
        refuse! {
            visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_i128(i128),
            visit_u128(u128), visit_f64(f64), visit_bytes(&[u8])
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Err(self.refusal())
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Err(self.refusal())
        }
    };
}

pub(super) use {refuse, refuse_all_but_strings};
