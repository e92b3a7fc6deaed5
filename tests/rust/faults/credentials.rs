//! Many callers, one token, one challenge; and credentials that are refused.
use std::sync::Arc;

use atlas_serverless::core::client::Client;
use atlas_serverless::core::context::Context;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};
use serde_json::json;

use crate::world::{Auth, Log, Setup, World, class, create, options, told};

const CALLERS: usize = 256;

/// That many calls at once, each on a task of its own, and how many of them did not end as expected.
async fn all_at_once(client: &Client, world: &World, callers: usize, expected: &'static str) -> usize {
    let mut tasks = Vec::new();
    for _ in 0..callers {
        let (client, group_id) = (client.clone(), world.group_id.clone());
        tasks.push(tokio::spawn(async move {
            let mut context = Context::begin(client.env(), None, None);
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

fn counted(world: &World, start: &str) -> usize {
    world.requests().iter().filter(|request| request.starts_with(start)).count()
}

async fn with_one(auth: Auth) -> (World, Client) {
    let world = World::new();
    world.control("POST", "instances", json!({"name": "x"}));
    let (client, _) = world.client(&Setup::new(auth));
    (world, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_take_one_token_or_one_challenge() {
    for (auth, first) in [(Auth::ServiceAccount, "TOKEN:200"), (Auth::ApiKey, "CHALLENGE:401")] {
        let (world, client) = with_one(auth).await;
        assert_eq!(all_at_once(&client, &world, CALLERS, "fine").await, 0);
        assert_eq!((counted(&world, first), world.requests().len()), (1, CALLERS + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_that_expire_in_the_middle_are_replaced_by_one() {
    let (world, client) = with_one(Auth::ServiceAccount).await;
    for round in 1..=3 {
        assert_eq!(all_at_once(&client, &world, CALLERS, "fine").await, 0);
        assert_eq!(counted(&world, "TOKEN"), round);
        world.control("POST", "tokens/expire", json!(null));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nonces_that_go_stale_under_many_callers_cost_each_one_request_at_most() {
    let (world, client) = with_one(Auth::ApiKey).await;
    for round in 0..3 {
        world.control("DELETE", "requests", json!(null));
        assert_eq!(all_at_once(&client, &world, CALLERS, "fine").await, 0);
        let (all, fine) = (world.requests().len(), counted(&world, "FLEX:200"));
        assert!(fine == CALLERS && all <= 2 * CALLERS, "{round}: {all}");
        world.control("POST", "nonces/expire", json!(null));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nonces_that_are_good_for_few_requests_are_enough() {
    for uses in [1, 10] {
        let world = World::with(atlas_serverless::emulator::Options { nonce_uses: Some(uses), ..options() });
        world.control("POST", "instances", json!({"name": "x"}));
        let (client, _) = world.client(&Setup::new(Auth::ApiKey));
        assert_eq!(all_at_once(&client, &world, CALLERS, "fine").await, 0);
        assert!(world.requests().len() <= 3 * CALLERS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_key_costs_two_requests_and_never_more_than_three() {
    let world = World::new();
    let wrong = Setup { secret: Some("00000000-0000-0000-0000-000000000000"), ..Setup::new(Auth::ApiKey) };
    let (client, clock) = world.client(&wrong);
    let error = create(&client, world.create(Kind::Flex, "x")).await.unwrap_err();
    assert_eq!(class(&error), "UnauthorizedError");
    assert!(told(&error).contains("used API key"), "{}", told(&error));
    assert_eq!(world.requests(), ["CHALLENGE:401", "POST:401"]);
    world.control("DELETE", "requests", json!(null));
    assert!(create(&client, world.create(Kind::Flex, "x")).await.is_err());
    assert!(world.requests().len() <= 2 && clock.slept().is_empty());
    world.control("DELETE", "requests", json!(null));
    assert_eq!(all_at_once(&client, &world, CALLERS, "UnauthorizedError").await, 0);
    assert!(world.requests().len() <= 3 * CALLERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_secret_costs_few_token_requests_and_no_other() {
    let world = World::new();
    let wrong = Setup { secret: Some("mdb_sa_sk_wrong"), ..Setup::new(Auth::ServiceAccount) };
    let (client, clock) = world.client(&wrong);
    assert_eq!(all_at_once(&client, &world, CALLERS, "AuthenticationError").await, 0);
    let (tokens, all) = (counted(&world, "TOKEN:401"), world.requests().len());
    assert!(tokens == all && tokens <= CALLERS / 8, "{tokens} of {all}");
    assert!(clock.slept().is_empty());
}

#[tokio::test]
async fn an_account_that_may_not_does_not_burn_tokens() {
    // A code that says what is wrong: not even one new token. The bare 401: one, and no second for the next call.
    for (code, tokens) in [("USER_CANNOT_ACCESS_GROUP", 1), ("UNEXPECTED_ERROR", 2), ("", 2)] {
        let (world, client) = with_one(Auth::ServiceAccount).await;
        let refusal = json!({"kind": "status", "status": 401, "error_code": code, "endpoint": "flex", "times": null});
        world.order(refusal);
        for _ in 0..5 {
            assert_eq!(all_at_once(&client, &world, 1, "UnauthorizedError").await, 0);
        }
        assert_eq!(counted(&world, "TOKEN"), tokens, "{code}");
        // Once it may, the token at hand is good.
        world.control("DELETE", "faults", json!(null));
        assert_eq!(all_at_once(&client, &world, 1, "fine").await, 0);
        assert_eq!(counted(&world, "TOKEN"), tokens);
    }
}

#[tokio::test]
async fn a_token_that_still_lives_is_used_while_it_cannot_be_renewed() {
    let (world, client) = with_one(Auth::ServiceAccount).await;
    let (client_on_clock, clock) = world.client(&Setup::new(Auth::ServiceAccount));
    drop(client);
    assert_eq!(all_at_once(&client_on_clock, &world, 1, "fine").await, 0);
    clock.manual.advance(std::time::Duration::from_secs(3500));
    world.order(json!({"kind": "html", "endpoint": "token", "times": null}));
    for _ in 0..5 {
        assert_eq!(all_at_once(&client_on_clock, &world, 1, "fine").await, 0);
    }
    // One attempt, without a wait, and the next only after a while.
    assert_eq!((counted(&world, "TOKEN:502"), clock.slept().len()), (1, 0));
    clock.manual.advance(std::time::Duration::from_secs(11));
    world.control("DELETE", "faults", json!(null));
    assert_eq!(all_at_once(&client_on_clock, &world, 1, "fine").await, 0);
    assert_eq!(counted(&world, "TOKEN:200"), 2);
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
        let world = World::new();
        let (client, clock) = world.client(&Setup::new(Auth::ServiceAccount));
        let mut fault = fault;
        fault["endpoint"] = "token".into();
        fault["times"] = 2.into();
        world.order(fault.clone());
        create(&client, world.create(Kind::Flex, "x")).await.unwrap();
        assert_eq!((clock.slept(), counted(&world, "TOKEN")), (waits, 3), "{fault}");
        // And the same bounds.
        let (client, clock) = world.client(&Setup { max_retries: 1, ..Setup::new(Auth::ServiceAccount) });
        fault["times"] = 9.into();
        world.order(fault);
        let error = create(&client, world.create(Kind::Flex, "y")).await.unwrap_err();
        assert!(told(&error).contains("no retries are left") && clock.slept().len() == 1, "{}", told(&error));
        assert!(world.stored() == ["x"]);
    }
}

#[tokio::test]
async fn no_secret_and_no_token_is_told() {
    let world = World::new();
    let described = world.emulator.description();
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
            world.control("DELETE", "faults", json!(null));
            world.order(fault.clone());
            let (client, _) = world.client(&Setup { max_retries: 1, ..Setup::new(auth) });
            let log = Arc::new(Log::default());
            let mut context = Context::begin(client.env(), None, Some(log.clone()));
            let ended = client.create(world.create(Kind::Flex, "x"), &mut context).await;
            world.control("DELETE", "faults", json!(null));
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
