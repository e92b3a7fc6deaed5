//! What crosses between Python and Rust, in both directions.

pub(crate) mod arguments;
pub(crate) mod call;
pub(crate) mod errors;
pub(crate) mod key_cache;
pub(crate) mod last_resort;
pub(crate) mod named;
pub(crate) mod plain;
pub(crate) mod results;
pub(crate) mod stack;
pub(crate) mod to_core;
pub(crate) mod to_json;
pub(crate) mod to_python;
