//! The extension module `atlas_serverless._core`: it converts between Python and the core, and decides nothing. Only here
//! is pyo3 used.
//!
//! A room uses rooms above it only, and no two files import each other, directly or through others:
//!
//! | room | uses |
//! | --- | --- |
//! | `locks` | nothing of the binding |
//! | `convert` | `locks` |
//! | `runtime` | `convert`, `locks` |
//! | `client` | `runtime`, `convert`, `locks` |
//! | `create_many` | `client`, `runtime`, `convert`, `locks` |
//! | `doctor` | `client`, `runtime`, `convert` |
//! | `to_flex_spec` | `convert` |
//! | `regions`, `policy` | nothing of the binding |
//! | `emulator` | `convert`; of the emulator what it exports |
// Docstrings are for Python, whose examples look like quotations to Markdown.
#![allow(clippy::doc_lazy_continuation)]

pub(crate) mod client;
pub(crate) mod convert;
pub(crate) mod create_many;
pub(crate) mod doctor;
pub(crate) mod emulator;
mod locks;
pub(crate) mod policy;
mod regions;
pub(crate) mod runtime;
pub(crate) mod to_flex_spec;

use pyo3::prelude::*;

/// The Rust core of `atlas_serverless`.
#[pymodule(gil_used = true)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    runtime::interpreter::refuse_subinterpreters(module.py())?;
    runtime::interpreter::register_exit_hook(module.py())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<client::run::Client>()?;
    module.add_class::<client::pages::Pages>()?;
    module.add_class::<create_many::creates::Creates>()?;
    module.add_class::<create_many::result::CreateResult>()?;
    module.add_class::<runtime::mailbox::Mailbox>()?;
    module.add_class::<runtime::pending::Pending>()?;
    module.add_class::<convert::results::WithWarnings>()?;
    module.add_class::<runtime::clock::VirtualClock>()?;
    module.add_class::<emulator::PyEmulator>()?;
    module.add_class::<client::credentials::Credentials>()?;
    module.add_function(wrap_pyfunction!(doctor::doctor, module)?)?;
    module.add_function(wrap_pyfunction!(doctor::log_out, module)?)?;
    module.add_function(wrap_pyfunction!(doctor::forget_tokens, module)?)?;
    module.add_function(wrap_pyfunction!(to_flex_spec::to_flex_spec, module)?)?;
    module.add_function(wrap_pyfunction!(regions::list, module)?)?;
    module.add_function(wrap_pyfunction!(policy::is_transient, module)?)?;
    module.add_function(wrap_pyfunction!(forget_deprecations, module)?)?;
    Ok(())
}

/// Forget which deprecations were announced in this process, so that each warns again. For tests.
#[pyfunction]
fn forget_deprecations() {
    crate::core::http::deprecation::reset_notices();
}
