//! Each recorded reply against the emulator's: the same request to the same state must give the same status, the same
//! headers and the same body.
//!
//! What cannot be the same: times of handling, nonces, ids and host names of what the request itself creates.

mod access;
mod instances;
mod projects;

use std::path::Path;

use atlas_serverless::emulator::{Calendar, Options};
use serde_json::{Value, json};

use crate::client::{ACCEPT, Atlas, Reply, options};

const HOST: &str = "localhost:8080";

struct Recorded {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

fn recorded(name: &str) -> Recorded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings").join(name);
    let text = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    Recorded { status, headers, body: body.trim_end().to_owned() }
}

impl Recorded {
    fn header(&self, name: &str) -> &str {
        &self.headers.iter().find(|(key, _)| key == name).unwrap().1
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// An emulator at the moment of a recording, with these projects' ids and what they hold.
fn atlas(recording: &Recorded, calendar: Calendar, group_id: &str, instances: Value) -> Atlas {
    with_projects(recording, calendar, json!([{"id": group_id, "name": "project", "instances": instances}]))
}

fn with_projects(recording: &Recorded, calendar: Calendar, projects: Value) -> Atlas {
    let date = httpdate::parse_http_date(recording.header("Date")).unwrap();
    let now = date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let seed = json!({
        "organizations": [{"id": "a0123456789abcdef012345a", "name": "org"}],
        "projects": projects,
    });
    let clock = atlas_serverless::emulator::ClockMode::Manual { start: Some(now) };
    Atlas::start(Options { calendar, clock, seed: Some(seed), ..options() })
}

fn request(atlas: &Atlas, method: &str, path: &str, body: Option<Value>) -> Reply {
    let bearer = format!("Bearer {}", atlas.token);
    let headers = [("Host", HOST), ("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    atlas.raw(method, path, &headers, body.map(|b| b.to_string())).unwrap()
}

/// How an instance in a recording has to be seeded to be shown so again.
fn seeded(shown: &Value, kind: &str) -> Value {
    json!({
        "id": shown["id"],
        "name": shown["name"],
        "kind": kind,
        "provider": shown["providerSettings"]["backingProviderName"],
        "region": shown["providerSettings"]["regionName"],
        "created": shown["createDate"],
        "state": shown["stateName"],
        "tags": shown["tags"],
        "termination_protection": shown["terminationProtectionEnabled"],
    })
}

/// The body that a create must have had to be answered so.
fn create_body(shown: &Value) -> Value {
    let settings = &shown["providerSettings"];
    let mut provider = json!({
        "backingProviderName": settings["backingProviderName"],
        "regionName": settings["regionName"],
    });
    if settings["providerName"] == "SERVERLESS" {
        provider["providerName"] = json!("SERVERLESS");
    }
    let mut body = json!({"name": shown["name"], "providerSettings": provider});
    if let Some(tags) = shown.get("tags") {
        body["tags"] = tags.clone();
    }
    body
}

/// Names of headers that differ for a reason, and headers whose values do.
struct Except {
    added: &'static [&'static str],
    values: &'static [&'static str],
    /// The request created the thing, so that its id is new.
    new_id: bool,
}

const NOTHING: Except = Except { added: &[], values: &[], new_id: false };

fn same(name: &str, recording: &Recorded, reply: &Reply, except: &Except) {
    assert_eq!(reply.status, recording.status, "{name}: {}", reply.text());
    let names = |headers: &[(String, String)]| {
        let mut names: Vec<String> = headers.iter().map(|(name, _)| name.clone()).collect();
        names.retain(|name| !except.added.contains(&name.as_str()));
        names.sort();
        names
    };
    assert_eq!(names(&reply.headers), names(&recording.headers), "{name}: headers");
    const VOLATILE: &[&str] = &["Content-Length", "X-Envoy-Upstream-Service-Time", "Ratelimit-Remaining"];
    for (header, value) in &recording.headers {
        if !VOLATILE.contains(&header.as_str()) && !except.values.contains(&header.as_str()) {
            assert_eq!(reply.header(header), Some(value.as_str()), "{name}: {header}");
        }
    }
    if recording.body.is_empty() {
        assert_eq!(reply.text(), "", "{name}: body");
        return;
    }
    // Layout first, then what it says, key by key and in the recorded order.
    let ours = reply.json();
    if !recording.body.contains('\n') {
        assert_eq!(reply.text(), ours.to_string(), "{name}: layout");
    }
    let masked = |value: &Value| {
        let mut value = value.clone();
        mask(&mut value, except.new_id);
        value.to_string()
    };
    assert_eq!(masked(&ours), masked(&recording.json()), "{name}: body");
}

/// Puts words in the place of what cannot be the same, after a look at its form.
fn mask(value: &mut Value, new_id: bool) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| mask(value, new_id)),
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value.as_str()) {
                    ("id", Some(id)) if new_id => {
                        assert_eq!(id.len(), 24, "{id}");
                        assert!(id.bytes().all(|b| b"0123456789abcdef".contains(&b)), "{id}");
                        *value = json!("id");
                    }
                    ("standardSrv", Some(text)) => *value = json!(srv(text)),
                    ("standard", Some(text)) => *value = json!(standard(text)),
                    // Recorded of a development service whose clusters follow the newest releases.
                    ("versionReleaseSystem", Some("CONTINUOUS")) => *value = json!("LTS"),
                    _ => mask(value, new_id),
                }
            }
        }
        _ => {}
    }
}

/// `mongodb+srv://NAME.WORD7.DOMAIN`
fn srv(text: &str) -> String {
    let host = text.strip_prefix("mongodb+srv://").unwrap();
    let (_, rest) = host.split_once('.').unwrap();
    let (word, domain) = rest.split_once('.').unwrap();
    assert_eq!(word.len(), 7, "{text}");
    assert!(["mongodb.net", "mongodb-dev.net"].contains(&domain), "{text}");
    "srv".to_owned()
}

/// Three hosts and their replica set.
fn standard(text: &str) -> String {
    let (hosts, query) = text.strip_prefix("mongodb://").unwrap().split_once('/').unwrap();
    let hosts: Vec<&str> = hosts.split(',').collect();
    for (number, host) in hosts.iter().enumerate() {
        let (shard, rest) = host.strip_prefix("ac-").unwrap().split_once('-').unwrap();
        assert_eq!(shard.len(), 7, "{host}");
        assert!(rest.starts_with(&format!("shard-00-0{number}.")), "{host}");
        assert!(host.ends_with(".net:27017"), "{host}");
    }
    let (before, set) = query.split_once("replicaSet=atlas-").unwrap();
    assert_eq!(set.len(), "145wyt-shard-0".len(), "{text}");
    assert!(set.ends_with("-shard-0"), "{text}");
    format!("{} hosts {before}", hosts.len())
}

#[test]
fn every_recording_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings");
    let files = [
        include_str!("recordings/access.rs"),
        include_str!("recordings/instances.rs"),
        include_str!("recordings/projects.rs"),
    ];
    let here = files.concat();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(here.contains(&format!("\"{name}\"")), "{name} is not replayed");
    }
}
