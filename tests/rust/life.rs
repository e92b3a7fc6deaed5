//! The life of an instance through the core alone: recorded replies, waits, lists and retirement, on a manual clock.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use std::sync::Arc;
use std::time::Duration;

use atlas_serverless::core::auth::discovery::{ExplicitOptions, discover};
use atlas_serverless::core::auth::token_cache::location::TokenStoreLocation;
use atlas_serverless::core::client::{Client, Config, OnRetired};
use atlas_serverless::core::context::clock::{FixedRng, ManualClock};
use atlas_serverless::core::context::{Context, Env};
use atlas_serverless::core::http::network::Trust;
use atlas_serverless::core::http::network::route::Route;
use atlas_serverless::core::machine::SystemMachine;
use atlas_serverless::core::policy::retry::Policy;

#[path = "life/canned.rs"]
mod canned;
#[path = "life/pages.rs"]
mod pages;
#[path = "life/recordings.rs"]
mod recordings;
#[path = "life/retirement.rs"]
mod retirement;
#[path = "life/waits.rs"]
mod waits;

const GROUP: &str = "32b6e34b3d91647abb20e7b8";

/// A client of a canned server, and its clock.
struct Bench {
    client: Client,
    clock: ManualClock,
}

impl Bench {
    fn new(url: &str) -> Self {
        let given = ExplicitOptions {
            access_token: Some("token".into()),
            base_url: Some(url.to_owned()),
            ..ExplicitOptions::default()
        };
        let found = discover(&given, &SystemMachine::default()).unwrap();
        let clock = ManualClock::default();
        let policy = Policy { max_retries: 2, max_retry_time: Duration::from_secs(60) };
        let (clock_of, rng) = (Arc::new(clock.clone()), Arc::new(FixedRng(0.0)));
        let config = Config {
            api_version: "2025-03-12".to_owned(),
            connect_timeout: Duration::from_secs(5),
            env: Env { clock: clock_of, rng, policy, timeout: Duration::from_secs(5) },
            proxy: None,
            trust: Trust::default(),
            route: Route::default(),
            token_cache: TokenStoreLocation::default(),
            user_agent: "test".to_owned(),
            reconcile: true,
        };
        Bench { client: Client::new(config, &found).unwrap(), clock }
    }

    fn context(&self, timeout: u64) -> Context {
        Context::begin(self.client.env(), Some(Duration::from_secs(timeout)), None)
    }

    fn sleeps(&self) -> Vec<f64> {
        self.clock.sleeps().iter().map(Duration::as_secs_f64).collect()
    }
}

fn both() -> [OnRetired; 2] {
    [OnRetired::Raise, OnRetired::Flex]
}
