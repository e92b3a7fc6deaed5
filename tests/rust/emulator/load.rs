//! Many instances: creates over kept connections, look-ups, pages. The large figures are in `tests/rust/emulator_load.rs`.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use atlas_serverless::emulator::Options;
use serde_json::{Value, json};

use crate::client::{ACCEPT, Atlas, options, receive, send};

pub(crate) fn roomy() -> Atlas {
    let atlas = Atlas::start(Options { clusters_per_project: Some(1_000_000), ..options() });
    atlas.control("PATCH", "settings", json!({"rate_limits": false}));
    atlas
}

/// Creates `count` Flex clusters over `connections` kept connections.
pub(crate) fn create(atlas: &Atlas, count: usize, connections: usize) -> Duration {
    let (path, host) = (atlas.path("flexClusters"), atlas.address());
    let bearer = format!("Bearer {}", atlas.token);
    let headers = [("Authorization", bearer.as_str()), ("Accept", ACCEPT)];
    let started = Instant::now();
    std::thread::scope(|scope| {
        for connection in 0..connections {
            let (path, host) = (&path, &host);
            scope.spawn(move || {
                let mut stream = TcpStream::connect(host).unwrap();
                stream.set_nodelay(true).unwrap();
                for number in 0..count / connections {
                    let body = Atlas::flex_body(&format!("c{connection}-{number}")).to_string();
                    send(&mut stream, host, "POST", path, &headers, Some(&body)).unwrap();
                    assert_eq!(receive(&mut stream).unwrap().status, 201);
                }
            });
        }
    });
    started.elapsed()
}

#[test]
fn two_thousand_creates_and_every_page_of_them() {
    let atlas = roomy();
    create(&atlas, 2_000, 8);
    let mut seen = std::collections::HashSet::new();
    for number in 1..=4 {
        let page =
            atlas.call("GET", &atlas.path(&format!("flexClusters?itemsPerPage=500&pageNum={number}")), None).json();
        assert_eq!(page["totalCount"], 2_000);
        seen.extend(page["results"].as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen.len(), 2_000);
    atlas.advance(1.0);
    assert_eq!(atlas.call("GET", &atlas.path("flexClusters/c7-249"), None).json()["stateName"], "IDLE");
    assert_eq!(atlas.control("GET", "counters", Value::Null)["created"], 2_000);
}
