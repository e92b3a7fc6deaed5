//! A call as data: what is sent, what sending it twice would do, and what the body of a success must be.
use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use crate::core::policy::rate_limit::EndpointSet;
use crate::core::policy::retry::RequestKind;
use crate::core::secret::Secret;
use crate::core::spec::model::{Kind, Operation};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of a call that this client has no method for.
pub const OTHER: &str = "request";

/// A call of the API, before authentication.
#[derive(Debug, Clone)]
pub struct Call {
    /// The API's operation id.
    pub operation: &'static str,
    pub method: Method,
    /// Path and query, encoded.
    pub target: String,
    /// JSON.
    pub body: Option<Bytes>,
    /// What sending it twice would do.
    pub request_kind: RequestKind,
    pub expected: ExpectedBody,
    /// The rate limit that it counts against.
    pub endpoint_set: EndpointSet,
    /// The project; empty if there is none.
    pub group_id: String,
    /// What the reply must be about, where it says so; `None` if that is not checked.
    pub subject: Option<Subject>,
    /// `envelope=true` was asked for.
    pub envelope: bool,
    /// It is one of the serverless operations, which Atlas has retired.
    pub serverless: bool,
    /// `None`: the client's.
    pub api_version: Option<String>,
    /// What the body has of secrets: replies that show it again are redacted before an error is made of them.
    pub secret: Option<Secret>,
}

/// The one thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A resource of this name in the call's project.
    Named(String),
    /// What has these values, where it has these fields; an empty value is any.
    Fields(Vec<(&'static str, String)>),
    /// An entry of an access list: an address, a block of addresses or a security group.
    Entry(String),
    /// A database user in the call's project.
    User { username: String, database_name: String },
    /// An access list with this entry.
    EntriesWith(String),
}

/// What the body of a success must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedBody {
    /// A JSON object with at least one field.
    Resource,
    /// An object with `results`, a list.
    Page,
    /// An object, or no body at all (a deletion).
    ResourceOrEmpty,
    /// JSON of any kind, or no body.
    AnyJson,
}

/// Query parameters that every operation has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplyFormat {
    /// Wrap the reply: `{"status": …, "content": …}`.
    pub envelope: bool,
    /// Indent the reply.
    pub pretty: bool,
}

impl ReplyFormat {
    pub(crate) fn query(self) -> &'static str {
        match (self.envelope, self.pretty) {
            (false, false) => "",
            (true, false) => "?envelope=true",
            (false, true) => "?pretty=true",
            (true, true) => "?envelope=true&pretty=true",
        }
    }
}

impl Call {
    /// The endpoint by which deprecations are reported: the operation id, or else the method and the path without ids.
    pub fn endpoint(&self) -> Cow<'static, str> {
        if self.operation != OTHER {
            return Cow::Borrowed(self.operation);
        }
        let path = self.target.split('?').next().unwrap_or_default();
        // "/api/atlas/v2/groups/{id}/clusters/{id}": after the version, collections and ids alternate.
        let parts = path.split('/').enumerate().map(|(at, part)| if at > 4 && at % 2 == 1 { "*" } else { part });
        Cow::Owned(format!("{} {}", self.method, parts.collect::<Vec<_>>().join("/")))
    }

    /// An operation on one resource; for [`Operation::Create`] on the collection, and `name` is not used.
    pub fn resource(
        kind: Kind,
        operation: Operation,
        group_id: &str,
        name: &str,
        reply_format: ReplyFormat,
        body: Option<Bytes>,
    ) -> Self {
        let (method, request_kind, expected) = match operation {
            Operation::Create => (Method::POST, RequestKind::Reconcilable, ExpectedBody::Resource),
            Operation::Get | Operation::List => (Method::GET, RequestKind::Read, ExpectedBody::Resource),
            // Our updates set fields to given values: applied twice, the result is the same.
            Operation::Update => (Method::PATCH, RequestKind::IdempotentChange, ExpectedBody::Resource),
            Operation::Delete => (Method::DELETE, RequestKind::IdempotentChange, ExpectedBody::ResourceOrEmpty),
        };
        let mut target = collection_path(kind, group_id);
        if operation != Operation::Create {
            target.push('/');
            target.extend(utf8_percent_encode(name, SEGMENT));
        }
        target.push_str(reply_format.query());
        // Create compares its reply itself, since it may believe another name.
        let subject = (operation != Operation::Create).then(|| Subject::Named(name.to_owned()));
        Call {
            operation: kind.operation_id(operation),
            subject,
            method,
            target,
            body,
            request_kind,
            expected,
            endpoint_set: endpoint_set(kind),
            group_id: group_id.to_owned(),
            envelope: reply_format.envelope,
            serverless: kind == Kind::Serverless,
            api_version: None,
            secret: None,
        }
    }

    /// The upgrade of a Flex cluster to a dedicated one; its name is in the body.
    pub fn upgrade(group_id: &str, name: &str, reply_format: ReplyFormat, body: Bytes) -> Self {
        let collection = ReplyFormat::default();
        let create = Self::resource(Kind::Flex, Operation::Create, group_id, "", collection, Some(body));
        Call {
            operation: "tenantGroupFlexClusterUpgrade",
            subject: Some(Subject::Fields(vec![("name", name.to_owned())])),
            target: format!("{}:tenantUpgrade{}", create.target, reply_format.query()),
            envelope: reply_format.envelope,
            ..create
        }
    }

    /// Gets a dedicated cluster, which an upgraded Flex cluster is.
    pub fn dedicated_cluster(group_id: &str, name: &str, reply_format: ReplyFormat) -> Self {
        let (project, cluster, query) = (segment(group_id), segment(name), reply_format.query());
        let target = format!("/api/atlas/v2/groups/{project}/clusters/{cluster}{query}");
        let call = Self::get("getGroupCluster", target, EndpointSet::Other, group_id, ExpectedBody::Resource);
        let subject = Some(Subject::Fields(vec![("name", name.to_owned())]));
        Call { envelope: reply_format.envelope, subject, ..call }
    }

    /// A GET of anything else.
    pub fn get(
        operation: &'static str,
        target: String,
        endpoint_set: EndpointSet,
        group_id: &str,
        expected: ExpectedBody,
    ) -> Self {
        Call {
            operation,
            method: Method::GET,
            target,
            body: None,
            request_kind: RequestKind::Read,
            expected,
            endpoint_set,
            group_id: group_id.to_owned(),
            subject: None,
            envelope: false,
            serverless: false,
            api_version: None,
            secret: None,
        }
    }

    /// The call for one page of a list. `target` must have no query yet.
    pub fn page(&self, page: &Page, query: &[(String, String)]) -> Self {
        let mut call = self.clone();
        let mut parts = vec![
            format!("pageNum={}", page.number),
            format!("itemsPerPage={}", page.items),
            format!("includeCount={}", page.include_count),
        ];
        parts.extend(query.iter().map(|(k, v)| format!("{}={}", segment(k), segment(v))));
        call.target = format!("{}?{}", self.target, parts.join("&"));
        call
    }
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// From 1.
    pub number: u64,
    /// 1 to 500.
    pub items: u64,
    /// Whether `totalCount` is wanted.
    pub include_count: bool,
}

/// Lists the resources of a kind in a project; without a query yet.
pub fn collection(kind: Kind, group_id: &str) -> Call {
    let operation = kind.operation_id(Operation::List);
    let call = Call::get(operation, collection_path(kind, group_id), endpoint_set(kind), group_id, ExpectedBody::Page);
    Call { serverless: kind == Kind::Serverless, ..call }
}

fn collection_path(kind: Kind, group_id: &str) -> String {
    let mut path = String::with_capacity(128);
    path.push_str("/api/atlas/v2/groups/");
    path.extend(utf8_percent_encode(group_id, SEGMENT));
    path.push('/');
    path.push_str(kind.path_segment());
    path
}

/// The rate limit that a kind counts against.
fn endpoint_set(kind: Kind) -> EndpointSet {
    match kind {
        Kind::Serverless => EndpointSet::ServerlessInstances,
        Kind::Flex => EndpointSet::FlexClusters,
    }
}

/// A path segment or query part, percent-encoded (RFC 3986).
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// `application/vnd.atlas.2025-03-12+json`
pub(crate) fn media_type(version: &str) -> String {
    format!("application/vnd.atlas.{version}+json")
}

/// The method as errors name it.
pub(crate) fn method_name(method: &reqwest::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "PUT" => "PUT",
        _ => "request",
    }
}
