use atlas_serverless::core::error::{Error, WaitEnding};
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::operations::wait::request::WaitRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};

use crate::canned::reply;
use crate::{GROUP, TestClient, asked, canned, entity, refusal};

fn until(state: &str) -> WaitRequest {
    WaitRequest::until(state, Kind::Flex, GROUP.to_owned(), "orders".to_owned())
}

#[tokio::test]
async fn intervals_grow_and_failures_that_pass_do_not_end_a_wait() {
    let html = "HTTP/1.1 502 X\r\nContent-Length: 6\r\n\r\n<html>".to_owned();
    let absent = refusal(404, "CLUSTER_NOT_FOUND", "No cluster.");
    let looks =
        vec![absent, html, refusal(500, "UNEXPECTED_ERROR", "x"), entity("a", "REPAIRING"), entity("a", "IDLE")];
    let server = canned(looks);
    let test = TestClient::new(&server.url);
    let reply = test.client.wait_for(until("IDLE"), &mut test.context(1800)).await.unwrap().unwrap();
    assert_eq!((reply.status, reply.attempts), (200, 5));
    assert_eq!(test.sleeps(), [1.0, 1.5, 2.25, 3.375]);
}

#[tokio::test]
async fn the_deadline_holds() {
    let server = canned(vec![entity("a", "CREATING")]);
    let test = TestClient::new(&server.url);
    let Err(Error::Wait(error)) = test.client.wait_for(until("IDLE"), &mut test.context(20)).await else { panic!() };
    assert_eq!((error.ending, error.last_state.as_deref()), (WaitEnding::TimedOut, Some("CREATING")));
    let slept: f64 = test.sleeps().iter().sum();
    assert!((19.9..=20.1).contains(&slept), "{slept}");
}

#[tokio::test]
async fn another_of_the_same_name_is_not_it() {
    let deleted = reply(204, "").replace("Content-Length: 0\r\n", "");
    let looks = vec![deleted, entity("a", "IDLE"), entity("b", "IDLE")];
    let server = canned(looks);
    let test = TestClient::new(&server.url);
    let delete = ResourceRequest::new(Kind::Flex, Operation::Delete, GROUP.to_owned(), "orders".to_owned());
    let deleted =
        test.client.resource(ResourceRequest { wait: Some(None), ..delete }, &mut test.context(1800)).await.unwrap();
    assert_eq!(deleted.status, 204);
    assert_eq!(asked(&server), ["DELETE flexClusters/orders", "GET flexClusters/orders", "GET flexClusters/orders"]);
}

#[tokio::test]
async fn a_deletion_that_was_ignored_is_asked_for_again() {
    let deleted = || reply(204, "").replace("Content-Length: 0\r\n", "");
    let idle = || entity("a", "IDLE");
    // Looks at 0, 1, 2.5, 4.75, 8.125, 13.2, 20.8 and 32.2 s; the deletion is repeated with the last.
    let mut replies = vec![deleted()];
    replies.extend((0..8).map(|_| idle()));
    replies.extend([deleted(), entity("a", "DELETING"), refusal(404, "CLUSTER_NOT_FOUND", "No cluster.")]);
    let server = canned(replies);
    let test = TestClient::new(&server.url);
    let delete = ResourceRequest::new(Kind::Flex, Operation::Delete, GROUP.to_owned(), "orders".to_owned());
    test.client.resource(ResourceRequest { wait: Some(None), ..delete }, &mut test.context(1800)).await.unwrap();
    let deletions = asked(&server).iter().filter(|line| line.starts_with("DELETE")).count();
    assert_eq!((deletions, asked(&server).len()), (2, 12));
}

#[tokio::test]
async fn a_wait_that_fails_keeps_what_was_done() {
    let accepted = r#"{"id":"a","name":"orders","stateName":"UPDATING"}"#;
    let refused = refusal(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", "No.");
    let server = canned(vec![reply(200, accepted), entity("a", "UPDATING"), refused]);
    let test = TestClient::new(&server.url);
    let update = ResourceRequest::new(Kind::Flex, Operation::Update, GROUP.to_owned(), "orders".to_owned());
    let update = ResourceRequest { wait: Some(None), body: Some("{}".into()), ..update };
    let Err(Error::Wait(error)) = test.client.resource(update, &mut test.context(1800)).await else { panic!() };
    assert_eq!(error.ending, WaitEnding::Failed);
    assert_eq!(error.result.as_deref(), Some(accepted.as_bytes()));
    assert!(matches!(&error.cause, Some(Error::Api(api)) if api.status == 403));
    let opening =
        "The Flex cluster orders was changed, but whether it became IDLE is not known: waiting for it failed with 403";
    assert!(error.message.starts_with(opening), "{}", error.message);
}
