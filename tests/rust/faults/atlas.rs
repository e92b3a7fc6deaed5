//! A client of the core against an emulator: waits pass at once, jitter is none, and what was sent is on record.
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use atlas_serverless::core::auth::credentials::Credentials;
use atlas_serverless::core::auth::discovery::resolved::ResolvedCredentials;
use atlas_serverless::core::auth::token_cache::location::TokenStoreLocation;
use atlas_serverless::core::client::Client;
use atlas_serverless::core::config::{Config, OnRetired};
use atlas_serverless::core::context::clock::{Clock, FixedRng, ManualClock, Sleep};
use atlas_serverless::core::context::observe::{Level, Observer, Poll};
use atlas_serverless::core::context::{Context, Env};
use atlas_serverless::core::error::{Error, TransportKind};
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::http::network::route::Route;
use atlas_serverless::core::http::network::trust::TrustedCertificates;
use atlas_serverless::core::http::reply::Reply;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::policy::poll_intervals::PollIntervals;
use atlas_serverless::core::policy::retry::RetryPolicy;
use atlas_serverless::core::spec::model::Kind;
use atlas_serverless::emulator::{Emulator, Options, Provisioning};
use serde_json::{Value, json};

/// A kind of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    ServiceAccount,
    ApiKey,
    AccessToken,
}

impl Auth {
    pub const ALL: [Auth; 3] = [Auth::ServiceAccount, Auth::ApiKey, Auth::AccessToken];

    pub fn name(self) -> &'static str {
        match self {
            Auth::ServiceAccount => "service account",
            Auth::ApiKey => "API key",
            Auth::AccessToken => "access token",
        }
    }
}

type Hook = Box<dyn Fn(usize) + Send + Sync>;

/// A manual clock that tells when it is slept on.
#[derive(Clone, Default)]
pub struct TestClock {
    pub manual: ManualClock,
    hook: Arc<Mutex<Option<Hook>>>,
    notes: Arc<Mutex<Notes>>,
}

/// How many requests the emulator had had at each sleep.
#[derive(Default)]
struct Notes {
    emulator: Option<Arc<Emulator>>,
    positions: Vec<usize>,
}

impl TestClock {
    /// Calls `hook` with the number of each sleep, from 0, before it passes.
    pub fn on_sleep(&self, hook: impl Fn(usize) + Send + Sync + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// Notes at each sleep how many requests there had been.
    pub fn note_positions(&self, emulator: Arc<Emulator>) {
        self.notes.lock().unwrap().emulator = Some(emulator);
    }

    pub fn positions(&self) -> Vec<usize> {
        self.notes.lock().unwrap().positions.clone()
    }

    pub fn slept(&self) -> Vec<f64> {
        self.manual.sleeps().iter().map(Duration::as_secs_f64).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.manual.now()
    }
    fn wall(&self) -> SystemTime {
        self.manual.wall()
    }
    fn sleep(&self, duration: Duration) -> Sleep {
        let mut notes = self.notes.lock().unwrap();
        if let Some(received) = notes.emulator.as_ref().map(|emulator| emulator.requests().len()) {
            notes.positions.push(received);
        }
        drop(notes);
        if let Some(hook) = &*self.hook.lock().unwrap() {
            hook(self.manual.sleeps().len());
        }
        self.manual.sleep(duration)
    }
}

/// Keeps every log line.
#[derive(Default)]
pub struct Log(pub Mutex<Vec<(Level, String)>>);

impl Observer for Log {
    fn enabled(&self, _: Level) -> bool {
        true
    }
    fn log(&self, level: Level, message: String) {
        self.0.lock().unwrap().push((level, message));
    }
    fn poll(&self, _: Poll) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl Log {
    pub fn lines(&self) -> Vec<(Level, String)> {
        self.0.lock().unwrap().clone()
    }
    pub fn text(&self) -> String {
        self.lines().iter().map(|(level, line)| format!("{level:?} {line}\n")).collect()
    }
}

/// An emulator, and how to get in.
pub struct TestAtlas {
    pub emulator: Arc<Emulator>,
    pub group_id: String,
}

/// How a client of a test behaves.
#[derive(Clone)]
pub struct Setup {
    pub auth: Auth,
    pub timeout: Duration,
    pub max_retries: u32,
    pub max_retry_time: Duration,
    pub reconcile: bool,
    pub jitter: f64,
    pub secret: Option<&'static str>,
}

impl Setup {
    pub fn new(auth: Auth) -> Self {
        let (timeout, max_retry_time) = (Duration::from_secs(20) * slowness(), Duration::from_secs(180));
        Setup { auth, timeout, max_retries: 5, max_retry_time, reconcile: true, jitter: 0.0, secret: None }
    }
}

/// How many times longer everything takes than usual: a sanitizer is slow, and `make sanitize` says how slow. Only tests
/// whose time limits are real ask for it.
pub fn slowness() -> u32 {
    std::env::var("ATLAS_TEST_SLOWNESS").map_or(1, |factor| factor.parse().unwrap())
}

/// No limits but those that a test asks for.
pub fn options() -> Options {
    Options {
        provisioning: Provisioning::AtOnce,
        token_requests_per_minute: None,
        live_tokens: None,
        clusters_per_project: Some(1_000_000),
        request_log: 1_000_000,
        ..Options::default()
    }
}

impl TestAtlas {
    pub fn new() -> Self {
        Self::with(options())
    }

    pub fn with(options: Options) -> Self {
        let emulator = Emulator::start(options).unwrap();
        let group_id = emulator.description()["group_id"].as_str().unwrap().to_owned();
        TestAtlas { emulator: Arc::new(emulator), group_id }
    }

    pub fn control(&self, method: &str, path: &str, body: Value) -> Value {
        self.emulator.control(method, path, Some(body)).unwrap()
    }

    pub fn order(&self, fault: Value) {
        self.control("POST", "faults", fault);
    }

    pub fn listen(&self, on: bool) {
        self.control("POST", "listener", json!({"listening": on}));
    }

    pub fn client(&self, setup: &Setup) -> (Client, TestClock) {
        let clock = TestClock::default();
        (self.client_on(setup, Arc::new(clock.clone())), clock)
    }

    pub fn client_on(&self, setup: &Setup, clock: Arc<dyn Clock>) -> Client {
        let described = self.emulator.description();
        let get = |name: &str| described[name].as_str().unwrap().to_owned();
        let secret = |name: &str| setup.secret.map_or_else(|| get(name), str::to_owned);
        let credentials = match setup.auth {
            Auth::ServiceAccount => Credentials::ServiceAccount {
                client_id: get("client_id"),
                client_secret: secret("client_secret").into(),
            },
            Auth::ApiKey => {
                Credentials::ApiKey { public_key: get("public_key"), private_key: secret("private_key").into() }
            }
            Auth::AccessToken => Credentials::AccessToken { token: secret("access_token").into() },
        };
        let found = ResolvedCredentials::given(credentials, self.emulator.url());
        let config = Config {
            api_version: "2025-03-12".to_owned(),
            connect_timeout: setup.timeout,
            env: Env {
                clock,
                rng: Arc::new(FixedRng(setup.jitter)),
                policy: RetryPolicy { max_retries: setup.max_retries, max_retry_time: setup.max_retry_time },
                timeout: setup.timeout,
                poll_intervals: PollIntervals::SERVICE,
            },
            trust: TrustedCertificates::default(),
            route: Route::default(),
            token_cache: TokenStoreLocation::default(),
            user_agent: "test".to_owned(),
            reconcile: setup.reconcile,
        };
        Client::new(config, &found).unwrap()
    }

    /// A create of a name, in the usual form.
    pub fn create(&self, kind: Kind, name: &str) -> CreateRequest {
        let body = json!({"name": name, "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"},
            "tags": [{"key": "env", "value": "test"}, {"key": "team", "value": "data"}]});
        CreateRequest {
            kind,
            group_id: self.group_id.clone(),
            name: name.to_owned(),
            body: body.to_string().into(),
            region_notice: None,
            reply_format: ReplyFormat::default(),
            if_exists: IfExists::Error,
            on_timeout: Default::default(),
            on_retired: OnRetired::Raise,
            wait: None,
        }
    }

    /// The names that are stored, in order.
    pub fn stored(&self) -> Vec<String> {
        let instances = self.emulator.control("GET", "instances", None).unwrap();
        let names = instances.as_array().unwrap().iter().map(|i| i["name"].as_str().unwrap().to_owned());
        names.collect()
    }

    /// What was received: see `about` of the table. A service account's first token and an API key's first challenge
    /// are part of it.
    pub fn requests(&self) -> Vec<String> {
        self.emulator.requests().iter().map(request).collect()
    }

    pub fn count(&self) -> usize {
        self.emulator.control("GET", "counters", None).unwrap()["requests"].as_u64().unwrap() as usize
    }
}

fn request(record: &Value) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let what = match (text("endpoint"), text("authorization"), text("method")) {
        ("token", ..) => "TOKEN",
        (_, "none", _) => "CHALLENGE",
        (_, _, method) => method,
    };
    let mark = match (text("outcome"), record["fault"]["kind"].as_str(), &record["status"]) {
        ("answered", Some(kind), status) if kind != "delay" => status.to_string(),
        ("answered", None, status) => status.to_string(),
        (_, Some(kind), _) => kind.to_owned(),
        (outcome, ..) => outcome.to_owned(),
    };
    match text("endpoint") {
        "flex" if what == "GET" => format!("FLEX:{mark}"),
        _ => format!("{what}:{mark}"),
    }
}

/// Creates, without a deadline of its own.
pub async fn create(client: &Client, create: CreateRequest) -> Result<Reply, Error> {
    let mut context = Context::new(client.env(), None, None);
    client.create(create, &mut context).await
}

/// The name of the Python exception of an error.
pub fn class(error: &Error) -> &'static str {
    match error {
        Error::Api(api) => match (api.status, api.error_code.as_deref()) {
            (_, Some("DUPLICATE_CLUSTER_NAME")) => "DuplicateClusterName",
            (401, _) => "UnauthorizedError",
            (429, _) => "RateLimitedError",
            (500.., _) => "ServerError",
            _ => "ApiError",
        },
        Error::Transport(transport) => match transport.kind {
            TransportKind::OutcomeUnknown => "OutcomeUnknownError",
            TransportKind::Connect => "ConnectError",
            TransportKind::Timeout => "RequestTimeoutError",
            TransportKind::Protocol => "ProtocolError",
            TransportKind::Broken => "TransportError",
        },
        Error::Authentication(_) => "AuthenticationError",
        Error::Wait(_) => "WaitError",
        _ => "another error",
    }
}

/// All that a person is told: the sentence and the hint.
pub fn told(error: &Error) -> String {
    let hint = match error {
        Error::Api(api) => api.hint.clone(),
        Error::Authentication(refusal) => refusal.hint.clone(),
        _ => None,
    };
    format!("{error} {}", hint.unwrap_or_default())
}
