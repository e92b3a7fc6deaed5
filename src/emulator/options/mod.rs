//! What a test can choose before the emulator starts; most of it can also be changed while it runs.

mod choices;
mod settings;

pub use self::choices::{Calendar, DigestAlgorithm, Provisioning, RateLimit, Regions, RetiredReply};
pub use self::settings::Options;
