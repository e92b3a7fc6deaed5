//! MongoDB Atlas serverless instances and Flex clusters: the client ([`core`]), a small Atlas to test
//! against (`emulator`, feature `emulator`) and the Python extension module (`binding`, feature `python`).
//!
//! | room | uses |
//! | --- | --- |
//! | `private_files` | nothing |
//! | `core`, `emulator` | `private_files`; neither of the others: if they shared types, what is misspelt in one would be so in both |
//! | `binding` | `core`, `emulator` |

#[cfg(feature = "python")]
mod binding;
pub mod core;
#[cfg(feature = "emulator")]
pub mod emulator;
mod private_files;
