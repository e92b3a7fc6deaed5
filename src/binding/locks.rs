//! Locks that are not waited for: their holder may be a call that this one interrupts, or a thread that a child made by fork
//! does not have, and the garbage collector looks only at what is at rest.
use std::sync::{Mutex, MutexGuard, TryLockError};

/// What a mutex holds, unless it is in use.
pub(crate) fn if_free<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
