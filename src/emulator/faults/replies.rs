//! The replies that faults send in the place of the original ones.

use serde_json::{Map, Value, json};

use super::kind::FaultKind;
use super::order::Order;
use crate::emulator::api::access_list::entry_not_found;
use crate::emulator::api::database_users::user_not_found;
use crate::emulator::api::instances::{cluster_not_found, serverless_not_found};
use crate::emulator::api::rate_limits;
use crate::emulator::auth;
use crate::emulator::http::authorization;
use crate::emulator::http::operations::{Endpoint, Operation};
use crate::emulator::http::replies::{ApiError, Reply, reason};
use crate::emulator::http::request::Request;
use crate::emulator::http::route::{Route, RouteError};
use crate::emulator::store::Store;

/// The reply that a fault puts in the place of the original one.
pub(crate) fn fault_reply(
    store: &mut Store,
    route: &Result<Route, RouteError>,
    request: &Request,
    fault: &Order,
) -> Reply {
    let operation = route.as_ref().ok().map(|route| route.operation);
    let token_endpoint = operation.is_some_and(Operation::is_token_endpoint);
    match fault.kind {
        FaultKind::Html => {
            let status = fault.status.unwrap_or(502);
            let title = format!("{status} {}", reason(status));
            let page = format!(
                "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
                 <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
            );
            Reply::raw(status, "text/html", page)
        }
        FaultKind::RateLimited if !token_endpoint => {
            let wait = fault.retry_after.clone().flatten().and_then(|text| text.parse().ok()).unwrap_or(1);
            rate_limits::refusal(&request.path, rate_limits::size_of(store, operation), wait).into()
        }
        FaultKind::Unauthorized if !token_endpoint => match authorization::scheme(&request.headers) {
            "digest" | "none" => auth::challenge(store, false),
            _ => auth::refuse_bearer(),
        },
        FaultKind::NotFound => not_found(route, request).into(),
        kind => {
            let status = fault.status.unwrap_or(match kind {
                FaultKind::RateLimited => 429,
                FaultKind::Unauthorized => 401,
                _ => 500,
            });
            if token_endpoint { oauth_error(status, fault) } else { api_error(status, fault) }
        }
    }
}

fn not_found(route: &Result<Route, RouteError>, request: &Request) -> ApiError {
    let Ok(Route { operation, group_id: Some(group_id), name, .. }) = route else {
        return ApiError::no_such_path(&request.path);
    };
    match (operation.endpoint, name) {
        (Endpoint::Serverless, Some(name)) => serverless_not_found(name, group_id),
        (Endpoint::Flex | Endpoint::Clusters, Some(name)) => cluster_not_found(name, group_id),
        (Endpoint::DatabaseUsers, Some(name)) => user_not_found(name),
        (Endpoint::AccessList, Some(value)) => entry_not_found(value, group_id),
        _ => ApiError::group_not_found(group_id),
    }
}

fn api_error(status: u16, fault: &Order) -> Reply {
    let code = fault.error_code.clone().unwrap_or_else(|| Some("UNEXPECTED_ERROR".to_owned()));
    let detail = fault.detail.clone().unwrap_or_else(|| "Unexpected error.".to_owned());
    let mut body = Map::new();
    body.insert("detail".into(), json!(detail));
    body.insert("error".into(), json!(status));
    if let Some(code) = &code {
        body.insert("errorCode".into(), json!(code));
    }
    body.insert("parameters".into(), json!([]));
    body.insert("reason".into(), json!(reason(status)));
    Reply { error_code: code, ..Reply::plain(status, Value::Object(body)) }
}

fn oauth_error(status: u16, fault: &Order) -> Reply {
    let default = match status {
        400 => "invalid_request",
        401 => "invalid_client",
        403 => "access_denied",
        429 => "rate_limited",
        503 => "temporarily_unavailable",
        _ => "server_error",
    };
    let code = fault.error_code.clone().flatten().unwrap_or_else(|| default.to_owned());
    let detail = fault.detail.clone().unwrap_or_else(|| reason(status).to_owned());
    let body = json!({"error": code, "error_description": detail});
    Reply { error_code: Some(code), ..Reply::plain(status, body) }
}
