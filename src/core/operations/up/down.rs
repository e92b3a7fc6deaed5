//! `down`: deletes what `up` has made for a cluster, known by its mark, and nothing else.
use std::time::Duration;

use serde_json::Value;

use super::connection::{ACCESS, CLUSTER, DELETED, KEPT_BACK, PROJECT, Step, Steps, USER};
use super::mark;
use super::steps::Runner;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::{Error, Violation};
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::entity::Entity;
use crate::core::http::to_error::add_hint;
use crate::core::operations::entity::EntityRequest;
use crate::core::operations::resource::ResourceRequest;
use crate::core::spec::model::{Kind, Node, Operation};
use crate::core::spec::validate;

#[derive(Debug, Clone)]
pub struct DownRequest {
    /// The cluster's name.
    pub name: String,
    pub group_id: Option<String>,
    /// The name of the project, which is deleted too if `up` has made it and nothing else is in it.
    pub project: Option<String>,
    /// `Some`: wait until the cluster is gone, polling at this interval (`None`: the default intervals).
    pub wait: Option<Option<Duration>>,
    pub dry_run: bool,
}

impl Client {
    /// Takes back what `up` has made for the cluster of that name.
    pub async fn down(&self, request: DownRequest, context: &mut Context) -> Result<Vec<Step>, Error> {
        let mut violations: Vec<Violation> = validate::name(&request.name).into_iter().collect();
        violations.extend(request.group_id.as_deref().and_then(validate::group_id));
        if request.group_id.is_some() && request.project.is_some() {
            let message = "names the project, and so does group_id: give one of them".to_owned();
            violations.push(validate::violation("project", "ambiguous", message, &Node::Null));
        }
        if !violations.is_empty() {
            return Err(Error::Validation(violations));
        }
        let steps = Steps { dry_run: request.dry_run, ..Steps::default() };
        let mut runner = Runner { client: self, context, steps };
        match runner.down(&request).await {
            Ok(()) => Ok(runner.steps.list),
            Err(mut error) => {
                if let Some(summary) = runner.steps.summary() {
                    add_hint(&mut error, &summary);
                }
                Err(error)
            }
        }
    }
}

impl Runner<'_> {
    async fn down(&mut self, request: &DownRequest) -> Result<(), Error> {
        let project = match (&request.project, &request.group_id) {
            (Some(name), _) => self.find_project(name).await?,
            (None, Some(group_id)) => {
                let project = Entity::Project { group_id: group_id.clone() };
                self.get(Call::entity(&project, Operation::Get, ReplyFormat::default(), None)).await?
            }
            (None, None) => None,
        };
        // Without the project there is nothing of it either.
        let Some(project) = project else { return Ok(()) };
        let text = |field: &str| project.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (group_id, project_name) = (text("id"), text("name"));
        let others = self.delete_users_and_entries(request, &group_id).await?;
        let is_ours = mark::has_tag(&project, mark::PROJECT);
        let is_left = self.delete_cluster(request, &group_id, is_ours && !others).await?;
        if !is_ours {
            return Ok(());
        }
        if others || is_left {
            self.steps.add(PROJECT, &project_name, KEPT_BACK, Some("something else is in it"));
            return Ok(());
        }
        let own = Entity::Project { group_id };
        match self.delete(own).await {
            Ok(()) => self.steps.add(PROJECT, &project_name, DELETED, None),
            Err(Error::Api(api)) if api.status == 409 => {
                self.steps.add(PROJECT, &project_name, KEPT_BACK, Some("something else is in it"));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Deletes the marked ones; whether there are others.
    async fn delete_users_and_entries(&mut self, request: &DownRequest, group_id: &str) -> Result<bool, Error> {
        let text =
            |entity: &Value, field: &str| entity.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut others = false;
        let entry = |value: String| Entity::AccessListEntry { group_id: group_id.to_owned(), value };
        for found in self.all(Call::entities(&entry(String::new()))).await? {
            let cidr = text(&found, "cidrBlock");
            let value = if cidr.is_empty() { text(&found, "awsSecurityGroup") } else { cidr };
            if !mark::is_of(&found, "comment", &request.name) {
                others = true;
                continue;
            }
            self.delete(entry(value.clone())).await?;
            self.steps.add(ACCESS, &value, DELETED, None);
        }
        let user = |database_name: String, username: String| Entity::DatabaseUser {
            group_id: group_id.to_owned(),
            database_name,
            username,
        };
        for found in self.all(Call::entities(&user(String::new(), String::new()))).await? {
            let username = text(&found, "username");
            if !mark::is_of(&found, "description", &request.name) {
                others = true;
                continue;
            }
            self.delete(user(text(&found, "databaseName"), username.clone())).await?;
            self.steps.add(USER, &username, DELETED, None);
        }
        Ok(others)
    }

    /// Deletes the cluster if it is marked; whether a cluster is left.
    async fn delete_cluster(
        &mut self,
        request: &DownRequest,
        group_id: &str,
        for_project: bool,
    ) -> Result<bool, Error> {
        let name = &request.name;
        let get = Call::resource(Kind::Flex, Operation::Get, group_id, name, ReplyFormat::default(), None);
        let Some(found) = self.get(get).await? else { return Ok(false) };
        // A cluster that is being deleted shows no tags.
        let is_leaving = found.get("stateName").is_some_and(|state| state == "DELETING");
        if !is_leaving && !mark::has_tag(&found, name) {
            self.steps.add(CLUSTER, name, KEPT_BACK, Some("not made by up"));
            return Ok(true);
        }
        if found.get("terminationProtectionEnabled").is_some_and(|protected| *protected == true) {
            self.steps.add(CLUSTER, name, KEPT_BACK, Some("termination protection is on"));
            return Ok(true);
        }
        if !self.steps.dry_run {
            let delete = ResourceRequest::new(Kind::Flex, Operation::Delete, group_id.to_owned(), name.clone());
            // A project can only be deleted once its clusters are gone.
            let wait = request.wait.or(for_project.then_some(None)).or(is_leaving.then_some(None));
            let delete = ResourceRequest { missing_ok: true, wait, ..delete };
            let mut context = self.context.sub_request_from_now(self.client.env());
            let reply = Box::pin(self.client.resource(delete, &mut context)).await?;
            self.context.notices.add(reply.notices);
        }
        self.steps.add(CLUSTER, name, DELETED, is_leaving.then_some("it was being deleted already"));
        Ok(false)
    }

    /// Deletes something; that it is gone already is no error.
    async fn delete(&self, entity: Entity) -> Result<(), Error> {
        if self.steps.dry_run {
            return Ok(());
        }
        let call = Call::entity(&entity, Operation::Delete, ReplyFormat::default(), None);
        let mut context = self.context.sub_request_from_now(self.client.env());
        let request = EntityRequest::new(entity, Operation::Delete, ReplyFormat::default());
        match self.client.entity(request, &mut context).await {
            Ok(_) => Ok(()),
            Err(Error::Api(api)) if classify::is_absent(&api) || classify::is_absent_project(&call, &api) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
