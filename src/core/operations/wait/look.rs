//! One look of a waiter: what is there, and which trouble passes.
use std::time::Duration;

use serde::Deserialize;

use super::Waiter;
use crate::core::client::{Client, Failed, OnRetired};
use crate::core::context::Context;
use crate::core::error::{Error, TransportError, TransportKind};
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::operations::retirement;
use crate::core::spec::model::{Kind, Operation};

/// What one look saw.
pub(super) enum Seen {
    State { state: String, id: Option<String>, reply: Box<Reply> },
    Absent(Error),
    Gone(Error),
    SendError(Error),
}

impl Waiter<'_> {
    /// Looks on the path of the kind; for a serverless instance perhaps on that of its successor.
    pub(super) async fn look(&mut self, context: &mut Context) -> Result<Seen, Error> {
        self.polls += 1;
        let becomes_flex = self.wait.kind == Kind::Serverless && self.wait.on_retired == OnRetired::Flex;
        if becomes_flex && self.client.retired().is_some() {
            self.wait.kind = Kind::Flex;
        }
        let seen = self.ask(self.wait.kind, context).await?;
        match seen {
            Seen::Gone(Error::Api(said)) if self.wait.kind == Kind::Serverless => {
                self.client.remember_retired(&said);
                if !becomes_flex {
                    return Err(retirement::error(*said, Operation::Get));
                }
                self.wait.kind = Kind::Flex;
                self.ask(Kind::Flex, context).await
            }
            Seen::Absent(first) if becomes_flex && self.wait.kind == Kind::Serverless => {
                match self.ask(Kind::Flex, context).await {
                    Ok(Seen::State { state, id, reply }) => {
                        self.wait.kind = Kind::Flex;
                        self.wait.id = None;
                        Ok(Seen::State { state, id, reply })
                    }
                    Ok(Seen::SendError(error)) => Ok(Seen::SendError(error)),
                    _ => Ok(Seen::Absent(first)),
                }
            }
            Seen::Gone(error) => Err(error),
            seen => Ok(seen),
        }
    }

    /// One request, with the bounds of a single attempt: the waiter itself is what tries again.
    async fn ask(&self, kind: Kind, context: &mut Context) -> Result<Seen, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Entity {
            state_name: String,
            id: Option<String>,
        }
        let call = self.call(kind, Operation::Get);
        let mut inner = context.afresh(self.client.env());
        inner.attempts = 1;
        let failed = match self.client.attempt(&call, &mut inner).await {
            Ok(exchange) => {
                let reply = self.client.reply(exchange, &mut inner);
                return Ok(match serde_json::from_slice::<Entity>(content(&reply.body, call.envelope)) {
                    Ok(Entity { state_name: state, id }) => {
                        Seen::State { state, id, reply: Box::new(self.whole(reply, context)) }
                    }
                    Err(_) => {
                        context.notices.add(reply.notices);
                        Seen::SendError(no_state(self.client, &call))
                    }
                });
            }
            Err(failed) => failed,
        };
        match failed {
            Failed { error: Error::Api(api), .. } if classify::is_absent(&api) => Ok(Seen::Absent(Error::Api(api))),
            Failed { error: Error::Api(api), .. } if classify::path_is_gone(&api) => Ok(Seen::Gone(Error::Api(api))),
            failed if tolerable(&failed) => Ok(Seen::SendError(failed.error)),
            failed => Err(failed.error),
        }
    }

    /// The reply of a look as that of the whole wait.
    fn whole(&self, reply: Reply, context: &Context) -> Reply {
        Reply { attempts: self.polls, elapsed: context.elapsed(self.client.env()), ..reply }
    }
}

/// Whether a failure passes: what the service or something before it had, not what it said of the request.
pub(super) fn tolerable(failed: &Failed) -> bool {
    match &failed.error {
        Error::Transport(_) => true,
        Error::Api(api) => matches!(api.status, 408 | 425 | 429 | 500..) || is_page(api.body_start.as_deref()),
        Error::Authentication(refusal) => matches!(refusal.status, Some(429 | 500..)),
        _ => false,
    }
}

/// A page of a proxy or gateway, which knows nothing of the resource.
fn is_page(body_start: Option<&str>) -> bool {
    body_start.is_some_and(|start| start.starts_with('<'))
}

fn no_state(client: &Client, call: &Call) -> Error {
    Error::Transport(Box::new(TransportError {
        kind: TransportKind::Protocol,
        message: "the reply has no stateName".to_owned(),
        method: call.method.to_string(),
        url: format!("{}{}", client.shared.base_url, call.target),
        attempts: 1,
        elapsed: Duration::ZERO,
        status: Some(200),
        body_start: None,
        target: None,
        hint: None,
    }))
}
