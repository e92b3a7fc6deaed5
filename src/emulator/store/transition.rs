//! When a transitional state ends.

use serde::{Deserialize, Serialize};

use crate::emulator::clock::{iso_millis, representable};
use crate::emulator::options::Provisioning;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TransitionEnd {
    /// At the first read (0) or after this many.
    Reads(u32),
    /// Milliseconds since the epoch.
    At(#[serde(with = "iso_millis")] i64),
}

impl TransitionEnd {
    pub(crate) fn new(provisioning: Provisioning, now: i64) -> Option<Self> {
        match provisioning {
            Provisioning::AtOnce => Some(TransitionEnd::Reads(0)),
            Provisioning::AfterReads(reads) => Some(TransitionEnd::Reads(reads)),
            Provisioning::After(time) => {
                let milliseconds = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
                Some(TransitionEnd::At(representable(now.saturating_add(milliseconds))))
            }
            Provisioning::Manual => None,
        }
    }
}
