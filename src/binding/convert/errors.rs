//! From the core's facts to Python's exceptions and warnings, by way of `atlas_serverless.errors._builders`.
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyException, PyMemoryError, PyRecursionError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};

use super::call::{Name, call, call_with, import};
use super::last_resort;
use super::to_python::to_python;
use crate::core::context::Notices;
use crate::core::error::{
    ApiError, AuthenticationError, Error, Notice, NoticeKind, TransportError, TransportKind, Violation, WaitEnding,
    WaitError,
};
use crate::core::json::Tape;

/// The Python exception for an error of the core.
pub(crate) fn to_exception(py: Python<'_>, error: Error) -> PyErr {
    static BUILDERS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let import = || import(py, "atlas_serverless.errors._builders").map(Bound::unbind);
    match BUILDERS.get_or_try_init(py, import) {
        Ok(builders) => match build(builders.bind(py), &error) {
            Ok(exception) => PyErr::from_value(exception),
            Err(failed) => not_built(py, &error, failed),
        },
        Err(failed) => not_built(py, &error, failed),
    }
}

/// Where Python fails to build the exception, as at the end of the stack of its calls: the error is no less known. Ctrl-C is
/// raised, with the error as its cause.
fn not_built(py: Python<'_>, error: &Error, failed: PyErr) -> PyErr {
    if last_resort::is_taken_apart(py) || failed.is_instance_of::<PyException>(py) {
        return last_resort::exception(py, error, Some(failed));
    }
    failed.set_cause(py, Some(last_resort::exception(py, error, None)));
    failed
}

fn build<'py>(builders: &Bound<'py, PyModule>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let py = builders.py();
    let facts = PyDict::new(py);
    let builder = match error {
        Error::Configuration(_) | Error::Stopped => {
            facts.set_item("message", error.to_string())?;
            "configuration_error"
        }
        Error::Validation(violations) => {
            facts.set_item("violations", to_list(py, violations)?)?;
            "validation_error"
        }
        Error::Transport(transport) => transport_facts(&facts, transport)?,
        Error::Api(api) => api_facts(py, &facts, api)?,
        Error::Authentication(authentication) => authentication_facts(&facts, authentication)?,
        Error::Wait(wait) => wait_facts(builders, &facts, wait)?,
    };
    call_with(&builders.getattr(builder)?, (), &facts)
}

fn transport_facts(facts: &Bound<'_, PyDict>, error: &TransportError) -> PyResult<&'static str> {
    let kind = match error.kind {
        TransportKind::Connect => "connect",
        TransportKind::Timeout => "timeout",
        TransportKind::Protocol => "protocol",
        TransportKind::Broken => "broken",
        TransportKind::OutcomeUnknown => "outcome_unknown",
    };
    facts.set_item("kind", kind)?;
    facts.set_item("message", &error.message)?;
    facts.set_item("attempts", error.attempts)?;
    facts.set_item("elapsed", error.elapsed.as_secs_f64())?;
    facts.set_item("method", &error.method)?;
    facts.set_item("url", &error.url)?;
    facts.set_item("status", error.status)?;
    facts.set_item("body_start", &error.body_start)?;
    facts.set_item("hint", &error.hint)?;
    if let Some(target) = &error.target {
        facts.set_item("operation", target.operation)?;
        facts.set_item("name", &target.name)?;
        facts.set_item("group_id", &target.group_id)?;
    }
    Ok("transport_error")
}

fn api_facts(py: Python<'_>, facts: &Bound<'_, PyDict>, error: &ApiError) -> PyResult<&'static str> {
    facts.set_item("status", error.status)?;
    facts.set_item("error_code", &error.error_code)?;
    facts.set_item("detail", &error.detail)?;
    facts.set_item("reason", &error.reason)?;
    facts.set_item("parameters", pythonize::pythonize(py, &error.parameters)?)?;
    facts.set_item("violations", to_list(py, &error.violations)?)?;
    facts.set_item("method", &error.method)?;
    facts.set_item("url", &error.url)?;
    facts.set_item("attempts", error.attempts)?;
    facts.set_item("elapsed", error.elapsed.as_secs_f64())?;
    facts.set_item("headers", &error.headers)?;
    facts.set_item("retryable", error.retryable)?;
    facts.set_item("hint", &error.hint)?;
    facts.set_item("retry_after", error.retry_after)?;
    facts.set_item("body_start", &error.body_start)?;
    facts.set_item("endpoint_retired", error.endpoint_retired)?;
    Ok("api_error")
}

fn authentication_facts(facts: &Bound<'_, PyDict>, error: &AuthenticationError) -> PyResult<&'static str> {
    facts.set_item("message", &error.message)?;
    facts.set_item("error", &error.error)?;
    facts.set_item("error_description", &error.error_description)?;
    facts.set_item("status", error.status)?;
    facts.set_item("attempts", error.attempts)?;
    facts.set_item("elapsed", error.elapsed.as_secs_f64())?;
    facts.set_item("hint", &error.hint)?;
    Ok("authentication_error")
}

fn wait_facts(builders: &Bound<'_, PyModule>, facts: &Bound<'_, PyDict>, error: &WaitError) -> PyResult<&'static str> {
    let py = builders.py();
    let kind = match error.ending {
        WaitEnding::TimedOut => "timeout",
        WaitEnding::Failed => "failed",
        WaitEnding::NotFound => "not_found",
    };
    facts.set_item("kind", kind)?;
    facts.set_item("message", error.sentence())?;
    facts.set_item("deleted", error.deleted)?;
    facts.set_item("last_state", &error.last_state)?;
    facts.set_item("polls", error.polls)?;
    facts.set_item("elapsed", error.elapsed.as_secs_f64())?;
    facts.set_item("last_error", &error.last_error)?;
    if let Some(result) = &error.result {
        facts.set_item("result", to_python(py, Tape::parse(result).as_ref())?)?;
    }
    if let Some(cause) = &error.cause {
        facts.set_item("cause", build(builders, cause)?)?;
    }
    Ok("wait_error")
}

fn to_list<'py>(py: Python<'py>, violations: &[Violation]) -> PyResult<Bound<'py, PyAny>> {
    let list = PyList::empty(py);
    for violation in violations {
        list.append(pythonize::pythonize(py, violation)?)?;
    }
    list.into_bound_py_any(py)
}

/// Issues what is left of a call that failed. Its error is what the caller gets, even where a filter makes exceptions of
/// warnings.
pub(crate) fn warn_beside(py: Python<'_>, notices: &Notices) {
    for notice in notices.take() {
        drop(warn(py, std::slice::from_ref(&notice), None));
    }
}

/// Issues notices as warnings at the caller's line. A warning that a filter turns into an exception has the call's result
/// as `.result`, so that what was created is not lost.
pub(crate) fn warn(py: Python<'_>, notices: &[Notice], result: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    if notices.is_empty() {
        return Ok(());
    }
    let named = notices.iter().map(|notice| {
        let class = match notice.kind {
            NoticeKind::Region => "RegionWarning",
            NoticeKind::FieldIgnored => "FieldIgnoredWarning",
            NoticeKind::EndpointDeprecated => "EndpointDeprecatedWarning",
            NoticeKind::Credential => "CredentialWarning",
            NoticeKind::Conversion => "ConversionWarning",
            NoticeKind::OpenAccess => "AccessListWarning",
        };
        (class, &notice.message)
    });
    let named: Vec<_> = named.collect();
    static ISSUE: Name = Name::new("atlas_serverless._runtime.warn", "issue");
    // The result counts for more than its warnings.
    let Ok(issue) = ISSUE.get(py) else { return Ok(()) };
    let issued = call(issue, (named, result)).map(drop);
    let (Err(error), Some(result)) = (&issued, result) else { return issued };
    // Nobody asked for these.
    if error.is_instance_of::<PyRecursionError>(py) || error.is_instance_of::<PyMemoryError>(py) {
        return Ok(());
    }
    // Ctrl-C, and what a `warnings.showwarning` raises.
    error.value(py).setattr(pyo3::intern!(py, "result"), result).and(issued)
}
