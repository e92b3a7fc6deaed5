//! Create, get, update and delete of what belongs to a project beside its clusters, and of the project itself.
//!
//! A create whose answer is lost is looked up: a user by its name, an entry by its value, a project by its name and a restore
//! among the cluster's jobs. What is found counts as ours if it is as asked and, where it has a date, not older than the
//! first attempt. A user has none: one that is as asked in all that can be seen counts as ours.
use bytes::Bytes;
use futures_util::FutureExt;
use reqwest::header::DATE;
use serde_json::{Map, Value};

use super::create::reconcile::FirstAttempt;
use super::once::{Once, OutcomeLookup};
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::context::clock::timestamp;
use crate::core::error::{Error, Violation};
use crate::core::http::call::{Call, Page, ReplyFormat, Subject};
use crate::core::http::classify;
use crate::core::http::entity::{Entity, EntityBody};
use crate::core::http::reply::{Reply, content};
use crate::core::json::Tape;
use crate::core::secret::Secret;
use crate::core::spec::model::Operation;
use crate::core::spec::model::connect::ADMIN;
use crate::core::spec::validate;
use crate::core::spec::validate::connect;

/// A request that was validated.
#[derive(Debug, Clone)]
pub struct EntityRequest {
    pub entity: Entity,
    /// Create, get, update or delete.
    pub operation: Operation,
    /// What is sent, with a user's password.
    pub body: Option<Map<String, Value>>,
    pub reply_format: ReplyFormat,
}

impl EntityRequest {
    /// A request without a body.
    pub fn new(entity: Entity, operation: Operation, reply_format: ReplyFormat) -> Self {
        EntityRequest { entity, operation, body: None, reply_format }
    }

    /// Adds an entry of the access list to a project.
    pub fn add_entry(group_id: &str, entry: Map<String, Value>, reply_format: ReplyFormat) -> Self {
        let place = ["cidrBlock", "ipAddress", "awsSecurityGroup"].iter().find_map(|name| entry.get(*name)?.as_str());
        let value = place.unwrap_or_default().to_owned();
        let entity = Entity::AccessListEntry { group_id: group_id.to_owned(), value };
        EntityRequest { body: Some(entry), ..Self::new(entity, Operation::Create, reply_format) }
    }

    fn call(&self) -> Call {
        let body = self.body.as_ref().map(|fields| {
            let json = match self.entity {
                // A list of entries; this client adds them one by one.
                Entity::AccessListEntry { .. } => Value::Array(vec![Value::Object(fields.clone())]).to_string(),
                _ => Value::Object(fields.clone()).to_string(),
            };
            EntityBody { json: Bytes::from(json), secret: self.secret() }
        });
        let call = Call::entity(&self.entity, self.operation, self.reply_format, body);
        match self.operation {
            Operation::Create => Call { subject: self.created().or(call.subject), ..call },
            _ => call,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.body.as_ref()?.get(name)?.as_str()
    }

    /// What the reply to the create of a project or of a restore must be about.
    fn created(&self) -> Option<Subject> {
        let asked = |name: &'static str| (name, self.field(name).unwrap_or_default().to_owned());
        match &self.entity {
            Entity::Project { .. } => Some(Subject::Fields(vec![asked("name")])),
            Entity::FlexRestoreJob { .. } => {
                Some(Subject::Fields(["snapshotId", "targetDeploymentItemName"].map(asked).into()))
            }
            _ => None,
        }
    }

    fn secret(&self) -> Option<Secret> {
        self.body.as_ref()?.get("password").and_then(Value::as_str).map(Secret::from)
    }

    /// By what it is told apart from others of its kind.
    fn name(&self) -> &str {
        match &self.entity {
            Entity::Project { group_id } => self.field("name").unwrap_or(group_id),
            Entity::DatabaseUser { username, .. } => username,
            Entity::AccessListEntry { value, .. } => value,
            Entity::FlexBackupSnapshot { id, .. } => id,
            Entity::FlexRestoreJob { cluster, .. } => self.field("targetDeploymentItemName").unwrap_or(cluster),
        }
    }
}

impl Client {
    /// Checks the path of a request and sends it.
    pub async fn entity(&self, request: EntityRequest, context: &mut Context) -> Result<Reply, Error> {
        if request.operation != Operation::Create {
            check_entity(&request.entity)?;
        }
        let call = request.call();
        if request.operation != Operation::Create {
            return self.run(&call, context).await;
        }
        let (noun, name, group_id) = (request.entity.noun(), request.name(), request.entity.group_id());
        let warned = format!("The create of {noun} {name} was given up: it may exist now or later");
        context.guard_outcome(move || warned.clone());
        let advice = "Look it up before creating it again";
        let once = Once { call: &call, group_id, noun, name, done: "created", advice };
        let request = &request;
        let look_up: &OutcomeLookup<'_> = &|context| {
            let ago = self.env().clock.now().saturating_sub(context.first_sent.unwrap_or(context.started));
            let mut context = context.sub_request();
            async move { self.look_up_entity(request, ago, &mut context).await }.boxed()
        };
        let created = self.send_once(&once, look_up, context).await;
        context.disarm_outcome_guard();
        created
    }

    pub async fn get_project(&self, group_id: &str, context: &mut Context) -> Result<Reply, Error> {
        let project = Entity::Project { group_id: group_id.to_owned() };
        self.entity(EntityRequest::new(project, Operation::Get, ReplyFormat::default()), context).await
    }

    /// Whether an entry of the access list is in force.
    pub async fn get_access_list_status(
        &self,
        group_id: &str,
        value: &str,
        reply_format: ReplyFormat,
        context: &mut Context,
    ) -> Result<Reply, Error> {
        check_entity(&Entity::AccessListEntry { group_id: group_id.to_owned(), value: value.to_owned() })?;
        self.run(&Call::access_list_status(group_id, value, reply_format), context).await
    }

    /// What an attempt of this create has made, if it is there.
    async fn look_up_entity(
        &self,
        request: &EntityRequest,
        ago: std::time::Duration,
        context: &mut Context,
    ) -> Result<Option<Reply>, Error> {
        let reply_format = request.reply_format;
        let get = match &request.entity {
            Entity::Project { .. } => Call::project_by_name(request.name()),
            Entity::FlexRestoreJob { .. } => {
                let all = Page { number: 1, items: 500, include_count: true };
                Call::entities(&request.entity).page(&all, &[])
            }
            entity => Call::entity(entity, Operation::Get, reply_format, None),
        };
        // The server knows the secret by now, and may show it in any reply.
        let get = Call { secret: request.secret(), ..get };
        let reply = match self.run(&get, context).await {
            Ok(reply) => reply,
            Err(Error::Api(api)) if classify::is_absent(&api) || classify::is_absent_project(&get, &api) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let found: Value = serde_json::from_slice(content(&reply.body, get.envelope)).unwrap_or_default();
        let asked = asked(request);
        let server_now = reply.headers.get(DATE).and_then(|d| httpdate::parse_http_date(d.to_str().ok()?).ok());
        let first = FirstAttempt { group_id: request.entity.group_id(), server_now, ago };
        let is_new = |entity: &Value, field: &str| {
            first.mismatch(entity.get(field).and_then(Value::as_str).and_then(timestamp)).is_none()
        };
        match &request.entity {
            Entity::Project { .. } => {
                Ok((covers(&asked, &found) && is_new(&found, "created")).then(|| as_reply(reply, &found, reply_format)))
            }
            Entity::FlexRestoreJob { .. } => {
                let jobs = found.get("results").and_then(Value::as_array);
                let ours = |job: &&Value| covers(&asked, job) && is_new(job, "restoreScheduledDate");
                let job = jobs.into_iter().flatten().find(ours);
                Ok(job.map(|job| as_reply(reply, job, reply_format)))
            }
            Entity::AccessListEntry { .. } if covers(&asked, &found) => {
                // The answer to a create is the list.
                let list = Call::entities(&request.entity);
                let list = Call {
                    target: format!("{}{}", list.target, reply_format.query()),
                    envelope: reply_format.envelope,
                    ..list
                };
                self.run(&list, context).await.map(Some)
            }
            _ => Ok(covers(&asked, &found).then_some(reply)),
        }
    }
}

/// Checks the path of an entity before anything is sent.
pub fn check_entity(entity: &Entity) -> Result<(), Error> {
    let violations: Vec<Violation> = match entity {
        Entity::Project { group_id } => validate::group_id(group_id).into_iter().collect(),
        Entity::DatabaseUser { group_id, database_name, username } => {
            connect::user_path(group_id, username, database_name)
        }
        Entity::AccessListEntry { group_id, value } => connect::entry_path(group_id, value),
        Entity::FlexBackupSnapshot { group_id, cluster, id } => {
            connect::backup_path(group_id, cluster, Some(("snapshotId", id)))
        }
        Entity::FlexRestoreJob { group_id, cluster, id } => {
            connect::backup_path(group_id, cluster, Some(("restoreJobId", id)))
        }
    };
    if violations.is_empty() { Ok(()) } else { Err(Error::Validation(violations)) }
}

/// What can be seen of a request's body afterwards.
fn asked(request: &EntityRequest) -> Value {
    let mut body = request.body.clone().unwrap_or_default();
    for unseen in ["password", "regionUsageRestrictions", "withDefaultAlertsSettings"] {
        body.remove(unseen);
    }
    // The reply is about this user, or it is refused; the name may be shown in another spelling.
    if matches!(&request.entity, Entity::DatabaseUser { database_name, .. } if database_name != ADMIN) {
        body.remove("username");
    }
    // What was not asked for, another caller may have asked for: then it is not ours.
    let defaults: &[(&str, Value)] = match request.entity {
        Entity::Project { .. } => &[("tags", Value::Array(Vec::new()))],
        Entity::DatabaseUser { .. } => &[
            ("description", Value::String(String::new())),
            ("labels", Value::Array(Vec::new())),
            ("scopes", Value::Array(Vec::new())),
        ],
        Entity::AccessListEntry { .. } => &[("comment", Value::String(String::new()))],
        _ => &[],
    };
    for (name, value) in defaults {
        body.entry(*name).or_insert_with(|| value.clone());
    }
    // A block and the one address in it are the same.
    if let Some(address) = body.remove("ipAddress").as_ref().and_then(Value::as_str) {
        let bits = if address.contains(':') { 128 } else { 32 };
        body.insert("cidrBlock".to_owned(), format!("{address}/{bits}").into());
    }
    Value::Object(body)
}

/// Whether all that was asked for is there: fields of objects, entries of lists in any order, times in any spelling.
pub(in crate::core::operations) fn covers(asked: &Value, got: &Value) -> bool {
    match (asked, got) {
        (Value::Object(asked), Value::Object(got)) => asked.iter().all(|(name, value)| match got.get(name) {
            Some(there) => covers(value, there),
            None => value.as_array().is_some_and(Vec::is_empty) || value == "",
        }),
        (Value::Array(asked), Value::Array(got)) => {
            asked.len() == got.len() && asked.iter().all(|item| got.iter().any(|there| covers(item, there)))
        }
        (Value::String(asked), Value::String(got)) => {
            asked == got || timestamp(asked).is_some_and(|at| timestamp(got) == Some(at))
        }
        _ => asked == got,
    }
}

/// The reply that the create would have had.
fn as_reply(reply: Reply, entity: &Value, reply_format: ReplyFormat) -> Reply {
    let body = match reply_format.envelope {
        true => serde_json::json!({"status": reply.status, "content": entity}).to_string(),
        false => entity.to_string(),
    };
    let body = Bytes::from(body);
    Reply { tape: Tape::parse(&body), body, ..reply }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_there_covers_what_was_asked_for() {
        let there =
            json!({"a": "x", "roles": [{"r": 1, "d": 2}, {"r": 3}], "at": "2026-08-11T03:05:41Z", "more": true});
        for (asked, expected) in [
            (json!({"a": "x", "at": "2026-08-11T05:05:41+02:00"}), true),
            (json!({"roles": [{"r": 3}, {"r": 1}]}), true),
            (json!({"labels": [], "comment": ""}), true),
            (json!({"roles": [{"r": 3}]}), false),
            (json!({"a": "y"}), false),
            (json!({"scopes": [1]}), false),
            (json!({"at": "2026-08-11T03:05:42Z"}), false),
        ] {
            assert_eq!(covers(&asked, &there), expected, "{asked}");
        }
    }
}
