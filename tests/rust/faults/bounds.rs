//! Bounds hold: attempts, `max_retry_time`, and the caller's own deadline, whatever is going on when it comes.
use std::sync::Arc;
use std::time::{Duration, Instant};

use atlas_serverless::core::context::Context;
use atlas_serverless::core::context::clock::SystemClock;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::operations::create::request::CreateRequest;
use atlas_serverless::core::spec::model::Kind;
use serde_json::{Value, json};

use crate::atlas::{Auth, Setup, TestAtlas, class, create, slowness, told};

#[tokio::test]
async fn retries_end_with_max_retries() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    atlas.order(json!({"kind": "html", "method": "POST", "times": null}));
    let error = create(&client, atlas.create(Kind::Flex, "x")).await.unwrap_err();
    let Error::Api(api) = &error else { panic!("{error}") };
    assert_eq!((api.status, api.attempts, api.elapsed), (502, 6, Duration::from_millis(15_500)));
    assert_eq!(clock.slept(), [0.5, 1.0, 2.0, 4.0, 8.0]);
    assert!(told(&error).contains("no retries are left (max_retries)"));
    atlas.emulator.reset();
    let limited = json!({"kind": "rate_limited", "retry_after": null, "times": null, "method": "POST"});
    atlas.order(limited);
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    assert_eq!(class(&create(&client, atlas.create(Kind::Flex, "x")).await.unwrap_err()), "RateLimitedError");
    assert_eq!(clock.slept(), [10.0, 20.0, 40.0, 40.0, 40.0]);
}

#[tokio::test]
async fn jitter_only_adds() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup { jitter: 0.9, ..Setup::new(Auth::AccessToken) });
    atlas.order(json!({"kind": "rate_limited", "retry_after": 7, "method": "POST"}));
    create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
    assert_eq!(clock.slept(), [13.3]);
}

#[tokio::test]
async fn a_wait_that_does_not_fit_fails_at_once_and_says_so() {
    let waits = [("rate_limited", 429, "RateLimitedError"), ("status", 503, "ServerError")];
    for (kind, status, name) in waits {
        let atlas = TestAtlas::new();
        let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
        atlas.order(json!({"kind": kind, "status": status, "retry_after": 300, "method": "POST"}));
        let error = create(&client, atlas.create(Kind::Flex, "x")).await.unwrap_err();
        assert_eq!((class(&error), clock.slept().len()), (name, 0));
        let expected = "a wait of at least 300.0 s does not fit the 180.0 s that are left (timeout, max_retry_time)";
        assert!(told(&error).contains(expected), "{}", told(&error));
        if status == 429 {
            // The next call does not even ask, for as long as the block lasts.
            let error = create(&client, atlas.create(Kind::Flex, "y")).await.unwrap_err();
            assert!(told(&error).contains("not sent: the wait of 300.0 s does not fit"), "{}", told(&error));
            let Error::Api(api) = error else { panic!() };
            assert_eq!((api.retry_after, api.attempts, atlas.requests().len()), (Some(300.0), 0, 1));
        }
        // And with a deadline of the caller's own.
        atlas.emulator.reset();
        let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
        atlas.order(json!({"kind": kind, "status": status, "retry_after": 30, "method": "POST"}));
        let mut context = Context::new(client.env(), Some(Duration::from_secs(20)), None);
        let error = client.create(atlas.create(Kind::Flex, "x"), &mut context).await.unwrap_err();
        assert!(told(&error).contains("does not fit the 20.0 s that are left"));
        assert!(clock.slept().is_empty());
    }
}

#[tokio::test]
async fn time_that_a_look_up_has_taken_is_not_spent_twice() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    atlas.order(json!({"kind": "status", "status": 503, "retry_after": 30, "method": "POST"}));
    atlas.order(json!({"kind": "rate_limited", "retry_after": 40, "method": "GET"}));
    let mut context = Context::new(client.env(), Some(Duration::from_secs(60)), None);
    let error = client.create(atlas.create(Kind::Flex, "x"), &mut context).await.unwrap_err();
    assert_eq!(clock.slept(), [40.0]);
    let expected = "a wait of at least 30.0 s does not fit the 20.0 s that are left";
    assert!(told(&error).contains(expected), "{}", told(&error));
    assert!(told(&error).contains("looked up afterwards: there is no Flex cluster x"), "{}", told(&error));
}

#[tokio::test]
async fn a_waiter_does_not_come_back_before_the_service_asked_and_outlives_max_retry_time() {
    let atlas = TestAtlas::new();
    let (client, clock) =
        atlas.client(&Setup { max_retry_time: Duration::from_secs(10), ..Setup::new(Auth::AccessToken) });
    atlas.control("PATCH", "settings", json!({"provisioning": {"reads": 30}}));
    // Far beyond max_retry_time, a limit is waited for and not an error.
    atlas.order(json!({"kind": "rate_limited", "retry_after": 40, "method": "GET", "skip": 20}));
    let wanted = CreateRequest { wait: Some(None), ..atlas.create(Kind::Flex, "x") };
    let mut context = Context::new(client.env(), Some(Duration::from_secs(1000)), None);
    client.create(wanted.clone(), &mut context).await.unwrap();
    assert!(clock.slept().contains(&40.0));
    // What does not fit is not waited for.
    atlas.order(json!({"kind": "rate_limited", "retry_after": 400, "method": "GET"}));
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    let mut context = Context::new(client.env(), Some(Duration::from_secs(100)), None);
    let error = client.create(CreateRequest { name: "y".into(), body: renamed(&wanted), ..wanted }, &mut context).await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("asks to wait 400.0 s, and 100.0 s are left"), "{error}");
    assert!(clock.slept().is_empty());
}

fn renamed(create: &CreateRequest) -> bytes::Bytes {
    let mut body: Value = serde_json::from_slice(&create.body).unwrap();
    body["name"] = "y".into();
    body.to_string().into()
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_does_not_end_a_wait() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&Setup { max_retries: 1, ..Setup::new(Auth::ServiceAccount) });
    atlas.control("PATCH", "settings", json!({"provisioning": {"reads": 6}}));
    let token = json!({"kind": "html", "endpoint": "token", "times": 4});
    atlas.order(json!({"kind": "expire_tokens", "method": "GET", "skip": 2, "then": [token]}));
    let wanted = CreateRequest { wait: Some(None), ..atlas.create(Kind::Flex, "x") };
    let mut context = Context::new(client.env(), Some(Duration::from_secs(1000)), None);
    client.create(wanted, &mut context).await.unwrap();
    let tokens = atlas.requests().iter().filter(|request| request.starts_with("TOKEN:502")).count();
    assert_eq!(tokens, 4);
}

/// Real time, since it is about requests that hang: the deadline is 0.4 s and each attempt may take 20.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_holds_whatever_hangs() {
    let limited = json!({"kind": "rate_limited", "method": "POST", "retry_after": slowness()});
    let points = [
        (json!({"kind": "stall", "endpoint": "token"}), Auth::ServiceAccount, false, "RequestTimeoutError"),
        (json!({"kind": "stall", "authorization": "none"}), Auth::ApiKey, false, "RequestTimeoutError"),
        (json!({"kind": "stall", "method": "POST"}), Auth::AccessToken, false, "RequestTimeoutError"),
        (json!({"kind": "stall", "method": "POST", "after_store": true}), Auth::AccessToken, false, "found"),
        (
            json!({"kind": "close", "method": "POST", "then": [{"kind": "stall", "method": "GET"}]}),
            Auth::AccessToken,
            false,
            "OutcomeUnknownError",
        ),
        (json!({"kind": "stall", "method": "GET", "times": null}), Auth::AccessToken, true, "WaitError"),
        (limited, Auth::AccessToken, false, "RateLimitedError"),
    ];
    let mut tasks = Vec::new();
    for (fault, auth, wait, expected) in points {
        tasks.push(tokio::spawn(async move {
            let atlas = TestAtlas::new();
            let client = atlas.client_on(&Setup::new(auth), Arc::new(SystemClock::default()));
            atlas.order(fault.clone());
            let wanted = CreateRequest { wait: wait.then_some(None), ..atlas.create(Kind::Flex, "x") };
            let begun = Instant::now();
            let mut context = Context::new(client.env(), Some(Duration::from_millis(400) * slowness()), None);
            let ended = client.create(wanted, &mut context).await;
            let is = ended.as_ref().map_or_else(class, |reply| if reply.reconciled { "found" } else { "created" });
            assert_eq!(is, expected, "{fault} {:?}", ended.err());
            assert!(begun.elapsed() < Duration::from_millis(900) * slowness(), "{fault}: {:?}", begun.elapsed());
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// The same for a call that waits for what another call is fetching.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_anothers_token_or_challenge_keeps_a_deadline_of_its_own() {
    for (fault, auth) in [
        (json!({"kind": "stall", "endpoint": "token"}), Auth::ServiceAccount),
        (json!({"kind": "stall", "authorization": "none", "times": null}), Auth::ApiKey),
    ] {
        let atlas = TestAtlas::new();
        let client = atlas.client_on(&Setup::new(auth), Arc::new(SystemClock::default()));
        atlas.order(fault);
        let (patient, first) = (client.clone(), atlas.create(Kind::Flex, "first"));
        let first = tokio::spawn(async move { create(&patient, first).await });
        tokio::time::sleep(Duration::from_millis(100) * slowness()).await;
        let begun = Instant::now();
        let mut context = Context::new(client.env(), Some(Duration::from_millis(300) * slowness()), None);
        let error = client.create(atlas.create(Kind::Flex, "second"), &mut context).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_millis(700) * slowness(), "{:?}", begun.elapsed());
        assert!(["RequestTimeoutError", "OutcomeUnknownError"].contains(&class(&error)), "{error}");
        first.abort();
    }
}

/// And the other way round: who has little time does not spoil it for those who wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_one_caller_had_no_time_for_is_fetched_by_the_next() {
    let atlas = TestAtlas::new();
    let client = atlas.client_on(&Setup::new(Auth::ServiceAccount), Arc::new(SystemClock::default()));
    atlas.order(json!({"kind": "stall", "endpoint": "token"}));
    let (hurried, first) = (client.clone(), atlas.create(Kind::Flex, "first"));
    let first = tokio::spawn(async move {
        let mut context = Context::new(hurried.env(), Some(Duration::from_millis(200)), None);
        hurried.create(first, &mut context).await
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    create(&client, atlas.create(Kind::Flex, "second")).await.unwrap();
    assert!(first.await.unwrap().is_err());
}
