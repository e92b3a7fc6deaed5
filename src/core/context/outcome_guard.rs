//! A warning for a call that is given up while it is not known what came of it.
use std::sync::Arc;

use super::observe::{LazyMessage, Level, Observer};

/// Armed when the request is sent, disarmed when its outcome is known. Dropped in between, it logs its warning.
pub struct OutcomeGuard {
    observer: Arc<dyn Observer>,
    warning: Option<LazyMessage>,
    armed: bool,
}

impl OutcomeGuard {
    pub(super) fn new(observer: Arc<dyn Observer>, warning: LazyMessage) -> Self {
        OutcomeGuard { observer, warning: Some(warning), armed: false }
    }

    pub(super) fn arm(&mut self) {
        if !std::mem::replace(&mut self.armed, true) {
            self.observer.outcome_guard(self.warning.as_ref());
        }
    }

    pub(super) fn disarm(mut self) {
        self.warning = None;
        if self.armed {
            self.observer.outcome_guard(None);
        }
    }
}

impl Drop for OutcomeGuard {
    fn drop(&mut self) {
        if let Some(warning) = self.warning.take().filter(|_| self.armed) {
            self.observer.log(Level::Warning, warning());
        }
    }
}
