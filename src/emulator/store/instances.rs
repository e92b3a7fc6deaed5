//! A stored instance, its states, and the two shapes in which the API shows it.

use serde_json::{Map, Value, json};

use super::ids::derived;
use crate::emulator::clock::iso;
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

/// Where an instance is in its life.
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

impl Instance {
    /// The shape of `/serverless`: before 2025 a true one, later a Flex cluster in disguise.
    pub(crate) fn serverless_json(&self, group_id: &str, base: &str, era: Calendar) -> Value {
        let own = format!("{base}/api/atlas/v2/groups/{group_id}/serverless/{}", self.name);
        let provider = if era >= Calendar::Flex {
            json!({
                "backingProviderName": self.provider,
                "effectiveDiskSizeGBLimit": 5,
                "effectiveInstanceSizeName": "FLEX",
                "effectiveProviderName": "TENANT",
                "nextBackupDate": iso(self.created + DAY),
                "providerName": "SERVERLESS",
                "regionName": self.region,
                "tenantBackupEnabled": true,
            })
        } else {
            json!({
                "backingProviderName": self.provider,
                "providerName": "SERVERLESS",
                "regionName": self.region,
            })
        };
        let mut out = Map::new();
        // A true serverless instance had no address before it was provisioned.
        if era >= Calendar::Flex || self.state != State::Creating {
            out.insert("connectionStrings".into(), json!({"standardSrv": self.srv()}));
        }
        out.insert("createDate".into(), json!(iso(self.created)));
        out.insert("groupId".into(), json!(group_id));
        out.insert("id".into(), json!(self.id));
        out.insert(
            "links".into(),
            json!([
                {"href": own, "rel": "self"},
                {"href": format!("{own}/backup/restoreJobs"), "rel": "https://cloud.mongodb.com/restoreJobs"},
                {"href": format!("{own}/backup/snapshots"), "rel": "https://cloud.mongodb.com/snapshots"},
            ]),
        );
        out.insert("mongoDBVersion".into(), json!(version(era)));
        out.insert("name".into(), json!(self.name));
        out.insert("providerSettings".into(), provider);
        let continuous = self.continuous_backup && era < Calendar::Flex;
        out.insert("serverlessBackupOptions".into(), json!({"serverlessContinuousBackupEnabled": continuous}));
        out.insert("stateName".into(), json!(self.state.name()));
        out.insert("tags".into(), self.tags_json());
        out.insert("terminationProtectionEnabled".into(), json!(self.protected));
        Value::Object(out)
    }

    /// The shape of `/flexClusters`. The reply to a create leaves out `tags` when there are none.
    pub(crate) fn flex_json(&self, group_id: &str, era: Calendar, just_created: bool) -> Value {
        let mut out = Map::new();
        out.insert("backupSettings".into(), json!({"enabled": true}));
        out.insert("clusterType".into(), json!("REPLICASET"));
        let strings = if self.state == State::Creating {
            json!({"standardSrv": self.srv()})
        } else {
            json!({"standard": self.standard(), "standardSrv": self.srv()})
        };
        out.insert("connectionStrings".into(), strings);
        out.insert("createDate".into(), json!(iso(self.created)));
        out.insert("groupId".into(), json!(group_id));
        out.insert("id".into(), json!(self.id));
        out.insert("mongoDBVersion".into(), json!(version(era)));
        out.insert("name".into(), json!(self.name));
        out.insert(
            "providerSettings".into(),
            json!({
                "backingProviderName": self.provider,
                "diskSizeGB": 5.0,
                "providerName": "FLEX",
                "regionName": self.region,
            }),
        );
        out.insert("stateName".into(), json!(self.state.name()));
        if !(just_created && self.tags.is_empty()) {
            out.insert("tags".into(), self.tags_json());
        }
        out.insert("terminationProtectionEnabled".into(), json!(self.protected));
        out.insert("versionReleaseSystem".into(), json!("LTS"));
        Value::Object(out)
    }

    pub(crate) fn tags_json(&self) -> Value {
        self.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
    }

    fn host(&self) -> String {
        format!("{}.mongodb.net", derived(&self.id, 1, 7))
    }

    fn srv(&self) -> String {
        let prefix: String = self.name.chars().take(23).collect::<String>().to_ascii_lowercase();
        format!("mongodb+srv://{prefix}.{}", self.host())
    }

    fn standard(&self) -> String {
        let (host, shard) = (self.host(), derived(&self.id, 2, 7));
        let hosts: Vec<String> = (0..3).map(|n| format!("ac-{shard}-shard-00-0{n}.{host}:27017")).collect();
        let set = derived(&self.id, 3, 6);
        format!("mongodb://{}/?ssl=true&authSource=admin&replicaSet=atlas-{set}-shard-0", hosts.join(","))
    }
}

const DAY: i64 = 24 * 60 * 60 * 1000;

fn version(era: Calendar) -> &'static str {
    match era {
        Calendar::Serverless => "7.0.16",
        Calendar::Flex => "8.0.13",
        Calendar::Deprecated => "8.0.17",
        _ => "8.0.29",
    }
}
