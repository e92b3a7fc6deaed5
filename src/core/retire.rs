//! Life after the endpoint: Atlas retired the serverless operations in January 2026.
use bytes::Bytes;
use serde_json::Value;

use crate::core::convert::to_flex;
use crate::core::error::{ApiError, Error, Notice, NoticeKind};
use crate::core::model::{Kind, Node};
use crate::core::validate;

/// The error for a serverless operation whose path is gone.
pub(crate) fn error(mut api: ApiError) -> Error {
    api.endpoint_retired = true;
    api.retryable = false;
    api.hint = Some(
        "Atlas retired serverless instances in January 2026: create a Flex cluster with create_flex_cluster(group_id, **to_flex_spec(spec).spec), or pass on_retired=\"flex\" to do so where the endpoint is gone"
            .to_owned(),
    );
    Error::Api(Box::new(api))
}

/// The Flex body for a serverless one, and what its owner is told.
pub(crate) fn flex_body(group_id: &str, serverless: &[u8]) -> Result<(Bytes, Vec<Notice>), Error> {
    let spec: Value = serde_json::from_slice(serverless)
        .map_err(|e| Error::Configuration(format!("the serverless request is not JSON ({e})")))?;
    let conversion = to_flex(&Node::from(&spec)).map_err(Error::Validation)?;
    let flex = Value::Object(conversion.spec);
    let checked = validate::create(Kind::Flex, group_id, &Node::from(&flex), None).map_err(Error::Validation)?;
    let lost: Vec<String> = conversion.lost.iter().map(|l| format!("{} = {} ({})", l.field, l.value, l.why)).collect();
    let lost = if lost.is_empty() { "nothing is lost".to_owned() } else { format!("lost: {}", lost.join("; ")) };
    let mut notices = vec![Notice {
        kind: NoticeKind::EndpointDeprecated,
        message: format!(
            "The serverless endpoint is gone; a Flex cluster is created instead (on_retired=\"flex\"); {lost}. Use create_flex_cluster from now on"
        ),
    }];
    notices.extend(conversion.notices);
    notices.extend(checked.notices);
    Ok((Bytes::from(checked.body), notices))
}
