//! Deletions whose reply was lost (if the resource is gone at the next attempt, that is a success), and deletions that
//! another call has begun.
use reqwest::header::HeaderMap;

use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::Error;
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::http::transport::Exchange;

impl Client {
    /// Runs a deletion. One that another call has begun is no error: its end can be waited for all the same.
    pub(super) async fn delete_or_join(&self, call: &Call, context: &mut Context) -> Result<Reply, Error> {
        match self.run(call, context).await {
            Err(error) if classify::is_being_deleted(&error) => {
                context.joined = true;
                Ok(Reply { reconciled: false, ..self.already_deleted(call, context) })
            }
            result => result,
        }
    }

    /// The reply of a deletion as it would have been if it had not been lost.
    pub(crate) fn already_deleted(&self, call: &Call, context: &mut Context) -> Reply {
        let (status, body) = match (call.serverless, call.envelope) {
            (true, false) => (202, "{}"),
            (true, true) => (202, r#"{"status":202,"content":{}}"#),
            (false, _) => (204, ""),
        };
        let exchange = Exchange::new(status, HeaderMap::new(), body.into());
        Reply { reconciled: true, ..self.reply(exchange, context) }
    }
}
