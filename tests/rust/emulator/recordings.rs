//! Each recorded reply against the emulator's: the same request to the same state must give the same status, the same
//! headers and the same body.
//!
//! What cannot be the same: times of handling, nonces, ids and host names of what the request itself creates.

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
fn serverless_creates() {
    for (name, calendar) in [
        ("serverless-create-201-2025.http", Calendar::Flex),
        ("serverless-create-201-2026-deprecated.http", Calendar::Deprecated),
    ] {
        let recording = recorded(name);
        let shown = recording.json();
        let group = shown["groupId"].as_str().unwrap();
        let atlas = atlas(&recording, calendar, group, json!([]));
        let reply = request(&atlas, "POST", &atlas.path("serverless"), Some(create_body(&shown)));
        let except = Except { new_id: true, ..NOTHING };
        same(name, &recording, &reply, &except);
    }
}

#[test]
fn serverless_reads_changes_and_deletions() {
    for (name, method, body) in [
        ("serverless-get-200-creating-2025.http", "GET", None),
        ("serverless-get-200-idle-2025.http", "GET", None),
        ("serverless-update-200-2025.http", "PATCH", Some(json!({"tags": [{"key": "env", "value": "e2e"}]}))),
        ("serverless-delete-202-2025.http", "DELETE", None),
    ] {
        let recording = recorded(name);
        let mut shown = recording.json();
        if shown.get("name").is_none() {
            shown = recorded("serverless-get-200-idle-2025.http").json();
        }
        let group = shown["groupId"].as_str().unwrap();
        let mut instance = seeded(&shown, "serverless");
        if method != "GET" {
            instance["state"] = json!("IDLE");
        }
        let atlas = atlas(&recording, Calendar::Flex, group, json!([instance]));
        let path = atlas.path(&format!("serverless/{}", shown["name"].as_str().unwrap()));
        same(name, &recording, &request(&atlas, method, &path, body), &NOTHING);
    }
}

#[test]
fn a_serverless_list() {
    let name = "serverless-list-200-2025.http";
    let recording = recorded(name);
    let shown = &recording.json()["results"][0];
    let group = shown["groupId"].as_str().unwrap();
    let atlas = atlas(&recording, Calendar::Flex, group, json!([seeded(shown, "serverless")]));
    let path = atlas.path("serverless?includeCount=true&itemsPerPage=100&pageNum=1");
    same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);
}

#[test]
fn a_flex_create() {
    let name = "flex-create-201.http";
    let recording = recorded(name);
    let shown = recording.json();
    let atlas = atlas(&recording, Calendar::Retired, shown["groupId"].as_str().unwrap(), json!([]));
    let reply = request(&atlas, "POST", &atlas.path("flexClusters"), Some(create_body(&shown)));
    same(name, &recording, &reply, &Except { new_id: true, ..NOTHING });
    assert_eq!(reply.header("Ratelimit-Remaining"), Some(recording.header("Ratelimit-Remaining")));
}

#[test]
fn flex_reads_and_deletions() {
    let deleting = recorded("flex-get-200.http").json();
    let group = deleting["groupId"].as_str().unwrap();
    for (name, method, instances) in [
        ("flex-get-200.http", "GET", json!([seeded(&deleting, "flex")])),
        ("flex-get-404.http", "GET", json!([])),
        ("flex-delete-204.http", "DELETE", {
            let mut instance = seeded(&deleting, "flex");
            instance["state"] = json!("IDLE");
            json!([instance])
        }),
    ] {
        let recording = recorded(name);
        let atlas = atlas(&recording, Calendar::Retired, group, instances);
        same(name, &recording, &request(&atlas, method, &atlas.path("flexClusters/cluster-83"), None), &NOTHING);
    }
}

#[test]
fn a_flex_list() {
    let name = "flex-list-200.http";
    let recording = recorded(name);
    let list = recording.json();
    let instances: Vec<Value> = list["results"].as_array().unwrap().iter().map(|i| seeded(i, "flex")).collect();
    let group = list["results"][0]["groupId"].as_str().unwrap();
    let atlas = atlas(&recording, Calendar::Retired, group, json!(instances));
    let path = atlas.path("flexClusters?includeCount=true&itemsPerPage=100&pageNum=1");
    same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);
}

#[test]
fn a_flex_cluster_in_the_cluster_api() {
    let name = "clusters-delete-400-is-flex.http";
    let recording = recorded(name);
    let instances = json!([{"name": "cluster-83", "kind": "flex"}]);
    let atlas = atlas(&recording, Calendar::Retired, "b0123456789abcdef012345b", instances);
    same(name, &recording, &request(&atlas, "DELETE", &atlas.path("clusters/cluster-83"), None), &NOTHING);
}

#[test]
fn a_project_is_created() {
    let name = "group-create-201.http";
    let recording = recorded(name);
    let shown = recording.json();
    let atlas = atlas(&recording, Calendar::Flex, "111111111111111111111111", json!([]));
    // It was stored two seconds after the reply's date.
    atlas.advance(2.0);
    let body = json!({"name": shown["name"], "orgId": shown["orgId"], "withDefaultAlertsSettings": true});
    let mut reply = request(&atlas, "POST", "/api/atlas/v2/groups", Some(body));
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    reply.body = reply.text().replace(&id, shown["id"].as_str().unwrap()).into_bytes();
    // Projects have rate limits since 2026.
    let except = Except { added: &["Ratelimit-Limit", "Ratelimit-Remaining"], values: &["Date"], new_id: true };
    same(name, &recording, &reply, &except);
}

/// How a project in a recording has to be seeded to be shown so again.
fn seeded_project(shown: &Value) -> Value {
    json!({
        "id": shown["id"],
        "name": shown["name"],
        "org_id": shown["orgId"],
        "created": shown["created"],
        "tags": shown["tags"],
    })
}

#[test]
fn a_project_is_read_changed_and_deleted() {
    let before = recorded("group-get-200.http").json();
    let tags = json!([{"key": "env", "value": "e2e"}, {"key": "app", "value": "cli"}]);
    for (name, method, body) in [
        ("group-get-200.http", "GET", None),
        ("group-update-200.http", "PATCH", Some(json!({"name": "e2e-proj-939-updated", "tags": tags}))),
        ("group-update-reset-tags-200.http", "PATCH", Some(json!({"name": "e2e-proj-939-updated", "tags": []}))),
        ("group-delete-202.http", "DELETE", None),
    ] {
        let recording = recorded(name);
        let project = seeded_project(&before);
        let atlas = with_projects(&recording, Calendar::Retired, json!([project]));
        same(
            name,
            &recording,
            &request(&atlas, method, &format!("/api/atlas/v2/groups/{}", atlas.group_id), body),
            &NOTHING,
        );
    }
}

#[test]
fn teams_and_settings_of_a_project() {
    let name = "group-teams-list-200.http";
    let recording = recorded(name);
    let team = &recording.json()["results"][0];
    let teams = json!([{"id": team["teamId"], "roles": team["roleNames"]}]);
    let projects = json!([{"id": "6a794012c0eb9e7a17719684", "name": "project", "teams": teams}]);
    let atlas = with_projects(&recording, Calendar::Retired, projects);
    let path = atlas.path("teams?includeCount=true&itemsPerPage=100&pageNum=1");
    same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);

    let name = "group-settings-200.http";
    let recording = recorded(name);
    let atlas = with_projects(&recording, Calendar::Retired, json!([{"name": "project"}]));
    same(name, &recording, &request(&atlas, "GET", &atlas.path("settings"), None), &NOTHING);
}

#[test]
fn organizations() {
    let start = |recording: &Recorded| {
        let date = httpdate::parse_http_date(recording.header("Date")).unwrap();
        let now = date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let seed = json!({"organizations": [{"id": "a0123456789abcdef012345a", "name": "Atlas CLI E2E"}]});
        let clock = atlas_serverless::emulator::ClockMode::Manual { start: Some(now) };
        Atlas::start(Options { calendar: Calendar::Retired, clock, seed: Some(seed), ..options() })
    };
    let name = "org-list-200.http";
    let recording = recorded(name);
    let path = "/api/atlas/v2/orgs?includeCount=true&itemsPerPage=100&name=&pageNum=1";
    same(name, &recording, &request(&start(&recording), "GET", path, None), &NOTHING);

    let name = "org-get-200.http";
    let recording = recorded(name);
    let path = "/api/atlas/v2/orgs/a0123456789abcdef012345a";
    // Atlas counts a read of one organization in another endpoint set.
    let except = Except { values: &["Ratelimit-Limit"], ..NOTHING };
    same(name, &recording, &request(&start(&recording), "GET", path, None), &except);
}

#[test]
fn the_regions_of_a_provider() {
    let name = "provider-regions-200.http";
    let recording = recorded(name);
    let projects = json!([{"id": "6a793f60c0eb9e7a17714c68", "name": "project"}]);
    let atlas = with_projects(&recording, Calendar::Retired, projects);
    let query = "includeCount=true&itemsPerPage=100&pageNum=1&providers=AWS&tier=M10";
    let path = atlas.path(&format!("clusters/provider/regions?{query}"));
    same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);
}

#[test]
fn an_old_version_of_a_cluster_is_deprecated() {
    let name = "clusters-get-flex-old-version.http";
    let recording = recorded(name);
    let instances = json!([{"name": "cluster-83", "kind": "flex"}]);
    let atlas = atlas(&recording, Calendar::Retired, "b0123456789abcdef012345b", instances);
    let get = |version: &str| {
        let bearer = format!("Bearer {}", atlas.token);
        let accept = format!("application/vnd.atlas.{version}+json");
        let headers = [("Host", HOST), ("Authorization", bearer.as_str()), ("Accept", accept.as_str())];
        atlas.raw("GET", &atlas.path("clusters/cluster-83"), &headers, None).unwrap()
    };
    // Of two recorded refusals with status 400, this one alone has it.
    same(name, &recording, &get("2023-02-01"), &Except { added: &["Vary"], values: &["Vary"], ..NOTHING });
    assert_eq!(get("2024-08-05").header("Deprecation"), None);
}

#[test]
fn refusals_before_the_resource() {
    let name = "group-not-found-404.http";
    let recording = recorded(name);
    let atlas = atlas(&recording, Calendar::Retired, "b0123456789abcdef012345b", json!([]));
    let reply = request(&atlas, "GET", "/api/atlas/v2/groups/111111111111111111111111/flexClusters", None);
    // It was recorded of an endpoint that the emulator does not have.
    let except = Except { values: &["X-Java-Method"], ..NOTHING };
    same(name, &recording, &reply, &except);

    let name = "digest-challenge-401.http";
    let mut recording = recorded(name);
    let reply = atlas.raw("GET", "/api/atlas/v2/groups", &[("Accept", ACCEPT)], None).unwrap();
    assert_eq!(reply.text(), recording.body, "laid out as recorded");
    let without_nonce = |text: &str| {
        let (before, rest) = text.split_once("nonce=\"").unwrap();
        let (nonce, after) = rest.split_once('"').unwrap();
        assert_eq!(nonce.len(), 32);
        format!("{before}{after}")
    };
    let challenge = reply.header("Www-Authenticate").unwrap();
    assert_eq!(without_nonce(challenge), without_nonce(recording.header("Www-Authenticate")));
    // The two were recorded seconds apart.
    recording.headers.iter_mut().find(|(name, _)| name == "Date").unwrap().1 = reply.header("Date").unwrap().into();
    same(name, &recording, &reply, &Except { values: &["Www-Authenticate"], ..NOTHING });
}

#[test]
fn every_recording_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings");
    let here = include_str!("recordings.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(here.contains(&format!("\"{name}\"")), "{name} is not replayed");
    }
}
