//! What a call returns to Python: the plain value, or a `Response`, and its warnings.
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::call::{Name, call, call_with, import};
use super::errors::{to_exception, warn};
use super::to_python::to_python;
use crate::core::context::Notices;
use crate::core::context::panic::panicked;
use crate::core::error::Notice;
use crate::core::http::deprecation::dates;
use crate::core::http::reply::Reply;
use crate::core::json::Tape;
use crate::core::operations::list::Entries;
use crate::core::operations::up::{Connection, Step};
use crate::core::policy::rate_limit::RateLimitStatus;
use crate::core::secret::Secret;
use crate::core::spec::model::Kind;

/// What a call comes to.
pub(crate) enum Output {
    Reply(Reply),
    /// The last poll of a waiter; none once the resource is gone.
    LastPoll(Option<Reply>),
    /// A resource that was looked for among both kinds.
    OfKind(Kind, Reply),
    /// A page of a list; none after the last.
    Page(Option<Entries>),
    Nothing,
    /// What `up` has made.
    Connection(Box<Connection>),
    /// What `down` has done.
    Steps(Vec<Step>),
    /// JSON of the client's own, not of a reply.
    Json(serde_json::Value),
}

static RESPONSE: Name = Name::new("atlas_serverless.types._values", "Response");
static DATETIME: Name = Name::new("datetime", "datetime");
static TIMEZONE: Name = Name::new("datetime", "timezone");

/// Which form the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResultMode {
    /// `with_raw_response`.
    pub(crate) raw: bool,
}

impl ResultMode {
    /// Loads what the result needs and makes an empty one: if that cannot be, as at the limit of recursion, nothing is to
    /// be sent.
    pub(crate) fn prepare(self, py: Python<'_>) -> PyResult<()> {
        if !self.raw {
            return Ok(());
        }
        DATETIME.get(py)?;
        let facts = PyDict::new(py);
        facts.set_item("status", 0)?;
        facts.set_item("headers", [("", "")])?;
        call_with(RESPONSE.get(py)?, (py.None(),), &facts).map(drop)
    }

    /// The value, after its warnings are issued.
    pub(crate) fn to_python<'py>(
        self,
        py: Python<'py>,
        output: Output,
        beside: &Notices,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (value, mut notices) = self.value(py, output)?;
        notices.extend(beside.take());
        warn(py, &notices, Some(&value))?;
        Ok(value)
    }

    /// The value, or a [`WithWarnings`] from which the coroutine issues them: warnings name the caller's line, and an event
    /// loop's callback has no caller.
    pub(crate) fn with_warnings<'py>(
        self,
        py: Python<'py>,
        output: Output,
        beside: &Notices,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (value, mut notices) = self.value(py, output)?;
        notices.extend(beside.take());
        if notices.is_empty() {
            return Ok(value);
        }
        Ok(Bound::new(py, WithWarnings { value: value.unbind(), notices })?.into_any())
    }

    fn value<'py>(self, py: Python<'py>, output: Output) -> PyResult<(Bound<'py, PyAny>, Vec<Notice>)> {
        match output {
            Output::Reply(mut reply) | Output::LastPoll(Some(mut reply)) => {
                let notices = std::mem::take(&mut reply.notices);
                Ok((self.reply(py, &reply)?, notices))
            }
            Output::OfKind(kind, mut reply) => {
                let notices = std::mem::take(&mut reply.notices);
                let pair = (kind.word(), self.reply(py, &reply)?).into_pyobject(py)?;
                Ok((pair.into_any(), notices))
            }
            Output::Page(None) => Ok((py.None().into_bound(py), Vec::new())),
            Output::Page(Some(mut page)) => {
                let notices = std::mem::take(&mut page.reply.notices);
                let entries = if self.raw {
                    vec![self.reply(py, &page.reply)?]
                } else {
                    let entries = page.results.iter().map(|entry| {
                        let tape = Tape::parse(&Bytes::copy_from_slice(entry.get().as_bytes()));
                        to_python(py, Some(&tape.ok_or_else(|| to_exception(py, panicked()))?))
                    });
                    entries.collect::<PyResult<Vec<_>>>()?
                };
                Ok((PyList::new(py, entries)?.into_any(), notices))
            }
            Output::Connection(connection) => Ok((self::connection(py, &connection)?, Vec::new())),
            Output::Steps(steps) => Ok((pythonize::pythonize(py, &steps)?, Vec::new())),
            Output::Json(value) => Ok((pythonize::pythonize(py, &value)?, Vec::new())),
            Output::LastPoll(None) | Output::Nothing => Ok((py.None().into_bound(py), Vec::new())),
        }
    }

    fn reply<'py>(self, py: Python<'py>, reply: &Reply) -> PyResult<Bound<'py, PyAny>> {
        let data = to_python(py, reply.tape.as_ref())?;
        if !self.raw {
            return Ok(data);
        }
        let facts = PyDict::new(py);
        let headers: Vec<(&str, String)> = reply
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let dates = dates(&reply.headers);
        facts.set_item("status", reply.status)?;
        facts.set_item("headers", headers)?;
        facts.set_item("attempts", reply.attempts)?;
        facts.set_item("reconciled", reply.reconciled)?;
        facts.set_item("elapsed", reply.elapsed.as_secs_f64())?;
        facts.set_item("deprecation", moment(py, dates.deprecation)?)?;
        facts.set_item("sunset", moment(py, dates.sunset)?)?;
        call_with(RESPONSE.get(py)?, (data,), &facts)
    }
}

/// The `Connection` of Python.
fn connection<'py>(py: Python<'py>, connection: &Connection) -> PyResult<Bound<'py, PyAny>> {
    let facts = PyDict::new(py);
    facts.set_item("name", &connection.name)?;
    facts.set_item("group_id", &connection.group_id)?;
    facts.set_item("username", &connection.username)?;
    facts.set_item("cluster", pythonize::pythonize(py, &connection.cluster)?)?;
    facts.set_item("user", pythonize::pythonize(py, &connection.user)?)?;
    facts.set_item("access", pythonize::pythonize(py, &connection.access)?)?;
    facts.set_item("did", pythonize::pythonize(py, &connection.did)?)?;
    facts.set_item("dry_run", connection.dry_run)?;
    facts.set_item("password", connection.password.as_ref().map(Secret::expose))?;
    facts.set_item("uri", connection.uri.as_ref().map(Secret::expose))?;
    static CONNECTION: Name = Name::new("atlas_serverless.types._connection", "Connection");
    call_with(CONNECTION.get(py)?, (), &facts)
}

/// The service's rate limits as the headers of past replies told them.
pub(crate) fn rate_limits<'py>(py: Python<'py>, known: &[RateLimitStatus]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for known in known {
        let entry = PyDict::new(py);
        entry.set_item("endpoint_set", known.endpoint_set)?;
        entry.set_item("group_id", &known.group_id)?;
        entry.set_item("limit", known.limit)?;
        entry.set_item("remaining", known.remaining)?;
        entry.set_item("blocked_for", known.blocked_for.as_secs_f64())?;
        entry.set_item("age", known.age.as_secs_f64())?;
        list.append(entry)?;
    }
    Ok(list)
}

/// A function of `atlas_serverless._runtime` that shows something: as text, or as HTML for notebooks.
pub(crate) fn shown<'py>(py: Python<'py>, module: &str, function: &str) -> PyResult<Bound<'py, PyAny>> {
    import(py, &format!("atlas_serverless._runtime.{module}"))?.getattr(function)
}

/// A datetime in UTC.
fn moment(py: Python<'_>, at: Option<SystemTime>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(seconds) = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|d| d.as_secs()) else {
        return Ok(None);
    };
    let utc = TIMEZONE.get(py)?.getattr("utc")?;
    call(&DATETIME.get(py)?.getattr("fromtimestamp")?, (seconds, utc)).map(Some)
}

/// A result whose warnings are still to be issued.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct WithWarnings {
    value: Py<PyAny>,
    notices: Vec<Notice>,
}

#[pymethods]
impl WithWarnings {
    /// Issues the warnings and returns the value.
    fn unwrap(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        warn(py, &self.notices, Some(self.value.bind(py)))?;
        Ok(self.value.clone_ref(py))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.value)
    }
}
