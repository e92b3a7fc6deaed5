//! The only room that says pyo3: it converts, and decides nothing.
use pyo3::prelude::*;

mod emulator;

#[pymodule]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<emulator::PyEmulator>()?;
    Ok(())
}
