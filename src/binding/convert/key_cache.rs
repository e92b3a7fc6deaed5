//! The keys of replies as Python strings. The same few dozen come with every reply, and a cached key needs neither a new
//! string nor its hash: 22,000 of 205,000 instructions of a create.
use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::prelude::*;
use pyo3::types::PyString;

/// A key has one slot, and a new key takes it from an old one. The API's instances, clusters, projects and errors together
/// have fewer keys.
const SLOTS: usize = 512;
/// Longer keys are not cached.
const MAX_LENGTH: usize = 40;

struct CachedKey {
    text: Box<str>,
    key: Py<PyString>,
}

static CACHE: Mutex<Vec<Option<CachedKey>>> = Mutex::new(Vec::new());

/// The cache, locked while one reply is converted. Without the cache if another conversion holds the lock, which can only
/// be one that this one interrupts.
pub(crate) struct KeyCache(Option<MutexGuard<'static, Vec<Option<CachedKey>>>>);

impl KeyCache {
    pub(crate) fn lock() -> Self {
        let mut slots = match CACHE.try_lock() {
            Ok(slots) => slots,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return KeyCache(None),
        };
        if slots.is_empty() {
            slots.resize_with(SLOTS, || None);
        }
        KeyCache(Some(slots))
    }

    /// A key as a Python string, interned.
    pub(crate) fn get<'py>(&mut self, py: Python<'py>, text: &str) -> Bound<'py, PyString> {
        let slot = self.0.as_mut().filter(|_| text.len() <= MAX_LENGTH).and_then(|slots| slots.get_mut(slot_of(text)));
        let Some(slot) = slot else { return PyString::intern(py, text) };
        match slot {
            Some(cached) if *cached.text == *text => cached.key.bind(py).clone(),
            _ => {
                let key = PyString::intern(py, text);
                *slot = Some(CachedKey { text: text.into(), key: key.clone().unbind() });
                key
            }
        }
    }
}

/// FNV-1a.
fn slot_of(text: &str) -> usize {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash ^ (hash >> 32)) as usize % SLOTS
}
