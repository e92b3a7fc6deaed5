//! Deletions whose reply was lost (if the resource is gone at the next attempt, that is a success), deletions that
//! another call has begun, and those of what is not there.
use bytes::Bytes;

use super::resource::request::{NOTHING_DELETED, ResourceRequest};
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::Error;
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::json::Tape;

impl Client {
    /// Runs a deletion. One that another call has begun is no error if its end is waited for; that nothing has the name is
    /// none if the request says so.
    pub(super) async fn delete(
        &self,
        request: &ResourceRequest,
        call: &Call,
        context: &mut Context,
    ) -> Result<Reply, Error> {
        match self.run(call, context).await {
            Err(error) if request.wait.is_some() && classify::is_being_deleted(&error) => {
                context.joined_deletion = true;
                Ok(Reply { reconciled: false, ..self.already_deleted(call, context) })
            }
            Err(Error::Api(api)) if request.missing_ok && classify::is_absent(&api) => {
                context.log(Level::Info, || format!("{}: there is no {}", call.operation, request.name));
                Ok(self.nothing_deleted(call, context))
            }
            result => result,
        }
    }

    /// What a deletion returns, but for the status.
    fn nothing_deleted(&self, call: &Call, context: &mut Context) -> Reply {
        let reply = Reply { status: NOTHING_DELETED, reconciled: false, ..self.already_deleted(call, context) };
        if !(call.serverless && call.envelope) {
            return reply;
        }
        let body = Bytes::from(format!(r#"{{"status":{NOTHING_DELETED},"content":{{}}}}"#));
        Reply { tape: Tape::parse(&body), body, ..reply }
    }
}
