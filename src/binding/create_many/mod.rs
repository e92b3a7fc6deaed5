//! `create_many`, `update_many` and `delete_many`: some operations are always under way on the background thread, and results are
//! returned as they come.
pub(crate) mod creates;
mod driver;
mod journal;
mod methods;
mod operation;
mod progress;
pub(crate) mod result;
mod state;
