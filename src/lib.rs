//! MongoDB Atlas serverless instances and Flex clusters: the client ([`core`]), a small Atlas to test
//! against (`emulator`, feature `emulator`) and the Python extension module (`binding`, feature `python`).

#[cfg(feature = "python")]
mod binding;
pub mod core;
#[cfg(feature = "emulator")]
pub mod emulator;
