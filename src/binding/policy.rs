//! `_core.is_transient`: the client's rule of retries, for what explains and follows it.
use pyo3::prelude::*;

use crate::core::policy::retry::{self, RequestKind};

/// Whether a read, an update, a deletion or the fetch of a token that got this status is sent again.
#[pyfunction]
pub(crate) fn is_transient(status: u16) -> bool {
    retry::is_transient(status, RequestKind::IdempotentChange)
}
