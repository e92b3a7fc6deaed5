//! A request that must not be carried out twice: the loop of its attempts. When the outcome of one is unknown, what it was to
//! do is looked up before anything is sent again.
use futures_util::future::BoxFuture;

use super::create::outcome::unknown;
use crate::core::client::Client;
use crate::core::client::attempt::AttemptError;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::Error;
use crate::core::http::call::Call;
use crate::core::http::reply::Reply;
use crate::core::http::to_error::{add_hint, with_stop_reason};
use crate::core::policy::retry::Decision;

/// The request, and the words in which its outcome is told.
pub(super) struct Once<'a> {
    pub(super) call: &'a Call,
    pub(super) group_id: &'a str,
    /// "Flex cluster"
    pub(super) noun: &'static str,
    pub(super) name: &'a str,
    /// "upgraded"
    pub(super) done: &'static str,
    /// "Look it up before upgrading it again"
    pub(super) advice: &'a str,
}

/// Finds what an attempt has done; `None` if nothing. It is given the context of the call, for when its first attempt was.
pub(super) type OutcomeLookup<'a> = dyn Fn(&Context) -> BoxFuture<'a, Result<Option<Reply>, Error>> + Send + Sync + 'a;

impl Client {
    pub(super) async fn send_once(
        &self,
        once: &Once<'_>,
        look_up: &OutcomeLookup<'_>,
        context: &mut Context,
    ) -> Result<Reply, Error> {
        let Once { call, group_id, noun, name, done, advice } = once;
        // Whether an earlier attempt may have been carried out although its reply was lost.
        let mut outcome_open = false;
        loop {
            context.attempts += 1;
            let AttemptError { error, outcome } = match self.attempt(call, context).await {
                Ok(response) => return Ok(self.reply(response, context)),
                Err(failed) => failed,
            };
            let next = match self.decide(outcome, context) {
                Decision::Retry(delay) => {
                    // This attempt was certainly not carried out, so `first_sent` must date from the next one.
                    if !outcome_open {
                        context.first_sent = None;
                    }
                    self.pause(call, &error, delay, context).await;
                    continue;
                }
                Decision::Reconcile(next) => next,
                // The refusal may be the consequence of an earlier attempt.
                Decision::Stop(why) if outcome_open => Err(why),
                Decision::Stop(why) => return Err(with_stop_reason(error, why)),
            };
            outcome_open = true;
            let looked_up = if self.shared.reconcile { look_up(context).await.map_err(Some) } else { Err(None) };
            let nothing_found = matches!(looked_up, Ok(None));
            let paused = match next {
                Ok(delay) if nothing_found => self.pause_if_time_is_left(call, &error, delay, context).await,
                next => next.map(|_| ()),
            };
            match (looked_up, paused) {
                (Ok(Some(found)), _) => {
                    context.log(Level::Warning, || {
                        format!("{}: {name} was {done} by an attempt whose answer was lost", call.operation)
                    });
                    let (attempts, elapsed) = (context.attempts, context.elapsed(self.env()));
                    return Ok(Reply { attempts, elapsed, reconciled: true, ..found });
                }
                (Ok(None), Ok(())) => {}
                (Ok(None), Err(why)) => {
                    let mut error = with_stop_reason(error, why);
                    let note = format!(
                        "looked up afterwards: {name} was not {done}; a request that was lost may still be carried out, so look again before you repeat it"
                    );
                    add_hint(&mut error, &note);
                    return Err(error);
                }
                (Err(failed), _) => {
                    let question = format!("Whether the {noun} {name} in project {group_id} was {done}");
                    return Err(unknown(&question, advice, (call, group_id, name), &error, failed.as_ref()));
                }
            }
        }
    }
}
