//! Lists, page by page: every entry once, even if the list changes while it is read.
//!
//! Pages are requested by number; the URLs in `links` are never followed, since they may name a host that the caller
//! cannot reach. An entry that moved to a later page is recognised there by its `id` and dropped. If entries were deleted,
//! later ones moved to pages already read; a smaller `totalCount` shows that, and those pages are read again.
pub mod filter;

use std::collections::HashSet;

use reqwest::header::DATE;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::filter::ListFilter;
use super::resource::check_path;
use super::retirement;
use crate::core::client::Client;
use crate::core::config::OnRetired;
use crate::core::context::Context;
use crate::core::error::{Error, TransportError, TransportKind, Violation};
use crate::core::http::call::{Call, ExpectedBody, Page, collection};
use crate::core::http::classify;
use crate::core::http::entity::Entity;
use crate::core::http::reply::Reply;
use crate::core::json::from_object;
use crate::core::policy::rate_limit::EndpointSet;
use crate::core::spec::model::{Kind, Operation};
use crate::core::spec::validate;

/// After so many entries, and so many pages, that were all seen before, the list is not changing: the service repeats
/// itself.
const REPEATED_ENTRIES: u64 = 1000;
const REPEATED_PAGES: u64 = 20;

/// A list takes no more requests than this: at 500 entries a page, five million.
pub const MAX_REQUESTS: u64 = 10_000;

/// Reads a list page by page.
pub struct Pager {
    call: Call,
    query: Vec<(String, String)>,
    page: Page,
    /// Ids of the entries returned so far.
    seen: HashSet<String>,
    /// `totalCount` of the previous page.
    total: Option<u64>,
    /// Entries since the last new one.
    repeated: u64,
    /// The text of the previous page's entries, for lists whose entries have no id.
    last: String,
    /// The list to go on with if this one is retired.
    successor: Option<Call>,
    filter: ListFilter,
    /// [`MAX_REQUESTS`], less those that were sent.
    pub requests_left: u64,
    done: bool,
}

/// One page.
pub struct Entries {
    pub reply: Reply,
    /// The entries that no earlier page had and that the filter lets pass, as JSON.
    pub results: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageReply {
    results: Vec<Box<RawValue>>,
    #[serde(default)]
    links: Option<Vec<Link>>,
    #[serde(default)]
    total_count: Option<u64>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    rel: String,
}

impl Pager {
    /// The resources of a kind in a project.
    ///
    /// With `on_retired="flex"`, the project's Flex clusters are listed instead of serverless instances where the endpoint
    /// is retired: it says so, it said so to this client before, or the list is empty and the service's clock is past the
    /// day on which all instances had become Flex clusters.
    pub fn resources(
        kind: Kind,
        group_id: &str,
        items_per_page: i64,
        include_count: bool,
        filter: ListFilter,
        on_retired: OnRetired,
    ) -> Result<Self, Error> {
        check_path(group_id, None)?;
        let pager = Self::new(collection(kind, group_id), Vec::new(), items_per_page, include_count)?;
        let convert = kind == Kind::Serverless && on_retired == OnRetired::Flex;
        Ok(Pager { successor: convert.then(|| collection(Kind::Flex, group_id)), filter, ..pager })
    }

    /// What of the kind of `of` belongs to a project or a cluster.
    pub fn entities(of: &Entity, items_per_page: i64, include_count: bool) -> Result<Self, Error> {
        let cluster = match of {
            Entity::FlexBackupSnapshot { cluster, .. } | Entity::FlexRestoreJob { cluster, .. } => {
                Some(cluster.as_str())
            }
            _ => None,
        };
        check_path(of.group_id(), cluster)?;
        Self::new(Call::entities(of), Vec::new(), items_per_page, include_count)
    }

    /// The projects that the credentials can see.
    pub fn projects(items_per_page: i64) -> Result<Self, Error> {
        let call =
            Call::get("listGroups", "/api/atlas/v2/groups".to_owned(), EndpointSet::Projects, "", ExpectedBody::Page);
        Self::new(call, Vec::new(), items_per_page, true)
    }

    /// The rate limits, for what `query` names (`groupId`, `orgId`, `endpointPath` …).
    pub fn rate_limits(query: Vec<(String, String)>, items_per_page: i64) -> Result<Self, Error> {
        let texts: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
        let empty = validate::not_empty(&texts);
        if !empty.is_empty() {
            return Err(Error::Validation(empty));
        }
        let target = "/api/atlas/v2/rateLimits".to_owned();
        let call = Call::get("listRateLimits", target, EndpointSet::RateLimits, "", ExpectedBody::Page);
        Self::new(call, query, items_per_page, true)
    }

    fn new(call: Call, query: Vec<(String, String)>, items: i64, include_count: bool) -> Result<Self, Error> {
        let Some(items) = u64::try_from(items).ok().filter(|items| (1..=500).contains(items)) else {
            return Err(Error::Validation(vec![Violation {
                path: "items_per_page".to_owned(),
                message: "must be from 1 to 500".to_owned(),
                value: items.into(),
                rule: "range".to_owned(),
            }]));
        };
        let page = Page { number: 1, items, include_count };
        Ok(Pager {
            call,
            query,
            page,
            seen: HashSet::new(),
            total: None,
            repeated: 0,
            last: String::new(),
            successor: None,
            filter: ListFilter::default(),
            requests_left: MAX_REQUESTS,
            done: false,
        })
    }

    /// The next page; none after the last.
    pub async fn next(&mut self, client: &Client, context: &mut Context) -> Result<Option<Entries>, Error> {
        if self.done {
            return Ok(None);
        }
        if self.call.serverless && client.retired().is_some() {
            self.switch_to_successor(context);
        }
        loop {
            let call = self.call.page(&self.page, &self.query);
            let Some(left) = self.requests_left.checked_sub(1) else {
                self.done = true;
                return Err(endless(client, &call));
            };
            self.requests_left = left;
            let reply = match client.run(&call, context).await {
                Err(Error::Api(api)) if self.call.serverless && classify::path_is_gone(&api) => {
                    client.remember_retired(&api);
                    if !self.switch_to_successor(context) {
                        return Err(retirement::error(*api, Operation::List));
                    }
                    continue;
                }
                result => result?,
            };
            let parsed: PageReply = from_object(&reply.body)
                .map_err(|e| protocol_error(client, &call, &reply, format!("a page could not be read ({e})")))?;
            let first_and_empty = self.page.number == 1 && parsed.results.is_empty();
            if first_and_empty && past_sunset(&reply) && self.switch_to_successor(context) {
                context.notices.add(reply.notices);
                continue;
            }
            return self.advance(client, &call, reply, parsed).map(Some);
        }
    }

    /// Goes on with the list that has replaced this one; false if there is none.
    fn switch_to_successor(&mut self, context: &Context) -> bool {
        let Some(successor) = self.successor.take() else { return false };
        context.notices.add(retirement::flex_used_notice(self.call.operation, successor.operation));
        self.call = successor;
        self.page.number = 1;
        true
    }

    /// The new entries of a page, and which page is next.
    fn advance(&mut self, client: &Client, call: &Call, reply: Reply, page: PageReply) -> Result<Entries, Error> {
        let full = page.results.len() as u64 >= self.page.items;
        let next = page.links.map(|links| links.iter().any(|link| link.rel == "next"));
        // A page without links is the last if it is not full. An empty page always is.
        self.done = page.results.is_empty() || !next.unwrap_or(full);
        let read = page.results.len() as u64;
        let text: String = match self.seen.is_empty() {
            true => page.results.iter().map(|entry| entry.get()).collect(),
            false => String::new(),
        };
        let results: Vec<_> = page.results.into_iter().filter(|entry| self.is_new(entry)).collect();
        let repeats = results.is_empty() || (!text.is_empty() && text == self.last);
        self.repeated = if repeats { self.repeated + read.max(1) } else { 0 };
        self.last = text;
        if self.repeated >= REPEATED_ENTRIES + REPEATED_PAGES * self.page.items {
            let message = format!("the list does not end: its last {} entries were all there before", self.repeated);
            return Err(protocol_error(client, call, &reply, message));
        }
        let deleted = match (self.total, page.total_count) {
            (Some(before), Some(now)) => before.saturating_sub(now),
            _ => 0,
        };
        self.total = page.total_count.or(self.total);
        self.page.number += 1;
        if deleted > 0 && self.page.number > 2 {
            // Entries may have been deleted from pages already read: as many moved from this page to those.
            let back = deleted.div_ceil(self.page.items).saturating_add(1);
            self.page.number = self.page.number.saturating_sub(back).max(1);
            self.done = false;
        }
        let (results, reply) = self.filter.select(results, reply);
        Ok(Entries { reply, results })
    }

    fn is_new(&mut self, entry: &RawValue) -> bool {
        #[derive(Deserialize)]
        struct Identity {
            id: Option<String>,
        }
        match from_object::<Identity>(entry.get().as_bytes()) {
            Ok(Identity { id: Some(id) }) => self.seen.insert(id),
            _ => true,
        }
    }
}

fn past_sunset(reply: &Reply) -> bool {
    let date = reply.headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    date.is_some_and(retirement::is_past_sunset)
}

/// A list that has not ended after as many requests as one list may take.
fn endless(client: &Client, call: &Call) -> Error {
    Error::Transport(Box::new(TransportError {
        kind: TransportKind::Protocol,
        message: format!("the list does not end within {MAX_REQUESTS} requests"),
        method: call.method.to_string(),
        url: format!("{}{}", client.shared.base_url, call.target),
        attempts: 0,
        elapsed: std::time::Duration::ZERO,
        status: None,
        body_start: None,
        no_connection: None,
        target: None,
        hint: Some("if it is that long, ask for more entries a page (items_per_page)".to_owned()),
    }))
}

fn protocol_error(client: &Client, call: &Call, reply: &Reply, message: String) -> Error {
    Error::Transport(Box::new(TransportError {
        kind: TransportKind::Protocol,
        message,
        method: call.method.to_string(),
        url: format!("{}{}", client.shared.base_url, call.target),
        attempts: reply.attempts,
        elapsed: reply.elapsed,
        status: Some(reply.status),
        body_start: None,
        no_connection: None,
        target: None,
        hint: None,
    }))
}
