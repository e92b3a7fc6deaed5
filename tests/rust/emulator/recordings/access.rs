//! Database users, the IP access list, and backups.
use super::*;

const PAGE: &str = "includeCount=true&itemsPerPage=100&pageNum=1";

/// An entity as a seed has it: in the API's form, without what the service adds.
fn seeded_entity(shown: &Value) -> Value {
    let mut entity = shown.clone();
    let object = entity.as_object_mut().unwrap();
    object.remove("groupId");
    object.remove("links");
    entity
}

fn seed(recording: &Recorded, group_id: &str, more: Value) -> Atlas {
    let mut project = json!({"id": group_id, "name": "project"});
    project.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_projects(recording, Calendar::Retired, json!([project]))
}

#[test]
fn database_users_are_created() {
    for name in ["database-user-create-201.http", "database-user-create-oidc-201.http"] {
        let recording = recorded(name);
        let shown = recording.json();
        let mut body = seeded_entity(&shown);
        if shown["oidcAuthType"] == "NONE" {
            body["password"] = json!("a-password-that-is-not-shown");
        }
        let atlas = seed(&recording, shown["groupId"].as_str().unwrap(), json!({}));
        let reply = request(&atlas, "POST", &atlas.path("databaseUsers"), Some(body));
        same(name, &recording, &reply, &NOTHING);
    }
}

#[test]
fn database_users_are_read_changed_and_deleted() {
    let there = recorded("database-user-get-200.http").json();
    let group_id = there["groupId"].as_str().unwrap();
    let changes = json!({
        "roles": [{"databaseName": "admin", "roleName": "readWrite"}],
        "scopes": [{"name": "snapshotCluster0", "type": "CLUSTER"}],
    });
    for (name, method, body) in [
        ("database-user-get-200.http", "GET", None),
        ("database-user-update-200.http", "PATCH", Some(changes)),
        ("database-user-delete-204.http", "DELETE", None),
    ] {
        let recording = recorded(name);
        let atlas = seed(&recording, group_id, json!({"database_users": [seeded_entity(&there)]}));
        let reply = request(&atlas, method, &atlas.path("databaseUsers/admin/user-253"), body);
        same(name, &recording, &reply, &NOTHING);
    }
    let name = "database-user-list-200.http";
    let mut recording = recorded(name);
    let results = recording.json()["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), 33);
    let users: Vec<Value> = results.iter().map(seeded_entity).collect();
    let atlas = seed(&recording, group_id, json!({"database_users": users}));
    recording.headers.retain(|(header, _)| header != "Connection");
    let reply = request(&atlas, "GET", &atlas.path(&format!("databaseUsers?{PAGE}")), None);
    same(name, &recording, &reply, &NOTHING);
}

#[test]
fn the_access_list() {
    for (name, method, path, is_there) in [
        ("access-list-create-201.http", "POST", format!("accessList?{PAGE}"), false),
        ("access-list-create-delete-after-201.http", "POST", format!("accessList?{PAGE}"), false),
        ("access-list-get-200.http", "GET", "accessList/192.168.0.243".to_owned(), true),
        ("access-list-list-200.http", "GET", format!("accessList?{PAGE}"), true),
        ("access-list-delete-204.http", "DELETE", "accessList/192.168.0.243".to_owned(), true),
    ] {
        let recording = recorded(name);
        let shown = recorded("access-list-get-200.http").json();
        let entries = if is_there { json!([seeded_entity(&shown)]) } else { json!([]) };
        let atlas = seed(&recording, shown["groupId"].as_str().unwrap(), json!({"access_list": entries}));
        let body = (method == "POST").then(|| {
            let mut entry = json!({"comment": "test", "ipAddress": "192.168.0.243"});
            if let Some(date) = recording.json()["results"][0].get("deleteAfterDate") {
                entry["deleteAfterDate"] = date.clone();
            }
            json!([entry])
        });
        same(name, &recording, &request(&atlas, method, &atlas.path(&path), body), &NOTHING);
    }
}

fn cluster(backups: Value) -> Value {
    json!({"instances": [
        {"name": "snapshotCluster0", "kind": "flex", "backups": backups},
        {"name": "cluster-833", "kind": "flex"},
    ]})
}

#[test]
fn snapshots() {
    let snapshots = recorded("flex-snapshots-list-200.http").json()["results"].clone();
    for (name, path) in [
        ("flex-snapshots-list-200.http", format!("snapshots?{PAGE}")),
        ("flex-snapshot-get-200.http", "snapshots/6a6f78e0cab84da5c4476b25".to_owned()),
    ] {
        let recording = recorded(name);
        let atlas = seed(&recording, "b0123456789abcdef012345b", cluster(json!({"snapshots": snapshots})));
        let path = atlas.path(&format!("flexClusters/snapshotCluster0/backup/{path}"));
        same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);
    }
}

#[test]
fn restores() {
    let snapshot = recorded("flex-snapshot-get-200.http").json();
    for (name, stored_after) in
        [("flex-restore-create-automated.http", 1.0), ("flex-restore-create-download.http", 0.0)]
    {
        let recording = recorded(name);
        let group_id = "b0123456789abcdef012345b";
        let atlas = seed(&recording, group_id, cluster(json!({"snapshots": [snapshot]})));
        atlas.advance(stored_after);
        let body = json!({
            "snapshotId": snapshot["id"],
            "targetDeploymentItemName": "cluster-833",
            "targetProjectId": group_id,
        });
        let path = atlas.path("flexClusters/snapshotCluster0/backup/restoreJobs");
        let except = Except { values: &["Date"], new_id: true, ..NOTHING };
        same(name, &recording, &request(&atlas, "POST", &path, Some(body)), &except);
    }
    let name = "flex-restore-get-200.http";
    let recording = recorded(name);
    let job = recording.json();
    let atlas = seed(&recording, "b0123456789abcdef012345b", cluster(json!({"restore_jobs": [job]})));
    let id = job["id"].as_str().unwrap();
    let path = atlas.path(&format!("flexClusters/snapshotCluster0/backup/restoreJobs/{id}"));
    same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);
}
