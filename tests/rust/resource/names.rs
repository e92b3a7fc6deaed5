//! What is asked for is what is meant: no path leaves its place, and no reply about another resource is believed.
use atlas_serverless::core::error::{Error, TransportKind};
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::operations::request::Request;
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::operations::wait::request::WaitRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};

use crate::canned::{Canned, reply};
use crate::{GROUP, TestClient, canned, refusal};

fn request(path: &str) -> Request {
    Request { method: "GET".into(), path: path.into(), params: Vec::new(), json: None, api_version: None }
}

#[tokio::test]
async fn a_path_is_asked_for_as_it_is_given_or_not_at_all() {
    let server = canned(vec![reply(200, "{}")]);
    let test = TestClient::new(&server.url);
    for path in [
        "/api/.\n./x",
        "/api/.\t./x",
        "/api/.\r./x",
        "/api/.%2e\n/x",
        "/api/%2\ne%2e/x",
        "/api/\n../x",
        "/api/..\n/x",
        "/api/./x",
        "/api/%2E%2e/x",
        "/api/..;/x\n",
        "/api/x\0",
        "/api/x\u{7f}",
        "/api/x\u{85}",
        "/api/a\\..\\x",
        "/api/../x",
        "/api/x?y",
        "/api/x#y",
        "/ap\ni/x",
        "/api/groups/{groupId}/x",
        "/api/groups/{groupId}",
        "//evil.example/api/",
    ] {
        let refused = test.client.request(request(path), &mut test.context(60)).await;
        assert!(matches!(refused, Err(Error::Validation(_))), "{path:?}: {refused:?}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
    for (path, sent) in [
        ("/api/a b", "/api/a%20b"),
        ("/api/a%20b", "/api/a%20b"),
        ("/api/\u{e4}\"<>`{}^|", "/api/%C3%A4%22%3C%3E%60%7B%7D%5E%7C"),
        ("/api/...", "/api/..."),
        ("/api/.a./b", "/api/.a./b"),
        ("/api/a:b@c;d=e,f&g!$'()*+~-._", "/api/a:b@c;d=e,f&g!$'()*+~-._"),
        ("/api/%", "/api/%"),
        ("/api//x/", "/api//x/"),
    ] {
        test.client.request(request(path), &mut test.context(60)).await.unwrap();
        assert_eq!(server.requests().last().unwrap(), &format!("GET {sent} "), "{path}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_checked_stays_in_its_place() {
    for name in [".", "..", "../x", "a/../../b", "%2e%2e", "a?b#c", "\n..", "a\u{0}b", "\u{e4}"] {
        let server = Canned::start(|request| match request.starts_with("POST") {
            true => reply(503, ""),
            false => refusal(404, "CLUSTER_NOT_FOUND", "No."),
        });
        let test = TestClient::new(&server.url);
        for kind in [Kind::Serverless, Kind::Flex] {
            let create = CreateRequest {
                kind,
                group_id: GROUP.to_owned(),
                name: name.to_owned(),
                body: "{}".into(),
                reply_format: ReplyFormat::default(),
                if_exists: IfExists::Error,
                on_timeout: Default::default(),
                on_retired: Default::default(),
                region_notice: None,
                wait: None,
            };
            assert!(test.client.create(create, &mut test.context(60)).await.is_err());
            let wait = WaitRequest::until("IDLE", kind, GROUP.to_owned(), name.to_owned());
            assert!(test.client.wait_for(wait, &mut test.context(60)).await.is_err());
        }
        let start = format!("/api/atlas/v2/groups/{GROUP}/");
        for request in server.requests() {
            let target = request.split(' ').nth(1).unwrap();
            let rest = target.strip_prefix(&start).unwrap();
            // A wait that finds nothing asks for the names that there are.
            let list = "?pageNum=1&itemsPerPage=500&includeCount=false";
            if [format!("serverless{list}"), format!("flexClusters{list}")].iter().any(|path| path == rest) {
                continue;
            }
            assert!(request.starts_with("POST") || rest.matches('/').count() == 1, "{name:?}: {request}");
            assert!(request.starts_with("POST") || !rest.ends_with('/'), "{name:?}: {request}");
        }
    }
}

const ANOTHER_GROUP: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

fn is_wrong_resource(error: &Error) -> bool {
    matches!(error, Error::Transport(error) if error.kind == TransportKind::Protocol && error.message.starts_with("the reply describes "))
}

#[tokio::test]
async fn a_reply_about_another_resource_is_a_protocol_error() {
    let other_name = r#"{"id":"b","name":"another","stateName":"IDLE"}"#.to_owned();
    let other_group = format!(r#"{{"groupId":"{ANOTHER_GROUP}","id":"b","name":"orders","stateName":"IDLE"}}"#);
    for (body, envelope) in [(&other_name, false), (&other_group, false), (&other_name, true), (&other_group, true)] {
        let wrapped = format!(r#"{{"status":200,"content":{body}}}"#);
        let server = canned(vec![reply(200, if envelope { &wrapped } else { body })]);
        let test = TestClient::new(&server.url);
        let reply_format = ReplyFormat { envelope, pretty: false };
        for kind in [Kind::Serverless, Kind::Flex] {
            for operation in [Operation::Get, Operation::Update, Operation::Delete] {
                let request = ResourceRequest::new(kind, operation, GROUP.to_owned(), "orders".to_owned());
                let request = ResourceRequest { reply_format, body: Some("{}".into()), ..request };
                let error = test.client.resource(request, &mut test.context(60)).await.unwrap_err();
                assert!(is_wrong_resource(&error), "{operation:?}: {error:?}");
            }
            let wait = WaitRequest::until("IDLE", kind, GROUP.to_owned(), "orders".to_owned());
            let wait = WaitRequest { reply_format, ..wait };
            let error = test.client.wait_for(wait, &mut test.context(60)).await.unwrap_err();
            assert!(is_wrong_resource(&error), "{error:?}");
        }
        let error = test.client.find(GROUP, "orders", reply_format, &mut test.context(60)).await.unwrap_err();
        assert!(is_wrong_resource(&error), "{error:?}");
    }
    let server = canned(vec![reply(200, &format!(r#"{{"id":"{ANOTHER_GROUP}","name":"orders"}}"#))]);
    let test = TestClient::new(&server.url);
    let error = test.client.get_project(GROUP, &mut test.context(60)).await.unwrap_err();
    assert!(is_wrong_resource(&error), "{error:?}");
}

#[tokio::test]
async fn a_create_is_ours_only_in_its_project_and_its_time() {
    for (created, group, ours) in [
        ("2025-09-09T18:15:20Z", GROUP, true),
        ("2025-09-09T18:15:22Z", GROUP, true),
        ("2025-09-09T18:15:23Z", GROUP, false),
        ("2999-01-01T00:00:00Z", GROUP, false),
        ("9999-12-31T23:59:59Z", GROUP, false),
        ("-009999-01-02T01:59:59Z", GROUP, false),
        ("2025-09-09T18:15:20Z", ANOTHER_GROUP, false),
    ] {
        let found = format!(r#"{{"createDate":"{created}","groupId":"{group}","name":"orders","stateName":"IDLE"}}"#);
        let found = reply(200, &found).replacen("\r\n", "\r\nDate: Tue, 09 Sep 2025 18:15:20 GMT\r\n", 1);
        let server = Canned::start(move |request| match request.starts_with("POST") {
            true => reply(503, ""),
            false => found.clone(),
        });
        let test = TestClient::new(&server.url);
        let create = CreateRequest {
            kind: Kind::Flex,
            group_id: GROUP.to_owned(),
            name: "orders".to_owned(),
            body: r#"{"name":"orders"}"#.into(),
            reply_format: ReplyFormat::default(),
            if_exists: IfExists::Error,
            on_timeout: Default::default(),
            on_retired: Default::default(),
            region_notice: None,
            wait: None,
        };
        let result = test.client.create(create, &mut test.context(60)).await;
        assert_eq!(result.is_ok_and(|reply| reply.reconciled), ours, "{created} in {group}");
    }
}
