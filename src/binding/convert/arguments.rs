//! Checks of arguments that several rooms take; each error says what is allowed.
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::named;
use crate::core::config::OnRetired;
use crate::core::operations::create::request::{IfExists, OnTimeout};

/// `"error"`, `"return"` or `"update"`.
pub(crate) fn if_exists(text: &str) -> PyResult<IfExists> {
    match text {
        "error" => Ok(IfExists::Error),
        "return" => Ok(IfExists::Return),
        "update" => Ok(IfExists::Update),
        other => {
            let message = format!("if_exists must be \"error\", \"return\" or \"update\", not {other:?}");
            Err(PyValueError::new_err(message))
        }
    }
}

/// `"error"` or `"delete"`.
pub(crate) fn on_timeout(text: &str) -> PyResult<OnTimeout> {
    match text {
        "error" => Ok(OnTimeout::Error),
        "delete" => Ok(OnTimeout::Delete),
        other => Err(PyValueError::new_err(format!("on_timeout must be \"error\" or \"delete\", not {other:?}"))),
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

/// The project and the name among the positional arguments of a call on one resource.
pub(crate) fn positional(words: &Bound<'_, PyTuple>) -> PyResult<Vec<Option<String>>> {
    if words.len() > 2 {
        let message = format!("takes 2 positional arguments, group_id and name, but {} were given", words.len());
        return Err(PyTypeError::new_err(message));
    }
    let read = |(index, word): (usize, Bound<'_, PyAny>)| {
        let text = if index == 0 { named::group_id(&word) } else { named::name(&word) };
        text.map(|text| text.map(str::to_owned))
    };
    words.iter().enumerate().map(read).collect()
}

/// A number of seconds: positive. None, infinity and what is too much for a `Duration` are no limit; what is too little for
/// one is a nanosecond.
pub(crate) fn seconds(name: &str, value: Option<f64>) -> PyResult<Option<Duration>> {
    let Some(value) = value else { return Ok(None) };
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if value > 0.0 => Ok(Some(duration.max(Duration::from_nanos(1)))),
        Err(_) if value > 0.0 => Ok(None),
        _ => Err(PyValueError::new_err(format!("{name} must be more than 0 seconds, not {value}"))),
    }
}

/// A time during which something is tolerated: 0 is none at all, and None the default.
pub(crate) fn grace(name: &str, value: Option<f64>, default: Duration) -> PyResult<Duration> {
    if value == Some(0.0) {
        return Ok(Duration::ZERO);
    }
    match value {
        None => Ok(default),
        Some(value) => time_limit(name, value),
    }
}

/// As [`seconds`], where there has to be a limit: infinity is 136 years.
pub(crate) fn time_limit(name: &str, value: f64) -> PyResult<Duration> {
    Ok(seconds(name, Some(value))?.unwrap_or(Duration::from_secs(u64::from(u32::MAX))))
}
