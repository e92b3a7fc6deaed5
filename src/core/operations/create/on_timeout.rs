//! `on_timeout="delete"`: what a create has made, and what is not IDLE in time, is deleted again. Only what this call is
//! sure to have made itself.
use std::time::Duration;

use serde::Deserialize;

use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::{Error, WaitEnding, WaitError};
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::json::from_object;
use crate::core::spec::model::{Kind, Operation};

/// For looking at it and deleting it, after the caller's own time is up.
const TIME: Duration = Duration::from_secs(60);

/// What was created.
pub(super) struct Leftover {
    pub(super) kind: Kind,
    pub(super) group_id: String,
    pub(super) name: String,
    pub(super) id: Option<String>,
}

/// Deletes it if the wait ran out of time, and says in the error what became of it.
pub(super) async fn delete_leftover(
    client: &Client,
    leftover: Leftover,
    error: Box<WaitError>,
    reconciled: bool,
    context: &Context,
) -> Box<WaitError> {
    if error.ending != WaitEnding::TimedOut {
        return error;
    }
    let deleted = match &leftover.id {
        _ if reconciled => Err("the answer to its create was lost, so it may be another's".to_owned()),
        None => Err("the reply to its create has no id".to_owned()),
        Some(id) => delete(client, &leftover, id, context).await,
    };
    match deleted {
        Ok(how) => {
            let message = format!("{}; {how}, since on_timeout is \"delete\"", error.message);
            Box::new(WaitError { message, advice: None, deleted: true, ..*error })
        }
        Err(why) => {
            context.log(Level::Warning, || format!("{} was not deleted: {why}", leftover.name));
            let message = format!("{}; it was not deleted, although on_timeout is \"delete\": {why}", error.message);
            Box::new(WaitError { message, ..*error })
        }
    }
}

/// How it was deleted, or why not.
async fn delete(client: &Client, leftover: &Leftover, id: &str, context: &Context) -> Result<&'static str, String> {
    #[derive(Deserialize)]
    struct Identity {
        id: Option<String>,
    }
    let call = |operation| {
        let (kind, format) = (leftover.kind, ReplyFormat::default());
        Call::resource(kind, operation, &leftover.group_id, &leftover.name, format, None)
    };
    let begun = client.env().clock.now();
    let fresh = || Context { deadline: Some(begun.saturating_add(TIME)), ..context.sub_request_from_now(client.env()) };
    match client.run(&call(Operation::Get), &mut fresh()).await {
        Ok(reply) => {
            let found = from_object::<Identity>(&reply.body).ok().and_then(|identity| identity.id);
            if found.as_deref() != Some(id) {
                return Err("another has its name by now".to_owned());
            }
        }
        // It may only be that reads do not know it yet, so the deletion is tried.
        Err(Error::Api(api)) if classify::is_absent(&api) => {}
        Err(error) => return Err(format!("looking at it failed with {error}")),
    }
    match client.run(&call(Operation::Delete), &mut fresh()).await {
        Ok(_) => Ok("its deletion was accepted"),
        Err(error) if classify::is_being_deleted(&error) => Ok("it is being deleted"),
        Err(error) => Err(format!("the deletion failed with {error}")),
    }
}
