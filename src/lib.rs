//! MongoDB Atlas serverless instances and Flex clusters: the client ([`core`]), a small Atlas to test
//! against (`emulator`, feature `emulator`) and the Python extension module (`binding`, feature `python`).
//!
//! | room | uses |
//! | --- | --- |
//! | `regular_files` | nothing |
//! | `private_files` | `regular_files` |
//! | `core`, `emulator` | `private_files`, `regular_files`; neither of the others: if they shared types, what is misspelt in one would be so in both |
//! | `binding` | `core`, `emulator` |

#[cfg(feature = "python")]
mod binding;
pub mod core;
#[cfg(feature = "emulator")]
pub mod emulator;
mod private_files;
mod regular_files;
