//! A call: attempts with delays between them, until one succeeds or the retry policy ends it.
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;

use super::Client;
use super::attempt::AttemptError;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::Error;
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::http::to_error::with_stop_reason;
use crate::core::http::transport::exchange::HttpResponse;
use crate::core::json::Tape;
use crate::core::policy::retry::{Decision, StopReason};

impl Client {
    /// Makes attempts until one succeeds or the retry policy ends the call. Creates and upgrades have
    /// loops of their own in `operations`, which look up unknown outcomes.
    pub async fn run(&self, call: &Call, context: &mut Context) -> Result<Reply, Error> {
        let env = &self.shared.env;
        let mut may_be_done = false;
        loop {
            context.attempts += 1;
            let AttemptError { error, outcome } = match self.attempt(call, context).await {
                Ok(response) => return Ok(self.reply(response, context)),
                Err(error) => error,
            };
            if may_be_done && classify::is_done_already(call, &error) {
                context.log(Level::Info, || format!("{}: an earlier attempt had done it", call.operation));
                return Ok(self.already_deleted(call, context));
            }
            let Some(outcome) = outcome else { return Err(error) };
            may_be_done |= outcome.may_have_been_processed();
            let state = context.retry_state(context.attempts, env);
            match env.policy.decide(outcome, call.request_kind, state, env.rng.unit()) {
                Decision::Retry(delay) => self.pause(call, &error, delay, context).await,
                Decision::Stop(reason) => return Err(with_stop_reason(error, reason)),
                // Creates and upgrades do not come here.
                Decision::Reconcile(_) => return Err(error),
            }
        }
    }

    /// Logs why, and waits before the next attempt.
    pub(crate) async fn pause(&self, call: &Call, error: &Error, delay: Duration, context: &Context) {
        context.log(Level::of_pause(delay), || {
            format!("{} attempt {}: {error}; again in {:.1} s", call.operation, context.attempts, delay.as_secs_f64())
        });
        self.shared.env.clock.sleep(delay).await;
    }

    /// The same after a look-up, which has taken time of its own: nothing is waited for if the delay does not fit any more.
    pub(crate) async fn pause_if_time_is_left(
        &self,
        call: &Call,
        error: &Error,
        delay: Duration,
        context: &Context,
    ) -> Result<(), StopReason> {
        let left = context.retry_time_left(self.env());
        if delay >= left {
            return Err(StopReason::Time { needed: delay, left });
        }
        self.pause(call, error, delay, context).await;
        Ok(())
    }

    /// The reply to a deletion that an earlier attempt has carried out: what the lost answer would have been.
    pub(crate) fn already_deleted(&self, call: &Call, context: &mut Context) -> Reply {
        // Recorded of both, against the documented 204.
        let accepted = call.serverless || call.operation == "deleteGroup";
        let (status, body) = match (accepted, call.envelope) {
            (true, false) => (202, "{}"),
            (true, true) => (202, r#"{"status":202,"content":{}}"#),
            (false, _) => (204, ""),
        };
        let body = Bytes::from_static(body.as_bytes());
        let tape = Tape::parse(&body);
        let response = HttpResponse::new(status, HeaderMap::new(), body).with_tape(tape);
        Reply { reconciled: true, ..self.reply(response, context) }
    }
}
