//! The upgrade of a Flex cluster to a dedicated one. It is not idempotent: when the outcome of an attempt is unknown, the
//! cluster is looked up before anything is sent again.
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use serde::Deserialize;

use super::once::{Once, OutcomeLookup};
use super::resource::check_path;
use super::wait::request::{PriorAction, WaitRequest};
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::Error;
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::json::from_object;
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
        let call = Call::upgrade(group_id, name, request.reply_format, request.body.clone());
        let once = Once {
            call: &call,
            group_id,
            noun: "Flex cluster",
            name,
            done: "upgraded",
            advice: "Look it up before upgrading it again",
        };
        let look_up: &OutcomeLookup<'_> = &|context| {
            let context = context.sub_request();
            async move { self.look_up_upgrade(request, &context).await }.boxed()
        };
        self.send_once(&once, look_up, context).await
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
                let found = from_object::<Flex>(content(&reply.body, flex.envelope));
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
