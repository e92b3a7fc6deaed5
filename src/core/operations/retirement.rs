//! Life after the endpoint: Atlas retired the serverless operations in January 2026. What is left of the instances are Flex
//! clusters, so `on_retired="flex"` asks for those.
//!
//! | what a client with `on_retired="flex"` is asked for | where it goes |
//! | --- | --- |
//! | create, update, delete, wait | the Flex path, once a reply has said that the serverless one is gone |
//! | get, wait | the Flex path too where the serverless one does not know the name: reads outlive the rest by a year |
//! | list | see [`super::list`] |
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::resource::ResourceRequest;
use crate::core::client::{Client, OnRetired};
use crate::core::context::Context;
use crate::core::error::{ApiError, Error, Notice, NoticeKind};
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::deprecation;
use crate::core::http::reply::Reply;
use crate::core::spec::convert::of_body;
use crate::core::spec::model::{Kind, Operation};

/// The day of the `Sunset` header: Thu, 15 Jan 2026 00:00:00 GMT.
const SUNSET: Duration = Duration::from_secs(1_768_435_200);

/// Whether the service's own clock is past the day on which the serverless operations ended.
pub(crate) fn is_past(date: SystemTime) -> bool {
    date.duration_since(UNIX_EPOCH).is_ok_and(|since| since >= SUNSET)
}

impl Client {
    /// Runs an operation on the path of its kind, or on that of its successor; the reply says which.
    pub(crate) async fn on_its_path(
        &self,
        one: &ResourceRequest,
        context: &mut Context,
    ) -> Result<(Kind, Reply), Error> {
        if one.kind == Kind::Flex {
            return self.run_or_join(one, &one.call(Kind::Flex), context).await.map(|reply| (Kind::Flex, reply));
        }
        let flex = one.on_retired == OnRetired::Flex;
        let reads = one.operation == Operation::Get;
        let call = one.call(Kind::Serverless);
        match self.retired() {
            Some(_) if flex => return self.as_flex(one, context).await,
            Some(said) if !reads => return Err(self.told_before(said, &call, one.operation)),
            _ => {}
        }
        match self.run_or_join(one, &call, context).await {
            Ok(reply) => Ok((Kind::Serverless, reply)),
            Err(Error::Api(api)) if classify::path_is_gone(&api) => {
                self.remember_retired(&api);
                if flex { self.as_flex(one, context).await } else { Err(error(*api, one.operation)) }
            }
            Err(Error::Api(mut api)) if classify::is_absent(&api) => {
                if flex && reads {
                    match self.as_flex(one, context).await {
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

    /// The same of the Flex cluster of that name.
    async fn as_flex(&self, one: &ResourceRequest, context: &mut Context) -> Result<(Kind, Reply), Error> {
        let mut call = one.call(Kind::Flex);
        if let (Operation::Update, Some(body)) = (one.operation, &one.body) {
            let (body, notices) = flex_body(body)?;
            context.notices.add(notices);
            call = match body.as_slice() {
                // Nothing is left to change: what there is, is the answer.
                b"{}" => ResourceRequest { operation: Operation::Get, body: None, ..one.clone() }.call(Kind::Flex),
                _ => Call { body: Some(Bytes::from(body)), ..call },
            };
        }
        context.attempts = 0;
        let reply = self.run_or_join(one, &call, context).await?;
        let serverless = Kind::Serverless.operation_id(one.operation);
        context.notices.add(instead(serverless, Kind::Flex.operation_id(one.operation)));
        Ok((Kind::Flex, reply))
    }

    /// The error for an operation of which this client knows already that it is gone: nothing is sent.
    pub(crate) fn told_before(&self, said: &ApiError, call: &Call, operation: Operation) -> Error {
        let path = call.target.split('?').next().unwrap_or_default();
        let known = ApiError {
            method: call.method.to_string(),
            url: format!("{}{path}", self.shared.base_url),
            attempts: 0,
            elapsed: Duration::ZERO,
            ..said.clone()
        };
        let mut error = error(known, operation);
        crate::core::http::reply::add_hint(&mut error, "not sent: this client was told so before");
        error
    }
}

impl ResourceRequest {
    fn call(&self, kind: Kind) -> Call {
        Call::resource(kind, self.operation, &self.group_id, &self.name, self.reply_format, self.body.clone())
    }
}

/// The error for a serverless operation whose path is gone.
pub(crate) fn error(mut api: ApiError, operation: Operation) -> Error {
    let instead = match operation {
        Operation::Create => "create a Flex cluster with create_flex_cluster(group_id, **to_flex_spec(spec).spec)",
        Operation::Get => "they are Flex clusters now, made with create_flex_cluster: get it with get_flex_cluster",
        Operation::List => {
            "they are Flex clusters now, made with create_flex_cluster: list them with list_flex_clusters"
        }
        Operation::Update => {
            "they are Flex clusters now, made with create_flex_cluster: change it with update_flex_cluster"
        }
        Operation::Delete => {
            "they are Flex clusters now, made with create_flex_cluster: delete it with delete_flex_cluster"
        }
    };
    api.endpoint_retired = true;
    api.retryable = false;
    api.hint = Some(format!(
        "Atlas retired serverless instances in January 2026: {instead}, or let on_retired=\"flex\" do so where the endpoint is gone (Client(on_retired=\"flex\") for all methods)"
    ));
    Error::Api(Box::new(api))
}

/// Once a process and operation: the other one was used.
pub(crate) fn instead(serverless: &str, flex: &str) -> Option<Notice> {
    deprecation::first_time(&format!("{serverless} as {flex}")).then(|| Notice {
        kind: NoticeKind::EndpointDeprecated,
        message: format!(
            "{serverless} is retired: {flex} was used instead (on_retired=\"flex\"); change to the flex_cluster methods"
        ),
    })
}

/// For each create: another thing was created.
pub(crate) fn created_instead(name: &str) -> Notice {
    Notice {
        kind: NoticeKind::EndpointDeprecated,
        message: format!(
            "createServerlessInstance is retired: the Flex cluster {name} is created instead (on_retired=\"flex\"); change to create_flex_cluster"
        ),
    }
}

/// The Flex body for a serverless one, of a create or an update, and what its owner is told.
pub(crate) fn flex_body(serverless: &[u8]) -> Result<(Vec<u8>, Vec<Notice>), Error> {
    let body: Map<String, Value> = serde_json::from_slice(serverless)
        .map_err(|e| Error::Configuration(format!("the serverless request is not a JSON object ({e})")))?;
    let conversion = of_body(body);
    Ok((Value::Object(conversion.spec).to_string().into_bytes(), conversion.notices))
}
