//! Get, update and delete of one resource, and find.
pub mod request;

use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::DATE;
use serde::Deserialize;

use self::request::NOTHING_DELETED;
pub use self::request::ResourceRequest;
use super::retirement;
use super::wait::request::{DELETED, PriorAction, WaitRequest};
use crate::core::client::Client;
use crate::core::config::OnRetired;
use crate::core::context::Context;
use crate::core::error::{Error, Violation};
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::reply::{Reply, content};
use crate::core::json::from_object;
use crate::core::spec::model::{Kind, Node, Operation};
use crate::core::spec::validate;

impl Client {
    /// Gets, updates or deletes one resource, and waits if the request says so. The result of a deletion is its own reply,
    /// that of an update the reply of the last poll.
    pub async fn resource(&self, mut request: ResourceRequest, context: &mut Context) -> Result<Reply, Error> {
        check_path(&request.group_id, Some(&request.name))?;
        let as_asked = if request.tags.is_empty() { None } else { self.merge_tags(&mut request, context).await? };
        let is_changed = as_asked.is_none();
        let (kind, reply) = match as_asked {
            Some(found) => found,
            None => self.send_or_convert(&request, context).await?,
        };
        let Some(interval) = request.wait.filter(|_| reply.status != NOTHING_DELETED) else { return Ok(reply) };
        let values = match &request.body {
            Some(body) if kind != request.kind => Some(Bytes::from(retirement::flex_body(body)?.0)),
            body => body.clone(),
        };
        let id = if values.is_some() { id_of(&reply, request.reply_format) } else { None };
        let deleted = if request.operation == Operation::Delete { date_of(&reply) } else { None };
        let ResourceRequest { operation, group_id, name, reply_format, on_retired, .. } = request;
        let (action, state) = match operation {
            Operation::Delete => (PriorAction::Delete, DELETED),
            _ => (PriorAction::Update, "IDLE"),
        };
        let wait = WaitRequest::until(state, kind, group_id, name);
        let wait = WaitRequest { id, interval, reply_format, on_retired, values, deleted, ..wait };
        let last = if context.joined_deletion || !is_changed {
            // What is waited for was not begun by this call, so it is not sent again.
            self.wait_for(wait, context).await?
        } else {
            self.wait_after(action, &reply, wait, context).await?
        };
        Ok(match last {
            Some(last) => Reply { attempts: reply.attempts, ..last },
            None => Reply { notices: Vec::new(), elapsed: context.elapsed(self.env()), ..reply },
        })
    }

    /// Sends the request on the path of its kind, or on the Flex path if the serverless one is gone and the request says so.
    pub(super) async fn send_or_convert(
        &self,
        request: &ResourceRequest,
        context: &mut Context,
    ) -> Result<(Kind, Reply), Error> {
        if request.kind == Kind::Flex {
            let reply = self.send(request, &request.call(Kind::Flex), context).await?;
            return Ok((Kind::Flex, reply));
        }
        let flex = request.on_retired == OnRetired::Flex;
        let reads = request.operation == Operation::Get;
        let call = request.call(Kind::Serverless);
        match self.retired() {
            Some(_) if flex => return self.send_as_flex(request, context).await,
            Some(retired) if !reads => return Err(self.not_sent_since_retired(retired, &call, request.operation)),
            _ => {}
        }
        match self.send(request, &call, context).await {
            Ok(reply) => Ok((Kind::Serverless, reply)),
            Err(Error::Api(api)) if classify::path_is_gone(&api) => {
                self.remember_retired(&api);
                if flex {
                    self.send_as_flex(request, context).await
                } else {
                    Err(retirement::error(*api, request.operation))
                }
            }
            Err(Error::Api(mut api)) if classify::is_absent(&api) => {
                if flex && reads {
                    match self.send_as_flex(request, context).await {
                        Err(Error::Api(second)) if classify::is_absent(&second) || classify::is_other_kind(&second) => {
                        }
                        found => return found,
                    }
                }
                if api.hint.is_none() {
                    api.hint = Some("find(group_id, name) looks for a Flex cluster of that name too".to_owned());
                }
                Err(Error::Api(api))
            }
            Err(error) => Err(error),
        }
    }

    /// The same operation on the Flex cluster of that name.
    async fn send_as_flex(&self, request: &ResourceRequest, context: &mut Context) -> Result<(Kind, Reply), Error> {
        let mut call = request.call(Kind::Flex);
        if let (Operation::Update, Some(body)) = (request.operation, &request.body) {
            let (body, notices) = retirement::flex_body(body)?;
            context.notices.add(notices);
            call = match body.as_slice() {
                // Nothing is left to change, so the result is what there is.
                b"{}" => ResourceRequest { operation: Operation::Get, body: None, ..request.clone() }.call(Kind::Flex),
                _ => Call { body: Some(Bytes::from(body)), ..call },
            };
        }
        context.attempts = 0;
        let reply = self.send(request, &call, context).await?;
        let serverless = Kind::Serverless.operation_id(request.operation);
        context.notices.add(retirement::flex_used_notice(serverless, Kind::Flex.operation_id(request.operation)));
        Ok((Kind::Flex, reply))
    }

    async fn send(&self, request: &ResourceRequest, call: &Call, context: &mut Context) -> Result<Reply, Error> {
        match request.operation {
            Operation::Delete => self.delete(request, call, context).await,
            _ => self.run(call, context).await,
        }
    }

    /// Finds out of which kind the resource of that name is. A Flex cluster that was created as a serverless instance is on
    /// both paths; it counts as a Flex cluster.
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
            // Neither path has it. The first error says whether the name is missing or belongs to a dedicated cluster.
            Err(Error::Api(api))
                if classify::is_absent(&api) || classify::is_other_kind(&api) || classify::path_is_gone(&api) =>
            {
                Err(Error::Api(not_flex))
            }
            Err(error) => Err(error),
        }
    }
}

/// The `id` in a reply about a resource.
fn id_of(reply: &Reply, reply_format: ReplyFormat) -> Option<String> {
    #[derive(Default, Deserialize)]
    struct Identity {
        id: Option<String>,
    }
    let resource = content(&reply.body, reply_format.envelope);
    from_object::<Identity>(resource).unwrap_or_default().id
}

/// When the service answered, by its own clock.
fn date_of(reply: &Reply) -> Option<SystemTime> {
    httpdate::parse_http_date(reply.headers.get(DATE)?.to_str().ok()?).ok()
}

/// Checks path parameters before anything is sent.
pub fn check_path(group_id: &str, name: Option<&str>) -> Result<(), Error> {
    let violations: Vec<Violation> = match name {
        Some(name) => validate::target(group_id, name),
        None => validate::group_id(group_id).into_iter().collect(),
    };
    if violations.is_empty() { Ok(()) } else { Err(Error::Validation(violations)) }
}

/// The name of a call on one resource, or what is in its place. A single positional argument is the project, so a missing name
/// says how it is given.
pub fn required_name<'a>(argument: &str, group_id: Option<&str>, name: Option<&'a str>) -> Result<&'a str, Error> {
    let message = match (name, group_id) {
        (Some(name), _) => return Ok(name),
        (None, Some(given)) if validate::group_id(given).is_some() && validate::name(given).is_none() => {
            validate::name_as_project(argument, given)
        }
        (None, _) => format!("is required and was not given, or was None: give it as {argument}=…"),
    };
    Err(Error::Validation(vec![validate::violation(argument, "required", message, &Node::Null)]))
}
