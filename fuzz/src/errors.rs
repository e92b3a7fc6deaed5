//! An error reply becomes an error whose status is kept and whose sentence can be shown.
use std::time::Duration;

use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::call::ExpectedBody;
use atlas_serverless::core::http::reply::{check, effective_status};
use atlas_serverless::core::http::to_error::RequestInfo;
use atlas_serverless::core::http::transport::exchange::{HttpResponse, body_start};
use atlas_serverless::core::policy::retry::RequestKind;
use bytes::Bytes;
use reqwest::Url;

use super::support;

/// A status, headers, an empty line, the body.
pub fn run(data: &[u8]) {
    let (status, rest) = support::number(data);
    let (headers, body) = support::headers(rest);
    let envelope = headers.contains_key("x-envelope");
    let (url, env) = (Url::parse("https://cloud.mongodb.com/api/atlas/v2/groups?x=1").unwrap(), support::env());
    let request = RequestInfo {
        method: "POST",
        url: &url,
        kind: RequestKind::Reconcilable,
        attempts: 2,
        started: Duration::ZERO,
        clock: &*env.clock,
    };
    // Of a length that a header line can have.
    support::assert_printable(&body_start(body).unwrap_or_default());
    let response = HttpResponse::new(status, headers, Bytes::copy_from_slice(body));
    let shown = effective_status(&response, envelope);
    match check(response, ExpectedBody::Resource, envelope, &request) {
        Ok(response) => assert!((200..300).contains(&response.status)),
        Err(Error::Api(error)) => {
            assert_eq!(error.status, shown);
            assert!(shown >= 400);
            support::assert_printable(&Error::Api(error).to_string());
        }
        Err(error) => {
            assert!(shown < 400);
            support::assert_printable(&error.to_string());
        }
    }
}
