//! The shapes in which the API shows an instance, field by field in the recorded order.

use serde_json::{Map, Value, json};

use crate::emulator::clock::iso;
use crate::emulator::options::Calendar;
use crate::emulator::store::Store;
use crate::emulator::store::ids::derived;
use crate::emulator::store::instances::{Instance, State, Tags};

/// What every shape depends on beside its instance.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    calendar: Calendar,
    /// The address of the database that all connection strings lead to.
    deployment: Option<&'a str>,
}

pub(crate) fn view(store: &Store) -> View<'_> {
    View { calendar: store.calendar(), deployment: store.options.deployment.as_deref() }
}

/// As `/serverless` shows it: until 2025 a serverless instance, later a Flex cluster in the same shape.
pub(crate) fn serverless(instance: &Instance, group_id: &str, base: &str, view: View<'_>) -> Value {
    let calendar = view.calendar;
    let own = format!("{base}/api/atlas/v2/groups/{group_id}/serverless/{}", instance.name);
    let provider = if calendar >= Calendar::Flex {
        json!({
            "backingProviderName": instance.provider,
            "effectiveDiskSizeGBLimit": 5,
            "effectiveInstanceSizeName": "FLEX",
            "effectiveProviderName": "TENANT",
            "nextBackupDate": iso(instance.created + DAY),
            "providerName": "SERVERLESS",
            "regionName": instance.region,
            "tenantBackupEnabled": true,
        })
    } else {
        json!({
            "backingProviderName": instance.provider,
            "providerName": "SERVERLESS",
            "regionName": instance.region,
        })
    };
    let mut out = Map::new();
    // A real serverless instance had no address before it was provisioned.
    if calendar >= Calendar::Flex || instance.state != State::Creating {
        out.insert("connectionStrings".into(), json!({"standardSrv": srv(instance, view)}));
    }
    out.insert("createDate".into(), json!(iso(instance.created)));
    out.insert("groupId".into(), json!(group_id));
    out.insert("id".into(), json!(instance.id));
    out.insert(
        "links".into(),
        json!([
            {"href": own, "rel": "self"},
            {"href": format!("{own}/backup/restoreJobs"), "rel": "https://cloud.mongodb.com/restoreJobs"},
            {"href": format!("{own}/backup/snapshots"), "rel": "https://cloud.mongodb.com/snapshots"},
        ]),
    );
    out.insert("mongoDBVersion".into(), json!(version(calendar)));
    out.insert("name".into(), json!(instance.name));
    out.insert("providerSettings".into(), provider);
    let continuous = instance.continuous_backup && calendar < Calendar::Flex;
    out.insert("serverlessBackupOptions".into(), json!({"serverlessContinuousBackupEnabled": continuous}));
    out.insert("stateName".into(), json!(instance.state));
    out.insert("tags".into(), tags(&instance.tags));
    out.insert("terminationProtectionEnabled".into(), json!(instance.protected));
    Value::Object(out)
}

/// As `/flexClusters` shows it. The reply to a create leaves out `tags` when there are none; while
/// it is deleted it shows none.
pub(crate) fn flex(instance: &Instance, group_id: &str, view: View<'_>, just_created: bool) -> Value {
    let mut out = Map::new();
    out.insert("backupSettings".into(), json!({"enabled": true}));
    out.insert("clusterType".into(), json!("REPLICASET"));
    let strings = if instance.state == State::Creating {
        json!({"standardSrv": srv(instance, view)})
    } else {
        json!({"standard": standard(instance, view), "standardSrv": srv(instance, view)})
    };
    out.insert("connectionStrings".into(), strings);
    out.insert("createDate".into(), json!(iso(instance.created)));
    out.insert("groupId".into(), json!(group_id));
    out.insert("id".into(), json!(instance.id));
    out.insert("mongoDBVersion".into(), json!(version(view.calendar)));
    out.insert("name".into(), json!(instance.name));
    out.insert(
        "providerSettings".into(),
        json!({
            "backingProviderName": instance.provider,
            "diskSizeGB": 5.0,
            "providerName": "FLEX",
            "regionName": instance.region,
        }),
    );
    out.insert("stateName".into(), json!(instance.state));
    if instance.state == State::Deleting {
        out.insert("tags".into(), json!([]));
    } else if !(just_created && instance.tags.0.is_empty()) {
        out.insert("tags".into(), tags(&instance.tags));
    }
    out.insert("terminationProtectionEnabled".into(), json!(instance.protected));
    out.insert("versionReleaseSystem".into(), json!("LTS"));
    Value::Object(out)
}

/// A part of a path, percent-encoded as in the service's links.
pub(crate) fn encoded(part: &str) -> String {
    const SEGMENT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
    percent_encoding::utf8_percent_encode(part, SEGMENT).to_string()
}

/// An entity with these fields in addition, in the order of the alphabet.
pub(crate) fn sorted<const N: usize>(entity: Value, more: [(&str, Value); N]) -> Value {
    let mut fields = match entity {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    fields.sort_keys();
    Value::Object(fields)
}

/// To the entity itself, and to these parts of it.
pub(crate) fn links(own: &str, parts: &[&str]) -> Value {
    let part =
        |part: &&str| json!({"href": format!("{own}/{part}"), "rel": format!("https://cloud.mongodb.com/{part}")});
    [json!({"href": own, "rel": "self"})].into_iter().chain(parts.iter().map(part)).collect()
}

pub(crate) fn tags(tags: &Tags) -> Value {
    tags.0.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn host(instance: &Instance) -> String {
    format!("{}.mongodb.net", derived(&instance.id, 1, 7))
}

/// No name leads to a deployment of one's own, so that there its address stands in this place too.
fn srv(instance: &Instance, view: View<'_>) -> String {
    if let Some(address) = view.deployment {
        return deployed(address);
    }
    let prefix: String = instance.name.chars().take(23).collect::<String>().to_ascii_lowercase();
    format!("mongodb+srv://{prefix}.{}", host(instance))
}

fn deployed(address: &str) -> String {
    format!("mongodb://{address}/?authSource=admin")
}

fn standard(instance: &Instance, view: View<'_>) -> String {
    if let Some(address) = view.deployment {
        return deployed(address);
    }
    let (host, shard) = (host(instance), derived(&instance.id, 2, 7));
    let hosts: Vec<String> = (0..3).map(|n| format!("ac-{shard}-shard-00-0{n}.{host}:27017")).collect();
    let set = derived(&instance.id, 3, 6);
    format!("mongodb://{}/?ssl=true&authSource=admin&replicaSet=atlas-{set}-shard-0", hosts.join(","))
}

const DAY: i64 = 24 * 60 * 60 * 1000;

fn version(calendar: Calendar) -> &'static str {
    match calendar {
        Calendar::Serverless => "7.0.16",
        Calendar::Flex => "8.0.13",
        Calendar::Deprecated => "8.0.17",
        _ => "8.0.29",
    }
}
