//! Atlas retired the serverless operations in January 2026, and the instances became Flex clusters. With
//! `on_retired="flex"` the serverless methods use the Flex path:
//!
//! | operation | when it goes to the Flex path |
//! | --- | --- |
//! | create, update, delete, wait | once a reply has said that the serverless path is gone |
//! | get, wait | also if the serverless path, which reads outlive by a year, does not know the name |
//! | list | see [`super::list`] |
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::core::client::Client;
use crate::core::error::{ApiError, Error, Notice, NoticeKind};
use crate::core::http::call::Call;
use crate::core::http::deprecation;
use crate::core::http::to_error::add_hint;
use crate::core::spec::convert::convert_body;
use crate::core::spec::model::Operation;

/// The `Sunset` header of the serverless operations: Thu, 15 Jan 2026 00:00:00 GMT.
const SUNSET: Duration = Duration::from_secs(1_768_435_200);

/// Whether a `Date` of the service is past the end of the serverless operations.
pub(super) fn is_past_sunset(date: SystemTime) -> bool {
    date.duration_since(UNIX_EPOCH).is_ok_and(|since| since >= SUNSET)
}

impl Client {
    /// The error for an operation that is not sent, since an earlier reply said that its path is gone.
    pub(super) fn not_sent_since_retired(&self, retired: &ApiError, call: &Call, operation: Operation) -> Error {
        let path = call.target.split('?').next().unwrap_or_default();
        let api = ApiError {
            method: call.method.to_string(),
            url: format!("{}{path}", self.shared.base_url),
            attempts: 0,
            elapsed: Duration::ZERO,
            ..retired.clone()
        };
        let mut error = error(api, operation);
        add_hint(&mut error, "not sent: this client was told so before");
        error
    }
}

/// The error for a serverless operation whose path is gone.
pub(super) fn error(mut api: ApiError, operation: Operation) -> Error {
    let instead = match operation {
        Operation::Create => "create a Flex cluster with create_flex_cluster(group_id, **to_flex_spec(spec).spec)",
        Operation::Get => "they are Flex clusters now, made with create_flex_cluster: get it with get_flex_cluster",
        Operation::List => {
            "they are Flex clusters now, made with create_flex_cluster: list them with list_flex_clusters"
        }
        Operation::Update => {
            "they are Flex clusters now, made with create_flex_cluster: change it with update_flex_cluster"
        }
        Operation::Delete => {
            "they are Flex clusters now, made with create_flex_cluster: delete it with delete_flex_cluster"
        }
    };
    api.endpoint_retired = true;
    api.hint = Some(format!(
        "Atlas retired serverless instances in January 2026: {instead}, or let on_retired=\"flex\" do so where the endpoint is gone (Client(on_retired=\"flex\") for all methods)"
    ));
    Error::Api(Box::new(api))
}

/// Says that the Flex operation was used; once per process and operation.
pub(super) fn flex_used_notice(serverless: &str, flex: &str) -> Option<Notice> {
    deprecation::is_first_notice(&format!("{serverless} as {flex}")).then(|| Notice {
        kind: NoticeKind::EndpointDeprecated,
        message: format!(
            "{serverless} is retired: {flex} was used instead (on_retired=\"flex\"); change to the flex_cluster methods"
        ),
    })
}

/// Says that a Flex cluster is created; for each create.
pub(super) fn flex_created_notice(name: &str) -> Notice {
    Notice {
        kind: NoticeKind::EndpointDeprecated,
        message: format!(
            "createServerlessInstance is retired: the Flex cluster {name} is created instead (on_retired=\"flex\"); change to create_flex_cluster"
        ),
    }
}

/// Converts the body of a serverless create or update to Flex, with notices of what is lost.
pub(super) fn flex_body(serverless: &[u8]) -> Result<(Vec<u8>, Vec<Notice>), Error> {
    let body: Map<String, Value> = serde_json::from_slice(serverless)
        .map_err(|e| Error::Configuration(format!("the serverless request is not a JSON object ({e})")))?;
    let conversion = convert_body(body);
    Ok((Value::Object(conversion.spec).to_string().into_bytes(), conversion.notices))
}
