//! An error reply becomes an error whose status is kept and whose sentence can be shown.
use atlas_serverless::core::error::{ApiError, Error};
use atlas_serverless::core::http::call::ExpectedBody;
use atlas_serverless::core::http::reply::effective_status;
use atlas_serverless::core::http::transport::exchange::{HttpResponse, body_start};
use atlas_serverless::core::policy::retry::RequestKind;
use bytes::Bytes;
use serde_json::Value;

use super::{Reached, support};

/// A status, headers, an empty line, the body.
pub fn run(data: &[u8]) -> Reached {
    let (status, rest) = support::number(data);
    let (headers, body) = support::headers(rest);
    let envelope = headers.contains_key("x-envelope");
    // Of a length that a header line can have.
    support::assert_printable(&body_start(body).unwrap_or_default());
    let response = HttpResponse::new(status, headers, Bytes::copy_from_slice(body));
    let shown = effective_status(&response, envelope);
    match support::check(response, ExpectedBody::Resource, envelope, RequestKind::Reconcilable) {
        Ok(response) => {
            assert!((200..300).contains(&response.status));
            Reached::Refused
        }
        Err(Error::Api(error)) => {
            assert_eq!(error.status, shown);
            assert!(shown >= 400);
            assert_eq!(error.retryable, [408, 425, 429, 500, 502, 503, 504].contains(&shown));
            if !envelope {
                check_texts(&error, body);
            }
            let has_code = error.error_code.is_some();
            support::assert_printable(&Error::Api(error).to_string());
            Reached::accepted_if(has_code)
        }
        Err(error) => {
            assert!(shown < 400);
            support::assert_printable(&error.to_string());
            Reached::Refused
        }
    }
}

/// Code and sentence are those of the body, as `serde_json` reads it, if they can be shown as they are.
fn check_texts(error: &ApiError, body: &[u8]) {
    let body = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |name: &str| {
        let plain =
            |text: &&str| text.split(' ').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()));
        body[name].as_str().filter(|text| text.len() <= 200).filter(plain)
    };
    for (name, shown) in [("errorCode", &error.error_code), ("detail", &error.detail), ("reason", &error.reason)] {
        assert!(text(name).is_none_or(|text| shown.as_deref() == Some(text)), "{name} {shown:?} {body}");
        assert!(shown.is_none() || body[name].is_string());
    }
    let fields = body["badRequestDetail"]["fields"].as_array().map_or(0, Vec::len);
    assert_eq!(error.violations.len(), fields.min(100));
}
