//! The two routes that clients call.
use std::sync::atomic::Ordering::Relaxed;

use hyper::StatusCode;
use hyper::header;

use crate::{CLIENT_ID, CLIENT_SECRET, MEDIA_TYPE, Resp, State, api_error, digest, reply, unauthorized};

pub(crate) fn token(headers: &hyper::HeaderMap, body: &[u8], st: &State) -> Resp {
    let body = String::from_utf8_lossy(body);
    let form = |k: &str| body.split('&').filter_map(|kv| kv.split_once('=')).find(|(key, _)| *key == k).map(|(_, v)| v);
    let basic_ok = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Basic "))
        .is_some_and(|v| v == st.basic);
    let body_ok = form("client_id") == Some(CLIENT_ID) && form("client_secret") == Some(CLIENT_SECRET);
    if body_ok {
        st.count.token_secret_in_body.fetch_add(1, Relaxed);
    }
    if !(basic_ok || body_ok) {
        st.count.rejected.fetch_add(1, Relaxed);
        return reply(StatusCode::UNAUTHORIZED, "application/json", r#"{"error":"invalid_client"}"#);
    }
    if form("grant_type") != Some("client_credentials") {
        st.count.bad_request.fetch_add(1, Relaxed);
        return reply(StatusCode::BAD_REQUEST, "application/json", r#"{"error":"unsupported_grant_type"}"#);
    }
    let n = st.token_serial.fetch_add(1, Relaxed);
    // Roughly as long as a real JWT, since the client sends it with every request.
    let tok = format!("eyJhbGciOiJFUzUxMiJ9.{:0>600}.{n:016x}", "b");
    st.tokens.lock().unwrap().insert(tok.clone());
    st.count.tokens.fetch_add(1, Relaxed);
    reply(
        StatusCode::OK,
        "application/json",
        format!(r#"{{"access_token":"{tok}","expires_in":3600,"token_type":"Bearer"}}"#),
    )
}

#[derive(serde::Deserialize)]
struct CreateBody<'a> {
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(rename = "providerSettings", borrow)]
    provider: Provider<'a>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider<'a> {
    #[serde(borrow)]
    backing_provider_name: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    region_name: std::borrow::Cow<'a, str>,
}

pub(crate) fn create(head: &hyper::http::request::Parts, group: &str, body: &[u8], st: &State) -> Resp {
    let auth = head.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    match auth {
        None => {
            st.count.challenges.fetch_add(1, Relaxed);
            return unauthorized(st, false);
        }
        Some(a) if a.starts_with("Bearer ") => {
            if !st.tokens.lock().unwrap().contains(&a[7..]) {
                st.count.rejected.fetch_add(1, Relaxed);
                return unauthorized(st, false);
            }
            st.count.bearer_ok.fetch_add(1, Relaxed);
        }
        Some(a) => {
            let uri = head.uri.path_and_query().map_or("/", |p| p.as_str());
            match st.nonces.verify(a, head.method.as_str(), uri) {
                digest::Verdict::Ok => st.count.digest_ok.fetch_add(1, Relaxed),
                digest::Verdict::Stale => {
                    st.count.stale.fetch_add(1, Relaxed);
                    return unauthorized(st, true);
                }
                digest::Verdict::Bad => {
                    st.count.rejected.fetch_add(1, Relaxed);
                    return unauthorized(st, false);
                }
            };
        }
    }
    let accept = head.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    if accept != Some(MEDIA_TYPE) {
        // Atlas would pick an older API version; here it is only counted.
        st.count.wrong_accept.fetch_add(1, Relaxed);
    }
    let Ok(b) = serde_json::from_slice::<CreateBody>(body) else {
        st.count.bad_request.fetch_add(1, Relaxed);
        return api_error(StatusCode::BAD_REQUEST, "INVALID_JSON", "body is not a create request");
    };
    let n = st.count.creates.fetch_add(1, Relaxed);
    let name = serde_json::to_string(&*b.name).unwrap();
    let bare = &name[1..name.len() - 1];
    let base = "https://cloud.mongodb.com/api/atlas/v2/groups";
    let json = format!(
        concat!(
            r#"{{"connectionStrings":{{"standardSrv":"mongodb+srv://{bare}.abc12.mongodb.net"}},"#,
            r#""createDate":"2025-03-12T09:30:15Z","groupId":"{group}","id":"{id:024x}","#,
            r#""links":[{{"href":"{base}/{group}/serverless/{bare}","rel":"self"}},"#,
            r#"{{"href":"{base}/{group}/serverless/{bare}/backup/snapshots","rel":"https://cloud.mongodb.com/snapshots"}},"#,
            r#"{{"href":"{base}/{group}/serverless/{bare}/backup/restoreJobs","rel":"https://cloud.mongodb.com/restoreJobs"}}],"#,
            r#""mongoDBVersion":"8.0.4","name":{name},"#,
            r#""providerSettings":{{"backingProviderName":"{bp}","effectiveDiskSizeGBLimit":1024,"#,
            r#""effectiveInstanceSizeName":"M10","effectiveProviderName":"FLEX","#,
            r#""providerName":"SERVERLESS","regionName":"{region}"}},"#,
            r#""serverlessBackupOptions":{{"serverlessContinuousBackupEnabled":true}},"#,
            r#""stateName":"CREATING","tags":[{{"key":"env","value":"dev"}}],"#,
            r#""terminationProtectionEnabled":false}}"#
        ),
        bare = bare,
        group = group,
        id = n,
        base = base,
        name = name,
        bp = b.provider.backing_provider_name,
        region = b.provider.region_name,
    );
    reply(StatusCode::CREATED, "application/vnd.atlas.2025-03-12+json;charset=utf-8", json)
}
