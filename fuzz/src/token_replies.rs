//! Replies of the token endpoint, and tokens whose end is read.
use atlas_serverless::core::auth::jwt;
use atlas_serverless::core::auth::oauth::endpoint::TokenEndpoint;
use atlas_serverless::core::auth::oauth::grant::ClientCredentials;
use atlas_serverless::core::context::Context;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use bytes::Bytes;
use serde_json::Value;

use super::{Reached, support};

/// A status, headers, an empty line, the body.
pub fn run(data: &[u8]) -> Reached {
    let (status, rest) = support::number(data);
    let (headers, body) = support::headers(rest);
    let _ = jwt::expiry(&String::from_utf8_lossy(body));
    let grant = ClientCredentials::new("mdb_sa_id_1", &"mdb_sa_sk_1".into()).unwrap();
    let endpoint = TokenEndpoint::new(Box::new(grant), "https://cloud.mongodb.com").unwrap();
    let env = support::env();
    let context = Context::new(&env, None, None);
    let response = HttpResponse::new(status, headers, Bytes::copy_from_slice(body));
    match endpoint.read(response, 1, &env, &context) {
        Ok(token) => {
            assert!(status < 300);
            assert!(!token.secret.expose().is_empty());
            assert!(token.header.is_sensitive());
            assert!(token.renew_in <= token.lifetime);
            // As `serde_json` reads the body, which names one token. Elsewhere in it may be text that it refuses.
            if let Ok(reply) = serde_json::from_slice::<Value>(body) {
                assert_eq!(reply["access_token"], token.secret.expose());
                if let Some(seconds) = reply["expires_in"].as_u64().filter(|seconds| *seconds < 1 << 31) {
                    assert_eq!(token.lifetime.as_secs(), seconds);
                }
            }
            let header = format!("Bearer {}", token.secret.expose());
            assert_eq!(token.header.as_bytes(), header.as_bytes());
            Reached::Accepted
        }
        Err((error, _)) => {
            let sentence = error.to_string();
            support::assert_printable(&sentence);
            // Of a success nothing is shown: there may be a token in it.
            if status < 300 {
                assert!(!sentence.contains("kept-out-of-errors"), "{sentence}");
            }
            Reached::Refused
        }
    }
}
