//! The rest of a resource's life: get, list, update, delete, find; and projects, rate limits and any other operation.
use std::collections::HashSet;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::core::call::{Call, Page, Shape, collection, segment};
use crate::core::client::{Client, is_absent};
use crate::core::context::Context;
use crate::core::error::{Error, Violation};
use crate::core::model::{Kind, Operation};
use crate::core::rate_limit::EndpointSet;
use crate::core::reply::{Expect, Reply};
use crate::core::retry::Safety;
use crate::core::{hints, retire, validate};

/// Pages are asked for in this size unless the caller says otherwise.
pub const PAGE: u64 = 500;

impl Client {
    /// Get, update or delete of one resource.
    pub async fn one(
        &self,
        kind: Kind,
        operation: Operation,
        group_id: &str,
        name: &str,
        shape: Shape,
        body: Option<Bytes>,
        context: &mut Context,
    ) -> Result<Reply, Error> {
        check_path(group_id, Some(name))?;
        let call = Call::resource(kind, operation, group_id, name, shape, body);
        let reply = self.run(&call, context).await;
        match reply {
            Err(Error::Api(api))
                if kind == Kind::Serverless && operation != Operation::Get && hints::path_is_gone(&api) =>
            {
                self.remember_retired();
                Err(retire::error(*api))
            }
            other => other,
        }
    }

    /// Looks on both paths: which kind is it? A Flex cluster that serverless automation created is one on both paths;
    /// it is called what it is, a Flex cluster.
    pub async fn find(
        &self,
        group_id: &str,
        name: &str,
        shape: Shape,
        context: &mut Context,
    ) -> Result<(Kind, Reply), Error> {
        check_path(group_id, Some(name))?;
        let flex = Call::resource(Kind::Flex, Operation::Get, group_id, name, shape, None);
        let not_flex = match self.run(&flex, context).await {
            Ok(reply) => return Ok((Kind::Flex, reply)),
            Err(Error::Api(api)) if elsewhere(api.status, api.error_code.as_deref()) => api,
            Err(error) => return Err(error),
        };
        context.attempts = 0;
        let serverless = Call::resource(Kind::Serverless, Operation::Get, group_id, name, shape, None);
        match self.run(&serverless, context).await {
            Ok(reply) => Ok((Kind::Serverless, reply)),
            // Neither path has it: the first answer says which name is missing, and names a dedicated cluster as such.
            Err(Error::Api(api)) if elsewhere(api.status, api.error_code.as_deref()) || hints::path_is_gone(&api) => {
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

    /// Any other operation of the API.
    pub async fn request(&self, request: Request, context: &mut Context) -> Result<Reply, Error> {
        let call = request.call()?;
        self.run(&call, context).await
    }
}

/// An operation that this client has no method for.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// From `/api/`; no host.
    pub path: String,
    /// Query parameters.
    pub params: Vec<(String, String)>,
    /// Body.
    pub json: Option<Value>,
    /// Another API version than the client's.
    pub api_version: Option<String>,
}

impl Request {
    fn call(self) -> Result<Call, Error> {
        let violation = |path: &str, message: &str, value: &str| {
            Error::Validation(vec![Violation {
                path: path.to_owned(),
                message: message.to_owned(),
                value: value.into(),
                rule: "pattern".to_owned(),
            }])
        };
        let name = self.method.to_ascii_uppercase();
        let method = match name.as_str() {
            "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" => reqwest::Method::from_bytes(name.as_bytes()).ok(),
            _ => None,
        };
        let Some(method) = method else {
            return Err(violation("method", "must be GET, HEAD, POST, PUT, PATCH or DELETE", &self.method));
        };
        if !self.path.starts_with("/api/")
            || self.path.contains(['?', '#', '\\'])
            || self.path.split('/').any(|s| s == "..")
        {
            return Err(violation(
                "path",
                "must be a path from /api/, without host, query (use params) or ..",
                &self.path,
            ));
        }
        // Characters that can't stand in a path are encoded; what is encoded already stays.
        let query: Vec<String> = self.params.iter().map(|(k, v)| format!("{}={}", segment(k), segment(v))).collect();
        let target = if query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query.join("&")) };
        let safety = match name.as_str() {
            "GET" | "HEAD" | "PUT" | "DELETE" => Safety::Idempotent,
            _ => Safety::Unsafe,
        };
        let group_id = self.path.split("/groups/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let body = match self.json {
            None => None,
            Some(json) => Some(Bytes::from(
                serde_json::to_vec(&json).map_err(|e| Error::Configuration(format!("json cannot be encoded ({e})")))?,
            )),
        };
        Ok(Call {
            operation: "request",
            method,
            target,
            body,
            safety,
            expect: Expect::Anything,
            set: EndpointSet::Other,
            group_id: group_id.to_owned(),
            envelope: self.params.iter().any(|(k, v)| k == "envelope" && v == "true"),
            serverless: self.path.contains("/serverless"),
            api_version: self.api_version,
        })
    }
}

/// A list that pages by itself.
pub struct Pager {
    call: Call,
    query: Vec<(String, String)>,
    page: Page,
    /// Ids seen, since a page can move while it is read.
    seen: HashSet<String>,
    done: bool,
}

/// One page: the reply, and where its new entries are.
pub struct Entries {
    /// The reply.
    pub reply: Reply,
    /// The entries that no earlier page had, as JSON.
    pub results: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct PageReply {
    results: Vec<Box<RawValue>>,
    #[serde(default)]
    links: Option<Vec<Link>>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    rel: String,
}

impl Pager {
    /// The resources of a kind in a project.
    pub fn resources(kind: Kind, group_id: &str, items_per_page: u64, include_count: bool) -> Result<Self, Error> {
        check_path(group_id, None)?;
        Self::new(collection(kind, group_id), Vec::new(), items_per_page, include_count)
    }

    /// The projects that the credentials can see.
    pub fn projects(items_per_page: u64) -> Result<Self, Error> {
        let call = Call::get("listGroups", "/api/atlas/v2/groups".to_owned(), EndpointSet::Projects, "", Expect::Page);
        Self::new(call, Vec::new(), items_per_page, true)
    }

    /// The rate limits, for what `query` names (`groupId`, `orgId`, `endpointPath` …).
    pub fn rate_limits(query: Vec<(String, String)>, items_per_page: u64) -> Result<Self, Error> {
        let target = "/api/atlas/v2/rateLimits".to_owned();
        let call = Call::get("listRateLimits", target, EndpointSet::RateLimits, "", Expect::Page);
        Self::new(call, query, items_per_page, true)
    }

    fn new(call: Call, query: Vec<(String, String)>, items: u64, include_count: bool) -> Result<Self, Error> {
        if !(1..=500).contains(&items) {
            return Err(Error::Validation(vec![Violation {
                path: "items_per_page".to_owned(),
                message: "must be from 1 to 500".to_owned(),
                value: items.into(),
                rule: "range".to_owned(),
            }]));
        }
        let page = Page { number: 1, items, include_count };
        Ok(Pager { call, query, page, seen: HashSet::new(), done: false })
    }

    /// The next page; none after the last.
    pub async fn next(&mut self, client: &Client, context: &mut Context) -> Result<Option<Entries>, Error> {
        if self.done {
            return Ok(None);
        }
        let call = self.call.page(&self.page, &self.query);
        let reply = client.run(&call, context).await?;
        let parsed: PageReply = serde_json::from_slice(&reply.body)
            .map_err(|e| Error::Configuration(format!("a page could not be read ({e})")))?;
        let full = parsed.results.len() as u64 >= self.page.items;
        let next = parsed.links.map(|links| links.iter().any(|l| l.rel == "next"));
        // Links say it best; without any, a page that is not full is the last. An empty one always is.
        self.done = parsed.results.is_empty() || !next.unwrap_or(full);
        self.page.number += 1;
        let results = parsed.results.into_iter().filter(|entry| self.is_new(entry)).collect();
        Ok(Some(Entries { reply, results }))
    }

    fn is_new(&mut self, entry: &RawValue) -> bool {
        #[derive(Deserialize)]
        struct Identity {
            id: Option<String>,
        }
        match serde_json::from_str::<Identity>(entry.get()) {
            Ok(Identity { id: Some(id) }) => self.seen.insert(id),
            _ => true,
        }
    }
}

fn elsewhere(status: u16, code: Option<&str>) -> bool {
    let code = code.unwrap_or_default();
    (status == 404 && is_absent(code)) || (status == 400 && code.starts_with("CANNOT_USE_"))
}

/// Path parameters are checked before anything is sent.
pub fn check_path(group_id: &str, name: Option<&str>) -> Result<(), Error> {
    let violations: Vec<Violation> =
        validate::group_id(group_id).into_iter().chain(name.and_then(validate::name)).collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::Validation(violations)) }
}
