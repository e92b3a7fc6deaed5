//! The rest of a resource's life: get, update, delete, find; and projects.
use std::time::Duration;

use bytes::Bytes;

use super::wait::{DELETED, PriorAction, Wait};
use crate::core::client::{Client, OnRetired};
use crate::core::context::Context;
use crate::core::error::{Error, Violation};
use crate::core::http::call::{Call, ReplyFormat, segment};
use crate::core::http::classify;
use crate::core::http::reply::{Expect, Reply};
use crate::core::policy::rate_limit::EndpointSet;
use crate::core::spec::model::{Kind, Operation};
use crate::core::spec::validate;

/// Get, update or delete of one resource.
#[derive(Debug, Clone)]
pub struct ResourceRequest {
    /// Kind of resource.
    pub kind: Kind,
    /// Get, update or delete.
    pub operation: Operation,
    /// Project.
    pub group_id: String,
    /// Name.
    pub name: String,
    /// Form of the reply.
    pub reply_format: ReplyFormat,
    /// The changes, as JSON.
    pub body: Option<Bytes>,
    /// Where the serverless endpoint is gone.
    pub on_retired: OnRetired,
    /// Wait until an update or deletion is done, looking this often.
    pub wait: Option<Option<Duration>>,
}

impl ResourceRequest {
    /// An operation that waits for nothing.
    pub fn new(kind: Kind, operation: Operation, group_id: String, name: String) -> Self {
        let (reply_format, on_retired) = (ReplyFormat::default(), OnRetired::default());
        ResourceRequest { kind, operation, group_id, name, reply_format, body: None, on_retired, wait: None }
    }
}

impl Client {
    /// Get, update or delete of one resource, and the wait that was asked for. A deletion's result is its own reply, that
    /// of an update the last look's. To wait for the end of a deletion that has begun already is no error.
    pub async fn one(&self, one: ResourceRequest, context: &mut Context) -> Result<Reply, Error> {
        check_path(&one.group_id, Some(&one.name))?;
        let (kind, reply) = self.on_its_path(&one, context).await?;
        let Some(interval) = one.wait else { return Ok(reply) };
        let ResourceRequest { operation, group_id, name, reply_format, on_retired, .. } = one;
        let (did, state) = match operation {
            Operation::Delete => (PriorAction::Delete, DELETED),
            _ => (PriorAction::Update, "IDLE"),
        };
        let wait = Wait { interval, reply_format, on_retired, ..Wait::until(state, kind, group_id, name) };
        let last = if context.joined {
            // Another's deletion is not asked for again.
            self.wait_for(wait, context).await?
        } else {
            self.wait_after(did, &reply, wait, context).await?
        };
        Ok(match last {
            Some(last) => Reply { attempts: reply.attempts, ..last },
            None => Reply { notices: Vec::new(), elapsed: context.elapsed(self.env()), ..reply },
        })
    }

    /// Looks on both paths: which kind is it? A Flex cluster that serverless automation created is one on both paths;
    /// it is called what it is, a Flex cluster.
    pub async fn find(
        &self,
        group_id: &str,
        name: &str,
        reply_format: ReplyFormat,
        context: &mut Context,
    ) -> Result<(Kind, Reply), Error> {
        check_path(group_id, Some(name))?;
        let flex = Call::resource(Kind::Flex, Operation::Get, group_id, name, reply_format, None);
        let not_flex = match self.run(&flex, context).await {
            Ok(reply) => return Ok((Kind::Flex, reply)),
            Err(Error::Api(api)) if classify::is_absent(&api) || classify::is_other_kind(&api) => api,
            Err(error) => return Err(error),
        };
        context.attempts = 0;
        let serverless = Call::resource(Kind::Serverless, Operation::Get, group_id, name, reply_format, None);
        match self.run(&serverless, context).await {
            Ok(reply) => Ok((Kind::Serverless, reply)),
            // Neither path has it: the first answer says which name is missing, and names a dedicated cluster as such.
            Err(Error::Api(api))
                if classify::is_absent(&api) || classify::is_other_kind(&api) || classify::path_is_gone(&api) =>
            {
                Err(Error::Api(not_flex))
            }
            Err(error) => Err(error),
        }
    }

    /// A project.
    pub async fn get_project(&self, group_id: &str, context: &mut Context) -> Result<Reply, Error> {
        check_path(group_id, None)?;
        let target = format!("/api/atlas/v2/groups/{}", segment(group_id));
        // The limit of projects is the user's, whichever project it is.
        let call = Call::get("getGroup", target, EndpointSet::Projects, "", Expect::Entity);
        self.run(&call, context).await
    }
}

/// Path parameters are checked before anything is sent.
pub fn check_path(group_id: &str, name: Option<&str>) -> Result<(), Error> {
    let violations: Vec<Violation> =
        validate::group_id(group_id).into_iter().chain(name.and_then(validate::name)).collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::Validation(violations)) }
}
