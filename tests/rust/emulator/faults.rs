//! Faults on order: what the client sees of each, and what is stored afterwards.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{ACCEPT, Atlas, Reply, options, receive, send};

fn atlas() -> Atlas {
    Atlas::start(options())
}

/// A create that may not be answered.
fn try_create(atlas: &Atlas, name: &str) -> Result<Reply, ErrorKind> {
    let bearer = format!("Bearer {}", atlas.token);
    let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    atlas.raw("POST", &atlas.path("serverless"), &headers, Some(Atlas::create_body(name).to_string()))
}

fn order(atlas: &Atlas, fault: Value) {
    atlas.control("POST", "faults", fault);
}

fn stored(atlas: &Atlas) -> u64 {
    atlas.control("GET", "counters", Value::Null)["stored"].as_u64().unwrap()
}

fn outcome(atlas: &Atlas) -> String {
    atlas.emulator.requests().last().unwrap()["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn a_connection_is_closed_or_reset_before_or_after_storing() {
    for (kind, error) in [("close", ErrorKind::UnexpectedEof), ("reset", ErrorKind::ConnectionReset)] {
        for (after_store, expected) in [(false, 0), (true, 1)] {
            let atlas = atlas();
            order(&atlas, json!({"kind": kind, "method": "POST", "after_store": after_store}));
            assert_eq!(try_create(&atlas, "a").unwrap_err(), error, "{kind} {after_store}");
            assert_eq!(stored(&atlas), expected, "{kind} {after_store}");
            assert_eq!(outcome(&atlas), if kind == "close" { "closed" } else { "reset" });
            let again = try_create(&atlas, "a").unwrap();
            assert_eq!(again.status, if after_store { 400 } else { 201 }, "only once");
        }
    }
}

#[test]
fn connections_are_ended_before_a_byte_is_read() {
    let atlas = atlas();
    order(&atlas, json!([{"kind": "close_on_accept", "skip": 1}, {"kind": "reset_on_accept"}]));
    let results: Vec<_> = (0..4).map(|n| try_create(&atlas, &format!("a{n}")).map(|reply| reply.status)).collect();
    let dead = |result: &Result<u16, ErrorKind>| {
        matches!(result, Err(ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
    };
    // The second order stands behind the first and takes the connection that the first skips.
    assert!(dead(&results[0]), "{results:?}");
    assert!(dead(&results[1]), "{results:?}");
    assert_eq!(results[2..], [Ok(201), Ok(201)]);
    assert_eq!(stored(&atlas), 2);
}

#[test]
fn half_a_body_comes_with_its_whole_length_announced() {
    for (reset, after_store) in [(false, true), (true, true), (false, false)] {
        let atlas = atlas();
        order(&atlas, json!({"kind": "half_body", "reset": reset, "after_store": after_store}));
        let reply = try_create(&atlas, "a").unwrap();
        let length: usize = reply.header("Content-Length").unwrap().parse().unwrap();
        assert_eq!((reply.status, reply.truncated, reply.body.len()), (201, true, length / 2));
        assert_eq!(stored(&atlas), u64::from(after_store));
    }
}

#[test]
fn replies_are_replaced() {
    let cases = [
        (json!({"kind": "status", "status": 503, "retry_after": 7}), 503, "application/json", Some("7")),
        (json!({"kind": "status", "status": 500}), 500, "application/json", None),
        (json!({"kind": "html"}), 502, "text/html", None),
        (json!({"kind": "html", "status": 200}), 200, "text/html", None),
        (json!({"kind": "html", "status": 504, "retry_after": 3}), 504, "text/html", Some("3")),
        (json!({"kind": "rate_limited", "retry_after": 9}), 429, "application/json", Some("9")),
        (json!({"kind": "status", "status": 418, "body": "tea", "content_type": "text/tea"}), 418, "text/tea", None),
    ];
    for (fault, status, content_type, retry_after) in cases {
        for after_store in [false, true] {
            let atlas = atlas();
            let mut fault = fault.clone();
            fault["after_store"] = json!(after_store);
            order(&atlas, fault.clone());
            let reply = try_create(&atlas, "a").unwrap();
            assert_eq!(reply.status, status, "{fault}");
            assert_eq!(reply.header("Content-Type"), Some(content_type), "{fault}");
            assert_eq!(reply.header("Retry-After"), retry_after, "{fault}");
            assert_eq!(stored(&atlas), u64::from(after_store), "{fault}");
        }
    }
    let atlas = atlas();
    let none = json!({"ratelimit-limit": null, "ratelimit-remaining": null});
    order(&atlas, json!({"kind": "rate_limited", "retry_after": null, "headers": none}));
    let reply = try_create(&atlas, "a").unwrap();
    assert_eq!(reply.code(), "RATE_LIMITED_TOKEN_BUCKET");
    for name in ["Retry-After", "Ratelimit-Limit", "Ratelimit-Remaining"] {
        assert_eq!(reply.header(name), None);
    }
    order(&atlas, json!({"kind": "rate_limited", "retry_after": "Wed, 10 Sep 2025 00:00:00 GMT"}));
    assert_eq!(try_create(&atlas, "a").unwrap().header("Retry-After"), Some("Wed, 10 Sep 2025 00:00:00 GMT"));
    order(&atlas, json!({"kind": "status", "status": 409, "error_code": "NO_CAPACITY", "detail": "Full."}));
    let reply = try_create(&atlas, "a").unwrap();
    assert_eq!((reply.code().as_str(), &reply.json()["detail"]), ("NO_CAPACITY", &json!("Full.")));
}

#[test]
fn true_replies_are_changed() {
    let atlas = atlas();
    order(&atlas, json!({"kind": "empty_body"}));
    let empty = try_create(&atlas, "a").unwrap();
    assert_eq!((empty.status, empty.text().as_str(), empty.header("Content-Length")), (201, "", Some("0")));
    order(&atlas, json!({"kind": "wrong_type"}));
    let wrong = try_create(&atlas, "b").unwrap();
    assert_eq!((wrong.status, wrong.header("Content-Type")), (201, Some("text/plain;charset=utf-8")));
    order(&atlas, json!({"kind": "ignore"}));
    assert_eq!(try_create(&atlas, "c").unwrap().status, 201);
    assert_eq!(stored(&atlas), 2, "the third was ignored");
    order(&atlas, json!({"kind": "ignore", "method": "DELETE"}));
    assert_eq!(atlas.call("DELETE", &atlas.path("serverless/a"), None).status, 202);
    assert_eq!(atlas.call("GET", &atlas.path("serverless/a"), None).json()["stateName"], "CREATING");
    let counters = atlas.control("GET", "counters", Value::Null);
    assert_eq!((&counters["created"], &counters["deleted"]), (&json!(2), &json!(0)));
    order(&atlas, json!({"kind": "not_found", "method": "GET", "name": "a", "times": 2}));
    for status in [404, 404, 200] {
        assert_eq!(atlas.call("GET", &atlas.path("serverless/a"), None).status, status);
    }
    order(&atlas, json!({"kind": "unauthorized"}));
    let refused = try_create(&atlas, "d").unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (401, "UNEXPECTED_ERROR"));
    assert_eq!(try_create(&atlas, "d").unwrap().status, 201);
}

#[test]
fn a_stale_read_is_from_before_the_latest_change_of_each_cluster() {
    for (path, body) in [("serverless", Atlas::create_body("a")), ("flexClusters", Atlas::flex_body("a"))] {
        let atlas = atlas();
        atlas.control("PATCH", "settings", json!({"provisioning": "at_once"}));
        let one = atlas.path(&format!("{path}/a"));
        let read = |stale: bool| {
            if stale {
                order(&atlas, json!({"kind": "stale", "method": "GET"}));
            }
            atlas.call("GET", &one, None)
        };
        assert_eq!(atlas.call("POST", &atlas.path(path), Some(body)).status, 201);
        assert_eq!(read(true).status, 404, "{path}");
        assert_eq!(read(false).json()["stateName"], "IDLE", "{path}");
        let change = json!({"terminationProtectionEnabled": true});
        assert_eq!(atlas.call("PATCH", &one, Some(change)).json()["stateName"], "UPDATING");
        let old = read(true).json();
        assert_eq!((&old["stateName"], &old["terminationProtectionEnabled"]), (&json!("IDLE"), &json!(false)));
        assert_eq!(read(false).json()["terminationProtectionEnabled"], true);
        assert_eq!(atlas.call("PATCH", &one, Some(json!({"terminationProtectionEnabled": false}))).status, 200);
        assert!(atlas.call("DELETE", &one, None).status < 300);
        assert_eq!(read(true).json()["terminationProtectionEnabled"], false);
        order(&atlas, json!({"kind": "stale", "method": "GET"}));
        assert_eq!(atlas.call("GET", &atlas.path(path), None).json()["results"][0]["name"], "a");
        assert_eq!(read(false).status, 404);
        assert_eq!(stored(&atlas), 0);
    }
    // What is refused is no change, and a write is answered as it is.
    let atlas = atlas();
    order(&atlas, json!({"kind": "stale"}));
    assert_eq!(try_create(&atlas, "a").unwrap().status, 201);
    assert_eq!(try_create(&atlas, "a").unwrap().status, 400);
    order(&atlas, json!({"kind": "stale"}));
    assert_eq!(atlas.call("GET", &atlas.path("serverless/a"), None).status, 404);
}

#[test]
fn a_fault_hits_what_it_names() {
    let atlas = atlas();
    let fault = json!({"method": "POST", "name": "b*", "endpoint": "serverless", "times": null, "status": 500});
    order(&atlas, fault);
    let statuses: Vec<u16> = ["a", "b", "bb", "c"].iter().map(|n| try_create(&atlas, n).unwrap().status).collect();
    assert_eq!(statuses, [201, 500, 500, 201]);
    let flex = atlas.call("POST", &atlas.path("flexClusters"), Some(Atlas::flex_body("b")));
    assert_eq!(flex.status, 201, "another endpoint");
    let standing = atlas.control("GET", "faults", Value::Null);
    assert_eq!(standing[0]["applied"], 2);
    atlas.control("DELETE", &format!("faults/{}", standing[0]["id"]), Value::Null);
    assert_eq!(atlas.control("GET", "faults", Value::Null), json!([]));

    order(&atlas, json!({"endpoint": "token", "status": 503, "retry_after": 2}));
    let refused = atlas.ask_token();
    assert_eq!((refused.status, &refused.json()["error"]), (503, &json!("temporarily_unavailable")));
    assert_eq!(atlas.ask_token().status, 200);
    order(&atlas, json!({"operation": "createServerlessInstance", "kind": "close"}));
    assert!(try_create(&atlas, "e").is_err());
}

#[test]
fn the_first_leg_of_a_digest_is_hit_only_when_it_is_meant() {
    let atlas = atlas();
    let path = atlas.path("serverless");
    let body = || Some(Atlas::create_body("a").to_string());
    order(&atlas, json!({"method": "POST", "status": 500}));
    let challenge = atlas.raw("POST", &path, &[("Accept", ACCEPT)], body()).unwrap();
    assert_eq!(challenge.status, 401);
    let answer = atlas.digest(challenge.header("Www-Authenticate").unwrap(), "POST", &path, 1);
    let hit = atlas.raw("POST", &path, &[("Accept", ACCEPT), ("Authorization", &answer)], body()).unwrap();
    assert_eq!(hit.status, 500);
    order(&atlas, json!({"kind": "close", "authorization": "none"}));
    assert!(atlas.raw("POST", &path, &[("Accept", ACCEPT)], body()).is_err());
    assert_eq!(stored(&atlas), 0);
}

#[test]
fn credentials_are_made_invalid_before_the_request_is_looked_at() {
    let atlas = atlas();
    order(&atlas, json!({"kind": "expire_tokens", "method": "POST"}));
    let refused = try_create(&atlas, "a").unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (401, "UNEXPECTED_ERROR"));
    assert!(refused.header("Www-Authenticate").unwrap().contains("invalid_token"));

    let path = atlas.path("flexClusters");
    let challenge = atlas.raw("GET", &path, &[("Accept", ACCEPT)], None).unwrap();
    let challenge = challenge.header("Www-Authenticate").unwrap().to_owned();
    order(&atlas, json!({"kind": "stale_nonce"}));
    let answered = |challenge: &str, nc| {
        let answer = atlas.digest(challenge, "GET", &path, nc);
        atlas.raw("GET", &path, &[("Accept", ACCEPT), ("Authorization", &answer)], None).unwrap()
    };
    let stale = answered(&challenge, 1);
    let fresh = stale.header("Www-Authenticate").unwrap().to_owned();
    assert_eq!(stale.status, 401);
    assert!(fresh.ends_with("stale=true"), "{fresh}");
    assert_eq!(answered(&fresh, 1).status, 200);
}

#[test]
fn a_delay_follows_the_emulators_clock() {
    for (after_store, before_it_ends) in [(false, 0), (true, 1)] {
        let atlas = atlas();
        order(&atlas, json!({"kind": "delay", "seconds": 3600, "after_store": after_store}));
        let waiting = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| try_create(&atlas, "a").unwrap().status);
            while atlas.emulator.requests().is_empty() {
                std::thread::yield_now();
            }
            while stored(&atlas) != before_it_ends {
                std::thread::yield_now();
            }
            atlas.advance(3599.0);
            assert!(!waiting.is_finished());
            atlas.advance(1.0);
            waiting.join().unwrap()
        });
        // A token is valid for an hour too: only a request that was carried out before it expired succeeds.
        assert_eq!(waiting, if after_store { 201 } else { 401 });
    }
}

#[test]
fn a_late_request_is_carried_out_for_a_client_that_has_gone() {
    let atlas = atlas();
    order(&atlas, json!({"kind": "delay", "seconds": 100}));
    let bearer = format!("Bearer {}", atlas.token);
    let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    let body = Atlas::create_body("a").to_string();
    let mut stream = TcpStream::connect(atlas.address()).unwrap();
    send(&mut stream, "localhost", "POST", &atlas.path("serverless"), &headers, Some(&body)).unwrap();
    while atlas.emulator.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(stream);
    assert_eq!(stored(&atlas), 0);
    atlas.advance(100.0);
    while stored(&atlas) == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn a_client_may_end_its_side_after_the_request() {
    let atlas = atlas();
    for number in 0..50 {
        let bearer = format!("Bearer {}", atlas.token);
        let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
        let mut stream = TcpStream::connect(atlas.address()).unwrap();
        send(&mut stream, "localhost", "GET", &atlas.path("serverless"), &headers, None).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(receive(&mut stream).map(|reply| reply.status), Ok(200), "{number}");
    }
}

#[test]
fn a_stall_ends_with_the_clients_patience() {
    let atlas = atlas();
    order(&atlas, json!({"kind": "stall", "after_store": true}));
    let mut stream = TcpStream::connect(atlas.address()).unwrap();
    let bearer = format!("Bearer {}", atlas.token);
    let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    let body = Atlas::create_body("a").to_string();
    send(&mut stream, "localhost", "POST", &atlas.path("serverless"), &headers, Some(&body)).unwrap();
    while stored(&atlas) == 0 || outcome(&atlas) != "stalled" {
        std::thread::yield_now();
    }
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let error = stream.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    drop(stream);
    assert_eq!(try_create(&atlas, "b").unwrap().status, 201, "others are served");
}

#[test]
fn the_last_reply_of_a_connection_can_be_followed_by_dead_ones() {
    let atlas = atlas();
    let then = json!([{"kind": "close_on_accept"}]);
    order(&atlas, json!({"kind": "last_reply", "method": "GET", "then": then}));
    let bearer = format!("Bearer {}", atlas.token);
    let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    let mut stream = TcpStream::connect(atlas.address()).unwrap();
    let path = atlas.path("serverless");
    for close in [None, Some("close")] {
        let method = if close.is_some() { "GET" } else { "POST" };
        let body = close.is_none().then(|| Atlas::create_body("a").to_string());
        send(&mut stream, "localhost", method, &path, &headers, body.as_deref()).unwrap();
        let reply = receive(&mut stream).unwrap();
        assert_eq!(reply.header("Connection"), close, "one connection served both");
    }
    assert!(try_create(&atlas, "b").is_err());
    assert_eq!(try_create(&atlas, "b").unwrap().status, 201);
}
