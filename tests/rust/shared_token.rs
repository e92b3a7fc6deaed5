//! Service accounts that share their token through files, against a small token endpoint on 127.0.0.1.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use atlas_serverless::core::auth::credentials::Credentials;
use atlas_serverless::core::auth::oauth::endpoint::TokenEndpoint as OauthEndpoint;
use atlas_serverless::core::auth::oauth::grant::Grant;
use atlas_serverless::core::auth::oauth::provider::{LoggedOut, TokenProvider};
use atlas_serverless::core::auth::token_cache::{FileCache, Key};
use atlas_serverless::core::auth::{AfterUnauthorized, Authenticator, RequestAuth};
use atlas_serverless::core::context::clock::{FixedRng, SystemClock};
use atlas_serverless::core::context::{Context, Env};
use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::tls;
use atlas_serverless::core::http::transport::Transport;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use atlas_serverless::core::http::transport::options::TransportOptions;
use atlas_serverless::core::policy::poll_intervals::PollIntervals;
use atlas_serverless::core::policy::retry::RetryPolicy;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use tempfile::TempDir;

#[path = "canned.rs"]
mod canned;

use canned::{Canned, reply};

/// Answers every token request with the next token, or with 401.
struct TokenEndpoint {
    server: Canned,
    refuses: Arc<AtomicBool>,
}

impl TokenEndpoint {
    fn start() -> Self {
        let refuses = Arc::new(AtomicBool::new(false));
        let (refusing, mut fetched) = (refuses.clone(), 0);
        let server = Canned::start(move |request| {
            if refusing.load(Ordering::SeqCst) {
                return reply(401, r#"{"error":"invalid_client"}"#);
            }
            fetched += u32::from(request.starts_with("POST /api/oauth/token"));
            reply(200, &format!(r#"{{"access_token":"TOKEN-{fetched}","expires_in":3600,"token_type":"Bearer"}}"#))
        });
        TokenEndpoint { server, refuses }
    }

    fn requests(&self, path: &str) -> usize {
        self.server.requests().iter().filter(|request| request.starts_with(&format!("POST {path}"))).count()
    }
}

/// One process's worth of client.
struct Process {
    authenticator: Authenticator,
    transport: Transport,
    env: Env,
}

impl Process {
    fn new(endpoint: &TokenEndpoint, folder: &std::path::Path) -> Self {
        let credentials = Credentials::ServiceAccount {
            client_id: "mdb_sa_id_1".into(),
            client_secret: "mdb_sa_sk_SECRETMARK".into(),
        };
        let authenticator = Authenticator::new(&credentials, &endpoint.server.url).unwrap();
        let options = TransportOptions {
            server: endpoint.server.url.parse().unwrap(),
            connect_timeout: Duration::from_secs(5),
            proxy: Default::default(),
            user_agent: HeaderValue::from_static("test"),
            tls: tls::no_trust().unwrap(),
            trust_description: String::new(),
        };
        let policy = RetryPolicy { max_retries: 0, max_retry_time: Duration::from_secs(1) };
        let env = Env {
            clock: Arc::new(SystemClock::default()),
            rng: Arc::new(FixedRng(0.0)),
            policy,
            timeout: Duration::from_secs(5),
            poll_intervals: PollIntervals::SERVICE,
        };
        let authenticator = authenticator.share_tokens(&credentials, &endpoint.server.url, FileCache::new(folder));
        Process { authenticator, transport: Transport::new(&options).unwrap(), env }
    }

    async fn request_auth(&self) -> Result<RequestAuth, Error> {
        let context = Context::new(&self.env, None, None);
        let url = Url::parse("http://127.0.0.1/api/atlas/v2").unwrap();
        self.authenticator.request_auth(&self.transport, &self.env, &context, &Method::GET, &url).await
    }

    /// What a 401 to a request with that auth leads to.
    fn on_unauthorized(&self, auth: RequestAuth) -> AfterUnauthorized {
        let reply = HttpResponse::new(401, HeaderMap::new(), Default::default());
        let url = Url::parse("http://127.0.0.1/api/atlas/v2").unwrap();
        self.authenticator.on_unauthorized(auth, &reply, &Method::GET, &url).unwrap()
    }

    /// The token of the next request.
    async fn token(&self) -> String {
        self.request_auth().await.unwrap().header().unwrap().to_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_share_one_token_and_keep_it_after_the_first_is_closed() {
    let (endpoint, folder) = (TokenEndpoint::start(), TempDir::new().unwrap());
    let folder = folder.path().join("tokens");
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let process = Process::new(&endpoint, &folder);
        tasks.push(tokio::spawn(async move {
            let token = process.token().await;
            process.authenticator.close(&process.transport, &process.env).await;
            token
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), "Bearer TOKEN-1");
    }
    assert_eq!((endpoint.requests("/api/oauth/token"), endpoint.requests("/api/oauth/revoke")), (1, 0));
}

#[tokio::test]
async fn a_refused_token_is_fetched_once_by_one_of_all() {
    let (endpoint, folder) = (TokenEndpoint::start(), TempDir::new().unwrap());
    let folder = folder.path().join("tokens");
    let (one, two) = (Process::new(&endpoint, &folder), Process::new(&endpoint, &folder));
    let auths = [one.request_auth().await.unwrap(), two.request_auth().await.unwrap()];
    for (process, auth) in [&one, &two].into_iter().zip(auths) {
        assert!(matches!(process.on_unauthorized(auth), AfterUnauthorized::Retry));
        assert_eq!(process.token().await, "Bearer TOKEN-2");
    }
    assert_eq!(Process::new(&endpoint, &folder).token().await, "Bearer TOKEN-2");
    assert_eq!(endpoint.requests("/api/oauth/token"), 2);
}

#[tokio::test]
async fn a_refused_token_is_not_cached() {
    let (endpoint, folder) = (TokenEndpoint::start(), TempDir::new().unwrap());
    let folder = folder.path().join("tokens");
    let process = Process::new(&endpoint, &folder);
    let auth = process.request_auth().await.unwrap();
    endpoint.refuses.store(true, Ordering::SeqCst);
    assert!(matches!(process.on_unauthorized(auth), AfterUnauthorized::Retry));
    let error = process.request_auth().await.err().unwrap();
    assert!(matches!(&error, Error::Authentication(_)));
    assert!(!format!("{error} {error:?}").contains("SECRETMARK"));
    assert!(FileCache::new(&folder).list().is_empty());
}

#[tokio::test]
async fn logging_out_revokes_and_removes() {
    let (endpoint, folder) = (TokenEndpoint::start(), TempDir::new().unwrap());
    let folder = folder.path().join("tokens");
    Process::new(&endpoint, &folder).token().await;
    let process = Process::new(&endpoint, &folder);
    assert_eq!(
        process.authenticator.log_out(&process.transport, &process.env).await,
        Some(LoggedOut { revoked: true, same_secret: true })
    );
    assert_eq!(process.authenticator.log_out(&process.transport, &process.env).await, None);
    assert_eq!(endpoint.server.requests()[1], "POST /api/oauth/revoke token=TOKEN-1&token_type_hint=access_token");
    assert_eq!(FileCache::new(&folder).load_of_any_secret(&Key::new(&endpoint.server.url, "mdb_sa_id_1"), 0), None);
}

#[tokio::test]
async fn a_cache_that_cannot_be_used_is_a_warning_and_tokens_stay_in_memory() {
    let (endpoint, folder) = (TokenEndpoint::start(), TempDir::new().unwrap());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let process = Process::new(&endpoint, &file.join("tokens"));
    for _ in 0..3 {
        assert_eq!(process.token().await, "Bearer TOKEN-1");
    }
    let notices = process.authenticator.take_notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].message.ends_with("tokens stay in memory"), "{notices:?}");
    // Then the token is this client's alone, and is revoked when it closes.
    process.authenticator.close(&process.transport, &process.env).await;
    assert_eq!((endpoint.requests("/api/oauth/token"), endpoint.requests("/api/oauth/revoke")), (1, 1));
}

/// A grant that this project does not have: a signed assertion instead of a client secret (RFC 7523).
struct Assertion;

impl Grant for Assertion {
    fn form(&self) -> bytes::Bytes {
        bytes::Bytes::from_static(
            b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=e30.e30.s",
        )
    }

    fn authorization(&self) -> HeaderValue {
        HeaderValue::from_static("Basic b3RoZXI6")
    }
}

#[tokio::test]
async fn another_grant_gets_the_same_life_of_its_token() {
    let (server, folder) = (TokenEndpoint::start(), TempDir::new().unwrap());
    let process = Process::new(&server, folder.path());
    let oauth = OauthEndpoint::new(Box::new(Assertion), &server.server.url).unwrap();
    let provider = TokenProvider::new(oauth);
    let context = Context::new(&process.env, None, None);
    for _ in 0..2 {
        let token = provider.token(&process.transport, &process.env, &context).await.unwrap();
        assert_eq!(token.header, "Bearer TOKEN-1");
    }
    assert_eq!(
        server.server.requests(),
        ["POST /api/oauth/token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=e30.e30.s"]
    );
}
