//! The iterator of a list operation.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyList;
use tokio::sync::Mutex as AsyncMutex;

use super::run::Client;
use crate::binding::convert::errors::to_exception;
use crate::binding::convert::named;
use crate::binding::convert::results::{Output, shown};
use crate::binding::locks::if_free;
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
    buffer: Mutex<Buffer>,
}

/// What was read and is not taken yet.
#[derive(Default)]
struct Buffer {
    ready: VecDeque<Py<PyAny>>,
    taken: usize,
    /// The last page was read.
    ended: bool,
    /// The threads that read a page at present.
    readers: Vec<ThreadId>,
}

/// The present thread as a reader of pages, until it is dropped.
struct Reader<'p> {
    pages: &'p Pages,
    thread: ThreadId,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.pages.buffer().readers.retain(|thread| *thread != self.thread);
    }
}

impl Pages {
    /// A list of which no page is asked for yet.
    pub(crate) fn new(py: Python<'_>, client: &Client, pager: Result<Pager, Error>) -> PyResult<Self> {
        let pager = pager.map_err(|error| to_exception(py, error))?;
        let client = Py::new(py, client.clone())?;
        Ok(Pages { client, pager: Arc::new(AsyncMutex::new(pager)), buffer: Mutex::default() })
    }

    fn next_page_job(&self) -> Job {
        let pager = self.pager.clone();
        Job::new(None, move |client, mut context| async move {
            Ok(Output::Page(pager.lock().await.next(&client, &mut context).await?))
        })
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a page into the buffer; false after the last.
    fn read_page(&self, py: Python<'_>) -> PyResult<bool> {
        if self.buffer().ended {
            return Ok(false);
        }
        let _reader = self.reader()?;
        let page = self.client.bind(py).get().run(py, self.next_page_job())?;
        let mut buffer = self.buffer();
        // Another thread may have met the end in the meantime: what this one has read is still to be taken.
        match page.bind(py).cast::<PyList>() {
            Ok(page) => {
                buffer.ready.extend(page.iter().map(Bound::unbind));
                Ok(true)
            }
            Err(_) => {
                buffer.ended = true;
                Ok(false)
            }
        }
    }

    /// Fails if this thread reads a page already: it would wait for itself.
    fn reader(&self) -> PyResult<Reader<'_>> {
        let thread = std::thread::current().id();
        let mut buffer = self.buffer();
        if buffer.readers.contains(&thread) {
            let message =
                "this thread is reading a page of the list already: a handler that runs meanwhile cannot read on";
            return Err(PyRuntimeError::new_err(message));
        }
        buffer.readers.push(thread);
        Ok(Reader { pages: self, thread })
    }
}

#[pymethods]
impl Pages {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        loop {
            let mut buffer = self.buffer();
            if let Some(entry) = buffer.ready.pop_front() {
                buffer.taken += 1;
                return Ok(Some(entry));
            }
            drop(buffer);
            if !self.read_page(py)? {
                return Ok(None);
            }
        }
    }

    /// The entries that come next, without taking them: so many, or fewer at the end; all that are left for None.
    #[pyo3(signature = (count = None))]
    fn peek<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::count)] count: Option<usize>,
    ) -> PyResult<Bound<'py, PyList>> {
        while count.is_none_or(|count| self.buffer().ready.len() < count) && self.read_page(py)? {}
        self.read(py, count)
    }

    /// The same of what was read already; no request is sent.
    #[pyo3(signature = (count = None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::count)] count: Option<usize>,
    ) -> PyResult<Bound<'py, PyList>> {
        let buffer = self.buffer();
        let entries: Vec<_> = buffer.ready.iter().take(count.unwrap_or(usize::MAX)).map(|e| e.clone_ref(py)).collect();
        drop(buffer);
        PyList::new(py, entries)
    }

    /// How many entries were taken, how many are read and not taken, and whether that is all.
    #[getter]
    fn progress(&self) -> (usize, usize, bool) {
        let buffer = self.buffer();
        (buffer.taken, buffer.ready.len(), buffer.ended)
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        shown(slf.py(), "pages", "item")?.call1((slf, index))
    }

    fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        shown(slf.py(), "pages", "text")?.call1((slf,))
    }

    fn _repr_html_<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        shown(slf.py(), "html", "pages")?.call1((slf,))
    }

    /// The next page of an asynchronous client's list, as a `Pending`.
    fn next_page(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.client.bind(py).get().run(py, self.next_page_job())
    }

    /// An entry that was seen (`peek`, an index) can refer to its list.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.client)?;
        if_free(&self.buffer).map_or(Ok(()), |buffer| buffer.ready.iter().try_for_each(|entry| visit.call(entry)))
    }

    fn __clear__(&self) {
        let entries = if_free(&self.buffer).map(|mut buffer| std::mem::take(&mut buffer.ready));
        drop(entries);
    }
}
