//! Where calls run: on the calling thread, on the background thread, or for an asyncio loop.

pub(crate) mod asyncio;
pub(crate) mod asyncio_fallback;
pub(crate) mod background;
pub(crate) mod blocking;
pub(crate) mod clock;
pub(crate) mod interpreter;
pub(crate) mod observer;
pub(crate) mod offload;
pub(crate) mod outcome_guard;
