//! Many callers, one token, one challenge; and credentials that are refused.
use std::sync::Arc;

use atlas_serverless::core::client::Client;
use atlas_serverless::core::context::Context;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};
use serde_json::json;

use crate::atlas::{Auth, Log, Setup, TestAtlas, class, create, options, told};

const CALLERS: usize = 256;

/// That many calls at once, each on a task of its own, and how many of them did not end as expected.
async fn all_at_once(client: &Client, atlas: &TestAtlas, callers: usize, expected: &'static str) -> usize {
    let mut tasks = Vec::new();
    for _ in 0..callers {
        let (client, group_id) = (client.clone(), atlas.group_id.clone());
        tasks.push(tokio::spawn(async move {
            let mut context = Context::new(client.env(), None, None);
            let get = ResourceRequest::new(Kind::Flex, Operation::Get, group_id, "x".to_owned());
            let ended = client.resource(get, &mut context).await;
            let is = ended.as_ref().map_or_else(class, |_| "fine");
            assert_eq!(is, expected, "{:?}", ended.err().map(|error| told(&error)));
        }));
    }
    let mut wrong = 0;
    for task in tasks {
        wrong += usize::from(task.await.is_err());
    }
    wrong
}

fn counted(atlas: &TestAtlas, start: &str) -> usize {
    atlas.requests().iter().filter(|request| request.starts_with(start)).count()
}

async fn with_one(auth: Auth) -> (TestAtlas, Client) {
    let atlas = TestAtlas::new();
    atlas.control("POST", "instances", json!({"name": "x"}));
    let (client, _) = atlas.client(&Setup::new(auth));
    (atlas, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_take_one_token_or_one_challenge() {
    for (auth, first) in [(Auth::ServiceAccount, "TOKEN:200"), (Auth::ApiKey, "CHALLENGE:401")] {
        let (atlas, client) = with_one(auth).await;
        assert_eq!(all_at_once(&client, &atlas, CALLERS, "fine").await, 0);
        assert_eq!((counted(&atlas, first), atlas.requests().len()), (1, CALLERS + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_that_expire_in_the_middle_are_replaced_by_one() {
    let (atlas, client) = with_one(Auth::ServiceAccount).await;
    for round in 1..=3 {
        assert_eq!(all_at_once(&client, &atlas, CALLERS, "fine").await, 0);
        assert_eq!(counted(&atlas, "TOKEN"), round);
        atlas.control("POST", "tokens/expire", json!(null));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nonces_that_go_stale_under_many_callers_cost_each_one_request_at_most() {
    let (atlas, client) = with_one(Auth::ApiKey).await;
    for round in 0..3 {
        atlas.control("DELETE", "requests", json!(null));
        assert_eq!(all_at_once(&client, &atlas, CALLERS, "fine").await, 0);
        let (all, fine) = (atlas.requests().len(), counted(&atlas, "FLEX:200"));
        assert_eq!(fine, CALLERS, "{round}: {all}");
        assert!(all <= 2 * CALLERS, "{round}: {all}");
        atlas.control("POST", "nonces/expire", json!(null));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nonces_that_are_good_for_few_requests_are_enough() {
    for uses in [1, 10] {
        let atlas = TestAtlas::with(atlas_serverless::emulator::Options { nonce_uses: Some(uses), ..options() });
        atlas.control("POST", "instances", json!({"name": "x"}));
        let (client, _) = atlas.client(&Setup::new(Auth::ApiKey));
        assert_eq!(all_at_once(&client, &atlas, CALLERS, "fine").await, 0);
        assert!(atlas.requests().len() <= 3 * CALLERS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_key_costs_two_requests_and_never_more_than_three() {
    let atlas = TestAtlas::new();
    let wrong = Setup { secret: Some("00000000-0000-0000-0000-000000000000"), ..Setup::new(Auth::ApiKey) };
    let (client, clock) = atlas.client(&wrong);
    let error = create(&client, atlas.create(Kind::Flex, "x")).await.unwrap_err();
    assert_eq!(class(&error), "UnauthorizedError");
    assert!(told(&error).contains("used API key"), "{}", told(&error));
    assert_eq!(atlas.requests(), ["CHALLENGE:401", "POST:401"]);
    atlas.control("DELETE", "requests", json!(null));
    assert!(create(&client, atlas.create(Kind::Flex, "x")).await.is_err());
    assert!(atlas.requests().len() <= 2);
    assert!(clock.slept().is_empty());
    atlas.control("DELETE", "requests", json!(null));
    assert_eq!(all_at_once(&client, &atlas, CALLERS, "UnauthorizedError").await, 0);
    assert!(atlas.requests().len() <= 3 * CALLERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_secret_costs_few_token_requests_and_no_other() {
    let atlas = TestAtlas::new();
    let wrong = Setup { secret: Some("mdb_sa_sk_wrong"), ..Setup::new(Auth::ServiceAccount) };
    let (client, clock) = atlas.client(&wrong);
    assert_eq!(all_at_once(&client, &atlas, CALLERS, "AuthenticationError").await, 0);
    let (tokens, all) = (counted(&atlas, "TOKEN:401"), atlas.requests().len());
    assert_eq!(tokens, all, "{tokens} of {all}");
    assert!(tokens <= CALLERS / 8, "{tokens} of {all}");
    assert!(clock.slept().is_empty());
}

#[tokio::test]
async fn an_account_without_the_role_fetches_no_new_tokens() {
    // A code that says what is wrong: not even one new token. The bare 401: one, and no second for the next call.
    for (code, tokens) in [("USER_CANNOT_ACCESS_GROUP", 1), ("UNEXPECTED_ERROR", 2), ("", 2)] {
        let (atlas, client) = with_one(Auth::ServiceAccount).await;
        let refusal = json!({"kind": "status", "status": 401, "error_code": code, "endpoint": "flex", "times": null});
        atlas.order(refusal);
        for _ in 0..5 {
            assert_eq!(all_at_once(&client, &atlas, 1, "UnauthorizedError").await, 0);
        }
        assert_eq!(counted(&atlas, "TOKEN"), tokens, "{code}");
        // Once it may, the token at hand is good.
        atlas.control("DELETE", "faults", json!(null));
        assert_eq!(all_at_once(&client, &atlas, 1, "fine").await, 0);
        assert_eq!(counted(&atlas, "TOKEN"), tokens);
    }
}

#[tokio::test]
async fn a_token_that_still_lives_is_used_while_it_cannot_be_renewed() {
    let (atlas, client) = with_one(Auth::ServiceAccount).await;
    let (client_on_clock, clock) = atlas.client(&Setup::new(Auth::ServiceAccount));
    drop(client);
    assert_eq!(all_at_once(&client_on_clock, &atlas, 1, "fine").await, 0);
    clock.manual.advance(std::time::Duration::from_secs(3500));
    atlas.order(json!({"kind": "html", "endpoint": "token", "times": null}));
    for _ in 0..5 {
        assert_eq!(all_at_once(&client_on_clock, &atlas, 1, "fine").await, 0);
    }
    // One attempt, without a wait, and the next only after a while.
    assert_eq!((counted(&atlas, "TOKEN:502"), clock.slept().len()), (1, 0));
    clock.manual.advance(std::time::Duration::from_secs(11));
    atlas.control("DELETE", "faults", json!(null));
    assert_eq!(all_at_once(&client_on_clock, &atlas, 1, "fine").await, 0);
    assert_eq!(counted(&atlas, "TOKEN:200"), 2);
}

#[tokio::test]
async fn the_token_endpoint_has_the_same_policy() {
    for (fault, waits) in [
        (json!({"kind": "rate_limited", "retry_after": 9}), vec![9.0, 9.0]),
        (json!({"kind": "rate_limited", "retry_after": null}), vec![10.0, 20.0]),
        (json!({"kind": "status", "status": 503, "retry_after": 4}), vec![4.0, 4.0]),
        (json!({"kind": "half_body"}), vec![0.5, 1.0]),
        (json!({"kind": "close"}), vec![0.5, 1.0]),
        (json!({"kind": "html", "status": 200}), vec![0.5, 1.0]),
    ] {
        let atlas = TestAtlas::new();
        let (client, clock) = atlas.client(&Setup::new(Auth::ServiceAccount));
        let mut fault = fault;
        fault["endpoint"] = "token".into();
        fault["times"] = 2.into();
        atlas.order(fault.clone());
        create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
        assert_eq!((clock.slept(), counted(&atlas, "TOKEN")), (waits, 3), "{fault}");
        // And the same bounds.
        let (client, clock) = atlas.client(&Setup { max_retries: 1, ..Setup::new(Auth::ServiceAccount) });
        fault["times"] = 9.into();
        atlas.order(fault);
        let error = create(&client, atlas.create(Kind::Flex, "y")).await.unwrap_err();
        assert!(told(&error).contains("no retries are left"), "{}", told(&error));
        assert_eq!(clock.slept().len(), 1, "{}", told(&error));
        assert!(atlas.stored() == ["x"]);
    }
}

#[tokio::test]
async fn no_secret_and_no_token_is_in_any_text() {
    let atlas = TestAtlas::new();
    let described = atlas.emulator.description();
    let secrets: Vec<&str> = ["client_secret", "private_key", "access_token"]
        .iter()
        .map(|name| described[*name].as_str().unwrap())
        .collect();
    for fault in [
        json!({"kind": "half_body", "endpoint": "token", "times": null}),
        json!({"kind": "delay", "seconds": 0.01, "endpoint": "token", "times": null, "status": 201}),
        json!({"kind": "delay", "seconds": 0.01, "endpoint": "token", "times": null, "status": 302}),
        json!({"kind": "delay", "seconds": 0.01, "endpoint": "token", "times": null, "status": 403}),
        json!({"kind": "html", "status": 503, "endpoint": "flex", "times": 9}),
        json!({"kind": "unauthorized", "endpoint": "flex", "times": null}),
        json!({"kind": "stale_nonce", "endpoint": "flex", "times": null}),
        json!({"kind": "expire_tokens", "endpoint": "flex", "times": null}),
    ] {
        for auth in Auth::ALL {
            atlas.control("DELETE", "faults", json!(null));
            atlas.order(fault.clone());
            let (client, _) = atlas.client(&Setup { max_retries: 1, ..Setup::new(auth) });
            let log = Arc::new(Log::default());
            let mut context = Context::new(client.env(), None, Some(log.clone()));
            let ended = client.create(atlas.create(Kind::Flex, "x"), &mut context).await;
            atlas.control("DELETE", "faults", json!(null));
            client.close().await;
            let error: Option<Error> = ended.err();
            let said = format!("{} {error:?} {}", log.text(), error.as_ref().map(told).unwrap_or_default());
            let issued = ["eyJ", "mdb_sa_sk_", "Basic ", "response="];
            for secret in secrets.iter().copied().chain(issued) {
                assert!(!said.contains(secret), "{secret} in {said}");
            }
            assert!(log.lines().iter().any(|(_, line)| line.starts_with("POST /api/")), "{said}");
        }
    }
}

#[tokio::test]
async fn two_refused_tokens_are_not_the_end_of_a_client() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup::new(Auth::ServiceAccount));
    atlas.order(json!({"kind": "expire_tokens", "endpoint": "flex", "times": 2}));
    let tokens = || atlas.requests().iter().filter(|request| request.starts_with("TOKEN")).count();
    for _ in 0..3 {
        let error = create(&client, atlas.create(Kind::Flex, "x")).await.unwrap_err();
        assert_eq!((class(&error), tokens()), ("UnauthorizedError", 2));
    }
    clock.manual.advance(std::time::Duration::from_secs(59));
    assert!(create(&client, atlas.create(Kind::Flex, "x")).await.is_err());
    clock.manual.advance(std::time::Duration::from_secs(1));
    create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
    assert_eq!(tokens(), 3);
}
