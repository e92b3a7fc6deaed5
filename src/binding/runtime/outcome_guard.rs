//! What must be said of a call if it is cancelled: that something of that name may have been created.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::core::context::observe::LazyMessage;

/// The sentence, until somebody takes it over.
#[derive(Default)]
pub(crate) struct Doubt {
    message: Mutex<Option<LazyMessage>>,
    taken: AtomicBool,
}

impl Doubt {
    pub(crate) fn set(&self, message: &LazyMessage) {
        *self.message.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.clone());
    }

    /// Whether somebody has said it already.
    pub(crate) fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Acquire)
    }

    pub(crate) fn take_over(&self) -> Option<String> {
        let message = self.message.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        self.taken.store(true, Ordering::Release);
        Some(message())
    }
}
