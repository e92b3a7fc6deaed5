//! Faults on order: which requests they hit, what the client sees of them, and what they do to the store.

pub(crate) mod effects;
pub(crate) mod kind;
pub(crate) mod order;
pub(crate) mod replies;
pub(crate) mod standing;
