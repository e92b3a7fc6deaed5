//! A stored instance and its states.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::backups::Backups;
use super::transition::TransitionEnd;
use crate::emulator::clock::iso_seconds;
use crate::emulator::options::Calendar;

/// Serialized in the form of a seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Instance {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) provider: Box<str>,
    pub(crate) region: Box<str>,
    /// Milliseconds since the epoch.
    #[serde(with = "iso_seconds")]
    pub(crate) created: i64,
    pub(crate) state: State,
    /// When a transitional state ends; `None`: when the control API says so.
    pub(crate) due: Option<TransitionEnd>,
    pub(crate) tags: Tags,
    #[serde(rename = "termination_protection")]
    pub(crate) protected: bool,
    pub(crate) continuous_backup: bool,
    /// The fields that an upgrade to a dedicated cluster asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Box<Map<String, Value>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) backups: Option<Box<Backups>>,
}

/// What an instance was created as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Serverless,
    Flex,
    Dedicated,
}

/// `stateName` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum State {
    Creating,
    Idle,
    Updating,
    Deleting,
    Repairing,
}

/// Keys and values, in their order. A seed writes them as an object, or as the API's list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags(pub(crate) Vec<(Box<str>, Box<str>)>);

impl Kind {
    /// Whether the Flex endpoints know it: a serverless instance became Flex in 2025.
    pub(crate) fn is_flex(self, calendar: Calendar) -> bool {
        self == Kind::Flex || (self == Kind::Serverless && calendar >= Calendar::Flex)
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tag {
            key: Box<str>,
            value: Box<str>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Repr {
            List(Vec<Tag>),
            Object(serde_json::Map<String, serde_json::Value>),
        }
        let bad = || D::Error::custom("tags are an object of texts, or a list of {key, value}");
        match Repr::deserialize(from).map_err(|_| bad())? {
            Repr::List(list) => Ok(Self(list.into_iter().map(|tag| (tag.key, tag.value)).collect())),
            Repr::Object(object) => {
                let text = |(key, value): (String, serde_json::Value)| match value {
                    serde_json::Value::String(value) => Ok((key.into(), value.into())),
                    _ => Err(bad()),
                };
                object.into_iter().map(text).collect::<Result<_, _>>().map(Self)
            }
        }
    }
}
