//! Updates that add and remove single tags. Atlas only replaces all of them, so they are read first; whoever changes them
//! between that and the update is overruled.
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::resource::request::ResourceRequest;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::Error;
use crate::core::http::reply::{Reply, content};
use crate::core::json::from_object;
use crate::core::spec::model::{Kind, Operation};

#[derive(Default, Deserialize)]
struct Current {
    tags: Option<Vec<Value>>,
}

impl Client {
    /// Puts all the tags that there are to be into the body of an update. `Some`: the tags are as asked already, and nothing
    /// else is to be changed; what there is.
    pub(super) async fn merge_tags(
        &self,
        request: &mut ResourceRequest,
        context: &mut Context,
    ) -> Result<Option<(Kind, Reply)>, Error> {
        let get = ResourceRequest { operation: Operation::Get, body: None, wait: None, ..request.clone() };
        let (kind, reply) = Box::pin(self.send_or_convert(&get, context)).await?;
        let found: Current = from_object(content(&reply.body, request.reply_format.envelope))
            .map_err(|e| Error::Configuration(format!("the tags of {} could not be read ({e})", request.name)))?;
        let current = found.tags.unwrap_or_default();
        let tags = request.tags.applied(&current).map_err(Error::Validation)?;
        let mut body: Map<String, Value> =
            request.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        if tags != current {
            body.insert("tags".to_owned(), Value::Array(tags));
        } else if body.is_empty() {
            return Ok(Some((kind, reply)));
        }
        context.notices.add(reply.notices);
        // What was counted so far was the reading.
        context.attempts = 0;
        request.body = Some(Bytes::from(Value::Object(body).to_string()));
        Ok(None)
    }
}
