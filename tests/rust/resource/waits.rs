use std::time::Duration;

use atlas_serverless::core::error::{Error, NoticeKind, WaitEnding};
use atlas_serverless::core::http::reply::Reply;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::operations::wait::request::WaitRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};

use crate::canned::{Canned, reply};
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

/// The wait of an update of the tags: its result, its pauses and the number of requests.
async fn update(replies: Vec<String>) -> (Result<Reply, Error>, Vec<f64>, usize) {
    let server = canned(replies);
    let test = TestClient::new(&server.url);
    let update = ResourceRequest::new(Kind::Flex, Operation::Update, GROUP.to_owned(), "orders".to_owned());
    let body = Some(r#"{"tags":[{"key":"env","value":"new"}]}"#.into());
    let update = ResourceRequest { wait: Some(None), body, ..update };
    let result = test.client.resource(update, &mut test.context(1800)).await;
    (result, test.sleeps(), asked(&server).len())
}

fn tagged(state: &str, env: &str) -> String {
    let tags = format!(r#"[{{"key":"env","value":"{env}"}}]"#);
    reply(200, &format!(r#"{{"id":"a","name":"orders","stateName":"{state}","tags":{tags}}}"#))
}

#[tokio::test]
async fn an_update_is_done_when_it_is_shown() {
    let shown =
        vec![tagged("UPDATING", "new"), tagged("IDLE", "old"), tagged("UPDATING", "new"), tagged("IDLE", "new")];
    let (result, sleeps, requests) = update(shown).await;
    assert!(result.unwrap().notices.is_empty());
    assert_eq!((sleeps, requests), (vec![1.0, 1.5], 4));

    let (result, sleeps, _) = update(vec![tagged("UPDATING", "new"), tagged("IDLE", "old")]).await;
    let notices = result.unwrap().notices;
    assert_eq!((notices.len(), notices[0].kind), (1, NoticeKind::FieldIgnored));
    // The look after 30 s is the last.
    assert_eq!(sleeps, [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625]);
}

#[tokio::test]
async fn a_reply_against_what_was_seen_needs_a_second() {
    let absent = || refusal(404, "CLUSTER_NOT_FOUND", "No cluster.");
    for (between, ends) in [
        (vec![absent()], None),
        (vec![entity("b", "IDLE")], None),
        (vec![absent(), absent()], Some("it is gone")),
        (vec![entity("b", "IDLE"), absent()], Some("it is gone")),
        (vec![entity("b", "IDLE"), entity("b", "IDLE")], Some("there is another of that name")),
    ] {
        let mut looks = vec![entity("a", "CREATING")];
        looks.extend(between);
        looks.push(entity("a", "IDLE"));
        let server = canned(looks);
        let test = TestClient::new(&server.url);
        let result = test.client.wait_for(until("IDLE"), &mut test.context(1800)).await;
        match (ends, result) {
            (None, result) => assert_eq!(result.unwrap().unwrap().status, 200),
            (Some(why), Err(Error::Wait(error))) => {
                assert_eq!(error.ending, WaitEnding::Failed);
                assert!(error.message.contains(why), "{}", error.message);
            }
            (_, result) => panic!("{result:?}"),
        }
    }
}

#[tokio::test]
async fn a_name_that_nothing_has_is_said_with_those_that_there_are() {
    let server = Canned::start(|request| match request.contains("?pageNum=") {
        true => reply(200, r#"{"results":[{"name":"carts"},{"name":"order"}]}"#),
        false => refusal(404, "CLUSTER_NOT_FOUND", "No cluster."),
    });
    for (grace, timeout, looks) in [(15, 1800, 7), (0, 1800, 1), (15, 5, 4)] {
        let test = TestClient::new(&server.url);
        let wait = WaitRequest { grace: Duration::from_secs(grace), ..until("IDLE") };
        let Err(Error::Wait(error)) = test.client.wait_for(wait, &mut test.context(timeout)).await else { panic!() };
        assert_eq!((error.ending, error.polls, error.advice), (WaitEnding::NotFound, looks, None));
        assert!(error.message.ends_with("; the nearest names there: order, carts"), "{}", error.message);
        assert!(matches!(&error.cause, Some(Error::Api(api)) if api.status == 404));
    }
}

#[tokio::test]
async fn a_deletion_that_is_never_begun_says_how_often_it_was_accepted() {
    let server = Canned::start(|request| match request.starts_with("DELETE") {
        true => reply(204, "").replace("Content-Length: 0\r\n", ""),
        false => entity("a", "IDLE"),
    });
    let test = TestClient::new(&server.url);
    let delete = ResourceRequest::new(Kind::Flex, Operation::Delete, GROUP.to_owned(), "orders".to_owned());
    let delete = ResourceRequest { wait: Some(None), ..delete };
    let Err(Error::Wait(error)) = test.client.resource(delete, &mut test.context(300)).await else { panic!() };
    let advice = "its deletion was accepted 3 times, and it is still IDLE: delete it again; wait_for_flex_cluster with \
        state=\"DELETED\" waits for it again";
    assert_eq!((error.ending, error.advice.as_deref()), (WaitEnding::TimedOut, Some(advice)));
}
