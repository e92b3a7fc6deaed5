//! Who gets in, who does not, and what each is told.

use std::time::Duration;

use atlas_serverless::emulator::{Calendar, DigestAlgorithm, Options};
use serde_json::{Value, json};

use crate::client::{ACCEPT, Atlas, FORM, Reply, options};

fn with(atlas: &Atlas, authorization: &str) -> Reply {
    let headers = [("Authorization", authorization), ("Accept", ACCEPT)];
    atlas.raw("GET", &atlas.path("flexClusters"), &headers, None).unwrap()
}

fn bearer(reply: &Reply) -> String {
    format!("Bearer {}", reply.json()["access_token"].as_str().unwrap())
}

#[test]
fn a_token_lives_its_hour_and_can_be_revoked() {
    let atlas = Atlas::start(options());
    let issued = atlas.ask_token();
    assert_eq!(issued.status, 200);
    let body = issued.json();
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["access_token", "expires_in", "token_type"]);
    assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(3600), &json!("Bearer")));
    let token = bearer(&issued);
    assert_eq!(with(&atlas, &token).status, 200);
    atlas.advance(3599.0);
    assert_eq!(with(&atlas, &token).status, 200);
    atlas.advance(1.0);
    let expired = with(&atlas, &token);
    assert_eq!((expired.status, expired.code().as_str()), (401, "UNEXPECTED_ERROR"));

    let second = atlas.ask_token();
    let text = second.json()["access_token"].as_str().unwrap().to_owned();
    let form = format!("token={text}&token_type_hint=access_token");
    let basic = atlas.basic();
    let headers = [("Authorization", basic.as_str()), ("Content-Type", FORM)];
    assert_eq!(atlas.raw("POST", "/api/oauth/revoke", &headers, Some(form)).unwrap().status, 200);
    assert_eq!(with(&atlas, &bearer(&second)).status, 401);
}

#[test]
fn the_token_endpoint_refuses_in_oauths_shape() {
    let atlas = Atlas::start(options());
    let ask = |authorization: &str, content_type: &str, form: &str| {
        let headers = [("Authorization", authorization), ("Content-Type", content_type)];
        atlas.raw("POST", "/api/oauth/token", &headers, Some(form.to_owned())).unwrap()
    };
    let basic = atlas.basic();
    let grant = "grant_type=client_credentials";
    let in_form = format!("{grant}&client_id={}&client_secret={}", atlas.get("client_id"), atlas.get("client_secret"));
    assert_eq!(ask("", FORM, &in_form).status, 200, "RFC 6749 allows the form");
    for (authorization, content_type, form, status, error) in [
        (basic.as_str(), FORM, "", 400, "invalid_request"),
        (&basic, FORM, "grant_type=password", 400, "unsupported_grant_type"),
        (&basic, "application/json", "{}", 400, "invalid_request"),
        ("Basic bm9ib2R5Om5vdGhpbmc=", FORM, grant, 401, "invalid_client"),
        ("Basic !", FORM, grant, 401, "invalid_client"),
        ("", FORM, grant, 401, "invalid_client"),
    ] {
        let reply = ask(authorization, content_type, form);
        assert_eq!((reply.status, &reply.json()["error"]), (status, &json!(error)), "{form}");
        assert!(reply.json()["error_description"].is_string());
    }
}

#[test]
fn tokens_have_limits() {
    let atlas = Atlas::start(Options { live_tokens: Some(12), ..options() });
    for _ in 0..10 {
        assert_eq!(atlas.ask_token().status, 200);
    }
    let refused = atlas.ask_token();
    assert_eq!((refused.status, refused.code().as_str()), (429, "RATE_LIMITED"));
    assert_eq!(refused.json()["parameters"], json!(["/api/oauth/token", 10, 1]));
    assert_eq!(refused.header("Retry-After"), Some("60"));
    atlas.advance(60.0);
    assert_eq!([atlas.ask_token().status, atlas.ask_token().status], [200, 200]);
    let refused = atlas.ask_token();
    assert_eq!((refused.status, &refused.json()["error"]), (403, &json!("access_denied")));
    atlas.advance(3540.0);
    assert_eq!(atlas.ask_token().status, 200, "the first ten have expired");
}

#[test]
fn a_nonce_serves_each_count_once_until_it_is_stale() {
    let atlas = Atlas::start(Options { nonce_lifetime: Duration::from_secs(30), nonce_uses: Some(3), ..options() });
    let path = atlas.path("flexClusters");
    let challenge = with(&atlas, "").header("Www-Authenticate").unwrap().to_owned();
    let answer = |challenge: &str, nc| with(&atlas, &atlas.digest(challenge, "GET", &path, nc));
    assert_eq!(answer(&challenge, 1).status, 200);
    let replayed = answer(&challenge, 1);
    assert_eq!(replayed.status, 401);
    assert!(replayed.header("Www-Authenticate").unwrap().ends_with("stale=false"));
    assert_eq!(atlas.emulator.requests().last().unwrap()["refusal"], "the nonce count was used before");
    assert_eq!([answer(&challenge, 3).status, answer(&challenge, 2).status], [200, 200], "any order");
    let used_up = answer(&challenge, 4);
    assert!(used_up.header("Www-Authenticate").unwrap().ends_with("stale=true"));
    let next = used_up.header("Www-Authenticate").unwrap().to_owned();
    atlas.advance(30.001);
    assert!(answer(&next, 1).header("Www-Authenticate").unwrap().ends_with("stale=true"));
    let other_path = atlas.digest(&next, "GET", "/api/atlas/v2/groups", 2);
    assert!(with(&atlas, &other_path).header("Www-Authenticate").unwrap().ends_with("stale=false"));
    assert_eq!(with(&atlas, "Digest nonsense").status, 401);
}

#[test]
fn the_challenge_can_offer_sha_256() {
    let atlas = Atlas::start(Options { digest_algorithm: DigestAlgorithm::Both, ..options() });
    let reply = with(&atlas, "");
    let offered: Vec<&str> =
        reply.headers.iter().filter(|(name, _)| name == "Www-Authenticate").map(|(_, value)| value.as_str()).collect();
    assert_eq!(offered.len(), 2);
    assert!(offered[0].contains("algorithm=SHA-256"), "{}", offered[0]);
    assert!(offered[1].contains("algorithm=MD5"), "{}", offered[1]);
    assert_eq!(with(&atlas, &atlas.digest(offered[1], "GET", &atlas.path("flexClusters"), 1)).status, 200);
}

fn token_of(atlas: &Atlas, order: Value) -> String {
    let id = atlas.control("POST", "identities", order)["id"].as_str().unwrap().to_owned();
    let token = atlas.control("POST", "tokens", json!({"client_id": id}));
    format!("Bearer {}", token["access_token"].as_str().unwrap())
}

#[test]
fn roles_decide_who_reads_and_who_writes() {
    let atlas = Atlas::start(options());
    let other = atlas.control("POST", "organizations", json!({"name": "other"}))["id"].clone();
    let case = |role: Option<&str>, org: Option<&Value>| {
        let mut order = json!({"kind": "service_account"});
        if let Some(role) = role {
            order["role"] = json!(role);
        }
        if let Some(org) = org {
            order["org_id"] = org.clone();
        }
        let token = token_of(&atlas, order);
        let headers = [("Authorization", token.as_str()), ("Accept", ACCEPT)];
        let read = atlas.raw("GET", &atlas.path("flexClusters"), &headers, None).unwrap();
        let body = Atlas::flex_body(&format!("c{}", fastrand::u32(..))).to_string();
        let write = atlas.raw("POST", &atlas.path("flexClusters"), &headers, Some(body)).unwrap();
        let code = |reply: &Reply| if reply.status < 400 { String::new() } else { reply.code() };
        (read.status, code(&read), write.status, code(&write))
    };
    let ok = String::new;
    assert_eq!(case(Some("Project Owner"), None), (200, ok(), 201, ok()));
    assert_eq!(case(Some("Organization Owner"), None), (200, ok(), 201, ok()));
    for role in ["Project Read Only", "Project Cluster Manager", "Organization Read Only"] {
        assert_eq!(case(Some(role), None), (200, ok(), 403, "ACCESS_FORBIDDEN".into()), "{role}");
    }
    let stranger = (401, "USER_CANNOT_ACCESS_GROUP".to_owned(), 401, "USER_CANNOT_ACCESS_GROUP".to_owned());
    assert_eq!(case(None, None), stranger);
    assert_eq!(case(Some("Organization Owner"), Some(&other)), stranger);
    atlas.control("PATCH", "settings", json!({"role_refusal_status": 401}));
    assert_eq!(case(Some("Project Read Only"), None), (200, ok(), 401, "USER_UNAUTHORIZED".into()));
}

#[test]
fn access_lists_bind_the_use_of_a_token_not_its_making() {
    let atlas = Atlas::start(options());
    let listed = json!({"kind": "service_account", "role": "Project Owner", "access_list": ["192.0.2.0/24"]});
    let token = token_of(&atlas, listed);
    let refused = with(&atlas, &token);
    assert_eq!((refused.status, refused.code().as_str()), (403, "IP_ADDRESS_NOT_ON_ACCESS_LIST"));
    assert_eq!(refused.json()["parameters"], json!(["127.0.0.1"]));
    atlas.control("PATCH", "settings", json!({"client_address": "192.0.2.7"}));
    assert_eq!(with(&atlas, &token).status, 200);

    atlas.control("PATCH", "organizations/default", json!({"requires_access_list": true}));
    let own = format!("Bearer {}", atlas.token);
    assert_eq!(with(&atlas, &own).code(), "ORG_REQUIRES_ACCESS_LIST");
    assert_eq!(atlas.ask_token().status, 200);
    let id = format!("identities/{}", atlas.get("client_id"));
    atlas.control("PATCH", &id, json!({"access_list": ["192.0.2.7"]}));
    assert_eq!(with(&atlas, &own).status, 200);
}

#[test]
fn projects_are_seen_by_those_who_may() {
    let atlas = Atlas::start(options());
    atlas.control("POST", "projects", json!({"name": "hidden"}));
    let names = |reply: Reply| -> Vec<String> {
        reply.json()["results"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(atlas.call("GET", "/api/atlas/v2/groups", None)), ["Emulated-Project"]);
    let id = format!("identities/{}", atlas.get("client_id"));
    atlas.control("PATCH", &id, json!({"org_roles": ["ORG_OWNER"]}));
    assert_eq!(names(atlas.call("GET", "/api/atlas/v2/groups", None)), ["Emulated-Project", "hidden"]);
    let missing = atlas.call("GET", "/api/atlas/v2/groups/111111111111111111111111/serverless", None);
    assert_eq!((missing.status, missing.code().as_str()), (404, "GROUP_NOT_FOUND"));
    assert_eq!(atlas.call("GET", "/api/atlas/v2/groups/nonsense/serverless", None).code(), "INVALID_GROUP_ID");
    assert_eq!(atlas.call("GET", "/api/atlas/v2/nowhere", None).code(), "RESOURCE_NOT_FOUND");
    assert_eq!(with(&atlas, "").status, 401);
}

/// The challenges of September 2025 had none, those of 2026 have.
#[test]
fn a_digest_challenge_has_an_error_code_since_the_deprecation() {
    for (calendar, code) in [
        (Calendar::Serverless, None),
        (Calendar::Flex, None),
        (Calendar::Deprecated, Some("UNEXPECTED_ERROR")),
        (Calendar::Retired, Some("UNEXPECTED_ERROR")),
    ] {
        let atlas = Atlas::start(Options { calendar, ..options() });
        let refused = with(&atlas, "");
        assert_eq!((refused.status, refused.json()["errorCode"].as_str()), (401, code), "{calendar:?}");
        assert_eq!(refused.json()["detail"], "You are not authorized for this resource.");
        assert_eq!(with(&atlas, "Bearer none").code(), "UNEXPECTED_ERROR", "a token's refusal always has one");
    }
}
