//! `journal=` of `create_many` and its like: the core's journal, with errors for Python.
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use pyo3::prelude::*;

use crate::binding::convert::errors::to_exception;
use crate::core::error::Error;
use crate::core::operations::journal::{Entry, Journal};
use crate::core::spec::model::Operation;

pub(super) struct OpenJournal {
    path: PathBuf,
    journal: Journal,
}

impl OpenJournal {
    pub(super) fn open(py: Python<'_>, path: PathBuf, action: Operation) -> PyResult<Self> {
        let word = match action {
            Operation::Update => "update",
            Operation::Delete => "delete",
            _ => "create",
        };
        match Journal::open(&path, word) {
            Ok(journal) => Ok(OpenJournal { path, journal }),
            Err(error) => Err(exception(py, &path, error)),
        }
    }

    pub(super) fn begun(&self) -> u64 {
        self.journal.begun()
    }

    /// Refuses a list that is shorter than what was begun of it.
    pub(super) fn too_short(&self, py: Python<'_>, length: u64) -> PyErr {
        let begun = self.journal.begun();
        let message = format!("{begun} operations were begun, and there are {length}: it is of another list");
        exception(py, &self.path, std::io::Error::new(ErrorKind::InvalidInput, message))
    }

    pub(super) fn has_succeeded(&mut self, py: Python<'_>, number: u64, entry: &Entry) -> PyResult<bool> {
        self.journal.has_succeeded(number, entry).map_err(|error| exception(py, &self.path, error))
    }

    pub(super) fn begin(&mut self, py: Python<'_>, number: u64, entry: Entry) -> PyResult<()> {
        self.journal.begin(number, entry).map_err(|error| exception(py, &self.path, error))
    }

    pub(super) fn end(&mut self, py: Python<'_>, number: u64, failure: Option<String>) -> PyResult<()> {
        self.journal.end(number, failure).map_err(|error| exception(py, &self.path, error))
    }

    pub(super) fn flush(&mut self, py: Python<'_>) -> PyResult<()> {
        self.journal.flush().map_err(|error| exception(py, &self.path, error))
    }

    /// Other threads of Python run while the disk is waited for.
    pub(super) fn sync(&mut self, py: Python<'_>) -> PyResult<()> {
        let journal = &mut self.journal;
        py.detach(|| journal.sync()).map_err(|error| exception(py, &self.path, error))
    }
}

/// A file that is not the journal of these operations is a ConfigurationError, what the system refuses an OSError.
fn exception(py: Python<'_>, path: &Path, error: std::io::Error) -> PyErr {
    let is_refusal = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::WouldBlock);
    if error.raw_os_error().is_none() && is_refusal {
        return to_exception(py, Error::Configuration(format!("journal {}: {error}", path.display())));
    }
    error.into()
}
