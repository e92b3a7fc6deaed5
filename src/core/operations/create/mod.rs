//! Create. It is not idempotent: when the outcome of an attempt is unknown, the name is looked up before anything is
//! sent again.
mod check_reply;
mod look_up;
mod on_timeout;
pub(super) mod outcome;
pub mod reconcile;
pub mod request;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;

use self::check_reply::check_reply;
use self::on_timeout::{Leftover, delete_leftover};
use self::outcome::{Origin, Outcome, OutcomeResolver, outcome_unknown};
use self::request::{CreateRequest, IfExists, OnTimeout};
use super::retirement;
use super::wait::request::{PriorAction, WaitRequest};
use crate::core::client::Client;
use crate::core::client::attempt::AttemptError;
use crate::core::config::OnRetired;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::context::panic::panicked;
use crate::core::error::Error;
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::http::to_error::{add_hint, with_stop_reason};
use crate::core::policy::retry::{AttemptOutcome, Decision, RequestKind, StopReason};
use crate::core::spec::model::{Kind, Operation};

impl Client {
    /// Creates a resource, and waits for it if the request says so.
    pub async fn create(&self, request: CreateRequest, context: &mut Context) -> Result<Reply, Error> {
        // Shared with the warning that the call logs if it is given up.
        let request = Arc::new(request);
        let created = AssertUnwindSafe(self.create_or_convert(&request, context)).catch_unwind().await;
        context.disarm_outcome_guard();
        let created = created.unwrap_or_else(|_| Err(outcome_unknown(&request, &request.call(), &panicked(), None)));
        let Outcome { kind, reply, origin } =
            created.map_err(|error| with_region_notice(error, request.region_notice.clone()))?;
        let CreateRequest { ref group_id, ref name, reply_format, on_retired, wait, .. } = *request;
        if origin == Origin::Created {
            self.shared.created.add(self.env().clock.now(), group_id, name);
        }
        if wait.is_none() && !context.logs(Level::Info) {
            return Ok(reply);
        }
        let CreatedResource { id, state_name, name: reply_name } =
            serde_json::from_slice(content(&reply.body, reply_format.envelope)).unwrap_or_default();
        let elapsed = context.elapsed(self.env()).as_secs_f64();
        context.log(Level::Info, || {
            let (noun, state) = (kind.noun(), state_name.as_deref().unwrap_or("in no known state"));
            format!("the {noun} {name} in project {group_id} is {state} after {elapsed:.1} s")
        });
        let Some(interval) = wait else { return Ok(reply) };
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
            reply_format,
            on_retired,
            ..WaitRequest::until("IDLE", kind, group_id, name)
        };
        let (attempts, reconciled) = (reply.attempts, reply.reconciled);
        let last = Box::pin(self.wait_after(action, &reply, wait, context)).await;
        let last = match last {
            Err(Error::Wait(error)) if request.on_timeout == OnTimeout::Delete && origin == Origin::Created => {
                Err(Error::Wait(Box::pin(delete_leftover(self, leftover, error, reconciled, context)).await))
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

    /// The loop of attempts. Rare branches are boxed, so that the future of a create that succeeds at once stays small.
    async fn create_with_retries(&self, request: &Arc<CreateRequest>, context: &mut Context) -> Result<Outcome, Error> {
        let call = request.call();
        let resolver = OutcomeResolver { client: self, request, call: &call };
        let can_look_up = self.shared.reconcile && !request.name.is_empty();
        // Whether an earlier attempt may have been carried out although its reply was lost.
        let mut earlier_outcome_unknown = false;
        let given_up = request.clone();
        context.guard_outcome(move || {
            let CreateRequest { kind, name, group_id, .. } = &*given_up;
            let noun = kind.noun();
            format!("The create of {noun} {name} in project {group_id} was given up: {name} may exist now or later")
        });
        loop {
            context.attempts += 1;
            // A reply with another name, kept in case the look-up shows that this server never returns the right name.
            let mut wrong_resource = None;
            let failed = match self.attempt(&call, context).await {
                Ok(exchange) => match check_reply(self, request, &call, exchange, context) {
                    (reply, None) => return Ok(Outcome { kind: request.kind, reply, origin: Origin::Created }),
                    (reply, Some(failed)) => {
                        wrong_resource = Some(reply);
                        failed
                    }
                },
                Err(failed) => failed,
            };
            let AttemptError { error, outcome } = failed;
            let decision = self.decide(outcome, context);
            let resolved = match decision {
                Decision::Retry(delay) => {
                    // This attempt was certainly not carried out, so `first_sent` must date from the next one.
                    if !earlier_outcome_unknown {
                        context.first_sent = None;
                    }
                    self.pause(&call, &error, delay, context).await;
                    continue;
                }
                Decision::Reconcile(_) if !can_look_up => return Err(outcome_unknown(request, &call, &error, None)),
                Decision::Reconcile(next) => {
                    earlier_outcome_unknown = true;
                    context.log(Level::Info, || {
                        let (operation, attempt, name) = (call.operation, context.attempts, &request.name);
                        format!("{operation} attempt {attempt}: {error}; the outcome is unknown, looking up {name}")
                    });
                    match (Box::pin(resolver.resolve_unknown(error, next, context)).await, wrong_resource) {
                        (Err(taken), Some(reply)) if is_other_name(&taken) => {
                            Some(Outcome { kind: request.kind, reply, origin: Origin::Created })
                        }
                        (resolved, _) => resolved?,
                    }
                }
                // The name is taken, perhaps by an earlier attempt of this call.
                Decision::Stop(_)
                    if can_look_up
                        && classify::is_name_taken(&error)
                        && (earlier_outcome_unknown || context.was_unauthorized) =>
                {
                    context.log(Level::Info, || {
                        let (operation, name) = (call.operation, &request.name);
                        format!("{operation}: the name {name} is taken, perhaps by an earlier attempt; looking it up")
                    });
                    let next = self.next_after_duplicate(context);
                    Box::pin(resolver.resolve_unknown(error, next, context)).await?
                }
                Decision::Stop(_)
                    if can_look_up && classify::is_name_taken(&error) && request.if_exists != IfExists::Error =>
                {
                    let next = self.next_after_duplicate(context);
                    Box::pin(resolver.resolve_existing(error, next, context)).await?
                }
                // An earlier attempt may have been carried out late, whatever stops the retries now.
                Decision::Stop(why) if earlier_outcome_unknown && can_look_up => {
                    Box::pin(resolver.resolve_unknown(error, Err(why), context)).await?
                }
                Decision::Stop(why) => return Err(with_stop_reason(error, why)),
            };
            if let Some(found) = resolved {
                return Ok(found);
            }
        }
    }

    /// For a create or an upgrade.
    pub(super) fn decide(&self, outcome: Option<AttemptOutcome>, context: &Context) -> Decision {
        let Some(outcome) = outcome else { return Decision::Stop(StopReason::Final) };
        let env = self.env();
        let state = context.retry_state(context.attempts, env);
        env.policy.decide(outcome, RequestKind::Reconcilable, state, env.rng.unit())
    }

    /// When to send again if the look-up finds nothing under a name that was taken: it may be free again by now.
    fn next_after_duplicate(&self, context: &Context) -> Result<Duration, StopReason> {
        match self.decide(Some(AttemptOutcome::NotSent), context) {
            Decision::Retry(delay) => Ok(delay),
            Decision::Stop(why) | Decision::Reconcile(Err(why)) => Err(why),
            Decision::Reconcile(Ok(delay)) => Ok(delay),
        }
    }
}

/// Whether the look-up by name also returned another name, as mock servers with fixed replies do.
fn is_other_name(taken: &Error) -> bool {
    classify::is_name_taken(taken)
        && matches!(taken, Error::Api(api) if api.violations.iter().any(|v| v.path == "name"))
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
