//! Where calls run: on the calling thread, on the background thread, or for an asyncio event loop.

pub(crate) mod asyncio;
pub(crate) mod asyncio_fallback;
pub(crate) mod background;
pub(crate) mod blocking;
pub(crate) mod client_state;
pub(crate) mod clock;
pub(crate) mod descriptors;
pub(crate) mod interpreter;
pub(crate) mod job;
pub(crate) mod mailbox;
pub(crate) mod observer;
pub(crate) mod offload;
pub(crate) mod outcome_warning;
pub(crate) mod pending;
pub(crate) mod waiting_threads;
mod wake_up;
