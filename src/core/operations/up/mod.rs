//! `up`: from a name to a connection. Project, cluster, user and access list: what is missing is made, what fits is kept, what may
//! change is changed. `down` takes back what `up` has made, and nothing else.
//!
//! Each step looks first and then acts with an operation that is safe to repeat, so that a run which was interrupted, or whose
//! answers were lost, is gone on with by the next.
mod connection;
mod down;
pub mod mark;
pub mod request;
mod steps;

pub use self::connection::{Connection, Step};
pub use self::down::DownRequest;

use serde_json::Value;

use self::connection::{Steps, uri};
use self::request::UpRequest;
use self::steps::Runner;
use super::wait::request::WaitRequest;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::{Error, Notice, NoticeKind};
use crate::core::http::to_error::add_hint;
use crate::core::spec::model::Kind;

impl Client {
    /// Makes what a connection to the Flex cluster of that name needs.
    pub async fn up(&self, request: UpRequest, context: &mut Context) -> Result<Connection, Error> {
        let plan = request.plan(&mark::text(&request.name, self.env().rng.unit()))?;
        context.notices.add(plan.notices.iter().cloned());
        let steps = Steps { dry_run: request.dry_run, ..Steps::default() };
        let mut runner = Runner { client: self, context, steps };
        let made = self.up_with(&request, &plan, &mut runner).await;
        made.map_err(|mut error| {
            if let Some(summary) = runner.steps.summary() {
                add_hint(&mut error, &summary);
            }
            error
        })
    }

    async fn up_with(
        &self,
        request: &UpRequest,
        plan: &request::Plan,
        runner: &mut Runner<'_>,
    ) -> Result<Connection, Error> {
        let Some(group_id) = runner.project(request).await? else {
            return Ok(runner.nothing_yet(request, plan));
        };
        let mut cluster = runner.cluster(request, plan, &group_id).await?;
        let (user, password) = runner.user(request, plan, &group_id).await?;
        let access = runner.access(plan, &group_id).await?;
        if access.is_empty() && plan.access.is_empty() {
            let message =
                "the project's access list is empty, so nothing can connect: give access=, such as an address";
            runner.context.notices.add([Notice { kind: NoticeKind::OpenAccess, message: message.to_owned() }]);
        }
        let is_idle = |cluster: &Value| cluster.get("stateName").is_some_and(|state| state == "IDLE");
        if let Some(interval) = request.wait.filter(|_| !request.dry_run)
            && !cluster.as_ref().is_some_and(is_idle)
        {
            let wait = WaitRequest::until("IDLE", Kind::Flex, group_id.clone(), request.name.clone());
            let wait = WaitRequest { interval, ..wait };
            let last = Box::pin(self.wait_for(wait, runner.context)).await?;
            cluster = last.map(|reply| runner.entity(reply)).or(cluster);
        }
        let uri = cluster
            .as_ref()
            .zip(password.as_ref())
            .and_then(|(cluster, password)| uri(cluster, &plan.username, password));
        Ok(Connection {
            name: request.name.clone(),
            group_id: Some(group_id),
            username: plan.username.clone(),
            password,
            uri,
            cluster,
            user,
            access,
            did: std::mem::take(&mut runner.steps.list),
            dry_run: request.dry_run,
        })
    }
}
