//! Whatever a body holds, it becomes a value or one of our own errors, at a bounded cost.
use atlas_serverless::core::error::{Error, TransportKind};
use atlas_serverless::core::operations::list::Pager;
use atlas_serverless::core::operations::request::Request;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};

use crate::canned::{Canned, reply};
use crate::{GROUP, TestClient, canned};

/// JSON by its grammar that no reader of JSON can represent.
fn unreadable() -> Vec<String> {
    vec![
        r#"{"a":1e999}"#.to_owned(),
        r#"{"a":-1e999}"#.to_owned(),
        r#"{"a":"\ud800"}"#.to_owned(),
        r#"{"a":"\udc00\ud800"}"#.to_owned(),
        r#"{"\ud800":1}"#.to_owned(),
        format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200)),
        format!(r#"{{"a":{}1{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200)),
    ]
}

fn request(method: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: "/api/atlas/v2/groups".to_owned(),
        params: Vec::new(),
        json: None,
        api_version: None,
    }
}

fn is_protocol(error: &Error) -> bool {
    matches!(error, Error::Transport(error) if error.kind == TransportKind::Protocol)
}

#[tokio::test]
async fn what_cannot_be_represented_is_a_protocol_error() {
    for body in unreadable() {
        let page = format!(r#"{{"results":[{body}],"totalCount":1}}"#);
        let one = canned(vec![reply(200, &body)]);
        let list = canned(vec![reply(200, &page)]);
        let test = TestClient::new(&one.url);
        let get = ResourceRequest::new(Kind::Flex, Operation::Get, GROUP.to_owned(), "orders".to_owned());
        let errors = [
            test.client.request(request("POST"), &mut test.context(60)).await.unwrap_err(),
            test.client.request(request("GET"), &mut test.context(60)).await.unwrap_err(),
            test.client.resource(get, &mut test.context(60)).await.unwrap_err(),
            {
                let test = TestClient::new(&list.url);
                let mut pager = Pager::projects(100).unwrap();
                pager.next(&test.client, &mut test.context(60)).await.map(|_| ()).unwrap_err()
            },
        ];
        for error in errors {
            assert!(is_protocol(&error), "{body:.60}: {error:?}");
        }
    }
}

#[tokio::test]
async fn an_error_body_is_read_to_one_mebibyte() {
    let fields = vec!["{}"; 200_000].join(",");
    let small = format!(r#"{{"errorCode":"A_CODE","badRequestDetail":{{"fields":[{fields}]}}}}"#);
    let large = format!(r#"{{"errorCode":"A_CODE","detail":"{}"}}"#, "x".repeat(1 << 20));
    let parameters = vec!["0"; 5000].join(",");
    let parameters = format!(r#"{{"errorCode":"A_CODE","parameters":[{parameters}]}}"#);
    for (body, code, violations, parameters) in [
        (small, Some("A_CODE"), 100, 0),
        (parameters, Some("A_CODE"), 0, 100),
        // Its end is not read, so it is no JSON.
        (large, None, 0, 0),
    ] {
        let server = canned(vec![reply(400, &body)]);
        let test = TestClient::new(&server.url);
        let Err(Error::Api(api)) = test.client.request(request("GET"), &mut test.context(60)).await else { panic!() };
        assert_eq!(api.status, 400);
        assert_eq!(api.error_code.as_deref(), code);
        assert_eq!((api.violations.len(), api.parameters.len()), (violations, parameters));
    }
}

#[tokio::test]
async fn an_enveloped_error_is_bounded_too() {
    let fields = vec!["{}"; 500_000].join(",");
    let body = format!(r#"{{"status":400,"content":{{"errorCode":"A","badRequestDetail":{{"fields":[{fields}]}}}}}}"#);
    let server = canned(vec![reply(200, &body)]);
    let test = TestClient::new(&server.url);
    let enveloped = Request { params: vec![("envelope".into(), "true".into())], ..request("GET") };
    let Err(Error::Api(api)) = test.client.request(enveloped, &mut test.context(60)).await else { panic!() };
    assert_eq!((api.status, api.error_code, api.violations.len()), (400, None, 0));
}

#[tokio::test]
async fn control_characters_are_not_shown_as_they_are() {
    let escape = r#"\u001b[2J\u0007\u009b"#;
    let texts = [
        format!(r#"{{"errorCode":"A{escape}","detail":"B{escape}\nC","reason":"D{escape}"}}"#),
        "\u{1b}[2J plain \u{9b}".to_owned(),
    ];
    for text in texts {
        let server = canned(vec![reply(400, &text)]);
        let test = TestClient::new(&server.url);
        let Err(Error::Api(api)) = test.client.request(request("GET"), &mut test.context(60)).await else { panic!() };
        let shown = [&api.error_code, &api.detail, &api.reason, &api.body_start].map(Clone::clone);
        for text in shown.into_iter().flatten() {
            assert!(!text.contains(char::is_control), "{text:?}");
        }
    }
}

#[tokio::test]
async fn a_reply_in_an_encoding_names_it_and_none_is_asked_for() {
    for (status, protocol) in [(200, true), (400, false)] {
        let encoded = reply(status, "\u{1}\u{2}").replacen("\r\n", "\r\nContent-Encoding: gzip\r\n", 1);
        let server = canned(vec![encoded]);
        let test = TestClient::new(&server.url);
        let error = test.client.request(request("GET"), &mut test.context(60)).await.unwrap_err();
        match error {
            Error::Transport(error) if protocol => assert!(error.message.contains("gzip"), "{}", error.message),
            Error::Api(api) if !protocol => assert_eq!(api.body_start.as_deref(), Some("2 bytes, encoded as gzip")),
            other => panic!("{other:?}"),
        }
        assert!(server.heads().iter().all(|head| head.contains("accept-encoding: identity")), "{:?}", server.heads());
    }
}

#[tokio::test]
async fn a_list_takes_a_bounded_number_of_requests() {
    let mut number = 0;
    let server = Canned::start(move |_| {
        number += 1;
        let page = format!(r#"{{"links":[{{"rel":"next"}}],"results":[{{"id":"{number}"}}],"totalCount":1}}"#);
        reply(200, &page)
    });
    let test = TestClient::new(&server.url);
    let mut pager = Pager::projects(1).unwrap();
    assert_eq!(pager.requests_left, 10_000);
    pager.requests_left = 25;
    let error = loop {
        match pager.next(&test.client, &mut test.context(60)).await {
            Ok(page) => assert!(page.is_some()),
            Err(error) => break error,
        }
    };
    assert!(is_protocol(&error), "{error:?}");
    assert_eq!(server.requests().len(), 25);
    assert!(pager.next(&test.client, &mut test.context(60)).await.unwrap().is_none());
}

#[tokio::test]
async fn secrets_that_come_back_are_not_shown_in_any_writing() {
    const TOKEN: &str = "Ab/c+1=d\"<MARK>&'9";
    const ENCODED: [&str; 8] = [
        "Ab/c+1=d\"<MARK>&'9",
        "Ab\\/c\\u002b1\\u003dd\\\"\\u003cMARK\\u003e\\u0026'9",
        "Ab/c+1=d&quot;&lt;MARK&gt;&amp;&#39;9",
        "Ab&#x2F;c&#43;1&#x3D;d&#34;&lt;MARK&gt;&amp;&apos;9",
        "Ab%2Fc%2B1%3Dd%22%3CMARK%3E%26%279",
        "QWIvYysxPWQiPE1BUks+Jic5",
        // After one and two bytes of other text.
        "eEFiL2MrMT1kIjxNQVJLPiYnOQ==",
        "eHlBYi9jKzE9ZCI8TUFSSz4mJzk=",
    ];
    for encoded in ENCODED {
        for filler in [0, 190, 198] {
            for status in [200, 502] {
                let body = format!("{}{encoded} after", "x ".repeat(filler / 2));
                let server = canned(vec![reply(status, &body)]);
                let test = TestClient::with(atlas_serverless::core::auth::discovery::options::ExplicitOptions {
                    access_token: Some(TOKEN.into()),
                    base_url: Some(server.url.clone()),
                    ..Default::default()
                });
                let error = test.client.request(request("GET"), &mut test.context(60)).await.unwrap_err();
                let shown = format!("{error:?}");
                for part in ["Ab", "MARK", "BUks", "1BUk", "QWIv", "BYi9", "FiL2"] {
                    assert!(!shown.contains(part), "{part} of {encoded}: {shown}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_success_that_becomes_an_error_shows_no_secret() {
    for body in [r#"{"echo":"SECRETMARK1", broken"#, r#"["SECRETMARK1"]"#, r#"{"SECRETMARK1":1e999}"#] {
        let server = canned(vec![reply(200, body)]);
        let test = TestClient::with(atlas_serverless::core::auth::discovery::options::ExplicitOptions {
            access_token: Some("SECRETMARK1".into()),
            base_url: Some(server.url.clone()),
            ..Default::default()
        });
        let get = ResourceRequest::new(Kind::Flex, Operation::Get, GROUP.to_owned(), "orders".to_owned());
        let error = test.client.resource(get, &mut test.context(60)).await.unwrap_err();
        assert!(!format!("{error:?}").contains("MARK"), "{error:?}");
    }
}
