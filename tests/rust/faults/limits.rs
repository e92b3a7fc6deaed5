//! Rate limits: known, waited for together, and not run into twice.
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use atlas_serverless::core::context::clock::{Clock, Sleep};
use atlas_serverless::core::spec::model::Kind;
use atlas_serverless::emulator::{ClockMode, Emulator, Options};
use serde_json::json;

use crate::atlas::{Auth, Setup, TestAtlas, create, options};

#[tokio::test]
async fn what_the_service_says_is_known() {
    let atlas = TestAtlas::new();
    let (client, _) = atlas.client(&Setup::new(Auth::AccessToken));
    assert_eq!(client.rate_limits(), []);
    create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
    // The serverless endpoint sends no such headers, and nothing is made up.
    create(&client, atlas.create(Kind::Serverless, "y")).await.unwrap();
    let known = client.rate_limits();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].endpoint_set, known[0].limit, known[0].remaining), ("Flex Clusters", Some(1200), Some(1199)));
    assert_eq!(known[0].group_id.as_deref(), Some(&*atlas.group_id));
}

/// A clock on which many wait at the same time, as on a real one, and the service's time passes with it.
#[derive(Clone)]
struct Together {
    now: Arc<Mutex<Duration>>,
    emulator: Arc<Emulator>,
}

impl Clock for Together {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
    fn sleep(&self, duration: Duration) -> Sleep {
        let (clock, until) = (self.clone(), self.now() + duration);
        Box::pin(async move {
            // A twentieth of it in real time: whoever waits for less goes first, and a reply arrives before the next.
            tokio::time::sleep(duration / 20).await;
            let mut now = clock.now.lock().unwrap();
            if until > *now {
                let passed = json!({"advance_seconds": (until - *now).as_secs_f64()});
                clock.emulator.control("POST", "clock", Some(passed)).unwrap();
                *now = until;
            }
        })
    }
}

#[tokio::test]
async fn many_creates_get_through_a_small_rate_limit_without_hitting_it_again_and_again() {
    // 20 at once, and 10 more every 5 s: 50 creates take 15 s.
    let atlas = TestAtlas::with(Options { clock: ClockMode::Manual { start: None }, ..options() });
    let size = json!({"flexClusters_group": {"capacity": 20, "refill": 10, "seconds": 5}});
    atlas.control("PATCH", "settings", json!({"rate_limit_sizes": size}));
    let setup = Setup { max_retry_time: Duration::from_secs(600), ..Setup::new(Auth::AccessToken) };
    let clock = Together { now: Arc::default(), emulator: atlas.emulator.clone() };
    let client = atlas.client_on(&setup, Arc::new(clock.clone()));
    let mut tasks = Vec::new();
    for number in 0..50 {
        let (client, wanted) = (client.clone(), atlas.create(Kind::Flex, &format!("n{number}")));
        tasks.push(tokio::spawn(async move { create(&client, wanted).await.unwrap() }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(atlas.stored().len(), 50);
    let refused = atlas.requests().iter().filter(|request| *request == "POST:429").count();
    // 30 are refused before anybody knows. If all came back together each time, it would be 20 and 10 more.
    assert!((30..60).contains(&refused), "{refused} refusals");
    assert!((Duration::from_secs(14)..Duration::from_secs(40)).contains(&clock.now()), "{:?}", clock.now());
}

#[tokio::test]
async fn callers_that_meet_a_429_come_back_one_after_another_and_never_early() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    atlas.order(json!({"kind": "rate_limited", "retry_after": 7, "method": "POST", "endpoint": "serverless"}));
    create(&client, atlas.create(Kind::Serverless, "first")).await.unwrap();
    assert_eq!(clock.slept(), [7.0]);
    // A block that others learn of without having met it.
    atlas.order(json!({"kind": "rate_limited", "retry_after": 300, "method": "POST", "endpoint": "serverless"}));
    assert!(create(&client, atlas.create(Kind::Serverless, "second")).await.is_err());
    let known = client.rate_limits();
    let blocked = known.iter().find(|known| known.endpoint_set == "Serverless Instances").unwrap();
    assert_eq!((blocked.blocked_for, blocked.remaining), (Duration::from_secs(300), Some(0)));
    clock.manual.advance(Duration::from_secs(290));
    atlas.control("DELETE", "requests", json!(null));
    let begun = clock.slept().len();
    for number in 0..3 {
        create(&client, atlas.create(Kind::Serverless, &format!("n{number}"))).await.unwrap();
    }
    // Only the first has to wait, for what is left.
    assert_eq!(clock.slept()[begun..], [10.0]);
    assert_eq!(atlas.requests(), ["POST:201", "POST:201", "POST:201"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_give_their_permits_back() {
    let atlas = TestAtlas::new();
    let (client, clock) = atlas.client(&Setup::new(Auth::AccessToken));
    create(&client, atlas.create(Kind::Flex, "x")).await.unwrap();
    atlas.order(json!({"kind": "stall", "method": "POST", "times": null}));
    let tasks = (0..200).map(|number| {
        let (client, wanted) = (client.clone(), atlas.create(Kind::Flex, &format!("n{number}")));
        tokio::spawn(async move { create(&client, wanted).await.is_ok() })
    });
    let tasks: Vec<_> = tasks.collect();
    while atlas.count() < 201 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(client.rate_limits()[0].remaining, Some(999));
    for task in &tasks {
        task.abort();
    }
    for task in tasks {
        assert!(task.await.is_err());
    }
    atlas.control("DELETE", "faults", json!(null));
    create(&client, atlas.create(Kind::Flex, "y")).await.unwrap();
    let told = client.rate_limits()[0].remaining;
    let left = atlas.control("GET", "limits", json!(null))["flexClusters_group"][&atlas.group_id].as_u64();
    assert_eq!((told, clock.slept().len()), (left, 0));
}
