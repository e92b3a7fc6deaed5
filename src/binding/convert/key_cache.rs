//! The keys of replies as Python strings. The same few dozen come with every reply, and a cached key needs neither a new
//! string nor its hash: 22,000 of 205,000 instructions of a create.
use std::sync::{Mutex, MutexGuard};

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::binding::locks::if_free;

/// A new key takes its slot from an old one. The API's instances, clusters, projects and errors together have fewer keys.
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
        let mut slots = if_free(&CACHE);
        if let Some(slots) = slots.as_mut().filter(|slots| slots.is_empty()) {
            slots.resize_with(SLOTS, || None);
        }
        KeyCache(slots)
    }

    /// A key as a Python string, interned.
    pub(crate) fn get<'py>(&mut self, py: Python<'py>, text: &str) -> Bound<'py, PyString> {
        let slots = self.0.as_mut().filter(|_| text.len() <= MAX_LENGTH).and_then(|slots| slots_of(slots, text));
        let Some([first, second]) = slots else { return PyString::intern(py, text) };
        let cached = [&*first, &*second].into_iter().flatten().find(|cached| *cached.text == *text);
        if let Some(cached) = cached {
            return cached.key.bind(py).clone();
        }
        let key = PyString::intern(py, text);
        let cached = Some(CachedKey { text: text.into(), key: key.clone().unbind() });
        if first.is_none() {
            *first = cached;
        } else {
            *second = cached;
        }
        key
    }
}

/// The two slots that a key may have, by its length, start and end: keys differ in these, and a hash of all bytes costs more
/// than the rest of a look-up.
fn slots_of<'s>(slots: &'s mut [Option<CachedKey>], text: &str) -> Option<&'s mut [Option<CachedKey>; 2]> {
    let bytes = text.as_bytes();
    let (start, end) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(start), Some(end)) => (u64::from_le_bytes(*start), u64::from_le_bytes(*end)),
        _ => (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0),
    };
    let mixed = (start ^ end.rotate_left(23) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let pair = (mixed >> 32) as usize % (SLOTS / 2);
    slots.get_mut(2 * pair..)?.first_chunk_mut()
}
