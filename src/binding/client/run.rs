//! The state of a `Client`, and how its methods run: in the calling thread, or for the running event loop.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::binding::convert::call::without_unwinding;
use crate::binding::convert::errors::{to_exception, warn_beside};
use crate::binding::convert::results::{Output, ResultMode};
use crate::binding::convert::{arguments, stack};
use crate::binding::runtime::client_state::ClientState;
use crate::binding::runtime::interpreter::ensure_whole;
use crate::binding::runtime::job::Job;
use crate::binding::runtime::{asyncio, background, blocking};
use crate::core::config::OnRetired;
use crate::core::context::Notices;
use crate::core::operations::resource::required_name;
use crate::core::operations::target::Target;
use crate::core::spec::model::Kind;

/// The result of a call; from an asynchronous client a `Pending`.
pub(crate) type CallResult = PyResult<Py<PyAny>>;

#[doc = include_str!("../docs/Client.txt")]
#[pyclass(frozen, subclass, module = "atlas_serverless")]
#[derive(Clone)]
pub(crate) struct Client {
    pub(super) state: Arc<ClientState>,
    pub(super) mode: ResultMode,
    /// Methods return a `Pending` for an event loop.
    pub(super) asynchronous: bool,
    pub(super) on_retired: OnRetired,
    pub(super) closed: Arc<AtomicBool>,
}

impl Client {
    /// Runs a job to its end, or starts it for the running event loop.
    pub(crate) fn run(&self, py: Python<'_>, job: Job) -> CallResult {
        self.check_open(py)?;
        self.mode.prepare(py)?;
        self.run_even_closed(py, job)
    }

    /// Fails if the client is closed, or can be used no more.
    pub(crate) fn check_open(&self, py: Python<'_>) -> PyResult<()> {
        ensure_whole(py)?;
        stack::ensure_room()?;
        if self.closed.load(Ordering::Relaxed) {
            return Err(PyRuntimeError::new_err("the client is closed"));
        }
        Ok(())
    }

    pub(crate) fn defaults(&self) -> (ResultMode, OnRetired) {
        (self.mode, self.on_retired)
    }

    fn run_even_closed(&self, py: Python<'_>, job: Job) -> CallResult {
        if self.asynchronous {
            return asyncio::start(py, &self.state, job, self.mode);
        }
        // Most calls into Python are guarded one by one; this is for code that a garbage collection runs.
        without_unwinding(|| {
            let notices = Notices::default();
            match blocking::run(py, &self.state, job, &notices) {
                Ok(output) => Ok(self.mode.to_python(py, output, &notices)?.unbind()),
                Err(error) => {
                    warn_beside(py, &notices);
                    Err(error)
                }
            }
        })
    }

    /// The service and the credentials, without what is secret of them.
    pub(super) fn describe(&self) -> String {
        let resolved = self.state.credentials();
        let raw = if self.mode.raw { ", returning Responses" } else { "" };
        format!("<Client {} with {} from {}{raw}>", resolved.base_url, resolved.credentials.describe(), resolved.source)
    }

    /// The core's client, for what is no operation.
    pub(crate) fn core(&self, py: Python<'_>) -> PyResult<crate::core::client::Client> {
        self.state.core().map_err(|error| to_exception(py, error))
    }

    pub(crate) fn state(&self) -> &Arc<ClientState> {
        &self.state
    }

    pub(crate) fn config(&self) -> &crate::core::config::Config {
        self.state.config()
    }

    /// The call's choice, or the client's.
    pub(super) fn on_retired(&self, given: Option<&str>) -> PyResult<OnRetired> {
        given.map_or(Ok(self.on_retired), arguments::on_retired)
    }

    /// The project of a call: the one it was given, or the client's.
    pub(crate) fn project<'a>(&'a self, py: Python<'_>, given: Option<&'a str>) -> PyResult<&'a str> {
        stack::ensure_room()?;
        self.state.credentials().project(given).map_err(|error| to_exception(py, error))
    }

    /// The project and the name of a call on one resource.
    pub(in crate::binding) fn target<'a>(
        &'a self,
        py: Python<'_>,
        group_id: Option<&'a str>,
        name: Option<&'a str>,
    ) -> PyResult<(&'a str, &'a str)> {
        self.target_of(py, "name", group_id, name)
    }

    /// The same where the name is another argument.
    pub(super) fn target_of<'a>(
        &'a self,
        py: Python<'_>,
        argument: &str,
        group_id: Option<&'a str>,
        name: Option<&'a str>,
    ) -> PyResult<(&'a str, &'a str)> {
        let name = required_name(argument, group_id, name).map_err(|error| to_exception(py, error))?;
        Ok((self.project(py, group_id)?, name))
    }

    /// The project and the name of a call on one resource, by position (`words`) or by keyword. `changes`: what the call
    /// changes cannot be renamed.
    pub(super) fn named(
        &self,
        words: &Bound<'_, PyTuple>,
        group_id: Option<&str>,
        name: Option<&str>,
        changes: Option<Kind>,
    ) -> PyResult<(String, String)> {
        let py = words.py();
        let text = |given: Option<&str>| given.map(str::to_owned);
        let given = Target { positional: arguments::positional(words)?, group_id: text(group_id), name: text(name) };
        let (group_id, name) = given.resolve(changes).map_err(|error| to_exception(py, error))?;
        Ok((self.project(py, group_id.as_deref())?.to_owned(), name))
    }

    /// An argument that has to be given although its signature has a default.
    pub(super) fn required<'a>(&self, py: Python<'_>, argument: &str, given: Option<&'a str>) -> PyResult<&'a str> {
        required_name(argument, None, given).map_err(|error| to_exception(py, error))
    }

    /// Revokes a token of this client alone and closes connections.
    pub(super) fn close_once(&self, py: Python<'_>) -> CallResult {
        // At the very end the connections close with the process.
        if ensure_whole(py).is_err() {
            return Ok(py.None());
        }
        if self.closed.swap(true, Ordering::Relaxed) && !self.asynchronous {
            return Ok(py.None());
        }
        let job = Job::new(None, |client, _| async move {
            client.close().await;
            Ok(Output::Nothing)
        });
        let closed = self.run_even_closed(py, job)?;
        background::close_connections(&self.state);
        if !self.asynchronous {
            blocking::close_connections(py, &self.state);
        }
        Ok(closed)
    }
}
