//! Every recorded reply, judged as what it answers, keeps its body byte for byte; the errors have all their facts.
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atlas_serverless::core::context::clock::SystemClock;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::call::ExpectedBody;
use atlas_serverless::core::http::deprecation::dates;
use atlas_serverless::core::http::reply::check;
use atlas_serverless::core::http::to_error::RequestInfo;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use atlas_serverless::core::policy::retry::RequestKind;
use atlas_serverless::core::spec::convert::to_flex;
use atlas_serverless::core::spec::model::Node;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

fn recorded() -> Vec<(String, HttpResponse)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
            let (head, body) = text.split_once("\n\n").unwrap();
            let mut lines = head.lines();
            let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            let headers: HeaderMap = lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
                .collect();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, HttpResponse::new(status, headers, body.trim_end().to_owned().into()))
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn each_recorded_reply_is_judged_as_its_operation_expects() {
    let url = Url::parse("https://cloud.mongodb.com/api/atlas/v2/x").unwrap();
    let clock = SystemClock::default();
    let origin = RequestInfo {
        method: "GET",
        url: &url,
        kind: RequestKind::Read,
        attempts: 1,
        started: Duration::ZERO,
        clock: &clock,
    };
    let recorded = recorded();
    assert_eq!(recorded.len(), 42);
    for (name, exchange) in recorded {
        let (status, body) = (exchange.status, exchange.body.clone());
        let expect = match &name {
            name if (name.contains("list-200") && !name.starts_with("access-list-get"))
                || name.starts_with("access-list-create") =>
            {
                ExpectedBody::Page
            }
            name if name.contains("-delete-") => ExpectedBody::ResourceOrEmpty,
            _ => ExpectedBody::Resource,
        };
        match check(exchange, expect, false, &origin) {
            Ok(kept) => {
                assert!(status < 300, "{name}");
                assert_eq!((kept.status, kept.body), (status, body), "{name}");
            }
            Err(Error::Api(api)) => {
                let sent: Value = serde_json::from_slice(&body).unwrap();
                let text = |field: &str| sent[field].as_str().map(str::to_owned);
                assert_eq!(i64::from(api.status), sent["error"].as_i64().unwrap(), "{name}");
                assert_eq!((api.error_code, api.detail), (text("errorCode"), text("detail")), "{name}");
                assert_eq!(api.reason, text("reason"), "{name}");
                assert_eq!(
                    Value::from(api.parameters),
                    sent.get("parameters").cloned().unwrap_or_else(|| Vec::<Value>::new().into())
                );
                assert!(!api.retryable, "{name}");
                assert!(api.violations.is_empty(), "{name}");
                assert!(api.body_start.is_none(), "{name}");
            }
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn what_is_announced_to_end() {
    for (name, exchange) in recorded() {
        let dates = dates(&exchange.headers);
        let seconds = |at: Option<SystemTime>| at.map(|at| at.duration_since(UNIX_EPOCH).unwrap().as_secs());
        let expected = match name.as_str() {
            "serverless-create-201-2026-deprecated" => (Some(1_765_324_800), Some(1_768_435_200)),
            "clusters-get-flex-old-version" => (Some(1_722_816_000), Some(1_814_400_000)),
            _ => (None, None),
        };
        assert_eq!((seconds(dates.deprecation), seconds(dates.sunset)), expected, "{name}");
    }
}

#[test]
fn each_description_converts() {
    let mut converted = 0;
    for (name, exchange) in recorded() {
        let Ok(body) = serde_json::from_slice::<Value>(&exchange.body) else { continue };
        let of_cluster = |entity: &&Value| entity.get("stateName").is_some();
        let one = std::slice::from_ref(&body);
        let listed = body.get("results").and_then(Value::as_array).map_or(one, Vec::as_slice);
        for entity in listed.iter().filter(of_cluster) {
            let conversion = to_flex(&Node::from(entity)).unwrap();
            assert_eq!(conversion.spec["name"], entity["name"], "{name}");
            let lost: Vec<_> = conversion.lost.iter().map(|lost| &*lost.field).collect();
            let of_serverless: &[&str] = &["serverlessBackupOptions"];
            assert_eq!(lost, if name.starts_with("serverless") { of_serverless } else { &[] }, "{name}");
            converted += 1;
        }
    }
    assert_eq!(converted, 12);
}
