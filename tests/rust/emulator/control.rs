//! The control API, starting and stopping.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};

use atlas_serverless::emulator::{Emulator, Options};
use serde_json::{Value, json};

use crate::client::{ACCEPT, Atlas, options, receive, send};

#[test]
fn the_request_log_shows_everything_but_secrets() {
    let atlas = Atlas::start(options());
    let issued = atlas.ask_token().json()["access_token"].as_str().unwrap().to_owned();
    atlas.create("a");
    let path = atlas.path("flexClusters");
    let challenge = atlas.raw("GET", &path, &[("Accept", ACCEPT)], None).unwrap();
    let answer = atlas.digest(challenge.header("Www-Authenticate").unwrap(), "GET", &path, 1);
    atlas.raw("GET", &path, &[("Accept", ACCEPT), ("Authorization", &answer)], None).unwrap();
    let form = format!("grant_type=x&client_id=y&client_secret={}", atlas.get("client_secret"));
    atlas.raw("POST", "/api/oauth/token", &[("Content-Type", crate::client::FORM)], Some(form)).unwrap();

    let requests = atlas.emulator.requests();
    let create = &requests[1];
    assert_eq!((&create["operation"], &create["name"]), (&json!("createServerlessInstance"), &json!("a")));
    assert_eq!((&create["status"], &create["outcome"]), (&json!(201), &json!("answered")));
    assert_eq!((&create["body"]["name"], &create["reply"]["stateName"]), (&json!("a"), &json!("CREATING")));
    assert_eq!(create["identity"], atlas.get("client_id"));
    assert_eq!(requests[2]["refusal"], "no credentials");
    assert_eq!(
        (&requests[3]["authorization"], &requests[3]["identity"]),
        (&json!("digest"), &json!(atlas.get("public_key")))
    );
    let text = json!(requests).to_string();
    let response = answer.split("response=\"").nth(1).unwrap().split('"').next().unwrap();
    for secret in [&issued, &atlas.token, atlas.get("client_secret"), atlas.get("private_key"), response] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let debug = format!("{:?}", atlas.emulator);
    assert!(debug.contains("address"), "{debug}");
    assert!(!debug.contains("mdb_sa_sk_"), "{debug}");
    let since = atlas.control("GET", "requests?since=3&limit=1", Value::Null);
    assert_eq!(since[0]["id"], 4);
}

#[test]
fn the_request_log_is_a_ring() {
    let atlas = Atlas::start(Options { request_log: 3, ..options() });
    for number in 0..5 {
        atlas.create(&format!("a{number}"));
    }
    let names: Vec<Value> = atlas.emulator.requests().iter().map(|r| r["name"].clone()).collect();
    assert_eq!(names, ["a2", "a3", "a4"]);
    assert_eq!(atlas.control("GET", "counters", Value::Null)["requests"], 5);
}

#[test]
fn reset_brings_back_the_start_and_leaves_the_credentials() {
    let seed = json!({"projects": [{"name": "p", "instances": [{"name": "kept", "kind": "flex"}]}]});
    let atlas = Atlas::start(Options { seed: Some(seed), ..options() });
    let token = atlas.ask_token().json()["access_token"].as_str().unwrap().to_owned();
    atlas.create("mine");
    atlas.call("DELETE", &atlas.path("flexClusters/kept"), None);
    atlas.control("POST", "faults", json!({"kind": "close", "times": null}));
    atlas.control("PUT", "calendar", json!("2026"));
    atlas.advance(1800.0);
    atlas.emulator.reset();
    assert_eq!(atlas.emulator.requests(), Vec::<Value>::new());
    let names: Vec<Value> =
        atlas.control("GET", "instances", Value::Null).as_array().unwrap().iter().map(|i| i["name"].clone()).collect();
    assert_eq!(names, ["kept"]);
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    let reply = atlas.raw("GET", &atlas.path("serverless"), &headers, None).unwrap();
    assert_eq!((reply.status, reply.header("Date")), (200, Some("Tue, 09 Sep 2025 18:15:11 GMT")));
    assert_eq!(atlas.emulator.description(), atlas.description);
}

#[test]
fn control_is_the_same_over_http_for_loopback_callers_only() {
    let atlas = Atlas::start(options());
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>| {
        atlas.raw(method, path, headers, body.map(|b| b.to_string())).unwrap()
    };
    let ordered = ask("POST", "/_emulator/faults", &[], Some(json!({"kind": "close"})));
    assert_eq!((ordered.status, ordered.json()), (200, json!({"id": 1})));
    assert_eq!(ask("GET", "/_emulator/faults", &[], None).json(), atlas.control("GET", "faults", Value::Null));
    let wrong = ask("POST", "/_emulator/faults", &[], Some(json!({"kind": "boom"})));
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().contains("half_body"));
    assert_eq!(ask("GET", "/_emulator/nothing", &[], None).status, 404);
    assert_eq!(ask("GET", "/_emulator/state", &[], None).json()["projects"][0]["id"], atlas.group_id.as_str());
    for host in ["evil.example", "127.0.0.1.evil.example:80", "192.0.2.1", "localhost.evil.example"] {
        for path in ["/", "/_emulator/state"] {
            assert_eq!(ask("GET", path, &[("Host", host)], None).status, 403, "{host} {path}");
        }
    }
    for origin in
        ["null", "http://127.0.0.1:1", "http://localhost:3000", "https://localhost", "http://localhost.evil.example"]
    {
        let headers = [("Host", "localhost"), ("Origin", origin)];
        assert_eq!(ask("POST", "/_emulator/limits/reset", &headers, None).status, 403, "{origin}");
    }
    let own = [("Host", "localhost:1"), ("Origin", "http://localhost:1")];
    assert_eq!(ask("POST", "/_emulator/limits/reset", &own, None).status, 200);
    let foreign = ask("POST", "/_emulator/reset", &[("Origin", "https://evil.example")], None);
    assert_eq!(foreign.status, 403);
    for host in ["localhost:1", "127.0.0.1", "[::1]:8080", "127.1.2.3"] {
        assert_eq!(ask("GET", "/_emulator/counters", &[("Host", host)], None).status, 200, "{host}");
    }
    let page = ask("GET", "/", &[], None);
    assert_eq!(page.header("Content-Type"), Some("text/html;charset=utf-8"));
    assert!(page.text().contains("/_emulator/page.js"));
    assert!(page.header("Content-Security-Policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    for (path, content_type) in [("/_emulator/page.js", "text/javascript"), ("/_emulator/page.css", "text/css")] {
        let part = ask("GET", path, &[], None);
        assert_eq!(part.header("Content-Type"), Some(format!("{content_type};charset=utf-8").as_str()));
        assert_eq!(ask("GET", path, &[("Host", "evil.example")], None).status, 403);
    }
}

#[test]
fn settings_change_all_or_none() {
    let atlas = Atlas::start(options());
    let before = atlas.control("GET", "settings", Value::Null);
    let wrong = atlas.emulator.control("PATCH", "settings", Some(json!({"live_tokens": 5, "nonce_uses": "many"})));
    assert_eq!(wrong.unwrap_err().status, 400);
    assert_eq!(atlas.control("GET", "settings", Value::Null), before);
    // What it shows can be sent back.
    assert_eq!(atlas.control("PATCH", "settings", before.clone()), before);
    let odd = atlas.emulator.control("PATCH", "settings", Some(json!({"colour": 1}))).unwrap_err();
    assert!(odd.message.contains("colour"));
}

#[test]
fn a_scenario_sets_settings_and_faults() {
    let scenario = json!({
        "settings": {"calendar": "2026", "clusters_per_project": 3},
        "faults": [{"method": "GET", "status": 503}],
    });
    let atlas = Atlas::start(Options { scenario: Some(scenario), ..options() });
    assert_eq!(atlas.call("GET", &atlas.path("flexClusters"), None).status, 503);
    assert_eq!(atlas.create("a").status, 410);
    let settings = atlas.control("GET", "settings", Value::Null);
    for (wrong, said) in [
        (json!({"settings": {"calendar": "2025"}, "faults": [{"kind": "boom"}]}), "boom"),
        (json!({"settings": {"calendar": "2025"}, "clock": {"advance": 5}}), "The clock has no key \"advance\"."),
        (json!({"setings": {}}), "Did you mean \"settings\"?"),
    ] {
        let refused = atlas.emulator.control("POST", "scenario", Some(wrong)).unwrap_err();
        assert_eq!(refused.status, 400);
        assert!(refused.message.contains(said), "{refused}");
        assert_eq!(atlas.control("GET", "settings", Value::Null), settings, "all of a scenario holds, or nothing");
    }
    let wrong = Options { scenario: Some(json!({"faults": [{"kind": "boom"}]})), ..options() };
    assert!(Emulator::start(wrong).unwrap_err().to_string().contains("boom"));
}

#[test]
fn a_state_folder_keeps_everything_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || Options { state_dir: Some(folder.path().into()), ..options() };
    let first = Atlas::start(kept());
    first.create("a");
    let extra = first.control("POST", "identities", json!({"kind": "api_key", "role": "Project Read Only"}));
    first.emulator.stop();
    let second = Atlas::start(kept());
    for name in ["group_id", "org_id", "client_id", "client_secret", "public_key", "private_key"] {
        assert_eq!(second.get(name), first.get(name));
    }
    assert_eq!(second.call("GET", &second.path("serverless/a"), None).json()["stateName"], "CREATING");
    second.advance(1.0);
    assert_eq!(second.call("GET", &second.path("serverless/a"), None).json()["stateName"], "IDLE", "time goes on");
    let id = extra["id"].as_str().unwrap();
    assert_eq!(second.control("GET", &format!("identities/{id}"), Value::Null), extra);
    second.emulator.reset();
    assert_eq!(second.control("GET", "instances", Value::Null), json!([]), "reset goes back to the first start");
    std::fs::write(folder.path().join("state.json"), "{").unwrap();
    assert!(Emulator::start(kept()).unwrap_err().to_string().contains("state.json"));
}

#[test]
fn connections_are_refused_while_the_socket_is_closed() {
    let atlas = Atlas::start(options());
    let mut stream = TcpStream::connect(atlas.address()).unwrap();
    let bearer = format!("Bearer {}", atlas.token);
    let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    let path = atlas.path("serverless");
    // Only an accepted connection outlives the listening socket.
    send(&mut stream, "localhost", "GET", &path, &headers, None).unwrap();
    receive(&mut stream).unwrap();
    for _ in 0..3 {
        atlas.control("POST", "listener", json!({"listening": false}));
        assert_eq!(atlas.raw("GET", "/", &[], None).unwrap_err(), ErrorKind::ConnectionRefused);
        send(&mut stream, "localhost", "GET", &path, &headers, None).unwrap();
        assert_eq!(receive(&mut stream).unwrap().status, 200, "an open connection stays open");
        atlas.control("POST", "listener", json!({"listening": true}));
        assert_eq!(atlas.raw("GET", "/", &[], None).unwrap().status, 200);
    }
    assert_eq!(atlas.control("POST", "connections/close", Value::Null)["closed"].as_u64().map(|n| n >= 1), Some(true));
    assert!(receive(&mut stream).is_err());
    atlas.control("POST", "listener", json!({"listening": false, "for_seconds": 0.01}));
    while atlas.raw("GET", "/", &[], None).is_err() {
        std::thread::yield_now();
    }
    atlas.control("POST", "listener", json!({"listening": false}));
    atlas.emulator.reset();
    assert_eq!(atlas.raw("GET", "/", &[], None).unwrap().status, 200);
}

#[test]
fn it_starts_on_loopback_and_stops_for_good() {
    let options = Options { host: "0.0.0.0".parse().unwrap(), ..options() };
    assert!(Emulator::start(options).unwrap_err().to_string().contains("loopback"));
    let emulator = Emulator::start(Options::default()).unwrap();
    let port = emulator.url().rsplit(':').next().unwrap().parse().unwrap();
    let taken = Emulator::start(Options { port, ..Options::default() }).unwrap_err();
    assert!(taken.to_string().contains(&port.to_string()));
    emulator.stop();
    emulator.stop();
    TcpListener::bind(("127.0.0.1", port)).expect("the port is free again");
    for _ in 0..200 {
        Emulator::start(Options::default()).unwrap();
    }
}
