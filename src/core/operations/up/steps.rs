//! The steps of `up`, one for each thing that a connection needs.
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::connection::{ACCESS, CHANGED, CLUSTER, Connection, FOUND, MADE, PROJECT, Steps, USER};
use super::mark;
use super::request::{Plan, UpRequest};
use crate::core::client::Client;
use crate::core::config::OnRetired;
use crate::core::context::Context;
use crate::core::error::{ApiError, Error};
use crate::core::http::call::{Call, ExpectedBody, Page, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::entity::Entity;
use crate::core::http::reply::Reply;
use crate::core::operations::create::request::{CreateRequest, IfExists, OnTimeout};
use crate::core::operations::entity::{EntityRequest, covers};
use crate::core::operations::resource::ResourceRequest;
use crate::core::policy::rate_limit::EndpointSet;
use crate::core::secret::Secret;
use crate::core::spec::model::{Kind, Node, Operation};
use crate::core::spec::validate;
use crate::core::spec::validate::tag_arguments::TagChanges;

/// Carries out the steps of one run.
pub(super) struct Runner<'a> {
    pub(super) client: &'a Client,
    pub(super) context: &'a mut Context,
    pub(super) steps: Steps,
}

impl Runner<'_> {
    /// A context for the next request: its own retries, within the time of the whole.
    fn next(&self) -> Context {
        self.context.sub_request_from_now(self.client.env())
    }

    /// The entity in a reply; its notices go to those of the whole call.
    pub(super) fn entity(&self, reply: Reply) -> Value {
        self.context.notices.add(reply.notices);
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    /// Gets something; `None` if it is not there.
    pub(super) async fn get(&self, call: Call) -> Result<Option<Value>, Error> {
        match self.client.run(&call, &mut self.next()).await {
            Ok(reply) => Ok(Some(self.entity(reply))),
            Err(Error::Api(api)) if classify::is_absent(&api) || classify::is_absent_project(&call, &api) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All entries of a list.
    pub(super) async fn all(&self, list: Call) -> Result<Vec<Value>, Error> {
        let mut found = Vec::new();
        for number in 1.. {
            let page = Page { number, items: 500, include_count: true };
            let reply = self.client.run(&list.page(&page, &[]), &mut self.next()).await?;
            let mut entries = match self.entity(reply) {
                Value::Object(mut page) => {
                    page.remove("results").and_then(|r| r.as_array().cloned()).unwrap_or_default()
                }
                _ => Vec::new(),
            };
            let is_last = entries.len() < 500;
            found.append(&mut entries);
            if is_last || number >= 100 {
                break;
            }
        }
        Ok(found)
    }

    async fn send(&self, entity: Entity, operation: Operation, body: Map<String, Value>) -> Result<Value, Error> {
        let request =
            EntityRequest { body: Some(body), ..EntityRequest::new(entity, operation, ReplyFormat::default()) };
        let reply = self.client.entity(request, &mut self.next()).await?;
        Ok(self.entity(reply))
    }

    pub(super) async fn find_project(&self, name: &str) -> Result<Option<Value>, Error> {
        self.get(Call::project_by_name(name)).await
    }

    /// The project's id; `None` in a dry run where it would be made.
    pub(super) async fn project(&mut self, request: &UpRequest) -> Result<Option<String>, Error> {
        let Some(name) = &request.project else { return Ok(request.group_id.clone()) };
        let id = |project: &Value| project.get("id").and_then(Value::as_str).map(str::to_owned);
        if let Some(found) = self.find_project(name).await? {
            self.steps.add(PROJECT, name, FOUND, None);
            return Ok(id(&found));
        }
        if request.dry_run {
            self.steps.add(PROJECT, name, MADE, None);
            return Ok(None);
        }
        let org_id = match &request.org_id {
            Some(org_id) => org_id.clone(),
            None => self.only_organization().await?,
        };
        let body = json!({"name": name, "orgId": org_id, "tags": [mark::tag(mark::PROJECT)]});
        let project = Entity::Project { group_id: String::new() };
        let made = match self.send(project, Operation::Create, fields(body)).await {
            // Another run was quicker.
            Err(Error::Api(api)) if is_conflict(&api) => self.find_project(name).await?.ok_or(Error::Api(api))?,
            made => {
                let made = made?;
                self.steps.add(PROJECT, name, MADE, None);
                return Ok(id(&made));
            }
        };
        self.steps.add(PROJECT, name, FOUND, None);
        Ok(id(&made))
    }

    async fn only_organization(&self) -> Result<String, Error> {
        let target = "/api/atlas/v2/orgs".to_owned();
        let orgs = self.all(Call::get("listOrgs", target, EndpointSet::Other, "", ExpectedBody::Page)).await?;
        match orgs.as_slice() {
            [org] => Ok(org.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()),
            several => Err(Error::Configuration(format!(
                "a project is to be made, and these credentials see {} organizations: name one with MONGODB_ATLAS_ORG_ID, or org_id in the Atlas CLI's profile",
                several.len()
            ))),
        }
    }

    /// The cluster as it is now; `None` in a dry run where it would be made.
    pub(super) async fn cluster(
        &mut self,
        request: &UpRequest,
        plan: &Plan,
        group_id: &str,
    ) -> Result<Option<Value>, Error> {
        let name = &request.name;
        let get = Call::resource(Kind::Flex, Operation::Get, group_id, name, ReplyFormat::default(), None);
        let found = self.get(get).await?;
        let is_leaving = |cluster: &Value| cluster.get("stateName").is_some_and(|state| state == "DELETING");
        if let Some(cluster) = found.filter(|cluster| !is_leaving(cluster)) {
            check_place(request, &cluster)?;
            return self.fit_tags(name, plan, group_id, cluster).await.map(Some);
        }
        let body = plan.cluster.clone().ok_or_else(|| {
            let message = "is required: there is no Flex cluster of that name, and one is to be made";
            let wrong = |path| validate::violation(path, "required", message.to_owned(), &Node::Null);
            Error::Validation(vec![wrong("provider"), wrong("region")])
        })?;
        if request.dry_run {
            self.steps.add(CLUSTER, name, MADE, None);
            return Ok(None);
        }
        let create = CreateRequest {
            kind: Kind::Flex,
            group_id: group_id.to_owned(),
            name: name.clone(),
            body,
            reply_format: ReplyFormat::default(),
            if_exists: IfExists::Return,
            on_timeout: OnTimeout::Error,
            on_retired: OnRetired::Raise,
            region_notice: None,
            wait: None,
        };
        let reply = Box::pin(self.client.create(create, &mut self.next())).await?;
        let made = if reply.status == 201 || reply.reconciled { MADE } else { FOUND };
        self.steps.add(CLUSTER, name, made, None);
        Ok(Some(self.entity(reply)))
    }

    async fn fit_tags(&mut self, name: &str, plan: &Plan, group_id: &str, cluster: Value) -> Result<Value, Error> {
        let there = cluster.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_there = |(key, value): &&(String, String)| !there.contains(&json!({"key": key, "value": value}));
        let add: Vec<(String, String)> = plan.tags.iter().filter(is_there).cloned().collect();
        if add.is_empty() {
            self.steps.add(CLUSTER, name, FOUND, None);
            return Ok(cluster);
        }
        if self.steps.dry_run {
            self.steps.add(CLUSTER, name, CHANGED, Some("its tags"));
            return Ok(cluster);
        }
        let tags = TagChanges { add, remove: Vec::new() };
        let update = ResourceRequest::new(Kind::Flex, Operation::Update, group_id.to_owned(), name.to_owned());
        let update = ResourceRequest { tags, body: Some(Bytes::from_static(b"{}")), ..update };
        let reply = Box::pin(self.client.resource(update, &mut self.next())).await?;
        self.steps.add(CLUSTER, name, CHANGED, Some("its tags"));
        Ok(self.entity(reply))
    }

    /// The user as Atlas shows it, and the password, if it is known.
    pub(super) async fn user(
        &mut self,
        request: &UpRequest,
        plan: &Plan,
        group_id: &str,
    ) -> Result<(Option<Value>, Option<Secret>), Error> {
        let user = Entity::DatabaseUser {
            group_id: group_id.to_owned(),
            database_name: "admin".to_owned(),
            username: plan.username.clone(),
        };
        let get = Call::entity(&user, Operation::Get, ReplyFormat::default(), None);
        if let Some(found) = self.get(get.clone()).await? {
            return self.fit_user(request, plan, user, found).await;
        }
        if request.dry_run {
            self.steps.add(USER, &plan.username, MADE, None);
            return Ok((None, None));
        }
        match self.send(user.clone(), Operation::Create, plan.user.clone()).await {
            Ok(made) => {
                let why = request.password.is_none().then_some("with a generated password");
                self.steps.add(USER, &plan.username, MADE, why);
                Ok((Some(made), Some(request.password().clone())))
            }
            // Another run was quicker.
            Err(Error::Api(api)) if is_conflict(&api) => {
                let found = self.get(get).await?.ok_or(Error::Api(api))?;
                self.fit_user(request, plan, user, found).await
            }
            Err(error) => Err(error),
        }
    }

    /// A user who is there already: one that `up` has made gets the roles that are asked for, and a new password if one is; one
    /// of somebody else is taken as it is, or refused.
    async fn fit_user(
        &mut self,
        request: &UpRequest,
        plan: &Plan,
        user: Entity,
        found: Value,
    ) -> Result<(Option<Value>, Option<Secret>), Error> {
        let name = &plan.username;
        let there = found.get("roles").cloned().unwrap_or_default();
        let roles = plan.roles.clone().filter(|roles| !covers(roles, &there));
        if !mark::is_of(&found, "description", &request.name) {
            if roles.is_some() || request.reset_password {
                let message = format!(
                    "is asked for, and the database user {name} was not made by up: change it with update_database_user"
                );
                let path = if roles.is_some() { "roles" } else { "reset_password" };
                return Err(Error::Validation(vec![validate::violation(path, "differs", message, &Node::Null)]));
            }
            self.steps.add(USER, name, FOUND, Some("not made by up; its password is taken to be the one given"));
            return Ok((Some(found), request.password.clone()));
        }
        let mut changes = Map::new();
        changes.extend(roles.map(|roles| ("roles".to_owned(), roles)));
        if request.reset_password {
            changes.insert("password".to_owned(), request.password().expose().into());
        }
        if changes.is_empty() {
            let why = request.password.is_some().then_some("its password is taken to be the one given");
            self.steps.add(USER, name, FOUND, why);
            return Ok((Some(found), request.password.clone()));
        }
        let why = changes.keys().map(String::as_str).collect::<Vec<_>>().join(" and ");
        let password = if request.reset_password { Some(request.password().clone()) } else { request.password.clone() };
        if request.dry_run {
            self.steps.add(USER, name, CHANGED, Some(&why));
            return Ok((Some(found), request.password.clone()));
        }
        let changed = self.send(user, Operation::Update, changes).await?;
        self.steps.add(USER, name, CHANGED, Some(&why));
        Ok((Some(changed), password))
    }

    /// Adds the entries that are missing; the whole list afterwards.
    pub(super) async fn access(&mut self, plan: &Plan, group_id: &str) -> Result<Vec<Value>, Error> {
        let place = |value: &str| Entity::AccessListEntry { group_id: group_id.to_owned(), value: value.to_owned() };
        let mut there = self.all(Call::entities(&place(""))).await?;
        for entry in &plan.access {
            let value = entry_value(entry);
            if there.iter().any(|other| is_entry(other, &value)) {
                self.steps.add(ACCESS, &value, FOUND, None);
                continue;
            }
            if !self.steps.dry_run {
                let request = EntityRequest::add_entry(group_id, entry.clone(), ReplyFormat::default());
                let reply = self.client.entity(request, &mut self.next()).await?;
                self.context.notices.add(reply.notices);
            }
            self.steps.add(ACCESS, &value, MADE, None);
            there.push(Value::Object(entry.clone()));
        }
        let is_made = self.steps.list.iter().any(|step| step.what == ACCESS && step.how == "made");
        if is_made { self.all(Call::entities(&place(""))).await } else { Ok(there) }
    }

    /// What a dry run returns where even the project would be made.
    pub(super) fn nothing_yet(&mut self, request: &UpRequest, plan: &Plan) -> Connection {
        self.steps.add(CLUSTER, &request.name, MADE, None);
        self.steps.add(USER, &plan.username, MADE, None);
        for entry in &plan.access {
            self.steps.add(ACCESS, &entry_value(entry), MADE, None);
        }
        Connection {
            name: request.name.clone(),
            group_id: None,
            username: plan.username.clone(),
            password: None,
            uri: None,
            cluster: None,
            user: None,
            access: Vec::new(),
            did: std::mem::take(&mut self.steps.list),
            dry_run: true,
        }
    }
}

/// The value of an entry of this client's own.
pub(super) fn entry_value(entry: &Map<String, Value>) -> String {
    let place = ["cidrBlock", "ipAddress", "awsSecurityGroup"].iter().find_map(|name| entry.get(*name)?.as_str());
    place.unwrap_or_default().to_owned()
}

/// Whether an entry of the list has this value, one address being the same as the block of it.
fn is_entry(entry: &Value, value: &str) -> bool {
    ["cidrBlock", "ipAddress", "awsSecurityGroup"].iter().any(|name| entry.get(*name).is_some_and(|own| own == value))
        || ["/32", "/128"].iter().any(|bits| {
            let of_one = |own: &str| own == format!("{value}{bits}");
            entry.get("cidrBlock").and_then(Value::as_str).is_some_and(of_one)
        })
}

/// A cluster stays where it is.
fn check_place(request: &UpRequest, cluster: &Value) -> Result<(), Error> {
    let there = |field: &str| cluster.get("providerSettings").and_then(|s| s.get(field)).and_then(Value::as_str);
    let mut violations = Vec::new();
    for (path, asked, field) in
        [("provider", &request.provider, "backingProviderName"), ("region", &request.region, "regionName")]
    {
        if let (Some(asked), Some(there)) = (asked, there(field))
            && asked != there
        {
            let message =
                format!("is asked for as {asked}, and the Flex cluster {} is in {there}, where it stays", request.name);
            violations.push(validate::violation(path, "differs", message, &Node::text(asked)));
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Validation(violations)) }
}

fn is_conflict(api: &ApiError) -> bool {
    api.status == 409
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
