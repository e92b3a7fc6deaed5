//! Checks of arguments that several rooms take; each error says what is allowed.
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::core::config::OnRetired;
use crate::core::operations::create::request::IfExists;

/// `"error"` or `"return"`.
pub(crate) fn if_exists(text: &str) -> PyResult<IfExists> {
    match text {
        "error" => Ok(IfExists::Error),
        "return" => Ok(IfExists::Return),
        other => Err(PyValueError::new_err(format!("if_exists must be \"error\" or \"return\", not {other:?}"))),
    }
}

/// `"raise"` or `"flex"`.
pub(crate) fn on_retired(text: &str) -> PyResult<OnRetired> {
    match text {
        "raise" => Ok(OnRetired::Raise),
        "flex" => Ok(OnRetired::Flex),
        other => Err(PyValueError::new_err(format!("on_retired must be \"raise\" or \"flex\", not {other:?}"))),
    }
}

/// A number of seconds: positive. None and infinity are no limit.
pub(crate) fn seconds(name: &str, value: Option<f64>) -> PyResult<Option<Duration>> {
    let Some(value) = value else { return Ok(None) };
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
        Err(_) if value == f64::INFINITY => Ok(None),
        _ => Err(PyValueError::new_err(format!("{name} must be more than 0 seconds, not {value}"))),
    }
}

/// The same where there has to be a limit: infinity is 136 years.
pub(crate) fn time_limit(name: &str, value: f64) -> PyResult<Duration> {
    Ok(seconds(name, Some(value))?.unwrap_or(Duration::from_secs(u64::from(u32::MAX))))
}
