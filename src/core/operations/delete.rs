//! A deletion whose answer was lost: that the resource is gone by the next attempt is a success. And one that another call
//! has begun.
use reqwest::header::HeaderMap;

use super::resource::ResourceRequest;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::Error;
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::http::transport::Exchange;
use crate::core::spec::model::Operation;

impl Client {
    /// Runs a call. That a deletion has begun already is no error where its end is waited for.
    pub(crate) async fn run_or_join(
        &self,
        one: &ResourceRequest,
        call: &Call,
        context: &mut Context,
    ) -> Result<Reply, Error> {
        match self.run(call, context).await {
            Err(error)
                if one.operation == Operation::Delete && one.wait.is_some() && classify::is_being_deleted(&error) =>
            {
                context.joined = true;
                Ok(Reply { reconciled: false, ..self.already_deleted(call, context) })
            }
            ended => ended,
        }
    }

    /// What the answer that was lost would have been.
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
