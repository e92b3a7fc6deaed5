//! The emulator under load, in a release build: `make load`. 10,000 creates in a few seconds, 100,000 instances in under
//! 500 MB.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    dead_code
)]

#[path = "emulator/client.rs"]
mod client;
#[path = "emulator/load.rs"]
mod load;

use std::time::{Duration, Instant};

use client::Atlas;
use load::{create, roomy};
use serde_json::{Value, json};

/// Resident memory of this process, in MB; `None` where the system does not tell.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[test]
fn a_hundred_thousand_instances() {
    let atlas = roomy();
    let ten = create(&atlas, 10_000, 8);
    println!("10,000 creates: {ten:.2?}");
    assert!(ten < Duration::from_secs(20), "{ten:?}");
    let more = create_more(&atlas);
    println!("90,000 more: {more:.2?}, {:?} MB resident", resident());
    let started = Instant::now();
    for _ in 0..1_000 {
        atlas.call("GET", &atlas.path("flexClusters/more-45000"), None);
    }
    println!("a get: {:.2?}", started.elapsed() / 1_000);
    let started = Instant::now();
    atlas.call("GET", &atlas.path("flexClusters?itemsPerPage=500&pageNum=200"), None);
    println!("the last page of 500: {:.2?}", started.elapsed());
    assert_eq!(atlas.control("GET", "counters", Value::Null)["stored"], 100_000);
    if let Some(megabytes) = resident() {
        assert!(megabytes < 500, "{megabytes} MB");
    }
}

fn create_more(atlas: &Atlas) -> Duration {
    let started = Instant::now();
    atlas.control("POST", "instances", json!({"name_prefix": "more-", "count": 90_000}));
    started.elapsed()
}
