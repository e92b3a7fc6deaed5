//! Create. It is not idempotent: when the outcome of an attempt is unknown, the name is looked up before anything is
//! sent again.
mod attempts;
mod check_reply;
mod look_up;
mod on_timeout;
pub(super) mod outcome;
pub mod reconcile;
pub mod request;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;

use self::on_timeout::{Leftover, delete_leftover};
use self::outcome::{Origin, Outcome, outcome_unknown};
use self::request::{CreateRequest, OnTimeout};
use super::retirement;
use super::wait::request::{PriorAction, WaitRequest};
use crate::core::client::Client;
use crate::core::config::OnRetired;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::context::panic::panicked;
use crate::core::error::Error;
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::http::to_error::add_hint;
use crate::core::json::from_object;
use crate::core::spec::model::{Kind, Operation};

impl Client {
    /// Creates a resource, and waits for it if the request says so.
    pub async fn create(&self, request: CreateRequest, context: &mut Context) -> Result<Reply, Error> {
        // Shared with the warning that the call logs if it is given up.
        let request = Arc::new(request);
        let created = AssertUnwindSafe(self.create_or_convert(&request, context)).catch_unwind().await;
        context.disarm_outcome_guard();
        let created = created.unwrap_or_else(|_| Err(outcome_unknown(&request, &request.call(), &panicked(), None)));
        let outcome = created.map_err(|error| with_region_notice(error, request.region_notice.clone()))?;
        if outcome.origin == Origin::Created {
            self.shared.created.add(self.env().clock.now(), &request.group_id, &request.name);
        }
        if request.wait.is_none() && !context.logs(Level::Info) {
            return Ok(outcome.reply);
        }
        Box::pin(self.wait_until_created(&request, outcome, context)).await
    }

    /// Logs what was created, and waits for it if the request says so.
    async fn wait_until_created(
        &self,
        request: &CreateRequest,
        outcome: Outcome,
        context: &mut Context,
    ) -> Result<Reply, Error> {
        let Outcome { kind, reply, origin } = outcome;
        let CreateRequest { group_id, name, reply_format, on_retired, wait, .. } = request;
        let CreatedResource { id, state_name, name: reply_name } =
            from_object(content(&reply.body, reply_format.envelope)).unwrap_or_default();
        let elapsed = context.elapsed(self.env()).as_secs_f64();
        context.log(Level::Info, || {
            let (noun, state) = (kind.noun(), state_name.as_deref().unwrap_or("in no known state"));
            format!("the {noun} {name} in project {group_id} is {state} after {elapsed:.1} s")
        });
        let Some(interval) = *wait else { return Ok(reply) };
        let is_updated = matches!(origin, Origin::Updated(_));
        if state_name.as_deref() == Some("IDLE") && !is_updated {
            return Ok(reply);
        }
        let any_name = !name.is_empty() && reply_name.as_ref().is_some_and(|other| other != name);
        let (group_id, name) = (group_id.clone(), name.clone());
        let name = if name.is_empty() { reply_name.unwrap_or_default() } else { name };
        let leftover = Leftover { kind, group_id: group_id.clone(), name: name.clone(), id: id.clone() };
        if origin == Origin::Created {
            let (noun, what, project) = (kind.noun(), name.clone(), group_id.clone());
            context.guard_outcome(move || {
                format!("The {noun} {what} was created in project {project}; nobody waits for it any more")
            });
            context.mark_sent(self.env());
        }
        let (action, values) = match &origin {
            Origin::Created => (PriorAction::Create, None),
            Origin::Existing => (PriorAction::Exist, None),
            Origin::Updated(body) => (PriorAction::Update, Some(body.clone())),
        };
        let wait = WaitRequest {
            id,
            values,
            any_name,
            interval,
            reply_format: *reply_format,
            on_retired: *on_retired,
            ..WaitRequest::until("IDLE", kind, group_id, name)
        };
        let (attempts, reconciled) = (reply.attempts, reply.reconciled);
        let last = self.wait_after(action, &reply, wait, context).await;
        let last = match last {
            Err(Error::Wait(error)) if request.on_timeout == OnTimeout::Delete && origin == Origin::Created => {
                Err(Error::Wait(delete_leftover(self, leftover, error, reconciled, context).await))
            }
            last => last,
        };
        context.disarm_outcome_guard();
        let last = last?.ok_or_else(|| Error::Configuration("a create cannot wait for a deletion".to_owned()))?;
        Ok(Reply { attempts, reconciled, ..last })
    }

    /// Creates on the path of the request's kind, or a Flex cluster where the serverless path is gone and the caller
    /// wants that.
    async fn create_or_convert(&self, request: &Arc<CreateRequest>, context: &mut Context) -> Result<Outcome, Error> {
        if let Some(retired) = self.retired().filter(|_| request.kind == Kind::Serverless) {
            return match request.on_retired {
                OnRetired::Flex => Box::pin(self.create_flex_instead(request, context)).await,
                OnRetired::Raise => Err(self.not_sent_since_retired(retired, &request.call(), Operation::Create)),
            };
        }
        match self.create_with_retries(request, context).await {
            Err(Error::Api(api)) if request.kind == Kind::Serverless && classify::path_is_gone(&api) => {
                self.remember_retired(&api);
                match request.on_retired {
                    OnRetired::Flex => Box::pin(self.create_flex_instead(request, context)).await,
                    OnRetired::Raise => Err(retirement::error(*api, Operation::Create)),
                }
            }
            other => other,
        }
    }

    async fn create_flex_instead(&self, request: &CreateRequest, context: &mut Context) -> Result<Outcome, Error> {
        let (body, notices) = retirement::flex_body(&request.body)?;
        context.notices.add([retirement::flex_created_notice(&request.name)]);
        context.notices.add(notices);
        context.attempts = 0;
        let flex = CreateRequest { kind: Kind::Flex, body: Bytes::from(body), ..request.clone() };
        self.create_with_retries(&Arc::new(flex), context).await
    }
}

/// The fields of the reply that a wait needs.
#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedResource {
    id: Option<String>,
    name: Option<String>,
    state_name: Option<String>,
}

/// Where Atlas refuses a region that was sent with a warning, the error says again what the warning knew.
fn with_region_notice(mut error: Error, notice: Option<String>) -> Error {
    let is_refusal = matches!(&error, Error::Api(api) if matches!(api.status, 400 | 404 | 409)
        && api.error_code.as_deref() != Some("DUPLICATE_CLUSTER_NAME"));
    if let Some(notice) = notice.filter(|_| is_refusal) {
        add_hint(&mut error, &notice);
    }
    error
}
