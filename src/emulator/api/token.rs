//! The token endpoint: `POST /api/oauth/token` and `/api/oauth/revoke`, whose errors have OAuth's shape.

use serde_json::{Value, json};

use crate::emulator::auth;
use crate::emulator::http::authorization;
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::Request;
use crate::emulator::http::version;
use crate::emulator::store::Store;
use crate::emulator::store::identity::IdentityKind;

/// Issues a token.
pub(crate) fn token(store: &mut Store, request: &Request) -> Reply {
    let form = form(request);
    let client_id = match client(store, request, &form) {
        Ok(id) => id,
        Err(reply) => return reply,
    };
    match field(&form, "grant_type") {
        Some("client_credentials") => {}
        None => return error(400, "invalid_request", "The parameter grant_type is missing."),
        Some(_) => {
            return error(
                400,
                "unsupported_grant_type",
                "The grant type is not supported by the authorization server.",
            );
        }
    }
    let now = store.now();
    if let Some(limit) = store.options.token_requests_per_minute
        && let Err(wait) = store.tokens.throttle(auth::caller_address(store, request), &client_id, now, limit)
    {
        // Seen in the API's own shape, not in OAuth's.
        let path = "/api/oauth/token";
        let detail = format!("Resource {path} is limited to {limit} requests every 1 minutes.");
        let mut refusal = ApiError::new(429, "RATE_LIMITED", detail).with([json!(path), json!(limit), json!(1)]);
        refusal.headers = vec![("retry-after", wait.to_string())];
        return refusal.into();
    }
    if store.options.live_tokens.is_some_and(|max| store.tokens.live(&client_id, now) >= max as usize) {
        return error(403, "access_denied", "The service account has too many live access tokens.");
    }
    let lifetime = store.token_lifetime();
    let token = store.tokens.issue(&mut store.ids, &client_id, now, lifetime, true);
    store.request_log.counters.tokens_issued += 1;
    store.dirty = true;
    Reply::plain(
        200,
        json!({"access_token": token, "expires_in": store.options.token_lifetime.as_secs(), "token_type": "Bearer"}),
    )
}

/// Revokes a token. An unknown one is no error (RFC 7009).
pub(crate) fn revoke(store: &mut Store, request: &Request) -> Reply {
    let form = form(request);
    let client_id = match client(store, request, &form) {
        Ok(id) => id,
        Err(reply) => return reply,
    };
    let Some(token) = field(&form, "token") else {
        return error(400, "invalid_request", "The parameter token is missing.");
    };
    store.tokens.revoke(token, &client_id);
    store.request_log.counters.tokens_revoked += 1;
    store.dirty = true;
    Reply { content_type: Some("application/json".into()), ..Reply::empty(200) }
}

/// The service account, from the Basic header or from the form.
fn client(store: &Store, request: &Request, form: &[(String, String)]) -> Result<String, Reply> {
    if !request.body.is_empty() && !version::is_form_body(&request.headers) {
        return Err(error(400, "invalid_request", "The body must be application/x-www-form-urlencoded."));
    }
    let header = authorization::basic(&request.headers).map(|(id, secret)| (form_decoded(id), form_decoded(secret)));
    let given = header.or_else(|| {
        Some((field(form, "client_id")?.to_owned(), field(form, "client_secret").unwrap_or_default().to_owned()))
    });
    given
        .and_then(|(id, secret)| {
            let account = store.identities.get(&id)?;
            (account.kind == IdentityKind::ServiceAccount && account.secret == secret).then_some(id)
        })
        .ok_or_else(|| {
            let mut reply = error(401, "invalid_client", "Client authentication failed.");
            reply.headers.push(("www-authenticate", "Basic realm=\"MMS Public API\"".to_owned()));
            reply
        })
}

/// RFC 6749, section 2.3.1: id and secret are form-encoded inside the header.
fn form_decoded(text: String) -> String {
    percent_encoding::percent_decode_str(&text).decode_utf8().map(|t| t.into_owned()).unwrap_or(text)
}

fn form(request: &Request) -> Vec<(String, String)> {
    lists::pairs(&String::from_utf8_lossy(&request.body))
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn error(status: u16, code: &str, description: &str) -> Reply {
    let body: Value = json!({"error": code, "error_description": description});
    Reply { error_code: Some(code.to_owned()), ..Reply::plain(status, body) }
}
