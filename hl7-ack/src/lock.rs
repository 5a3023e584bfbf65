//! Locks what is shared, whatever became of another thread that held it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// No lock of this crate is held while foreign code runs, so that a panic leaves nothing half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
