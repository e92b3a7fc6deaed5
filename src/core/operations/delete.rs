//! Deletions whose reply was lost (if the resource is gone at the next attempt, that is a success), and deletions that
//! another call has begun.
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::Error;
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::Reply;

impl Client {
    /// Runs a deletion. One that another call has begun is no error: its end can be waited for all the same.
    pub(super) async fn delete_or_join(&self, call: &Call, context: &mut Context) -> Result<Reply, Error> {
        match self.run(call, context).await {
            Err(error) if classify::is_being_deleted(&error) => {
                context.joined_deletion = true;
                Ok(Reply { reconciled: false, ..self.already_deleted(call, context) })
            }
            result => result,
        }
    }
}
