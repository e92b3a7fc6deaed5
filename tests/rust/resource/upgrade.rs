use atlas_serverless::core::error::{Error, TransportKind, WaitEnding};
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::operations::upgrade::UpgradeRequest;

use crate::canned::reply;
use crate::{GROUP, TestClient, asked, canned, entity, refusal};

const UPGRADE: &str = "POST flexClusters:tenantUpgrade";
const FLEX: &str = "GET flexClusters/orders";
const DEDICATED: &str = "GET clusters/orders";

pub(crate) fn upgrade(wait: bool) -> UpgradeRequest {
    UpgradeRequest {
        group_id: GROUP.to_owned(),
        name: "orders".to_owned(),
        body: r#"{"name":"orders"}"#.into(),
        reply_format: ReplyFormat::default(),
        wait: wait.then_some(None),
    }
}

fn lost() -> String {
    "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n".to_owned()
}

fn absent() -> String {
    refusal(404, "CLUSTER_NOT_FOUND", "No cluster.")
}

fn not_flex() -> String {
    refusal(400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API", "Not Flex.")
}

fn still_flex() -> String {
    refusal(400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API", "Still Flex.")
}

#[tokio::test]
async fn an_upgrade_whose_answer_was_lost_is_looked_up() {
    let (idle, updating) = (entity("a", "IDLE"), entity("a", "UPDATING"));
    for (replies, expected, reconciled) in [
        (vec![updating.clone()], vec![UPGRADE], false),
        (vec![lost(), not_flex(), updating.clone()], vec![UPGRADE, FLEX, DEDICATED], true),
        (vec![lost(), absent(), updating.clone()], vec![UPGRADE, FLEX, DEDICATED], true),
        (vec![lost(), updating.clone()], vec![UPGRADE, FLEX], true),
        (vec![lost(), idle.clone(), updating.clone()], vec![UPGRADE, FLEX, UPGRADE], false),
        // Between the two paths nothing is known of it: the request is repeated, and refused if the first was carried out.
        (
            vec![lost(), absent(), absent(), absent(), not_flex(), updating],
            vec![UPGRADE, FLEX, DEDICATED, UPGRADE, FLEX, DEDICATED],
            true,
        ),
    ] {
        let server = canned(replies);
        let test = TestClient::new(&server.url);
        let reply = test.client.upgrade_flex_cluster(upgrade(false), &mut test.context(60)).await.unwrap();
        let posts = expected.iter().filter(|line| **line == UPGRADE).count();
        assert_eq!((reply.reconciled, reply.attempts as usize), (reconciled, posts), "{expected:?}");
        assert_eq!(asked(&server), expected);
    }
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_unknown() {
    let server = canned(vec![lost(), refusal(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", "No.")]);
    let test = TestClient::new(&server.url);
    let result = test.client.upgrade_flex_cluster(upgrade(true), &mut test.context(60)).await;
    let Err(Error::Transport(error)) = result else { panic!() };
    assert_eq!(error.kind, TransportKind::OutcomeUnknown);
    assert_eq!(error.target.map(|target| target.operation), Some("tenantGroupFlexClusterUpgrade"));
    assert!(
        error
            .message
            .starts_with(&format!("Whether the Flex cluster orders in project {GROUP} was upgraded is unknown ("))
    );
    assert!(error.message.ends_with("). Look it up before upgrading it again"));
}

#[tokio::test]
async fn an_upgrade_that_was_not_carried_out_says_that_it_was_looked_up() {
    let server = canned(vec![
        lost(),
        entity("a", "IDLE"),
        refusal(402, "NO_PAYMENT_INFORMATION_FOUND", "Pay."),
        entity("a", "IDLE"),
    ]);
    let test = TestClient::new(&server.url);
    let Err(Error::Api(error)) = test.client.upgrade_flex_cluster(upgrade(false), &mut test.context(60)).await else {
        panic!()
    };
    assert_eq!(error.status, 402);
    assert!(error.hint.unwrap().contains("looked up afterwards: orders was not upgraded"));
    assert_eq!(asked(&server), [UPGRADE, FLEX, UPGRADE, FLEX]);
}

#[tokio::test]
async fn a_wait_goes_on_while_the_cluster_is_still_flex() {
    let replies = vec![entity("a", "UPDATING"), still_flex(), absent(), entity("b", "UPDATING"), entity("b", "IDLE")];
    let server = canned(replies);
    let test = TestClient::new(&server.url);
    let reply = test.client.upgrade_flex_cluster(upgrade(true), &mut test.context(1800)).await.unwrap();
    assert_eq!((reply.status, reply.attempts, reply.reconciled), (200, 1, false));
    assert_eq!(asked(&server), [UPGRADE, DEDICATED, DEDICATED, DEDICATED, DEDICATED]);
}

#[tokio::test]
async fn a_wait_that_ends_early_keeps_the_reply_to_the_upgrade() {
    let accepted = r#"{"id":"a","name":"orders","stateName":"UPDATING"}"#;
    let mut replies = vec![reply(200, accepted)];
    replies.push(entity("a", "UPDATING"));
    let server = canned(replies);
    let test = TestClient::new(&server.url);
    let result = test.client.upgrade_flex_cluster(upgrade(true), &mut test.context(20)).await;
    let Err(Error::Wait(error)) = result else { panic!() };
    assert_eq!(error.ending, WaitEnding::TimedOut);
    assert_eq!(error.result.as_deref(), Some(accepted.as_bytes()));
    assert!(
        error.message.starts_with("The Flex cluster orders was upgraded, but did not become IDLE"),
        "{}",
        error.message
    );
    assert!(
        error.sentence().ends_with("it goes on in Atlas: get it from /clusters with request(), as a dedicated cluster")
    );
}
