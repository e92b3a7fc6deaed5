//! A clock for tests: waiting moves it at once.
use std::time::Duration;

use pyo3::prelude::*;

use crate::core::context::clock::{Clock, ManualClock};

/// A clock that a test hands to a client (`Client(…, _clock=VirtualClock())`): every wait passes at once and is
/// recorded, and jitter is zero. Attempts themselves still take real time.
#[pyclass(frozen, module = "atlas_serverless._core")]
#[derive(Default)]
pub(crate) struct VirtualClock {
    clock: ManualClock,
}

impl VirtualClock {
    pub(crate) fn clone_clock(&self) -> ManualClock {
        self.clock.clone()
    }
}

#[pymethods]
impl VirtualClock {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Seconds that have passed on it.
    #[getter]
    fn now(&self) -> f64 {
        self.clock.now().as_secs_f64()
    }

    /// Every wait so far, in seconds, in order.
    #[getter]
    fn sleeps(&self) -> Vec<f64> {
        self.clock.sleeps().iter().map(Duration::as_secs_f64).collect()
    }

    /// Moves it forward.
    fn advance(&self, seconds: f64) {
        self.clock.advance(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    }
}
