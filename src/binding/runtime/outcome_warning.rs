//! The warning that is due if a call is cancelled: that something of that name may have been created.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::core::context::observe::LazyMessage;

/// Set by the thread that runs the call, taken by the one that cancels it.
#[derive(Default)]
pub(crate) struct OutcomeWarning {
    message: Mutex<Option<LazyMessage>>,
    taken: AtomicBool,
}

impl OutcomeWarning {
    pub(crate) fn set(&self, message: &LazyMessage) {
        *self.message.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.clone());
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Acquire)
    }

    pub(crate) fn take(&self) -> Option<String> {
        let message = self.message.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        self.taken.store(true, Ordering::Release);
        Some(message())
    }
}
