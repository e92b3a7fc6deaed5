//! What a request must look like, and how the service says what is wrong with it.

use atlas_serverless::emulator::{Calendar, Options};
use serde_json::{Value, json};

use crate::client::{ACCEPT, Atlas, Reply, options};

fn refusal(reply: &Reply) -> (u16, String, Value) {
    (reply.status, reply.code(), reply.json()["parameters"].clone())
}

fn post(atlas: &Atlas, kind: &str, body: Value) -> Reply {
    atlas.call("POST", &atlas.path(kind), Some(body))
}

#[test]
fn names_are_checked() {
    let atlas = Atlas::start(options());
    let long = "a".repeat(65);
    let cases = [
        ("-a", "CLUSTER_NAME_INVALID"),
        ("a_b", "CLUSTER_NAME_INVALID"),
        ("ä", "CLUSTER_NAME_INVALID"),
        (long.as_str(), "CLUSTER_NAME_TOO_LONG"),
        ("atlas-abc123", "ATLAS_RESERVED_CLUSTER_NAME"),
        ("ends-with-", "CLUSTER_NAME_PREFIX_INVALID"),
        ("the-twenty-third-is-so-it-fails", "CLUSTER_NAME_PREFIX_INVALID"),
        ("the-twenty-third-is-fine-so-it-passes", "201"),
        ("abcdefghijklmnopqrstuv-it-fails", "CLUSTER_NAME_PREFIX_INVALID"),
        ("abcdefghijklmnopqrstuvwxyz-one", "201"),
        ("abcdefghijklmnopqrstuvwxyz-two", "DUPLICATE_CLUSTER_NAME_PREFIX"),
        ("abcdefghijklmnopqrstuvw", "DUPLICATE_CLUSTER_NAME_PREFIX"),
        ("abcdefghijklmnopqrstuv", "201"),
        ("atlas-abc1234", "201"),
        ("orders", "201"),
        ("orders", "DUPLICATE_CLUSTER_NAME"),
        ("Orders", "201"),
    ];
    for (name, expected) in cases {
        let reply = post(&atlas, "serverless", Atlas::create_body(name));
        let got = if reply.status == 201 { "201".to_owned() } else { reply.code() };
        assert_eq!(got, expected, "{name}");
    }
    atlas.call("DELETE", &atlas.path("serverless/abcdefghijklmnopqrstuvwxyz-one"), None);
    atlas.advance(1.0);
    assert_eq!(post(&atlas, "flexClusters", Atlas::flex_body("abcdefghijklmnopqrstuvwxyz-two")).status, 201);
}

#[test]
fn fields_are_checked() {
    let atlas = Atlas::start(options());
    let with = |pointer: &str, value: Value| {
        let mut body = Atlas::create_body("a");
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[key] = value;
        body
    };
    let cases = [
        (with("/nmae", json!(1)), "INVALID_ATTRIBUTE", json!(["nmae"])),
        (with("/stateName", json!("IDLE")), "ATTRIBUTE_READ_ONLY", json!(["stateName"])),
        (with("/providerSettings/region", json!("x")), "INVALID_ATTRIBUTE", json!(["providerSettings.region"])),
        (
            with("/providerSettings/nextBackupDate", json!("x")),
            "ATTRIBUTE_READ_ONLY",
            json!(["providerSettings.nextBackupDate"]),
        ),
        (
            with("/providerSettings/providerName", json!("FLEX")),
            "INVALID_ATTRIBUTE",
            json!(["providerSettings.providerName"]),
        ),
        (with("/providerSettings/backingProviderName", json!("IBM")), "INVALID_PROVIDER", json!(["IBM"])),
        (with("/providerSettings/regionName", json!("MARS")), "INVALID_REGION", json!(["MARS", "AWS"])),
        (with("/providerSettings/regionName", Value::Null), "INVALID_REGION", json!(["", "AWS"])),
        (
            with("/providerSettings/regionName", json!(7)),
            "INVALID_JSON_ATTRIBUTE",
            json!(["providerSettings.regionName"]),
        ),
        (with("/providerSettings", Value::Null), "MISSING_ATTRIBUTE", json!(["providerSettings"])),
        (with("/name", Value::Null), "MISSING_ATTRIBUTE", json!(["name"])),
        (
            with("/terminationProtectionEnabled", json!("yes")),
            "INVALID_JSON_ATTRIBUTE",
            json!(["terminationProtectionEnabled"]),
        ),
        (with("/tags", json!({"a": "b"})), "INVALID_JSON_ATTRIBUTE", json!(["tags"])),
        (with("/tags", json!([{"key": "a", "value": "b", "x": 1}])), "INVALID_ATTRIBUTE", json!(["tags[0].x"])),
    ];
    for (body, code, parameters) in cases {
        let reply = post(&atlas, "serverless", body.clone());
        assert_eq!(refusal(&reply), (400, code.to_owned(), parameters), "{body}");
    }
    let mut flex = Atlas::flex_body("a");
    flex["providerSettings"]["regionName"] = json!("MARS");
    assert_eq!(refusal(&post(&atlas, "flexClusters", flex)), (400, "INVALID_ATTRIBUTE".into(), json!(["regionName"])));
    let mut flex = Atlas::flex_body("a");
    flex["providerSettings"]["diskSizeGB"] = json!(5);
    assert_eq!(post(&atlas, "flexClusters", flex).code(), "ATTRIBUTE_READ_ONLY");
    for (name, status) in [("FLEX", 201), ("SERVERLESS", 400), ("AWS", 400)] {
        let mut flex = Atlas::flex_body("flex");
        flex["providerSettings"]["providerName"] = json!(name);
        let reply = post(&atlas, "flexClusters", flex);
        assert_eq!(reply.status, status, "{name}: {}", reply.text());
    }
    assert_eq!(
        post(
            &atlas,
            "serverless",
            with("/serverlessBackupOptions", json!({"serverlessContinuousBackupEnabled": true}))
        )
        .status,
        201
    );
    let refused = atlas.call("PATCH", &atlas.path("serverless/a"), Some(json!({"name": "b"})));
    assert_eq!(refusal(&refused), (400, "ATTRIBUTE_READ_ONLY".into(), json!(["name"])));
    let refused = atlas.call("PATCH", &atlas.path("flexClusters/a"), Some(json!({"serverlessBackupOptions": {}})));
    assert_eq!(refusal(&refused), (400, "INVALID_ATTRIBUTE".into(), json!(["serverlessBackupOptions"])));
}

#[test]
fn tags_are_refused_all_at_once() {
    let atlas = Atlas::start(options());
    let mut body = Atlas::flex_body("a");
    let long = "x".repeat(256);
    body["tags"] = json!([
        {"key": "env", "value": "test"}, {"key": "env", "value": long}, {"key": "", "value": "ok"}, {"key": "a/b", "value": "ok"},
    ]);
    let reply = post(&atlas, "flexClusters", body.clone());
    assert_eq!(reply.code(), "VALIDATION_ERROR");
    let fields: Vec<String> = reply.json()["badRequestDetail"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["field"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["tags[1].value", "tags[1].key", "tags[2].key", "tags[3].key"]);
    body["tags"] = (0..51).map(|n| json!({"key": n.to_string(), "value": "v"})).collect();
    assert_eq!(post(&atlas, "flexClusters", body.clone()).json()["badRequestDetail"]["fields"][0]["field"], "tags");
    body["tags"] = json!([{"key": "a b;@_-.+", "value": "ü1"}]);
    assert_eq!(post(&atlas, "flexClusters", body).status, 201);
}

#[test]
fn regions_follow_the_kind_and_the_time() {
    let atlas = Atlas::start(Options { calendar: Calendar::Serverless, ..options() });
    let create = |name: &str, provider: &str, region: &str| {
        let mut body = Atlas::create_body(name);
        body["providerSettings"]["backingProviderName"] = json!(provider);
        body["providerSettings"]["regionName"] = json!(region);
        post(&atlas, "serverless", body).status
    };
    assert_eq!([create("a", "AZURE", "US_EAST"), create("b", "AWS", "SA_EAST_1")], [201, 400]);
    atlas.control("PUT", "calendar", json!("2025"));
    assert_eq!([create("c", "AZURE", "US_EAST"), create("d", "AWS", "SA_EAST_1")], [400, 201]);
    atlas.control("PATCH", "settings", json!({"regions": "any"}));
    assert_eq!(create("e", "GCP", "MARS"), 201);
}

#[test]
fn a_project_holds_so_many() {
    let atlas = Atlas::start(options());
    for number in 0..25 {
        assert_eq!(atlas.create(&format!("a{number}")).status, 201);
    }
    let refused = atlas.create("one-more");
    assert_eq!(refusal(&refused), (400, "DEFAULT_CONFIG_LIMIT_EXCEPTION".into(), json!([25])));
    atlas.control("PATCH", "settings", json!({"clusters_per_project": 26}));
    assert_eq!(atlas.create("one-more").status, 201);
    assert_eq!(atlas.create("and-more").status, 400);
    atlas.control("PATCH", "settings", json!({"clusters_per_project": null}));
    assert_eq!(atlas.create("and-more").status, 201);
}

#[test]
fn media_types_and_bodies() {
    let atlas = Atlas::start(options());
    let bearer = format!("Bearer {}", atlas.token);
    let send = |content_type: &str, accept: &str, body: &str| {
        let headers = [("Authorization", bearer.as_str()), ("Accept", accept), ("Content-Type", content_type)];
        atlas.raw("POST", &atlas.path("serverless"), &headers, Some(body.to_owned())).unwrap()
    };
    let body = |name: &str| Atlas::create_body(name).to_string();
    for (number, content_type) in
        ["application/json", "application/json; charset=utf-8", "application/vnd.atlas.2023-01-01+json"]
            .iter()
            .enumerate()
    {
        assert_eq!(send(content_type, ACCEPT, &body(&format!("a{number}"))).status, 201, "{content_type}");
    }
    for content_type in ["application/x-www-form-urlencoded", "text/plain", "application/xml"] {
        assert_eq!(send(content_type, ACCEPT, &body("b")).status, 415, "{content_type}");
    }
    for (text, code) in [("{", "MALFORMED_JSON"), ("", "MALFORMED_JSON"), ("[]", "INVALID_JSON"), ("7", "INVALID_JSON")]
    {
        assert_eq!(send("application/json", ACCEPT, text).code(), code, "{text}");
    }
    for accept in
        ["application/json", "*/*", "", "application/vnd.atlas.2022-01-01+json", "application/vnd.atlas.x+json"]
    {
        let reply = send("application/json", accept, &body("c"));
        assert_eq!((reply.status, reply.code().as_str()), (406, "INVALID_VERSION_DATE"), "{accept}");
    }
    let version = |path: &str, accept: &str| {
        let headers = [("Authorization", bearer.as_str()), ("Accept", accept)];
        let reply = atlas.raw("GET", path, &headers, None).unwrap();
        (reply.status, reply.header("Content-Type").unwrap().to_owned())
    };
    let vnd = |date: &str| format!("application/vnd.atlas.{date}+json");
    for (path, date) in [
        (atlas.path("serverless"), "2023-01-01"),
        (atlas.path("flexClusters"), "2024-11-13"),
        ("/api/atlas/v2/groups".to_owned(), "2023-01-01"),
        ("/api/atlas/v2/rateLimits".to_owned(), "2025-03-12"),
    ] {
        let named = (200, format!("{};charset=utf-8", vnd(date)));
        assert_eq!(version(&path, &vnd(date)), named, "{path}");
        assert_eq!(version(&path, &vnd("2026-06-01")), named, "{path}");
    }
    assert_eq!(version(&atlas.path("flexClusters"), &vnd("2024-11-12")).0, 406);
}

#[test]
fn envelopes_and_pretty_are_for_every_endpoint() {
    let atlas = Atlas::start(options());
    let created = atlas.call("POST", &atlas.path("serverless?envelope=true"), Some(Atlas::create_body("a")));
    assert_eq!((created.status, &created.json()["status"]), (201, &json!(201)));
    assert_eq!(created.json()["content"]["name"], "a");
    for path in [
        atlas.path("serverless"),
        atlas.path("flexClusters"),
        "/api/atlas/v2/groups".into(),
        "/api/atlas/v2/rateLimits".into(),
    ] {
        let list = atlas.call("GET", &format!("{path}?envelope=true"), None).json();
        assert_eq!(list["status"], 200, "{path}");
        assert!(list["results"].is_array(), "{path}");
        let pretty = atlas.call("GET", &format!("{path}?pretty=true"), None).text();
        assert!(pretty.starts_with("{\n  \"links\" : [ {\n    \"href\" : \"http"), "{pretty}");
    }
    let missing = atlas.call("GET", &atlas.path("serverless/b?envelope=true&pretty=true"), None);
    assert_eq!(missing.status, 404);
    assert!(missing.text().starts_with("{\n  \"status\" : 404,\n  \"content\" : {\n"), "{}", missing.text());
    let deleted = atlas.call("DELETE", &atlas.path("flexClusters/a?envelope=true"), None);
    assert_eq!((deleted.status, deleted.text().as_str()), (204, ""));
}

#[test]
fn lists_are_paged() {
    let atlas = Atlas::start(options());
    let group = atlas.group_id.clone();
    atlas.control(
        "POST",
        "instances",
        json!({"group_id": group, "name_prefix": "n", "count": 7, "kind": "serverless"}),
    );
    let page = |query: &str| atlas.call("GET", &atlas.path(&format!("serverless?{query}")), None).json();
    let mut seen = Vec::new();
    let mut number = 1;
    loop {
        let page = page(&format!("itemsPerPage=3&pageNum={number}"));
        seen.extend(page["results"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap().to_owned()));
        assert_eq!(page["totalCount"], 7);
        let rels: Vec<&str> = page["links"].as_array().unwrap().iter().map(|l| l["rel"].as_str().unwrap()).collect();
        assert_eq!(rels.contains(&"previous"), number > 1);
        if !rels.contains(&"next") {
            break;
        }
        number += 1;
    }
    assert_eq!(seen, ["n1", "n2", "n3", "n4", "n5", "n6", "n7"]);
    assert!(page("includeCount=false").get("totalCount").is_none());
    assert_eq!(page("pageNum=9")["results"], json!([]));
    assert_eq!(atlas.call("GET", &atlas.path("serverless?itemsPerPage=501"), None).code(), "INVALID_QUERY_PARAMETER");
}

/// MongoDB's CLI sends the first at every login, its Terraform provider both.
#[test]
fn page_zero_is_the_first_page_on_every_list() {
    let atlas = Atlas::start(options());
    let org = format!("/api/atlas/v2/orgs/{}/groups", atlas.get("org_id"));
    let project = ["serverless", "flexClusters", "clusters"].map(|list| atlas.path(list));
    let others = ["/api/atlas/v2/groups", "/api/atlas/v2/orgs", "/api/atlas/v2/rateLimits"].map(str::to_owned);
    for path in project.into_iter().chain(others).chain([org]) {
        let page = |query: &str| {
            let reply = atlas.call("GET", &format!("{path}{query}"), None);
            assert_eq!(reply.status, 200, "{path}{query}: {}", reply.text());
            reply.json()
        };
        assert_eq!(page("?pageNum=0&itemsPerPage=0"), page("?pageNum=1&itemsPerPage=100"), "{path}");
        assert_eq!(page("?pageNum=0")["results"], page("")["results"], "{path}");
        let wrong = atlas.call("GET", &format!("{path}?pageNum=-1"), None);
        assert_eq!(refusal(&wrong), (400, "INVALID_QUERY_PARAMETER".into(), json!(["pageNum"])), "{path}");
    }
}

#[test]
fn rate_limits_refuse_and_tell_when_to_come_back() {
    let atlas = Atlas::start(options());
    let sizes = json!({"flexClusters_group": {"capacity": 2, "refill": 1, "seconds": 60}});
    atlas.control("PATCH", "settings", json!({"rate_limit_sizes": sizes}));
    let path = atlas.path("flexClusters");
    let get = || atlas.call("GET", &path, None);
    let remaining = |reply: &Reply| reply.header("Ratelimit-Remaining").unwrap().to_owned();
    assert_eq!([remaining(&get()), remaining(&get())], ["1", "0"]);
    atlas.advance(40.5);
    let refused = get();
    let parameters = json!([path.trim_start_matches('/'), 20, 2, 1, 60]);
    assert_eq!(refusal(&refused), (429, "RATE_LIMITED_TOKEN_BUCKET".into(), parameters));
    assert_eq!((refused.header("Retry-After"), refused.header("Ratelimit-Limit")), (Some("20"), Some("2")));
    assert_eq!(atlas.call("GET", &atlas.path("serverless"), None).status, 200, "another set");
    atlas.advance(19.5);
    assert_eq!(get().status, 200);
    let shown = atlas.call("GET", "/api/atlas/v2/rateLimits?name=Flex%20Clusters", None).json();
    assert_eq!(shown["results"][0]["capacity"], json!({"defaultValue": 1200, "value": 2}));
    atlas.control("PATCH", "settings", json!({"rate_limits": false}));
    assert_eq!([get().status, get().status], [200, 200]);
}
