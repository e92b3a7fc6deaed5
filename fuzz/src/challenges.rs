//! Challenges of a server to an API key: what is sent for them can be sent, and never has the key in it.
use atlas_serverless::core::auth::credentials::Credentials;
use atlas_serverless::core::auth::{AfterUnauthorized, Authenticator};
use atlas_serverless::core::context::Context;
use atlas_serverless::core::http::tls;
use atlas_serverless::core::http::transport::Transport;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use atlas_serverless::core::http::transport::options::TransportOptions;
use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Url};

use super::support;

const PRIVATE_KEY: &str = "b90d4c17-private-key-52fa";

thread_local! {
    /// Made once: nothing is sent by it.
    static SHARED: (tokio::runtime::Runtime, Transport) = (
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        Transport::new(&TransportOptions {
            server: "http://127.0.0.1:1".parse().unwrap(),
            connect_timeout: std::time::Duration::from_secs(1),
            proxy: Default::default(),
            user_agent: HeaderValue::from_static("fuzz"),
            tls: tls::no_trust().unwrap(),
            trust_description: String::new(),
        })
        .unwrap(),
    );
}

/// The challenges of one 401 after another, a line for each; `+` at the beginning: beside the one before.
pub fn run(data: &[u8]) {
    SHARED.with(|(runtime, transport)| runtime.block_on(answers(data, transport)));
}

async fn answers(data: &[u8], transport: &Transport) {
    let credentials =
        Credentials::ApiKey { public_key: "abcdefgh".to_owned(), private_key: PRIVATE_KEY.to_owned().into() };
    let authenticator = Authenticator::new(&credentials, "http://127.0.0.1:1").unwrap();
    let (env, method) = (support::env(), Method::POST);
    let url = Url::parse("http://127.0.0.1:1/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/flexClusters?a=b").unwrap();
    let context = Context::new(&env, None, None);
    let mut replies: Vec<HeaderMap> = Vec::new();
    for line in data.split(|byte| *byte == b'\n').take(20) {
        let (beside, value) = line.strip_prefix(b"+").map_or((false, line), |value| (true, value));
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        match replies.last_mut().filter(|_| beside) {
            Some(headers) => drop(headers.append(WWW_AUTHENTICATE, value)),
            None => replies.push(HeaderMap::from_iter([(WWW_AUTHENTICATE, value)])),
        }
    }
    for headers in replies {
        let Ok(used) = authenticator.request_auth(transport, &env, &context, &method, &url).await else { continue };
        check(used.header());
        let reply = HttpResponse::new(401, headers, Bytes::new());
        match authenticator.on_unauthorized(used, &reply, &method, &url) {
            Ok(AfterUnauthorized::RetryWith(next)) => {
                check(next.header());
                authenticator.on_success(next, 200);
            }
            Ok(AfterUnauthorized::Stop | AfterUnauthorized::Retry) => {}
            Err(error) => support::assert_printable(&error.to_string()),
        }
    }
}

fn check(header: Option<&HeaderValue>) {
    let Some(header) = header else { return };
    assert!(header.is_sensitive());
    assert!(header.as_bytes().starts_with(b"Digest "), "{:?}", header.as_bytes());
    assert!(!support::has_secret(header.as_bytes(), PRIVATE_KEY));
}
