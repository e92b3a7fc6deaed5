//! What a resource is: its fields and regions, and how a spec is checked, compared and converted.

pub mod compare;
pub mod convert;
pub mod model;
pub mod validate;
