//! Which statuses the client repeats: the same for each kind of request as the table in `policy/retry.rs` and
//! `error.retryable` say.
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use atlas_serverless::core::auth::discovery::options::ExplicitOptions;
use atlas_serverless::core::config::OnRetired;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::operations::request::Request;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::operations::wait::request::WaitRequest;
use atlas_serverless::core::policy::retry::{RequestKind, is_transient};
use atlas_serverless::core::spec::model::{Kind, Operation};

use crate::canned::Canned;
use crate::upgrade::upgrade;
use crate::{GROUP, TestClient, refusal};

/// Answers each request that begins with `start` with `status`, and any other with “there is no such cluster”.
fn server(start: &'static str, status: Arc<AtomicU16>) -> Canned {
    Canned::start(move |request| match request.starts_with(start) {
        true => refusal(status.load(Ordering::Relaxed), "A_CODE", "No."),
        false => refusal(404, "CLUSTER_NOT_FOUND", "No cluster."),
    })
}

/// Runs a call for every error status: it must be repeated where the table says so, and the error must say it too.
async fn every_status(kind: RequestKind, start: &'static str, call: impl AsyncFn(&TestClient) -> Error) {
    let status = Arc::new(AtomicU16::new(0));
    let server = server(start, status.clone());
    let mut seen = 0;
    for current in 400..=599 {
        status.store(current, Ordering::Relaxed);
        let test = match kind {
            RequestKind::TokenRequest => TestClient::with(ExplicitOptions {
                client_id: Some("mdb_sa_id_1".to_owned()),
                client_secret: Some("mdb_sa_sk_1".into()),
                base_url: Some(server.url.clone()),
                ..ExplicitOptions::default()
            }),
            _ => TestClient::new(&server.url),
        };
        let error = call(&test).await;
        let sent = server.requests().into_iter().skip(seen).filter(|request| request.starts_with(start)).count();
        seen = server.requests().len();
        let is_repeated = sent > 1;
        assert_eq!(is_repeated, is_transient(current, kind), "{current} {kind:?}");
        match error {
            Error::Api(error) => {
                assert_eq!(error.status, current);
                assert_eq!(error.retryable, is_repeated, "{current} {kind:?}");
            }
            // Only a wait reports its own end instead.
            other => assert_eq!(kind, RequestKind::WaitPoll, "{current} {other}"),
        }
    }
}

fn resource(operation: Operation) -> ResourceRequest {
    ResourceRequest::new(Kind::Flex, operation, GROUP.to_owned(), "orders".to_owned())
}

#[tokio::test]
async fn a_read_is_repeated_as_its_error_says() {
    every_status(RequestKind::Read, "GET ", async |test| {
        test.client.resource(resource(Operation::Get), &mut test.context(600)).await.unwrap_err()
    })
    .await;
}

#[tokio::test]
async fn a_deletion_is_repeated_as_its_error_says() {
    every_status(RequestKind::IdempotentChange, "DELETE ", async |test| {
        test.client.resource(resource(Operation::Delete), &mut test.context(600)).await.unwrap_err()
    })
    .await;
}

#[tokio::test]
async fn a_create_is_repeated_as_its_error_says() {
    every_status(RequestKind::Reconcilable, "POST ", async |test| {
        let create = CreateRequest {
            region_notice: None,
            kind: Kind::Flex,
            group_id: GROUP.to_owned(),
            name: "orders".to_owned(),
            body: r#"{"name":"orders"}"#.into(),
            reply_format: ReplyFormat::default(),
            if_exists: IfExists::Error,
            on_timeout: Default::default(),
            on_retired: OnRetired::Raise,
            wait: None,
        };
        test.client.create(create, &mut test.context(600)).await.unwrap_err()
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_is_repeated_as_its_error_says() {
    every_status(RequestKind::Reconcilable, "POST ", async |test| {
        test.client.upgrade_flex_cluster(upgrade(false), &mut test.context(600)).await.unwrap_err()
    })
    .await;
}

#[tokio::test]
async fn any_other_post_is_repeated_as_its_error_says() {
    every_status(RequestKind::OtherChange, "POST ", async |test| {
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/api/atlas/v2/groups/{GROUP}/alerts"),
            params: Vec::new(),
            json: None,
            api_version: None,
        };
        test.client.request(request, &mut test.context(600)).await.unwrap_err()
    })
    .await;
}

#[tokio::test]
async fn a_token_request_is_repeated_as_its_error_says() {
    every_status(RequestKind::TokenRequest, "POST /api/oauth/token", async |test| {
        test.client.resource(resource(Operation::Get), &mut test.context(600)).await.unwrap_err()
    })
    .await;
}

#[tokio::test]
async fn a_wait_polls_on_after_what_the_table_says() {
    every_status(RequestKind::WaitPoll, "GET ", async |test| {
        let wait = WaitRequest::until("IDLE", Kind::Flex, GROUP.to_owned(), "orders".to_owned());
        test.client.wait_for(wait, &mut test.context(60)).await.unwrap_err()
    })
    .await;
}
