//! The iterator of a list operation.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyList;
use tokio::sync::Mutex as AsyncMutex;

use super::run::Client;
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::results::Output;
use crate::binding::runtime::job::Job;
use crate::core::error::Error;
use crate::core::operations::list::Pager;

/// The iterator of a list operation: the client's entries one after another, or one `Response` a page.
///
/// A list of an asynchronous client is driven by `next_page()`, whose result is a list, or None after the last page.
#[pyclass(frozen, module = "atlas_serverless._core")]
pub(crate) struct Pages {
    client: Py<Client>,
    pager: Arc<AsyncMutex<Pager>>,
    ready: Mutex<VecDeque<Py<PyAny>>>,
}

impl Pages {
    /// A list of which no page is asked for yet.
    pub(crate) fn new(py: Python<'_>, client: &Client, pager: Result<Pager, Error>) -> PyResult<Self> {
        let pager = pager.map_err(|error| to_exception(py, error))?;
        let client = Py::new(py, client.clone())?;
        Ok(Pages { client, pager: Arc::new(AsyncMutex::new(pager)), ready: Mutex::default() })
    }

    fn next_page_job(&self) -> Job {
        let pager = self.pager.clone();
        Job::new(None, move |client, mut context| async move {
            Ok(Output::Page(pager.lock().await.next(&client, &mut context).await?))
        })
    }

    fn next_ready(&self) -> Option<Py<PyAny>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

#[pymethods]
impl Pages {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        loop {
            if let Some(entry) = self.next_ready() {
                return Ok(Some(entry));
            }
            let page = self.client.bind(py).get().run(py, self.next_page_job())?;
            let Ok(page) = page.bind(py).cast::<PyList>().cloned() else { return Ok(None) };
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            ready.extend(page.iter().map(Bound::unbind));
        }
    }

    /// The next page of an asynchronous client's list, as a `Pending`.
    fn next_page(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.client.bind(py).get().run(py, self.next_page_job())
    }
}
