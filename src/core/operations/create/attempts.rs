//! The attempts of one create, and what follows one that failed: another, a look-up, or the end.
use std::sync::Arc;
use std::time::Duration;

use super::check_reply::check_reply;
use super::outcome::{Origin, Outcome, OutcomeResolver, outcome_unknown};
use super::request::{CreateRequest, IfExists};
use crate::core::client::Client;
use crate::core::client::attempt::AttemptError;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::Error;
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::http::to_error::with_stop_reason;
use crate::core::policy::retry::{AttemptOutcome, Decision, RequestKind, StopReason};

/// An attempt that failed.
struct FailedAttempt {
    error: AttemptError,
    /// A reply with another name, kept in case the look-up shows that this server never returns the right name.
    wrong_resource: Option<Reply>,
}

impl Client {
    /// The loop of attempts. What follows a failure is boxed: the future of a create that succeeds at once stays small.
    pub(super) async fn create_with_retries(
        &self,
        request: &Arc<CreateRequest>,
        context: &mut Context,
    ) -> Result<Outcome, Error> {
        let call = request.call();
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
            let failed = match self.attempt(&call, context).await {
                Ok(exchange) => match check_reply(self, request, &call, exchange, context) {
                    (reply, None) => return Ok(Outcome { kind: request.kind, reply, origin: Origin::Created }),
                    (reply, Some(error)) => FailedAttempt { error, wrong_resource: Some(reply) },
                },
                Err(error) => FailedAttempt { error, wrong_resource: None },
            };
            let resolver = OutcomeResolver { client: self, request, call: &call };
            let resolved =
                Box::pin(self.after_failure(resolver, failed, &mut earlier_outcome_unknown, context)).await?;
            if let Some(found) = resolved {
                return Ok(found);
            }
        }
    }

    /// Ends the create, or prepares the next attempt: then there is no outcome.
    async fn after_failure(
        &self,
        resolver: OutcomeResolver<'_>,
        failed: FailedAttempt,
        earlier_outcome_unknown: &mut bool,
        context: &mut Context,
    ) -> Result<Option<Outcome>, Error> {
        let OutcomeResolver { request, call, .. } = resolver;
        let FailedAttempt { error: AttemptError { error, outcome }, wrong_resource } = failed;
        let can_look_up = self.shared.reconcile && !request.name.is_empty();
        match self.decide(outcome, context) {
            Decision::Retry(delay) => {
                // This attempt was certainly not carried out, so `first_sent` must date from the next one.
                if !*earlier_outcome_unknown {
                    context.first_sent = None;
                }
                self.pause(call, &error, delay, context).await;
                Ok(None)
            }
            Decision::Reconcile(_) if !can_look_up => Err(outcome_unknown(request, call, &error, None)),
            Decision::Reconcile(next) => {
                *earlier_outcome_unknown = true;
                context.log(Level::Info, || {
                    let (operation, attempt, name) = (call.operation, context.attempts, &request.name);
                    format!("{operation} attempt {attempt}: {error}; the outcome is unknown, looking up {name}")
                });
                resolver.resolve_unknown(error, wrong_resource, next, context).await
            }
            // The name is taken, perhaps by an earlier attempt of this call.
            Decision::Stop(_)
                if can_look_up
                    && classify::is_name_taken(&error)
                    && (*earlier_outcome_unknown || context.was_unauthorized) =>
            {
                context.log(Level::Info, || {
                    let (operation, name) = (call.operation, &request.name);
                    format!("{operation}: the name {name} is taken, perhaps by an earlier attempt; looking it up")
                });
                let next = self.next_after_duplicate(context);
                resolver.resolve_unknown(error, None, next, context).await
            }
            Decision::Stop(_)
                if can_look_up && classify::is_name_taken(&error) && request.if_exists != IfExists::Error =>
            {
                let next = self.next_after_duplicate(context);
                resolver.resolve_existing(error, next, context).await
            }
            // An earlier attempt may have been carried out late, whatever stops the retries now.
            Decision::Stop(why) if *earlier_outcome_unknown && can_look_up => {
                resolver.resolve_unknown(error, None, Err(why), context).await
            }
            Decision::Stop(why) => Err(with_stop_reason(error, why)),
        }
    }

    /// For a create or an upgrade.
    pub(in crate::core::operations) fn decide(&self, outcome: Option<AttemptOutcome>, context: &Context) -> Decision {
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
