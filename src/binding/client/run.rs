//! What a client is, and how its methods run: in the calling thread, or on the running event loop.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::config;
use super::pages::Pages;
use super::{End, Listed};
use crate::binding::convert::errors::{to_exception, warn_beside};
use crate::binding::convert::results::ResultMode;
use crate::binding::create_many::Creates;
use crate::binding::runtime::blocking;
use crate::binding::runtime::blocking::{Handle, Job, Output};
use crate::binding::runtime::{asyncio, background};
use crate::core::config::OnRetired;
use crate::core::context::Notices;
use crate::core::error::Error;
use crate::core::operations::list::Pager;

#[doc = include_str!("../docs/Client.txt")]
#[pyclass(frozen, subclass, module = "atlas_serverless")]
#[derive(Clone)]
pub(crate) struct Client {
    pub(super) handle: Arc<Handle>,
    pub(super) shape: ResultMode,
    /// Methods return something pending for an event loop.
    pub(super) asynchronous: bool,
    pub(super) on_retired: OnRetired,
    pub(super) closed: Arc<AtomicBool>,
}

impl Client {
    /// Runs a job in the calling thread, or starts it on the running event loop.
    pub(crate) fn run(&self, py: Python<'_>, job: Job) -> End {
        self.check_open()?;
        self.run_even_closed(py, job)
    }

    /// Fails if the client is closed.
    pub(crate) fn check_open(&self) -> PyResult<()> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(PyRuntimeError::new_err("the client is closed"));
        }
        Ok(())
    }

    /// The form of results, and what happens where the endpoint is gone.
    pub(crate) fn form(&self) -> (ResultMode, OnRetired) {
        (self.shape, self.on_retired)
    }

    /// Many creates, of which none is begun yet.
    pub(super) fn many(
        &self,
        py: Python<'_>,
        operations: &Bound<'_, PyAny>,
        max_in_flight: usize,
        on_error: &str,
    ) -> PyResult<Creates> {
        self.check_open()?;
        let raises = match on_error {
            "collect" => false,
            "raise" => true,
            other => {
                let message = format!("on_error must be \"collect\" or \"raise\", not {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        Creates::start(py, self.clone(), &self.handle, operations, max_in_flight, raises)
    }

    fn run_even_closed(&self, py: Python<'_>, job: Job) -> End {
        if self.asynchronous {
            return asyncio::start(py, &self.handle, job, self.shape);
        }
        let notices = Notices::default();
        match blocking::run(py, &self.handle, job, &notices) {
            Ok(output) => Ok(self.shape.now(py, output, &notices)?.unbind()),
            Err(error) => {
                warn_beside(py, &notices);
                Err(error)
            }
        }
    }

    /// `repr()`: the service and the credentials, without what is secret of them.
    pub(super) fn shown(&self) -> String {
        let found = self.handle.found();
        format!("<Client {} with {} from {}>", found.base_url, found.credentials.describe(), found.source)
    }

    /// A list, of which nothing is asked for yet.
    pub(super) fn pages(&self, py: Python<'_>, pager: Result<Pager, Error>) -> Listed {
        let pager = pager.map_err(|error| to_exception(py, error))?;
        Ok(Pages::new(Py::new(py, self.clone())?, pager))
    }

    /// The core's client, for what is no operation.
    pub(crate) fn core(&self, py: Python<'_>) -> PyResult<crate::core::client::Client> {
        self.handle.core().map_err(|error| to_exception(py, error))
    }

    pub(crate) fn config(&self) -> &crate::core::config::Config {
        self.handle.config()
    }

    /// The call's choice, or the client's.
    pub(super) fn on_retired(&self, given: Option<&str>) -> PyResult<OnRetired> {
        given.map_or(Ok(self.on_retired), config::on_retired)
    }

    /// Revokes what is to be revoked and closes connections. The second time nothing is left to do.
    pub(super) fn end(&self, py: Python<'_>) -> End {
        if self.closed.swap(true, Ordering::Relaxed) && !self.asynchronous {
            return Ok(py.None());
        }
        let job = Job::new(None, |client, _| async move {
            client.close().await;
            Ok(Output::Nothing)
        });
        let ended = self.run_even_closed(py, job)?;
        background::let_go(&self.handle);
        if !self.asynchronous {
            blocking::let_go(py, &self.handle);
        }
        Ok(ended)
    }
}

/// Why a client is not pickled.
pub(super) fn unpicklable() -> PyErr {
    PyTypeError::new_err("a Client cannot be pickled: it holds secrets and connections; make one where it is used")
}
