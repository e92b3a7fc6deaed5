//! Instances of both kinds from create to delete, under every calendar.

use std::time::Duration;

use atlas_serverless::emulator::{Calendar, Options, Provisioning};
use serde_json::json;

use crate::client::{Atlas, options};

#[test]
fn a_serverless_instance_is_created_updated_and_deleted() {
    let atlas = Atlas::start(options());
    let created = atlas.create("orders");
    assert_eq!((created.status, &created.json()["stateName"]), (201, &json!("CREATING")), "{}", created.text());
    let own = atlas.path("serverless/orders");
    assert_eq!(atlas.call("GET", &own, None).json()["stateName"], "CREATING");
    atlas.advance(1.0);
    assert_eq!(atlas.call("GET", &own, None).json()["stateName"], "IDLE");

    let change = json!({"tags": [{"key": "env", "value": "test"}], "terminationProtectionEnabled": true});
    let updated = atlas.call("PATCH", &own, Some(change)).json();
    assert_eq!((&updated["stateName"], &updated["tags"][0]["key"]), (&json!("UPDATING"), &json!("env")));
    let refused = atlas.call("DELETE", &own, None);
    assert_eq!(refused.code(), "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED");
    atlas.call("PATCH", &own, Some(json!({"terminationProtectionEnabled": false})));

    let deleted = atlas.call("DELETE", &own, None);
    assert_eq!((deleted.status, deleted.text().as_str()), (202, "{}"));
    assert_eq!(atlas.call("GET", &own, None).json()["stateName"], "DELETING");
    assert_eq!(atlas.call("DELETE", &own, None).code(), "CLUSTER_ALREADY_REQUESTED_DELETION");
    assert_eq!(atlas.create("orders").code(), "DUPLICATE_CLUSTER_NAME");
    atlas.advance(1.0);
    let gone = atlas.call("GET", &own, None);
    assert_eq!((gone.status, gone.code().as_str()), (404, "SERVERLESS_INSTANCE_NOT_FOUND"));
    assert_eq!(atlas.create("orders").status, 201);
}

#[test]
fn a_flex_cluster_is_created_and_deleted() {
    let atlas = Atlas::start(options());
    let created = atlas.call("POST", &atlas.path("flexClusters"), Some(Atlas::flex_body("orders")));
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(created.json().get("tags"), None);
    assert_eq!(created.json()["connectionStrings"].get("standard"), None);
    let own = atlas.path("flexClusters/orders");
    atlas.advance(1.0);
    let idle = atlas.call("GET", &own, None).json();
    assert_eq!((&idle["stateName"], &idle["tags"]), (&json!("IDLE"), &json!([])));
    assert!(idle["connectionStrings"]["standard"].as_str().unwrap().starts_with("mongodb://ac-"));
    let deleted = atlas.call("DELETE", &own, None);
    assert_eq!((deleted.status, deleted.text().as_str(), deleted.header("content-length")), (204, "", None));
    atlas.advance(1.0);
    assert_eq!(atlas.call("GET", &own, None).code(), "CLUSTER_NOT_FOUND");
}

#[test]
fn an_upgraded_flex_cluster_is_a_dedicated_one() {
    let atlas = Atlas::start(options());
    let upgrade = |body| atlas.call("POST", &atlas.path("flexClusters:tenantUpgrade"), Some(body));
    atlas.call("POST", &atlas.path("flexClusters"), Some(Atlas::flex_body("orders")));
    atlas.advance(1.0);
    let target = json!([{"zoneName": "Zone 1", "regionConfigs": [{"electableSpecs": {"instanceSize": "M20"}}]}]);
    for (wrong, code) in [
        (json!({"replicationSpecs": target}), "MISSING_ATTRIBUTE"),
        (json!({"name": "orders", "replicationSpecs": ["M20"]}), "INVALID_JSON_ATTRIBUTE"),
        (json!({"name": "orders", "colour": "red"}), "INVALID_ATTRIBUTE"),
        (json!({"name": "orders", "stateName": "IDLE"}), "ATTRIBUTE_READ_ONLY"),
        (json!({"name": "other", "replicationSpecs": target}), "CLUSTER_NOT_FOUND"),
    ] {
        assert_eq!(upgrade(wrong).code(), code);
    }
    let body = json!({"name": "orders", "clusterType": "SHARDED", "replicationSpecs": target, "tags": [{"key": "a", "value": "b"}]});
    let upgraded = upgrade(body.clone());
    assert_eq!((upgraded.status, &upgraded.json()["stateName"]), (200, &json!("UPDATING")), "{}", upgraded.text());
    assert_eq!(upgraded.json()["providerSettings"]["providerName"], "FLEX");
    assert_eq!(atlas.call("GET", &atlas.path("flexClusters"), None).json()["totalCount"], 0);
    let as_flex = atlas.call("GET", &atlas.path("flexClusters/orders"), None);
    assert_eq!(as_flex.code(), "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API");
    assert_eq!(upgrade(body).code(), "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API");
    let dedicated = || atlas.call("GET", &atlas.path("clusters/orders"), None).json();
    let shown = dedicated();
    assert_eq!((&shown["stateName"], &shown["clusterType"]), (&json!("UPDATING"), &json!("SHARDED")));
    assert_eq!((&shown["replicationSpecs"], &shown["tags"][0]["key"]), (&target, &json!("a")));
    assert_eq!(shown["id"], upgraded.json()["id"]);
    atlas.advance(1.0);
    assert_eq!(dedicated()["stateName"], "IDLE");
    assert_eq!(atlas.call("GET", &atlas.path("clusters"), None).json()["totalCount"], 1);

    let snapshot = atlas.control("GET", "snapshot", json!(null));
    let copy = Atlas::start(Options { seed: Some(snapshot), ..options() });
    let path = format!("/api/atlas/v2/groups/{}/clusters/orders", atlas.group_id);
    let token = copy.call("GET", &path, None);
    assert_eq!(token.json()["replicationSpecs"], target, "{}", token.text());
}

#[test]
fn states_move_at_once_after_reads_or_by_hand() {
    let state = |atlas: &Atlas| atlas.call("GET", &atlas.path("serverless/a"), None);
    let at_once = Atlas::start(Options { provisioning: Provisioning::AtOnce, ..options() });
    assert_eq!(at_once.create("a").json()["stateName"], "CREATING");
    assert_eq!(state(&at_once).json()["stateName"], "IDLE");
    at_once.call("DELETE", &at_once.path("serverless/a"), None);
    assert_eq!(state(&at_once).status, 404);

    let reads = Atlas::start(Options { provisioning: Provisioning::AfterReads(2), ..options() });
    reads.create("a");
    let list = reads.call("GET", &reads.path("serverless"), None).json();
    assert_eq!(list["results"][0]["stateName"], "CREATING", "a list is a read");
    assert_eq!(state(&reads).json()["stateName"], "CREATING");
    assert_eq!(state(&reads).json()["stateName"], "IDLE");

    let manual = Atlas::start(Options { provisioning: Provisioning::Manual, ..options() });
    manual.create("a");
    manual.advance(3000.0);
    assert_eq!(state(&manual).json()["stateName"], "CREATING");
    manual.control("PATCH", "instances/default/a", json!({"state": "REPAIRING", "seconds": 5}));
    assert_eq!(state(&manual).json()["stateName"], "REPAIRING");
    manual.advance(5.0);
    assert_eq!(state(&manual).json()["stateName"], "IDLE");

    let mixed = Atlas::start(Options { deletion: Some(Provisioning::After(Duration::from_secs(30))), ..options() });
    mixed.create("a");
    mixed.call("DELETE", &mixed.path("serverless/a"), None);
    mixed.advance(29.0);
    assert_eq!(state(&mixed).json()["stateName"], "DELETING");
    mixed.advance(1.0);
    assert_eq!(state(&mixed).status, 404);
}

#[test]
fn the_calendar_decides_what_a_serverless_instance_is() {
    let atlas = Atlas::start(Options { calendar: Calendar::Serverless, ..options() });
    let created = atlas.create("a").json();
    assert!(created.get("connectionStrings").is_none(), "no address before it is provisioned");
    assert_eq!(created["serverlessBackupOptions"]["serverlessContinuousBackupEnabled"], true);
    assert!(created["providerSettings"].get("effectiveInstanceSizeName").is_none());
    let as_flex = atlas.call("GET", &atlas.path("flexClusters/a"), None);
    assert_eq!(as_flex.code(), "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API");
    let as_cluster = atlas.call("GET", &atlas.path("clusters/a"), None);
    assert_eq!(as_cluster.code(), "CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API");

    atlas.control("PUT", "calendar", json!({"calendar": "2025"}));
    let as_serverless = atlas.call("GET", &atlas.path("serverless/a"), None).json();
    assert_eq!(as_serverless["serverlessBackupOptions"]["serverlessContinuousBackupEnabled"], false);
    assert_eq!(as_serverless["providerSettings"]["effectiveInstanceSizeName"], "FLEX");
    assert_eq!(atlas.call("GET", &atlas.path("flexClusters/a"), None).json()["name"], "a");
    assert_eq!(atlas.call("GET", &atlas.path("clusters/a"), None).code(), "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API");
    atlas.call("POST", &atlas.path("flexClusters"), Some(Atlas::flex_body("b")));
    assert_eq!(
        atlas.call("GET", &atlas.path("serverless/b"), None).code(),
        "CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API"
    );
    assert_eq!(atlas.call("GET", &atlas.path("serverless"), None).json()["totalCount"], 1);
    assert_eq!(atlas.call("GET", &atlas.path("flexClusters"), None).json()["totalCount"], 2);
    assert_eq!(atlas.create("b").code(), "DUPLICATE_CLUSTER_NAME", "both kinds are one name space");

    atlas.control("PUT", "calendar", json!({"calendar": "2025-12"}));
    let deprecated = atlas.create("c");
    assert_eq!(deprecated.header("Deprecation"), Some("Wed, 10 Dec 2025 00:00:00 GMT"));
    assert_eq!(deprecated.header("Sunset"), Some("Thu, 15 Jan 2026 00:00:00 GMT"));
    assert_eq!(atlas.call("GET", &atlas.path("flexClusters"), None).header("Deprecation"), None);

    atlas.control("PUT", "calendar", json!({"calendar": "2026"}));
    let gone = atlas.create("d");
    assert_eq!((gone.status, gone.code().as_str()), (410, "VERSION_GONE"));
    assert!(gone.json()["detail"].as_str().unwrap().starts_with("Version 2023-01-01 of api/atlas/v2/groups/"));
    for method in ["PATCH", "DELETE"] {
        assert_eq!(atlas.call(method, &atlas.path("serverless/a"), Some(json!({}))).status, 410);
    }
    assert_eq!(atlas.call("GET", &atlas.path("serverless"), None).json()["results"], json!([]));
    assert_eq!(atlas.call("GET", &atlas.path("serverless/a"), None).code(), "SERVERLESS_INSTANCE_NOT_FOUND");
    assert_eq!(atlas.call("GET", &atlas.path("flexClusters/a"), None).status, 200, "what was made stays, as Flex");
    for (status, code) in [(404, "RESOURCE_NOT_FOUND"), (405, "METHOD_NOT_ALLOWED")] {
        atlas.control("PATCH", "settings", json!({"retired_reply": status}));
        let gone = atlas.create("d");
        assert_eq!((gone.status, gone.code().as_str()), (status, code));
    }
    atlas.control("PUT", "calendar", json!({"calendar": "2027", "retired_reply": 410}));
    assert_eq!(atlas.call("GET", &atlas.path("serverless"), None).status, 410);
}

/// The bodies and queries of MongoDB's Go SDK, on which its CLI and Terraform provider stand.
#[test]
fn projects_as_the_go_sdk_makes_them() {
    let atlas = Atlas::start(options());
    let body = json!({
        "clusterCount": 0, "created": "0001-01-01T00:00:00Z", "name": "made", "orgId": atlas.get("org_id"),
    });
    let created = atlas.call("POST", "/api/atlas/v2/groups?projectOwnerId=a0123456789abcdef012345a", Some(body));
    assert_eq!((created.status, &created.json()["clusterCount"]), (201, &json!(0)), "{}", created.text());
    assert_ne!(created.json()["created"], "0001-01-01T00:00:00Z", "the service says when");
    let own = format!("/api/atlas/v2/groups/{}", created.json()["id"].as_str().unwrap());

    let change = |body| {
        let reply = atlas.call("PATCH", &own, Some(body));
        (reply.status, reply.json())
    };
    let tags = json!([{"key": "env", "value": "test"}]);
    let (status, changed) = change(json!({"name": "renamed", "tags": tags}));
    assert_eq!((status, &changed["name"], &changed["tags"]), (200, &json!("renamed"), &tags));
    assert_eq!(atlas.call("GET", &own, None).json(), changed);
    let (status, kept) = change(json!({"name": "renamed"}));
    assert_eq!((status, &kept["tags"]), (200, &tags), "what is not given stays");
    for (body, status, code) in [
        (json!({"name": "Emulated-Project"}), 409, "GROUP_ALREADY_EXISTS"),
        (json!({"name": "a/b"}), 400, "INVALID_GROUP_NAME"),
        (json!({"orgId": atlas.get("org_id")}), 400, "ATTRIBUTE_READ_ONLY"),
        (json!({"nmae": "a"}), 400, "INVALID_ATTRIBUTE"),
    ] {
        let (answered, refused) = change(body);
        assert_eq!((answered, &refused["errorCode"]), (status, &json!(code)));
    }

    let teams = atlas.call("GET", &format!("{own}/teams?pageNum=0"), None).json();
    assert_eq!((&teams["results"], &teams["totalCount"]), (&json!([]), &json!(0)));
    let listed = atlas.call("GET", "/api/atlas/v2/groups", None).json();
    let shown = &listed["results"][1];
    assert_eq!((shown["links"].as_array().unwrap().len(), &shown["tags"]), (1, &tags));
    let deleted = atlas.call("DELETE", &own, None);
    assert_eq!((deleted.status, deleted.text().as_str()), (202, "{}"));
    assert_eq!(atlas.call("GET", &format!("{own}/settings"), None).code(), "GROUP_NOT_FOUND");
}

/// Without it MongoDB's Terraform provider can neither create nor destroy a serverless instance.
#[test]
fn auto_indexing_is_a_bare_boolean() {
    for (calendar, expected) in
        [(Calendar::Serverless, "true"), (Calendar::Flex, "false"), (Calendar::Deprecated, "false")]
    {
        let atlas = Atlas::start(Options { calendar, ..options() });
        atlas.create("orders");
        let path = |name: &str| atlas.path(&format!("serverless/{name}/performanceAdvisor/autoIndexing"));
        let reply = atlas.call("GET", &path("orders"), None);
        assert_eq!((reply.status, reply.text().as_str()), (200, expected), "{calendar:?}");
        assert_eq!(atlas.call("GET", &path("none"), None).code(), "SERVERLESS_INSTANCE_NOT_FOUND");
    }
    let ended = Atlas::start(Options { calendar: Calendar::Ended, ..options() });
    let path = ended.path("serverless/orders/performanceAdvisor/autoIndexing");
    assert_eq!(ended.call("GET", &path, None).code(), "VERSION_GONE");
}

#[test]
fn one_rate_limit_is_shown_as_in_the_list() {
    let atlas = Atlas::start(options());
    let list = atlas.call("GET", "/api/atlas/v2/rateLimits", None).json();
    let sets = list["results"].as_array().unwrap();
    assert_eq!(sets.len(), 9);
    for set in sets {
        let path = format!("/api/atlas/v2/rateLimits/{}?pageNum=0", set["endpointSetId"].as_str().unwrap());
        assert_eq!(atlas.call("GET", &path, None).json(), *set);
    }
    assert_eq!(atlas.call("GET", "/api/atlas/v2/rateLimits/none", None).status, 404);
}

#[test]
fn the_regions_are_those_of_the_tier() {
    let atlas = Atlas::start(options());
    let regions = |query: &str| {
        let reply = atlas.call("GET", &atlas.path(&format!("clusters/provider/regions{query}")), None).json();
        let results = reply["results"].as_array().unwrap().clone();
        results
            .into_iter()
            .map(|row| {
                let sizes = row["instanceSizes"].as_array().unwrap().iter();
                let counts: Vec<(String, usize)> = sizes
                    .map(|size| {
                        let regions = size["availableRegions"].as_array().unwrap();
                        (size["name"].as_str().unwrap().to_owned(), regions.len())
                    })
                    .collect();
                (row["provider"].as_str().unwrap().to_owned(), counts)
            })
            .collect::<Vec<_>>()
    };
    let all = regions("");
    let names: Vec<&str> = all.iter().map(|(provider, _)| provider.as_str()).collect();
    assert_eq!(names, ["AWS", "AZURE", "GCP"]);
    for (provider, sizes) in &all {
        let [(flex, offered), (dedicated, known)] = sizes.as_slice() else { panic!("{provider}: {sizes:?}") };
        assert_eq!((flex.as_str(), dedicated.as_str()), ("FLEX", "M10"));
        assert!(offered < known, "{provider}: not every region has Flex clusters");
    }
    assert_eq!(regions("?providers=AWS&tier=M10"), [("AWS".to_owned(), vec![("M10".to_owned(), 34)])]);
    let two: Vec<String> =
        regions("?providers=AWS&providers=GCP&tier=FLEX").into_iter().map(|(name, _)| name).collect();
    assert_eq!(two, ["AWS", "GCP"]);
}

#[test]
fn a_protected_flex_cluster_is_kept_and_the_code_is_that_of_the_day() {
    let documented = "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED";
    for (calendar, code) in [
        (Calendar::Flex, documented),
        (Calendar::Deprecated, documented),
        (Calendar::Retired, "ATLAS_GENERAL_ERROR"),
        (Calendar::Ended, "ATLAS_GENERAL_ERROR"),
    ] {
        let atlas = Atlas::start(Options { calendar, ..options() });
        let mut body = Atlas::flex_body("orders");
        body["terminationProtectionEnabled"] = json!(true);
        body["tags"] = json!([{"key": "env", "value": "test"}]);
        assert_eq!(atlas.call("POST", &atlas.path("flexClusters"), Some(body)).status, 201);
        let own = atlas.path("flexClusters/orders");
        let refused = atlas.call("DELETE", &own, None);
        assert_eq!((refused.status, refused.code().as_str()), (400, code), "{calendar:?}");
        assert!(refused.text().contains("termination protection is enabled"), "{}", refused.text());
        atlas.call("PATCH", &own, Some(json!({"terminationProtectionEnabled": false})));
        assert_eq!(atlas.call("DELETE", &own, None).status, 204);
        let deleting = atlas.call("GET", &own, None).json();
        assert_eq!((&deleting["stateName"], &deleting["tags"]), (&json!("DELETING"), &json!([])));
    }
}

/// `atlas clusters update --tag env=prod` sends the tags that there are, and then the new ones.
#[test]
fn an_update_takes_the_later_of_two_tags_with_one_key() {
    let atlas = Atlas::start(options());
    let tag = |value: &str| json!({"key": "env", "value": value});
    let other = json!({"key": "team", "value": "shop"});
    for (list, body) in [("serverless", Atlas::create_body("a")), ("flexClusters", Atlas::flex_body("b"))] {
        assert_eq!(atlas.call("POST", &atlas.path(list), Some(body.clone())).status, 201);
        let own = atlas.path(&format!("{list}/{}", body["name"].as_str().unwrap()));
        let both = json!({"tags": [tag("test"), other, tag("prod")]});
        let updated = atlas.call("PATCH", &own, Some(both));
        assert_eq!((updated.status, &updated.json()["tags"]), (200, &json!([tag("prod"), other])), "{list}");
        let mut twice = body;
        twice["tags"] = json!([tag("test"), tag("prod")]);
        twice["name"] = json!("c");
        let refused = atlas.call("POST", &atlas.path(list), Some(twice));
        assert_eq!((refused.status, refused.code().as_str()), (400, "VALIDATION_ERROR"), "{list}: a create is checked");
    }
}
