//! What a caller is told after a lost answer or a taken name: ours, somebody else's, or not known.
use std::sync::Arc;
use std::time::Duration;

use atlas_serverless::core::context::Context;
use atlas_serverless::core::context::observe::Level;
use atlas_serverless::core::error::{Error, NoticeKind};
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::http::reply::content;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::spec::model::Kind;
use serde_json::{Value, json};

use crate::atlas::{Auth, Log, Setup, TestAtlas, class, create, slowness, told};

const POST_LOST: &str = r#"{"kind": "close", "method": "POST"}"#;

fn lost(after_store: bool) -> Value {
    let mut fault: Value = serde_json::from_str(POST_LOST).unwrap();
    fault["after_store"] = after_store.into();
    fault
}

/// What the table's own creates ask for.
fn tags() -> Value {
    json!([{"key": "team", "value": "data"}, {"key": "env", "value": "test"}])
}

fn setup() -> Setup {
    Setup::new(Auth::AccessToken)
}

#[tokio::test]
async fn a_request_that_is_carried_out_late_is_found_by_its_duplicate_name() {
    for kind in [Kind::Serverless, Kind::Flex] {
        let atlas = TestAtlas::new();
        let (client, clock) = atlas.client(&Setup { timeout: Duration::from_millis(400) * slowness(), ..setup() });
        atlas.order(json!({"kind": "delay", "seconds": slowness(), "method": "POST"}));
        let emulator = atlas.emulator.clone();
        clock.on_sleep(move |_| {
            while emulator.control("GET", "instances", None).unwrap().as_array().unwrap().is_empty() {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let reply = create(&client, atlas.create(kind, "late")).await.unwrap();
        assert!(reply.reconciled);
        assert_eq!(reply.attempts, 2);
        assert_eq!(clock.slept(), [0.5]);
        assert_eq!(atlas.stored(), ["late"]);
    }
}

#[tokio::test]
async fn whatever_ends_it_after_a_lost_answer_it_is_looked_for_once_more() {
    // The first request is lost and carried out late; the second is refused for a reason of its own.
    for (status, code) in [(402, "NO_PAYMENT_INFORMATION_FOUND"), (409, "SOMETHING_NEW"), (403, "ACCESS_FORBIDDEN")] {
        let atlas = TestAtlas::new();
        let (client, clock) = atlas.client(&Setup { timeout: Duration::from_millis(400) * slowness(), ..setup() });
        let refusal = json!({"kind": "status", "status": status, "error_code": code, "method": "POST"});
        atlas.order(json!({"kind": "delay", "seconds": slowness(), "method": "POST", "then": [refusal]}));
        let emulator = atlas.emulator.clone();
        clock.on_sleep(move |_| {
            while emulator.control("GET", "instances", None).unwrap().as_array().unwrap().is_empty() {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let reply = create(&client, atlas.create(Kind::Serverless, "late")).await.unwrap();
        assert!(reply.reconciled, "{code}");
        // Nothing there: the refusal itself, and what is not known.
        atlas.emulator.reset();
        let (client, _) = atlas.client(&setup());
        atlas.order(json!({"kind": "close", "method": "POST", "then": [refusal]}));
        let error = create(&client, atlas.create(Kind::Serverless, "never")).await.unwrap_err();
        let Error::Api(api) = &error else { panic!("{error}") };
        assert_eq!((api.status, api.attempts), (status, 2));
        assert!(told(&error).contains("a request that was lost may still be carried out"), "{}", told(&error));
    }
}

#[tokio::test]
async fn a_401_after_the_create_was_stored_is_looked_up() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&Setup::new(Auth::ServiceAccount));
    atlas.order(json!({"kind": "unauthorized", "method": "POST", "endpoint": "serverless", "after_store": true}));
    let reply = create(&client, atlas.create(Kind::Serverless, "done")).await.unwrap();
    assert!(reply.reconciled);
    assert_eq!(atlas.requests(), ["TOKEN:200", "POST:401", "TOKEN:200", "POST:400", "GET:200"]);
}

#[tokio::test]
async fn neither_an_older_nor_a_different_one_is_taken_for_ours() {
    let differs = [
        (json!({"created": "2025-01-01T00:00:00Z", "tags": tags()}), "createDate"),
        (json!({"region": "EU_WEST_1", "tags": tags()}), "providerSettings.regionName"),
        (json!({"provider": "GCP", "tags": tags()}), "providerSettings.backingProviderName"),
        (json!({"tags": [{"key": "env", "value": "prod"}]}), "tags"),
        (json!({"state": "DELETING", "tags": tags()}), "stateName"),
    ];
    for (facts, path) in differs {
        let atlas = TestAtlas::new();
        let (client, _) = atlas.client(&setup());
        let mut instance = json!({"name": "taken", "kind": "serverless"});
        instance.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        atlas.control("POST", "instances", instance);
        // Its refusal is lost, so that ours could be the one.
        atlas.order(lost(false));
        let error = create(&client, atlas.create(Kind::Serverless, "taken")).await.unwrap_err();
        let Error::Api(api) = &error else { panic!("{error}") };
        assert_eq!(class(&error), "DuplicateClusterName");
        let paths: Vec<_> = api.violations.iter().map(|violation| violation.path.as_str()).collect();
        assert_eq!(paths, [path], "{error}");
        assert!(error.to_string().contains(path));
        assert_eq!(api.attempts, 1);
    }
}

#[tokio::test]
async fn one_of_another_kind_has_the_name() {
    for kind in [Kind::Serverless, Kind::Flex] {
        for if_exists in [IfExists::Error, IfExists::Return] {
            let atlas = TestAtlas::new();
            let (client, _) = atlas.client(&setup());
            atlas.control("POST", "instances", json!({"name": "big", "kind": "dedicated"}));
            if if_exists == IfExists::Error {
                atlas.order(lost(false));
            }
            let error = create(&client, CreateRequest { if_exists, ..atlas.create(kind, "big") }).await.unwrap_err();
            assert_eq!(class(&error), "DuplicateClusterName", "{error}");
            assert!(error.to_string().contains("belongs to a cluster that is no"), "{error}");
        }
    }
}

#[tokio::test]
async fn without_the_services_own_time_nothing_counts_as_created_by_this_call() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&setup());
    let dateless = json!({"kind": "last_reply", "method": "GET", "headers": {"date": "yesterday"}});
    atlas.order(json!({"kind": "close", "method": "POST", "after_store": true, "then": [dateless]}));
    let error = create(&client, atlas.create(Kind::Flex, "mine")).await.unwrap_err();
    assert_eq!(class(&error), "DuplicateClusterName");
    assert!(error.to_string().contains("did not say its own time"));
}

#[tokio::test]
async fn the_time_that_counts_is_that_of_the_first_request_that_could_have_done_it() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&setup());
    // Our first request is refused with 429. While we wait, somebody else makes the same, and the second is lost.
    atlas.order(json!({"kind": "rate_limited", "retry_after": 100, "method": "POST"}));
    let emulator = atlas.emulator.clone();
    clock.on_sleep(move |_| {
        let made = std::time::SystemTime::now() - Duration::from_secs(60);
        let made = jiff::Timestamp::try_from(made).unwrap().to_string();
        let instance = json!({"name": "same", "kind": "flex", "created": made, "tags": tags()});
        emulator.control("POST", "instances", Some(instance)).unwrap();
        emulator.control("POST", "faults", Some(lost(false))).unwrap();
    });
    let error = create(&client, atlas.create(Kind::Flex, "same")).await.unwrap_err();
    assert_eq!(clock.slept(), [100.0]);
    assert_eq!(class(&error), "DuplicateClusterName");
    assert!(error.to_string().contains("created before this call"));
}

#[tokio::test]
async fn if_exists_returns_what_is_as_asked_whoever_made_it() {
    for (kind, envelope) in [(Kind::Serverless, false), (Kind::Serverless, true), (Kind::Flex, true)] {
        let atlas = TestAtlas::new();
        let (client, _) = atlas.client(&setup());
        let old = json!({"name": "old", "kind": kind.word(), "created": "2025-01-01T00:00:00Z", "tags": tags()});
        atlas.control("POST", "instances", old);
        let reply_format = ReplyFormat { envelope, pretty: envelope };
        let again = CreateRequest { if_exists: IfExists::Return, reply_format, ..atlas.create(kind, "old") };
        let reply = create(&client, again.clone()).await.unwrap();
        let entity: Value = serde_json::from_slice(content(&reply.body, envelope)).unwrap();
        assert!(!reply.reconciled, "{entity}");
        assert_eq!(entity["createDate"], "2025-01-01T00:00:00Z", "{entity}");
        // Also where the refusal is lost.
        atlas.order(lost(false));
        let reply = create(&client, again).await.unwrap();
        assert!(!reply.reconciled);
        assert_eq!(reply.attempts, 1);
    }
}

#[tokio::test]
async fn if_exists_raises_with_the_differences() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&setup());
    atlas.control("POST", "instances", json!({"name": "other", "kind": "serverless", "region": "EU_WEST_1"}));
    let again = CreateRequest { if_exists: IfExists::Return, ..atlas.create(Kind::Serverless, "other") };
    let error = create(&client, again).await.unwrap_err();
    let Error::Api(api) = &error else { panic!("{error}") };
    assert_eq!((class(&error), api.violations.len(), api.status), ("DuplicateClusterName", 2, 400));
    assert_eq!(api.violations[0].message, r#"asked for "US_EAST_1", there is "EU_WEST_1""#);
}

#[tokio::test]
async fn if_exists_updates_what_an_update_can_change() {
    for (kind, envelope) in [(Kind::Serverless, false), (Kind::Serverless, true), (Kind::Flex, true)] {
        for refusal_is_lost in [false, true] {
            let atlas = TestAtlas::new();
            let (client, _) = atlas.client(&setup());
            let old =
                json!({"name": "old", "kind": kind.word(), "created": "2025-01-01T00:00:00Z", "tags": {"a": "b"}});
            atlas.control("POST", "instances", old);
            if refusal_is_lost {
                atlas.order(lost(false));
            }
            let reply_format = ReplyFormat { envelope, pretty: envelope };
            let again = CreateRequest { if_exists: IfExists::Update, reply_format, ..atlas.create(kind, "old") };
            let reply = create(&client, again).await.unwrap();
            let entity: Value = serde_json::from_slice(content(&reply.body, envelope)).unwrap();
            assert_eq!(entity["createDate"], "2025-01-01T00:00:00Z", "{entity}");
            let asked = json!([{"key": "env", "value": "test"}, {"key": "team", "value": "data"}]);
            assert_eq!(entity["tags"], asked, "{entity}");
            assert!(!reply.reconciled, "{entity}");
        }
    }
}

#[tokio::test]
async fn if_exists_waits_for_one_that_is_being_deleted_and_then_creates() {
    for refusal_is_lost in [false, true] {
        let atlas = TestAtlas::new();
        let (client, clock) = atlas.client(&Setup { max_retry_time: Duration::from_secs(5), ..setup() });
        atlas.control("POST", "instances", json!({"name": "phoenix", "kind": "serverless", "tags": tags()}));
        atlas.control("PATCH", "instances/default/phoenix", json!({"state": "DELETING", "reads": 5}));
        if refusal_is_lost {
            atlas.order(lost(false));
        }
        // The wait for it does not use up the time for retries.
        let hook = atlas.emulator.clone();
        clock.on_sleep(move |number| {
            if number == 3 {
                hook.control("POST", "faults", Some(json!({"kind": "html", "status": 502, "method": "POST"}))).unwrap();
            }
        });
        let again = CreateRequest { if_exists: IfExists::Return, ..atlas.create(Kind::Serverless, "phoenix") };
        let reply = create(&client, again).await.unwrap();
        let entity: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(entity["stateName"], "CREATING", "{entity}");
        assert!(!reply.reconciled, "{entity}");
        assert!(clock.slept().iter().sum::<f64>() > 5.0);
    }
}

#[tokio::test]
async fn the_wait_for_a_deletion_ends_with_the_deadline() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&setup());
    atlas.control("POST", "instances", json!({"name": "stuck", "kind": "flex", "state": "DELETING", "tags": tags()}));
    let again = CreateRequest { if_exists: IfExists::Return, ..atlas.create(Kind::Flex, "stuck") };
    let mut context = Context::new(client.env(), Some(Duration::from_secs(90)), None);
    let error = client.create(again, &mut context).await.unwrap_err();
    assert_eq!(class(&error), "WaitError", "{error}");
    assert!(error.to_string().contains("is still there: the time is up"), "{error}");
    assert_eq!(clock.slept().iter().sum::<f64>(), 90.0);
}

#[tokio::test]
async fn what_can_be_turned_off() {
    let atlas = TestAtlas::new();
    // No reconciliation: an error at once, and one request.
    let (client, clock) = atlas.client(&Setup { reconcile: false, ..setup() });
    atlas.order(lost(true));
    let error = create(&client, atlas.create(Kind::Serverless, "a")).await.unwrap_err();
    assert_eq!(class(&error), "OutcomeUnknownError", "{error}");
    assert!(error.to_string().contains("it was not looked up"), "{error}");
    assert!(error.to_string().contains(&atlas.group_id), "{error}");
    assert!(error.to_string().contains("if_exists"), "{error}");
    assert_eq!((atlas.requests().len(), clock.slept().len()), (1, 0));
    // No retries: the look-up is made all the same.
    atlas.emulator.reset();
    let (client, clock) = atlas.client(&Setup { max_retries: 0, ..setup() });
    atlas.order(lost(true));
    assert!(create(&client, atlas.create(Kind::Serverless, "a")).await.unwrap().reconciled);
    atlas.order(lost(false));
    let error = create(&client, atlas.create(Kind::Serverless, "b")).await.unwrap_err();
    assert_eq!(class(&error), "TransportError");
    assert!(told(&error).contains("no retries are left (max_retries); looked up afterwards: there is no"), "{error}");
    atlas.order(json!({"kind": "rate_limited", "method": "POST"}));
    let error = create(&client, atlas.create(Kind::Serverless, "b")).await.unwrap_err();
    assert_eq!((class(&error), clock.slept().len()), ("RateLimitedError", 0));
    assert_eq!(atlas.stored(), ["a"]);
}

#[tokio::test]
async fn a_reply_about_something_else_is_no_answer() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&setup());
    let other = json!({"kind": "status", "status": 201, "method": "POST", "body": {"name": "another", "id": "1"}});
    atlas.order(other.clone());
    let reply = create(&client, atlas.create(Kind::Flex, "mine")).await.unwrap();
    assert_eq!((reply.attempts, atlas.stored()), (2, vec!["mine".to_owned()]));
    atlas.emulator.reset();
    atlas.order(json!({"kind": "status", "status": 302, "method": "POST", "headers": {"location": "https://e.org/"}}));
    let error = create(&client, atlas.create(Kind::Flex, "mine")).await.unwrap_err();
    assert_eq!((class(&error), atlas.requests().len()), ("ProtocolError", 1));
}

#[tokio::test]
async fn each_field_that_was_not_taken_over_is_told_once() {
    for (wait, lost_answer) in [(false, false), (true, false), (false, true), (true, true)] {
        let atlas = TestAtlas::new();
        let (client, _) = atlas.client(&setup());
        let mut asked: Value = serde_json::from_slice(&atlas.create(Kind::Serverless, "n").body).unwrap();
        asked["serverlessBackupOptions"] = json!({"serverlessContinuousBackupEnabled": true});
        asked["providerSettings"]["providerName"] = "SERVERLESS".into();
        atlas.control("PATCH", "settings", json!({"provisioning": {"reads": 4}}));
        if lost_answer {
            atlas.order(lost(true));
        }
        let wait = wait.then_some(None);
        let wanted = CreateRequest { body: asked.to_string().into(), wait, ..atlas.create(Kind::Serverless, "n") };
        let reply = create(&client, wanted).await.unwrap();
        let told: Vec<_> = reply.notices.iter().filter(|n| n.kind == NoticeKind::FieldIgnored).collect();
        assert_eq!(told.len(), 1, "{wait:?} {lost_answer} {:?}", reply.notices);
        assert!(told[0].message.ends_with("serverlessContinuousBackupEnabled: asked for true, got false"));
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_says_what_may_exist() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&setup());
    let give_up = |wanted: CreateRequest, log: Arc<Log>| {
        let client = client.clone();
        async move {
            let mut context = Context::new(client.env(), None, Some(log));
            let call = client.create(wanted, &mut context);
            assert!(tokio::time::timeout(Duration::from_millis(100) * slowness(), call).await.is_err());
        }
    };
    let warnings =
        |log: &Log| log.lines().into_iter().filter(|(l, _)| *l == Level::Warning).map(|(_, m)| m).collect::<Vec<_>>();
    // While the answer is awaited: it may exist.
    let log = Arc::new(Log::default());
    atlas.order(json!({"kind": "stall", "method": "POST", "after_store": true}));
    give_up(atlas.create(Kind::Flex, "orders"), log.clone()).await;
    let group = &atlas.group_id;
    let given_up =
        format!("The create of Flex cluster orders in project {group} was given up: orders may exist now or later");
    assert_eq!(warnings(&log), [given_up]);
    // While it is waited for: it does exist.
    let log = Arc::new(Log::default());
    atlas.order(json!({"kind": "stall", "method": "GET"}));
    give_up(CreateRequest { wait: Some(None), ..atlas.create(Kind::Flex, "two") }, log.clone()).await;
    let told = format!("The Flex cluster two was created in project {group}; nobody waits for it any more");
    assert_eq!(warnings(&log), [told]);
    // Before anything was sent there is nothing to say, and nothing after it has ended.
    let log = Arc::new(Log::default());
    let (stalled, _) = atlas.client(&Setup::new(Auth::ServiceAccount));
    atlas.order(json!({"kind": "stall", "endpoint": "token"}));
    let mut context = Context::new(stalled.env(), None, Some(log.clone()));
    let call = stalled.create(atlas.create(Kind::Flex, "three"), &mut context);
    assert!(tokio::time::timeout(Duration::from_millis(100) * slowness(), call).await.is_err());
    drop(context);
    let mut context = Context::new(client.env(), None, Some(log.clone()));
    client.create(atlas.create(Kind::Flex, "four"), &mut context).await.unwrap();
    assert!(client.create(atlas.create(Kind::Flex, "four"), &mut context).await.is_err());
    drop(context);
    assert_eq!(warnings(&log), Vec::<String>::new());
}
