//! The keys of replies as Python strings: the same few dozen come with every reply. A key that was met before costs neither
//! a new string nor its hash.
use std::sync::{Mutex, MutexGuard, TryLockError};

use pyo3::prelude::*;
use pyo3::types::PyString;

/// Slots; a key has one place, and a new one takes it from an old one. All keys of the API's instances, clusters, projects and
/// errors together are fewer.
const SLOTS: usize = 512;
/// Longer keys are made anew each time.
const LONGEST: usize = 40;

struct Known {
    text: Box<str>,
    key: Py<PyString>,
}

static KNOWN: Mutex<Vec<Option<Known>>> = Mutex::new(Vec::new());

/// The keys met so far, held while one reply is read. Empty if another reading is under way in this moment, which can
/// only be one that this one interrupts.
pub(crate) struct Keys(Option<MutexGuard<'static, Vec<Option<Known>>>>);

impl Keys {
    pub(crate) fn open() -> Self {
        let mut known = match KNOWN.try_lock() {
            Ok(known) => known,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Keys(None),
        };
        if known.is_empty() {
            known.resize_with(SLOTS, || None);
        }
        Keys(Some(known))
    }

    /// A key as a Python string, interned.
    pub(crate) fn get<'py>(&mut self, py: Python<'py>, text: &str) -> Bound<'py, PyString> {
        let slot = self.0.as_mut().filter(|_| text.len() <= LONGEST).and_then(|known| known.get_mut(place(text)));
        let Some(slot) = slot else { return PyString::intern(py, text) };
        match slot {
            Some(known) if *known.text == *text => known.key.bind(py).clone(),
            _ => {
                let key = PyString::intern(py, text);
                *slot = Some(Known { text: text.into(), key: key.clone().unbind() });
                key
            }
        }
    }
}

/// FNV-1a.
fn place(text: &str) -> usize {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash ^ (hash >> 32)) as usize % SLOTS
}
