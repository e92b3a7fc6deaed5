//! A stored instance and its states.

use crate::emulator::options::{Calendar, Provisioning};

/// Keys and values, in their order.
pub(crate) type Tags = Vec<(Box<str>, Box<str>)>;

/// What an instance was created as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Serverless,
    Flex,
    Dedicated,
}

/// `stateName` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Creating,
    Idle,
    Updating,
    Deleting,
    Repairing,
}

/// When a passing state ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Never,
    /// At the first read (0) or after this many.
    Reads(u32),
    /// Milliseconds since the epoch.
    At(i64),
}

#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) provider: Box<str>,
    pub(crate) region: Box<str>,
    /// Milliseconds since the epoch.
    pub(crate) created: i64,
    pub(crate) state: State,
    pub(crate) due: Due,
    pub(crate) tags: Tags,
    pub(crate) protected: bool,
    pub(crate) continuous_backup: bool,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Serverless => "serverless",
            Kind::Flex => "flex",
            Kind::Dedicated => "dedicated",
        }
    }

    /// Whether the Flex endpoints know it: a serverless instance became Flex in 2025.
    pub(crate) fn is_flex(self, era: Calendar) -> bool {
        self == Kind::Flex || (self == Kind::Serverless && era >= Calendar::Flex)
    }
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Creating => "CREATING",
            State::Idle => "IDLE",
            State::Updating => "UPDATING",
            State::Deleting => "DELETING",
            State::Repairing => "REPAIRING",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [State::Creating, State::Idle, State::Updating, State::Deleting, State::Repairing]
            .into_iter()
            .find(|state| state.name() == text)
    }
}

impl Due {
    pub(crate) fn new(provisioning: Provisioning, now: i64) -> Self {
        match provisioning {
            Provisioning::AtOnce => Due::Reads(0),
            Provisioning::AfterReads(reads) => Due::Reads(reads),
            Provisioning::After(time) => {
                Due::At(now.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
            }
            Provisioning::Manual => Due::Never,
        }
    }
}
