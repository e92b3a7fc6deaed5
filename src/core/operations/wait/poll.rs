//! One poll of a wait: what the resource's state is, and which failures are transient.
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::request::WaitRequest;
use crate::core::client::Client;
use crate::core::client::attempt::AttemptError;
use crate::core::config::OnRetired;
use crate::core::context::Context;
use crate::core::context::clock::timestamp;
use crate::core::error::{ApiError, Error, NoConnection, TransportError, TransportKind, printable};
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::http::subject;
use crate::core::http::to_error::wrong_resource;
use crate::core::json::from_object;
use crate::core::operations::retirement;
use crate::core::policy::retry::{self, RequestKind, UNKNOWN_HOST_RETRIES};
use crate::core::spec::model::{Kind, Operation};

/// What one poll saw.
pub(super) enum Observation {
    State {
        state: String,
        id: Option<String>,
        created: Option<SystemTime>,
        reply: Box<Reply>,
    },
    Absent(Box<ApiError>),
    /// The path of the kind does not exist any more.
    PathGone(Error),
    /// The reply is about another resource.
    OtherResource(Error),
    /// A failure that the wait tolerates.
    Failed(Error),
}

/// Polls on the path of the kind. A serverless instance that has become a Flex cluster is followed there if the request
/// says so.
pub(super) async fn poll(
    client: &Client,
    request: &mut WaitRequest,
    polls: u32,
    context: &mut Context,
) -> Result<Observation, Error> {
    let follow_to_flex = request.kind == Kind::Serverless && request.on_retired == OnRetired::Flex;
    if follow_to_flex && client.retired().is_some() {
        request.kind = Kind::Flex;
    }
    let observation = get_state(client, request, request.kind, polls, context).await?;
    match observation {
        Observation::PathGone(Error::Api(api)) if request.kind == Kind::Serverless => {
            client.remember_retired(&api);
            if !follow_to_flex {
                return Err(retirement::error(*api, Operation::Get));
            }
            request.kind = Kind::Flex;
            get_state(client, request, Kind::Flex, polls, context).await
        }
        Observation::Absent(error) if follow_to_flex && request.kind == Kind::Serverless => {
            match get_state(client, request, Kind::Flex, polls, context).await {
                Ok(state @ Observation::State { .. }) => {
                    request.kind = Kind::Flex;
                    request.id = None;
                    Ok(state)
                }
                Ok(failed @ (Observation::Failed(_) | Observation::OtherResource(_))) => Ok(failed),
                _ => Ok(Observation::Absent(error)),
            }
        }
        Observation::PathGone(error) => Err(error),
        observation => Ok(observation),
    }
}

/// One attempt of a GET: the wait itself is what tries again.
async fn get_state(
    client: &Client,
    request: &WaitRequest,
    kind: Kind,
    polls: u32,
    context: &mut Context,
) -> Result<Observation, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Resource {
        #[serde(alias = "status")]
        state_name: String,
        id: Option<String>,
        create_date: Option<String>,
    }
    let checked = Call { request_kind: RequestKind::WaitPoll, ..request.call(kind, Operation::Get) };
    // The wait compares the reply itself: it is patient with one that is out of step, but not with many.
    let call = Call { subject: None, ..checked.clone() };
    let mut inner = context.sub_request_from_now(client.env());
    inner.attempts = 1;
    let failed = match client.attempt(&call, &mut inner).await {
        Ok(exchange) => {
            if let Some(message) = subject::mismatch(&checked, &exchange).filter(|_| !request.any_name) {
                let error = wrong_resource(message, &call, &exchange, &client.shared.base_url, inner.attempts);
                return Ok(Observation::OtherResource(error));
            }
            let reply = client.reply(exchange, &mut inner);
            return Ok(match from_object::<Resource>(content(&reply.body, call.envelope)) {
                Ok(Resource { state_name: state, id, create_date }) => {
                    // The caller sees the reply as that of the whole wait.
                    let reply = Reply { attempts: polls, elapsed: context.elapsed(client.env()), ..reply };
                    let created = create_date.and_then(|date| timestamp(&date));
                    Observation::State { state: printable(&state), id, created, reply: Box::new(reply) }
                }
                Err(_) => {
                    context.notices.add(reply.notices);
                    Observation::Failed(no_state(client, &call))
                }
            });
        }
        Err(failed) => failed,
    };
    match failed {
        AttemptError { error: Error::Api(api), .. } if classify::is_absent(&api) => Ok(Observation::Absent(api)),
        // The upgrade has not begun yet: the cluster is still a Flex cluster.
        AttemptError { error: Error::Api(api), .. } if request.is_after_upgrade() && classify::is_other_kind(&api) => {
            Ok(Observation::Failed(Error::Api(api)))
        }
        AttemptError { error: Error::Api(api), .. } if classify::path_is_gone(&api) => {
            Ok(Observation::PathGone(Error::Api(api)))
        }
        failed if is_transient(&failed, polls) => Ok(Observation::Failed(failed.error)),
        failed => Err(failed.error),
    }
}

/// Whether a failure of this poll says nothing about the request itself, so that a later poll may succeed.
pub(super) fn is_transient(failed: &AttemptError, polls: u32) -> bool {
    match &failed.error {
        // The token endpoint has been tried several times within one poll.
        Error::Transport(error) => match error.no_connection {
            Some(NoConnection::Refused) => false,
            Some(NoConnection::UnknownHost) => polls.saturating_add(error.attempts) <= UNKNOWN_HOST_RETRIES + 1,
            None => true,
        },
        Error::Api(api) => {
            retry::is_transient(api.status, RequestKind::WaitPoll) || (classify::is_html_page(api) && api.status != 407)
        }
        Error::Authentication(refusal) => {
            refusal.status.is_some_and(|status| retry::is_transient(status, RequestKind::WaitPoll))
        }
        _ => false,
    }
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
        no_connection: None,
        target: None,
        hint: None,
    }))
}
