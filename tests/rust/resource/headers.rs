//! Whatever the headers of a reply say, the call that got it has its result.
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use atlas_serverless::core::auth::discovery::options::ExplicitOptions;
use atlas_serverless::core::http::deprecation::{dates, reset_notices};
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};

use crate::canned::{Canned, reply};
use crate::{GROUP, TestClient};

/// Headers that the client reads.
const READ: [&str; 9] = [
    "Deprecation",
    "Sunset",
    "Date",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "WWW-Authenticate",
    "Content-Encoding",
    "Content-Type",
];

const HOSTILE: [&str; 22] = [
    "@1765324800000",
    "@253402300799",
    "@253402300800",
    "@18446744073709551615",
    "@18446744073709551616",
    "@-1",
    "@",
    "@@1",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Sat, 01 Jan 10000 00:00:00 GMT",
    "Thu, 01 Jan 0000 00:00:00 GMT",
    "Mon, 31 Feb 2025 00:00:00 GMT",
    "18446744073709551615",
    "18446744073709549568",
    "1e19",
    "1e308",
    "1e999",
    "-1",
    "NaN",
    "inf",
    "\u{e4}\u{feff}",
    "Digest realm=\"",
];

fn with_header(name: &str, value: &str, status: u16) -> String {
    let body = r#"{"id":"a","name":"orders","stateName":"IDLE"}"#;
    reply(status, body).replacen("\r\n", &format!("\r\n{name}: {value}\r\n"), 1)
}

fn create() -> CreateRequest {
    CreateRequest {
        kind: Kind::Flex,
        group_id: GROUP.to_owned(),
        name: "orders".to_owned(),
        body: r#"{"name":"orders"}"#.into(),
        reply_format: Default::default(),
        if_exists: IfExists::Error,
        on_timeout: Default::default(),
        on_retired: Default::default(),
        region_notice: None,
        wait: None,
    }
}

#[tokio::test]
async fn no_header_takes_the_result_from_a_create() {
    for name in READ {
        let current = Arc::new(Mutex::new(""));
        let shown = current.clone();
        let server = Canned::start(move |_| with_header(name, *shown.lock().unwrap(), 201));
        for value in HOSTILE {
            reset_notices();
            *current.lock().unwrap() = value;
            let test = TestClient::new(&server.url);
            let result = test.client.create(create(), &mut test.context(60)).await;
            let encoded = name == "Content-Encoding";
            assert_eq!(result.is_err(), encoded, "{name}: {value}: {result:?}");
        }
    }
}

#[tokio::test]
async fn no_header_of_an_error_stops_the_client() {
    for name in READ {
        for status in [401, 404, 429, 503] {
            let current = Arc::new(Mutex::new(""));
            let shown = current.clone();
            let server = Canned::start(move |_| with_header(name, *shown.lock().unwrap(), status));
            for value in HOSTILE {
                reset_notices();
                *current.lock().unwrap() = value;
                let test = TestClient::new(&server.url);
                let request = ResourceRequest::new(Kind::Flex, Operation::Get, GROUP.to_owned(), "orders".to_owned());
                let result = test.client.resource(request, &mut test.context(30)).await;
                assert!(result.is_err(), "{name}: {value}");
            }
        }
    }
}

#[test]
fn a_date_that_cannot_be_represented_is_none() {
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    for (text, date) in [
        ("@253402300799", Some(last)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(last)),
        ("@253402300800", None),
        ("@1765324800000", None),
        ("@18446744073709551615", None),
        ("@0", Some(UNIX_EPOCH)),
        ("@-1", None),
    ] {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("deprecation", text.parse().unwrap());
        headers.insert("sunset", text.parse().unwrap());
        let dates = dates(&headers);
        assert_eq!((dates.deprecation, dates.sunset), (date, date), "{text}");
    }
}

#[tokio::test]
async fn a_tokens_lifetime_is_a_number_or_its_text_of_any_size() {
    for (expires_in, requests) in [
        ("3600", 1),
        ("\"3600\"", 1),
        ("3600.5", 1),
        ("18446744073709551615", 1),
        ("18446744073709549568", 1),
        ("1e30", 1),
        ("\"1e308\"", 1),
        ("null", 1),
        ("\"soon\"", 1),
        ("[]", 1),
        ("0", 2),
        ("-1", 2),
    ] {
        let body = format!(r#"{{"access_token":"t","expires_in":{expires_in}}}"#);
        let server = Canned::start(move |request| match request.contains("oauth") {
            true => reply(200, &body),
            false => reply(200, r#"{"id":"a","name":"orders"}"#),
        });
        let test = TestClient::with(ExplicitOptions {
            client_id: Some("mdb_sa_id_1".to_owned()),
            client_secret: Some("mdb_sa_sk_1".into()),
            base_url: Some(server.url.clone()),
            ..ExplicitOptions::default()
        });
        for _ in 0..2 {
            let request = ResourceRequest::new(Kind::Flex, Operation::Get, GROUP.to_owned(), "orders".to_owned());
            test.client.resource(request, &mut test.context(60)).await.unwrap();
        }
        let tokens = server.requests().iter().filter(|request| request.contains("oauth")).count();
        assert_eq!(tokens, requests, "{expires_in}");
    }
}
