//! Never twice, never left behind: the core against the emulator, with every fault that it can be ordered to have.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout, clippy::expect_used)]
#![allow(unreachable_pub, missing_docs)]

mod atlas;
mod bounds;
mod credentials;
mod limits;
mod others;
mod outcomes;
mod random;
mod table;
