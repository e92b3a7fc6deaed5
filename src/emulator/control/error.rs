//! The error of the control API.

use serde_json::Value;

/// Why a control request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    /// 400 for a request that makes no sense, 404 for what is not there.
    pub status: u16,
    /// One useful sentence.
    pub message: String,
}

impl ControlError {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl From<String> for ControlError {
    fn from(message: String) -> Self {
        Self::new(400, message)
    }
}

pub(crate) type ControlResult = Result<Value, ControlError>;

pub(crate) fn not_there(what: &str) -> ControlError {
    ControlError::new(404, format!("There is no {what}."))
}
