//! A request, its reply, and clients, for counting and timing.
use std::sync::Arc;
use std::time::Duration;

use atlas_serverless::core::auth::Authenticator;
use atlas_serverless::core::auth::credentials::Credentials;
use atlas_serverless::core::auth::discovery::resolved::ResolvedCredentials;
use atlas_serverless::core::client::Client;
use atlas_serverless::core::config::{Config, OnRetired};
use atlas_serverless::core::context::Env;
use atlas_serverless::core::context::clock::{SystemClock, SystemRng};
use atlas_serverless::core::http::tls;
use atlas_serverless::core::http::transport::Transport;
use atlas_serverless::core::http::transport::options::TransportOptions;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::policy::poll_intervals::PollIntervals;
use atlas_serverless::core::policy::retry::RetryPolicy;
use atlas_serverless::core::spec::model::{Kind, Node};
use atlas_serverless::core::spec::validate;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

/// A project.
pub const GROUP: &str = "32b6e34b3d91647abb20e7b8";
/// What the service answers to [`spec`].
pub const REPLY: &str = include_str!("reply.json");

/// A create with every field.
pub fn spec() -> Value {
    json!({
        "name": "instance-7",
        "providerSettings": {"backingProviderName": "AWS", "providerName": "SERVERLESS", "regionName": "US_EAST_1"},
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": true},
        "tags": [{"key": "env", "value": "dev"}],
        "terminationProtectionEnabled": false,
    })
}

/// The same with so many tags.
pub fn spec_with_tags(count: usize) -> Value {
    let mut spec = spec();
    spec["tags"] = (0..count).map(|i| json!({"key": format!("key-{i}"), "value": format!("value-{i}")})).collect();
    spec
}

/// A create that passed validation.
pub fn create() -> CreateRequest {
    let spec = spec();
    let checked = validate::create(Kind::Serverless, GROUP, &Node::from(&spec), None).unwrap();
    CreateRequest {
        kind: Kind::Serverless,
        group_id: GROUP.to_owned(),
        name: checked.name.unwrap(),
        body: checked.body.into(),
        reply_format: Default::default(),
        if_exists: IfExists::Error,
        on_timeout: Default::default(),
        on_retired: OnRetired::Raise,
        wait: None,
        region_notice: None,
    }
}

/// Real time and random numbers.
pub fn env() -> Env {
    Env {
        clock: Arc::new(SystemClock::default()),
        rng: Arc::new(SystemRng),
        policy: RetryPolicy { max_retries: 5, max_retry_time: Duration::from_secs(180) },
        timeout: Duration::from_secs(60),
        poll_intervals: PollIntervals::SERVICE,
    }
}

/// A client with a ready-made token.
pub fn client(base_url: String) -> Client {
    let found = ResolvedCredentials::given(Credentials::AccessToken { token: "t".repeat(600).into() }, base_url);
    let config = Config {
        api_version: "2025-03-12".to_owned(),
        connect_timeout: Duration::from_secs(10),
        env: env(),
        trust: Default::default(),
        route: Default::default(),
        token_cache: Default::default(),
        user_agent: "bench".to_owned(),
        reconcile: true,
    };
    Client::new(config, &found).unwrap()
}

/// An authenticator for an API key.
pub fn api_key() -> Authenticator {
    let credentials = Credentials::ApiKey { public_key: "public".to_owned(), private_key: "private".into() };
    Authenticator::new(&credentials, "http://127.0.0.1:1").unwrap()
}

/// A connection pool that nothing is asked of.
pub fn transport() -> Transport {
    Transport::new(&TransportOptions {
        server: "http://127.0.0.1:1".parse().unwrap(),
        connect_timeout: Duration::from_secs(1),
        proxy: Default::default(),
        user_agent: HeaderValue::from_static("bench"),
        tls: tls::no_trust().unwrap(),
        trust_description: String::new(),
    })
    .unwrap()
}
