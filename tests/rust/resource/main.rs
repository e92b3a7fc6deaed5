//! Get, update, delete, list and wait through the core alone: recorded replies, retirement, on a manual clock.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use std::sync::Arc;
use std::time::Duration;

use atlas_serverless::core::auth::discovery::discover;
use atlas_serverless::core::auth::discovery::options::ExplicitOptions;
use atlas_serverless::core::auth::token_cache::location::TokenStoreLocation;
use atlas_serverless::core::client::Client;
use atlas_serverless::core::config::{Config, OnRetired};
use atlas_serverless::core::context::clock::{FixedRng, ManualClock};
use atlas_serverless::core::context::{Context, Env};
use atlas_serverless::core::http::network::route::Route;
use atlas_serverless::core::http::network::trust::TrustedCertificates;
use atlas_serverless::core::machine::SystemMachine;
use atlas_serverless::core::policy::poll_intervals::PollIntervals;
use atlas_serverless::core::policy::retry::RetryPolicy;

mod bodies;
#[path = "../canned.rs"]
mod canned;
mod connections;
mod headers;
mod names;
mod pages;
mod recordings;
mod retirement;
mod retryable;
mod upgrade;
mod waits;

use crate::canned::{Canned, reply};

const GROUP: &str = "32b6e34b3d91647abb20e7b8";

/// An error in the API's shape.
fn refusal(status: u16, code: &str, detail: &str) -> String {
    reply(status, &format!(r#"{{"error":{status},"errorCode":"{code}","detail":"{detail}","reason":"R"}}"#))
}

/// A description in this state.
fn entity(id: &str, state: &str) -> String {
    reply(200, &format!(r#"{{"id":"{id}","name":"orders","stateName":"{state}"}}"#))
}

/// A server that answers with these replies in their order, and with the last of them from then on.
fn canned(replies: Vec<String>) -> Canned {
    let mut replies = replies.into_iter();
    let mut current = String::new();
    Canned::start(move |_| {
        current = replies.next().unwrap_or_else(|| current.clone());
        current.clone()
    })
}

/// Method and path, from the collection on, of each request.
fn asked(server: &Canned) -> Vec<String> {
    let short = |request: String| {
        let (method, rest) = request.split_once(' ').unwrap();
        let target = rest.split(' ').next().unwrap();
        format!("{method} {}", target.rsplit_once("32b6e34b3d91647abb20e7b8/").unwrap().1)
    };
    server.requests().into_iter().map(short).collect()
}

/// A client of a canned server, and its clock.
struct TestClient {
    client: Client,
    clock: ManualClock,
}

impl TestClient {
    fn new(url: &str) -> Self {
        Self::with(ExplicitOptions {
            access_token: Some("token".into()),
            base_url: Some(url.to_owned()),
            ..ExplicitOptions::default()
        })
    }

    fn with(given: ExplicitOptions) -> Self {
        let found = discover(&given, &SystemMachine::default()).unwrap();
        let clock = ManualClock::default();
        let policy = RetryPolicy { max_retries: 2, max_retry_time: Duration::from_secs(60) };
        let (clock_of, rng) = (Arc::new(clock.clone()), Arc::new(FixedRng(0.0)));
        let config = Config {
            api_version: "2025-03-12".to_owned(),
            connect_timeout: Duration::from_secs(5),
            env: Env {
                clock: clock_of,
                rng,
                policy,
                timeout: Duration::from_secs(5),
                poll_intervals: PollIntervals::SERVICE,
            },
            trust: TrustedCertificates::default(),
            route: Route::default(),
            token_cache: TokenStoreLocation::default(),
            user_agent: "test".to_owned(),
            reconcile: true,
        };
        TestClient { client: Client::new(config, &found).unwrap(), clock }
    }

    fn context(&self, timeout: u64) -> Context {
        Context::new(self.client.env(), Some(Duration::from_secs(timeout)), None)
    }

    fn sleeps(&self) -> Vec<f64> {
        self.clock.sleeps().iter().map(Duration::as_secs_f64).collect()
    }
}

fn both() -> [OnRetired; 2] {
    [OnRetired::Raise, OnRetired::Flex]
}
