//! Futures on the heap.
use std::pin::Pin;

/// As `Box::pin(make())`, but the future is made where it stays. `Box::pin` copies all of it from the stack, thousands of
/// bytes of which nothing is in use before the first poll.
pub fn boxed<F>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    let room = Box::new_uninit();
    Box::into_pin(Box::write(room, make()))
}
