//! The upgrade of a Flex cluster to a dedicated one. It is not idempotent: when the outcome of an attempt is unknown, the
//! cluster is looked up before anything is sent again.
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::create::outcome::unknown;
use super::resource::check_path;
use super::wait::request::{PriorAction, WaitRequest};
use crate::core::client::Client;
use crate::core::client::attempt::AttemptError;
use crate::core::context::Context;
use crate::core::context::observe::Level;
use crate::core::error::Error;
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::http::to_error::{add_hint, with_stop_reason};
use crate::core::policy::retry::Decision;
use crate::core::spec::model::{Kind, Operation};

/// An upgrade whose body was validated.
#[derive(Debug, Clone)]
pub struct UpgradeRequest {
    pub group_id: String,
    pub name: String,
    /// The JSON that is sent: the name and the target.
    pub body: Bytes,
    pub reply_format: ReplyFormat,
    /// `Some`: wait until the dedicated cluster is `IDLE`, polling at this interval (`None`: the default intervals).
    pub wait: Option<Option<Duration>>,
}

impl Client {
    /// Upgrades a Flex cluster, and waits for the dedicated cluster if the request says so.
    pub async fn upgrade_flex_cluster(&self, request: UpgradeRequest, context: &mut Context) -> Result<Reply, Error> {
        check_path(&request.group_id, Some(&request.name))?;
        let (name, project) = (request.name.clone(), request.group_id.clone());
        context.guard_outcome(move || {
            format!(
                "The upgrade of Flex cluster {name} in project {project} was given up: it may go on, or begin later"
            )
        });
        let upgraded = self.upgrade_with_retries(&request, context).await;
        context.disarm_outcome_guard();
        let reply = upgraded?;
        let Some(interval) = request.wait else { return Ok(reply) };
        let UpgradeRequest { group_id, name, reply_format, .. } = request;
        let wait = WaitRequest { interval, reply_format, ..WaitRequest::until("IDLE", Kind::Flex, group_id, name) };
        let last = self.wait_after(PriorAction::Upgrade, &reply, wait, context).await?;
        let (attempts, reconciled) = (reply.attempts, reply.reconciled);
        Ok(Reply { attempts, reconciled, ..last.unwrap_or(reply) })
    }

    async fn upgrade_with_retries(&self, request: &UpgradeRequest, context: &mut Context) -> Result<Reply, Error> {
        let UpgradeRequest { group_id, name, .. } = request;
        let call = Call::upgrade(group_id, request.reply_format, request.body.clone());
        // Whether an earlier attempt may have been carried out although its reply was lost.
        let mut outcome_open = false;
        loop {
            context.attempts += 1;
            let AttemptError { error, outcome } = match self.attempt(&call, context).await {
                Ok(response) => return Ok(self.reply(response, context)),
                Err(failed) => failed,
            };
            let next = match self.decide(outcome, context) {
                Decision::Retry(delay) => {
                    self.pause(&call, &error, delay, context).await;
                    continue;
                }
                Decision::Reconcile(next) => next,
                // The refusal may be the consequence of an earlier attempt.
                Decision::Stop(why) if outcome_open => Err(why),
                Decision::Stop(why) => return Err(with_stop_reason(error, why)),
            };
            outcome_open = true;
            let looked_up = if self.shared.reconcile {
                Box::pin(self.look_up_upgrade(request, context)).await.map_err(Some)
            } else {
                Err(None)
            };
            match (looked_up, next) {
                (Ok(Some(found)), _) => {
                    context.log(Level::Warning, || {
                        format!("{}: {name} was upgraded by an attempt whose answer was lost", call.operation)
                    });
                    let (attempts, elapsed) = (context.attempts, context.elapsed(self.env()));
                    return Ok(Reply { attempts, elapsed, reconciled: true, ..found });
                }
                (Ok(None), Ok(delay)) => self.pause(&call, &error, delay, context).await,
                (Ok(None), Err(why)) => {
                    let mut error = with_stop_reason(error, why);
                    let note = format!(
                        "looked up afterwards: {name} was not upgraded; a request that was lost may still be carried out, so look again before you repeat it"
                    );
                    add_hint(&mut error, &note);
                    return Err(error);
                }
                (Err(failed), _) => {
                    let question = format!("Whether the Flex cluster {name} in project {group_id} was upgraded");
                    let advice = "Look it up before upgrading it again";
                    return Err(unknown(&question, advice, (&call, group_id, name), &error, failed.as_ref()));
                }
            }
        }
    }

    /// What the cluster is now, if it is being upgraded or was: dedicated, or a Flex cluster in the state `UPDATING`.
    async fn look_up_upgrade(&self, request: &UpgradeRequest, context: &Context) -> Result<Option<Reply>, Error> {
        #[derive(Deserialize)]
        struct Flex {
            #[serde(rename = "stateName")]
            state: String,
        }
        let UpgradeRequest { group_id, name, reply_format, .. } = request;
        let flex = Call::resource(Kind::Flex, Operation::Get, group_id, name, *reply_format, None);
        match self.run(&flex, &mut context.sub_request()).await {
            Ok(reply) => {
                let found = serde_json::from_slice::<Flex>(content(&reply.body, flex.envelope));
                return Ok(found.is_ok_and(|flex| flex.state == "UPDATING").then_some(reply));
            }
            Err(Error::Api(api)) if classify::is_absent(&api) || classify::is_other_kind(&api) => {}
            Err(error) => return Err(error),
        }
        let dedicated = Call::dedicated_cluster(group_id, name, *reply_format);
        match self.run(&dedicated, &mut context.sub_request()).await {
            Ok(reply) => Ok(Some(reply)),
            Err(Error::Api(api)) if classify::is_absent(&api) || classify::is_other_kind(&api) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
