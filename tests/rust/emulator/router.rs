//! The emulator without a socket: a router that a caller serves as it likes.

use atlas_serverless::emulator::State;
use atlas_serverless::emulator::app;
use axum::body::Body;
use axum::http::Request;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use crate::client::{ACCEPT, options};

#[test]
fn it_answers_without_a_server() {
    let state = State::new(options()).unwrap();
    let description = state.description();
    let router = TowerToHyperService::new(app(state.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ask = |method: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/atlas/v2/groups/{}/flexClusters", description["group_id"].as_str().unwrap()))
            .header("authorization", format!("Bearer {}", description["access_token"].as_str().unwrap()))
            .header("accept", ACCEPT)
            .header("content-type", "application/json")
            .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) })
            .unwrap();
        runtime.block_on(async {
            let reply = router.call(request).await.unwrap();
            let status = reply.status().as_u16();
            let body = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap();
            (status, serde_json::from_slice::<Value>(&body).unwrap_or_default())
        })
    };
    let body = json!({"name": "a", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}});
    assert_eq!(ask("POST", body).0, 201);
    assert_eq!(ask("GET", Value::Null).1["totalCount"], 1);
    state.control("POST", "faults", Some(json!({"kind": "html"}))).unwrap();
    assert_eq!(ask("GET", Value::Null).0, 502);
    assert_eq!(state.requests().len(), 3);
    state.reset();
    assert_eq!(ask("GET", Value::Null).1["totalCount"], 0);
}
