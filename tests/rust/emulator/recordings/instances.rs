//! Serverless instances, Flex clusters and clusters; and what is refused before there is one.
use super::*;

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
