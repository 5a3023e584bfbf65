//! [`Budget`]: the bytes of bodies that all requests together may hold.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that may be held at once, counted in units of 1 KiB. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    free: Arc<Semaphore>,
}

/// What one request holds of it, until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    free: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
}

const UNIT: usize = 1024;

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(units)) }
    }

    /// Nothing, to be grown.
    pub(super) fn hold(&self) -> Held {
        Held { free: Arc::clone(&self.free), permit: None }
    }
}

impl Held {
    /// Holds this many bytes, if so many are free; what is held already counts.
    pub(super) fn grow_to(&mut self, bytes: usize) -> bool {
        let held = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(missing) = bytes.div_ceil(UNIT).checked_sub(held).filter(|&more| more > 0) else {
            return true;
        };
        let Ok(missing) = u32::try_from(missing) else { return false };
        match Arc::clone(&self.free).try_acquire_many_owned(missing) {
            Ok(more) => {
                match &mut self.permit {
                    Some(permit) => permit.merge(more),
                    none => *none = Some(more),
                }
                true
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_missing_to_others_until_it_is_dropped() {
        let budget = Budget::new(10 * UNIT);
        let mut one = budget.hold();
        let mut two = budget.hold();
        assert!(one.grow_to(1) && one.grow_to(UNIT) && one.grow_to(4 * UNIT));
        assert!(!two.grow_to(6 * UNIT + 1), "one over");
        assert!(two.grow_to(6 * UNIT), "at the limit");
        assert!(!one.grow_to(4 * UNIT + 1), "one over");
        assert!(one.grow_to(2 * UNIT), "held already");
        drop(two);
        assert!(one.grow_to(10 * UNIT));
        assert!(!one.grow_to(usize::MAX));
    }
}
