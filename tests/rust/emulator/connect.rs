//! What a connection needs beside a cluster: users, entries of the access list, restores; what is refused, and what is
//! not shown.

use std::time::Duration;

use atlas_serverless::emulator::{Options, Provisioning};
use serde_json::{Value, json};

use crate::client::{Atlas, options};

fn user(more: Value) -> Value {
    let mut body = json!({"username": "app", "roles": [{"roleName": "readWrite", "databaseName": "shop"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn a_user_lives_until_it_is_deleted_or_its_date_is_there() {
    let atlas = Atlas::start(options());
    let users = atlas.path("databaseUsers");
    let own = format!("{users}/admin/app");
    let body = user(json!({"password": "s3cret/@:x", "deleteAfterDate": "2025-09-09T18:16:00Z"}));
    assert_eq!(atlas.call("POST", &users, Some(body.clone())).status, 201);
    let again = atlas.call("POST", &users, Some(body));
    assert_eq!((again.status, again.code().as_str()), (409, "USER_ALREADY_EXISTS"));
    let renamed = atlas.call("PATCH", &own, Some(json!({"username": "other"})));
    assert_eq!((renamed.status, renamed.code().as_str()), (409, "DATABASE_USERNAME_CANNOT_BE_CHANGED"));
    let changed = atlas.call("PATCH", &own, Some(json!({"description": "of the shop", "password": "another-one"})));
    assert_eq!(changed.json()["description"], "of the shop");
    assert_eq!(atlas.call("GET", &own, None).status, 200);
    atlas.advance(60.0);
    let gone = atlas.call("GET", &own, None);
    assert_eq!((gone.status, gone.code().as_str()), (404, "USERNAME_NOT_FOUND"));
    assert_eq!(atlas.call("DELETE", &own, None).status, 404);
    let all = format!("{:?}{}", atlas.emulator.requests(), atlas.emulator.control("GET", "state", None).unwrap());
    let kept = atlas.emulator.control("GET", "snapshot", None).unwrap().to_string();
    for text in [all, kept] {
        assert!(!text.contains("s3cret"), "{text}");
        assert!(!text.contains("another-one"), "{text}");
    }
    assert_eq!(atlas.emulator.requests()[0]["body"]["password"], "******");
}

#[test]
fn what_is_no_user_is_refused() {
    let atlas = Atlas::start(options());
    for (more, code) in [
        (json!({}), "MISSING_PASSWORD"),
        (json!({"password": "short"}), "WEAK_PASSWORD"),
        (json!({"password": "long-enough", "roles": []}), "MISSING_ATTRIBUTE"),
        (json!({"password": "long-enough", "colour": "red"}), "INVALID_ATTRIBUTE"),
        (json!({"password": "long-enough", "scopes": [{"name": 7}]}), "INVALID_JSON_ATTRIBUTE"),
        (json!({"password": "long-enough", "scopes": ["a"]}), "INVALID_JSON_ATTRIBUTE"),
    ] {
        let reply = atlas.call("POST", &atlas.path("databaseUsers"), Some(user(more.clone())));
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{more}");
    }
    let external = user(json!({"databaseName": "$external", "x509Type": "MANAGED"}));
    assert_eq!(atlas.call("POST", &atlas.path("databaseUsers"), Some(external)).status, 201);
    assert_eq!(atlas.call("GET", &atlas.path("databaseUsers/%24external/app"), None).status, 200);
}

#[test]
fn an_entry_is_found_by_its_address_and_by_its_block() {
    let atlas = Atlas::start(options());
    let list = atlas.path("accessList");
    let entries = json!([
        {"ipAddress": "192.0.2.7", "comment": "one"},
        {"cidrBlock": "198.51.100.0/24"},
        {"ipAddress": "2001:db8::1"},
        {"awsSecurityGroup": "sg-0123abcd"},
    ]);
    let added = atlas.call("POST", &list, Some(entries));
    assert_eq!((added.status, added.json()["totalCount"].as_u64()), (201, Some(4)));
    let replaced = atlas.call("POST", &list, Some(json!([{"cidrBlock": "192.0.2.7/32", "comment": "two"}])));
    assert_eq!(replaced.json()["totalCount"], 4);
    for value in ["192.0.2.7", "192.0.2.7%2F32"] {
        assert_eq!(atlas.call("GET", &format!("{list}/{value}"), None).json()["comment"], "two");
    }
    let block = atlas.call("GET", &format!("{list}/198.51.100.0%2F24"), None).json();
    assert_eq!((&block["cidrBlock"], block.get("ipAddress")), (&json!("198.51.100.0/24"), None));
    assert_eq!(atlas.call("GET", &format!("{list}/2001:db8::1"), None).json()["cidrBlock"], "2001:db8::1/128");
    assert_eq!(atlas.call("GET", &format!("{list}/sg-0123abcd/status"), None).json(), json!({"STATUS": "ACTIVE"}));
    assert_eq!(atlas.call("DELETE", &format!("{list}/192.0.2.7"), None).status, 204);
    assert_eq!(
        atlas.call("DELETE", &format!("{list}/192.0.2.7"), None).code(),
        "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND"
    );
}

#[test]
fn what_is_no_entry_is_refused() {
    let atlas = Atlas::start(options());
    for (entry, code) in [
        (json!({"comment": "nothing"}), "BAD_WHITELIST_ADD_REQUEST"),
        (json!({"ipAddress": "192.0.2.7", "cidrBlock": "192.0.2.0/24"}), "BAD_WHITELIST_ADD_REQUEST"),
        (json!({"ipAddress": "here"}), "INVALID_IP_ADDRESS_OR_CIDR_NOTATION"),
        (json!({"ipAddress": "192.0.2.7", "comment": "x".repeat(81)}), "INVALID_ATTRIBUTE"),
        (json!("192.0.2.7"), "INVALID_JSON"),
    ] {
        let reply = atlas.call("POST", &atlas.path("accessList"), Some(json!([{"ipAddress": "192.0.2.1"}, entry])));
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{entry}");
    }
    assert_eq!(atlas.call("POST", &atlas.path("accessList"), Some(json!({}))).code(), "INVALID_JSON");
    assert_eq!(atlas.call("GET", &atlas.path("accessList"), None).json()["totalCount"], 0);
}

#[test]
fn a_restore_is_pending_and_then_completed() {
    let after_a_minute = Provisioning::After(Duration::from_secs(60));
    let atlas = Atlas::start(Options { provisioning: after_a_minute, ..options() });
    let snapshot = json!({
        "expiration": "2025-09-17T00:00:00Z", "finishTime": "2025-09-09T00:02:00Z", "id": "a".repeat(24),
        "mongoDBVersion": "8.0.13", "scheduledTime": "2025-09-09T00:00:00Z", "startTime": "2025-09-09T00:01:00Z",
        "status": "COMPLETED",
    });
    let instance = json!({"name": "orders", "backups": {"snapshots": [snapshot]}});
    atlas.emulator.control("POST", "instances", Some(instance)).unwrap();
    let jobs = atlas.path("flexClusters/orders/backup/restoreJobs");
    let create = |id: &str, target: &str| {
        atlas.call("POST", &jobs, Some(json!({"snapshotId": id, "targetDeploymentItemName": target})))
    };
    assert_eq!(create(&"b".repeat(24), "orders").code(), "TENANT_SNAPSHOT_NOT_FOUND");
    assert_eq!(create(&"a".repeat(24), "carts").code(), "CLUSTER_NOT_FOUND");
    let job = create(&"a".repeat(24), "orders").json();
    assert_eq!((&job["status"], job.get("due")), (&json!("PENDING"), None));
    let own = format!("{jobs}/{}", job["id"].as_str().unwrap());
    atlas.advance(59.0);
    assert_eq!(atlas.call("GET", &own, None).json()["status"], "PENDING");
    atlas.advance(10.0);
    let done = atlas.call("GET", &own, None).json();
    assert_eq!((&done["status"], &done["restoreFinishedDate"]), (&json!("COMPLETED"), &json!("2025-09-09T18:16:11Z")));
    assert_eq!(atlas.call("GET", &jobs, None).json()["results"], json!([done]));
    assert_eq!(atlas.call("GET", &format!("{jobs}/nothing"), None).code(), "TENANT_RESTORE_NOT_FOUND");
}

#[test]
fn a_deployment_of_ones_own_stands_in_every_connection_string() {
    let atlas = Atlas::start(Options { deployment: Some("127.0.0.1:27017".to_owned()), ..options() });
    atlas.call("POST", &atlas.path("flexClusters"), Some(Atlas::flex_body("orders")));
    atlas.advance(1.0);
    let strings = atlas.call("GET", &atlas.path("flexClusters/orders"), None).json()["connectionStrings"].clone();
    let address = "mongodb://127.0.0.1:27017/?authSource=admin";
    assert_eq!(strings, json!({"standard": address, "standardSrv": address}));
}

#[test]
fn a_fault_that_ignores_a_change_leaves_users_and_projects_as_they_were() {
    let atlas = Atlas::start(options());
    for endpoint in ["databaseUsers", "groups"] {
        let fault = json!({"kind": "ignore", "endpoint": endpoint, "method": "POST"});
        atlas.emulator.control("POST", "faults", Some(fault)).unwrap();
    }
    let body = user(json!({"password": "long-enough"}));
    assert_eq!(atlas.call("POST", &atlas.path("databaseUsers"), Some(body)).status, 201);
    let org_id = atlas.get("org_id").to_owned();
    let made = atlas.call("POST", "/api/atlas/v2/groups", Some(json!({"name": "more", "orgId": org_id})));
    assert_eq!(made.status, 201);
    assert_eq!(atlas.call("GET", &atlas.path("databaseUsers"), None).json()["totalCount"], 0);
    assert_eq!(atlas.call("GET", "/api/atlas/v2/groups", None).json()["totalCount"], 1);
}
