//! The only room that says pyo3: it converts, and decides nothing.
// Docstrings are for Python, whose examples look like quotations to Markdown.
#![allow(clippy::doc_lazy_continuation)]

mod aio;
mod aio_fallback;
mod background;
mod bridge;
mod client;
mod clock;
mod convert;
mod credentials;
mod crowd;
mod doctor;
mod doubt;
mod emulator;
mod errors;
mod flex;
mod gate;
mod jobs;
mod keys;
mod lists;
mod many;
mod observer;
mod options;
mod python;
mod read;
mod results;
mod secret;

use pyo3::prelude::*;

/// The Rust core of `atlas_serverless`.
#[pymodule(gil_used = true)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<client::Client>()?;
    module.add_class::<lists::Pages>()?;
    module.add_class::<many::Creates>()?;
    module.add_class::<many::CreateResult>()?;
    module.add_class::<aio::Mailbox>()?;
    module.add_class::<aio::Pending>()?;
    module.add_class::<results::Noticed>()?;
    module.add_class::<clock::VirtualClock>()?;
    module.add_class::<emulator::PyEmulator>()?;
    module.add_class::<credentials::Credentials>()?;
    module.add_function(wrap_pyfunction!(doctor::doctor, module)?)?;
    module.add_function(wrap_pyfunction!(doctor::log_out, module)?)?;
    module.add_function(wrap_pyfunction!(doctor::forget_tokens, module)?)?;
    module.add_function(wrap_pyfunction!(flex::to_flex_spec, module)?)?;
    module.add_function(wrap_pyfunction!(forget_deprecations, module)?)?;
    Ok(())
}

/// Forget which deprecations were announced in this process, so that each warns again. For tests.
#[pyfunction]
fn forget_deprecations() {
    crate::core::deprecation::forget();
}
