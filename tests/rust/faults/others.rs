//! The other operations: what is repeated, what is not, and what a repeated deletion means.
use std::time::Duration;

use atlas_serverless::core::client::Client;
use atlas_serverless::core::context::Context;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::reply::Reply;
use atlas_serverless::core::operations::request::Request;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};
use serde_json::{Value, json};

use crate::atlas::{Auth, Setup, TestAtlas, class, create, told};

async fn one(client: &Client, atlas: &TestAtlas, operation: Operation, body: Option<Value>) -> Result<Reply, Error> {
    let mut context = Context::new(client.env(), None, None);
    let body = body.map(|body| body.to_string().into());
    let one = ResourceRequest::new(Kind::Flex, operation, atlas.group_id.clone(), "x".to_owned());
    client.resource(ResourceRequest { body, ..one }, &mut context).await
}

async fn request(client: &Client, method: &str, path: String, json: Option<Value>) -> Result<Reply, Error> {
    let mut context = Context::new(client.env(), None, None);
    let request = Request { method: method.to_owned(), path, params: Vec::new(), json, api_version: None };
    client.request(request, &mut context).await
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_has_succeeded() {
    for kind in ["close", "stall", "html", "half_body"] {
        let atlas = TestAtlas::new();
        let timeout = Duration::from_millis(if kind == "stall" { 400 } else { 20_000 });
        let (client, clock) = atlas.client(&Setup { timeout, ..Setup::new(Auth::AccessToken) });
        create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
        atlas.order(json!({"kind": kind, "method": "DELETE", "after_store": true}));
        let reply = one(&client, &atlas, Operation::Delete, None).await.unwrap();
        // A 204 has no body that could be cut in half.
        let plain = kind == "half_body";
        assert_eq!((reply.status, reply.reconciled, clock.slept().len()), (204, !plain, usize::from(!plain)), "{kind}");
        // One that was never there is not found.
        atlas.emulator.reset();
        let (client, _) = atlas.client(&Setup::new(Auth::AccessToken));
        let error = one(&client, &atlas, Operation::Delete, None).await.unwrap_err();
        assert!(matches!(error, Error::Api(api) if api.status == 404));
    }
}

#[tokio::test]
async fn an_update_is_repeated_since_it_is_idempotent() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
    atlas.order(json!({"kind": "close", "method": "PATCH", "after_store": true}));
    let change = json!({"terminationProtectionEnabled": true});
    let reply = one(&client, &atlas, Operation::Update, Some(change)).await.unwrap();
    assert_eq!((reply.attempts, clock.slept()), (2, vec![0.5]));
}

#[tokio::test]
async fn any_other_post_is_not_repeated_and_says_so() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    let path = format!("/api/atlas/v2/groups/{}/flexClusters", atlas.group_id);
    let body = json!({"name": "x", "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}});
    for fault in [json!({"kind": "close", "method": "POST"}), json!({"kind": "html", "status": 504, "method": "POST"})]
    {
        atlas.order(fault);
        let error = request(&client, "POST", path.clone(), Some(body.clone())).await.unwrap_err();
        assert!(told(&error).contains("not sent again, since it may have been carried out"), "{}", told(&error));
    }
    assert_eq!((atlas.requests().len(), clock.slept().len()), (2, 0));
    // What was certainly not carried out is.
    atlas.order(json!({"kind": "rate_limited", "retry_after": 3, "method": "POST"}));
    let reply = request(&client, "POST", path.clone(), Some(body)).await.unwrap();
    assert_eq!((reply.attempts, clock.slept()), (2, vec![3.0]));
    atlas.order(json!({"kind": "reset", "method": "GET"}));
    assert_eq!(request(&client, "GET", path, None).await.unwrap().attempts, 2);
}

#[tokio::test]
async fn other_methods_of_other_operations() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&Setup::new(Auth::AccessToken));
    create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
    let path = format!("/api/atlas/v2/groups/{}/flexClusters/x", atlas.group_id);
    atlas.order(json!({"kind": "close", "method": "PATCH"}));
    let error = request(&client, "PATCH", path.clone(), Some(json!({"tags": []}))).await.unwrap_err();
    assert_eq!(class(&error), "TransportError");
    assert!(told(&error).contains("not sent again"));
    atlas.order(json!({"kind": "close", "method": "DELETE", "after_store": true}));
    assert!(request(&client, "DELETE", path, None).await.unwrap().reconciled);
}
