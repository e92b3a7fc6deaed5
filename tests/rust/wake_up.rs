//! What wakes an event loop differs between systems; it needs no Python, so it is tested without it, on each of them.
#[path = "../../src/binding/runtime/descriptors.rs"]
mod descriptors;
#[path = "../../src/binding/locks.rs"]
mod locks;
#[path = "../../src/binding/runtime/wake_up.rs"]
mod wake_up;

/// As they find it in the library.
mod binding {
    pub(crate) use super::locks;
}
