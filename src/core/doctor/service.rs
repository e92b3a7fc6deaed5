//! Token or challenge, projects, role and rate limits: what the server makes of the credentials.
use std::time::Instant;

use bytes::Bytes;
use reqwest::{Method, Url};
use serde_json::Value;

use super::{Notes, Said, failed, ok, refused, skipped};
use crate::core::auth::RequestAuth;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::Error;
use crate::core::error::hints;
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::reply::{Expect, Reply};
use crate::core::operations::resource::check_path;
use crate::core::policy::rate_limit::EndpointSet;
use crate::core::spec::model::{Kind, Operation};

/// A name that no cluster can have: it begins with a hyphen.
const NOBODY: &str = "-atlas-serverless-doctor-";

/// Looks at each in turn, as long as the one before is well. Returns the project that was looked at.
pub(super) async fn look(notes: &mut Notes, client: &Client, named: Option<String>) -> Option<String> {
    let begun = Instant::now();
    let listed = match ticket(client).await {
        Ok(how) => list(client).await.map(|reply| (how, reply)),
        Err(error) => {
            notes.add(refused(&error, &client.shared.hint()), begun);
            return named;
        }
    };
    // A digest answer and a ready-made token are judged by the first request that carries them.
    let said = match &listed {
        Ok((how, _)) => ok(*how),
        Err(Error::Api(api)) if api.status != 401 => ok("the credentials are known"),
        Err(error) => refused(error, &client.shared.hint()),
    };
    if !notes.add(said, begun) {
        return named;
    }
    let begun = Instant::now();
    let projects = match &listed {
        Ok((_, reply)) => Projects::read(reply),
        Err(error) => {
            notes.add(refused(error, &client.shared.hint()), begun);
            return named;
        }
    };
    let named = named.or_else(|| projects.only());
    if !notes.add(projects.said(), begun) {
        return named;
    }
    let Some(group_id) = &named else {
        let why = "no project is named, and there are several: give --group-id or MONGODB_ATLAS_PROJECT_ID";
        notes.add(skipped(why), Instant::now());
        notes.add(skipped(why), Instant::now());
        notes.add(limits(client), Instant::now());
        return named;
    };
    let begun = Instant::now();
    if notes.add(project(client, group_id).await, begun) {
        let begun = Instant::now();
        if notes.add(role(client, group_id).await, begun) {
            notes.add(limits(client), Instant::now());
        }
    }
    named
}

/// What an authenticated request would carry: fetches the token of a service account.
async fn ticket(client: &Client) -> Result<&'static str, Error> {
    let shared = &*client.shared;
    let context = Context::begin(&shared.env, None, None);
    let url = Url::parse(&format!("{}{GROUPS}", shared.base_url))
        .map_err(|error| Error::Configuration(format!("base_url is not a URL ({error})")))?;
    let ticket = shared.authenticator.ticket(&client.transport, &shared.env, &context, &Method::GET, &url).await;
    match ticket.map_err(|error| hints::of_authentication(error, &shared.hint()))? {
        RequestAuth::Oauth(pass) if pass.is_fetched() => Ok("the server gave a token, and takes it"),
        RequestAuth::Oauth(_) => Ok("a token was in the token cache, and the server takes it"),
        RequestAuth::Bearer(_) => Ok("the server takes the token"),
        RequestAuth::Digest(_) => Ok("the server's challenge was answered"),
    }
}

const GROUPS: &str = "/api/atlas/v2/groups";

async fn list(client: &Client) -> Result<Reply, Error> {
    let target = format!("{GROUPS}?pageNum=1&itemsPerPage=5&includeCount=true");
    run(client, Call::get("listGroups", target, EndpointSet::Projects, "", Expect::Page)).await
}

async fn run(client: &Client, call: Call) -> Result<Reply, Error> {
    let mut context = Context::begin(client.env(), None, None);
    client.run(&call, &mut context).await
}

/// What the list of projects says.
struct Projects {
    count: u64,
    /// Name and id of the first few.
    some: Vec<(String, String)>,
}

impl Projects {
    fn read(reply: &Reply) -> Self {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let text = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        let results = body.get("results").and_then(Value::as_array);
        let some: Vec<_> =
            results.into_iter().flatten().map(|entry| (text(entry, "name"), text(entry, "id"))).collect();
        let count = body.get("totalCount").and_then(Value::as_u64).unwrap_or(some.len() as u64);
        Self { count, some }
    }

    fn only(&self) -> Option<String> {
        match (self.count, self.some.as_slice()) {
            (1, [(_, id)]) => Some(id.clone()),
            _ => None,
        }
    }

    fn said(&self) -> Said {
        if self.count == 0 {
            return failed(
                "no project is visible",
                "give the service account or API key a role in a project: Project Owner, to create",
            );
        }
        let shown: Vec<String> = self.some.iter().map(|(name, id)| format!("{name} ({id})")).collect();
        let more = if self.count > self.some.len() as u64 { ", …" } else { "" };
        ok(format!("{} visible: {}{more}", self.count, shown.join(", ")))
    }
}

async fn project(client: &Client, group_id: &str) -> Said {
    if let Err(Error::Validation(violations)) = check_path(group_id, None) {
        let why = violations.first().map(|violation| violation.message.clone()).unwrap_or_default();
        return failed(
            format!("the project id {group_id:?} {why}"),
            "it is 24 hexadecimal digits, as in the list above",
        );
    }
    let mut context = Context::begin(client.env(), None, None);
    match client.get_project(group_id, &mut context).await {
        Ok(reply) => {
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            ok(format!("{} ({group_id})", body.get("name").and_then(Value::as_str).unwrap_or("?")))
        }
        Err(error) => refused(&error, &client.shared.hint()),
    }
}

/// Changing a Flex cluster needs the role that creating one needs, Project Owner. A change of nothing, to a cluster that
/// cannot exist, is refused for its role first and else for its name: it can neither create nor change anything.
async fn role(client: &Client, group_id: &str) -> Said {
    let body = Some(Bytes::from_static(b"{}"));
    let call = Call::resource(Kind::Flex, Operation::Update, group_id, NOBODY, ReplyFormat::default(), body);
    let tried = format!("asked to change nothing of “{NOBODY}”, a name that no cluster can have: ");
    match run(client, call).await {
        Err(Error::Api(api)) if matches!(api.status, 400 | 404) && !classify::path_is_gone(&api) => {
            let code = api.error_code.as_deref().unwrap_or("no code");
            ok(format!("it may create: {tried}refused for the name ({} {code}), not for the role", api.status))
        }
        Err(error) => {
            let Said { outcome, message, remedy } = refused(&error, &client.shared.hint());
            Said { outcome, message: format!("{tried}{message}"), remedy }
        }
        Ok(reply) => {
            failed(format!("{tried}it was taken ({})", reply.status), "that is not what Atlas does: is base_url right?")
        }
    }
}

fn limits(client: &Client) -> Said {
    let mut known = client.rate_limits();
    // Of each set the bucket that has least.
    known.sort_by_key(|limit| (limit.endpoint_set, limit.remaining));
    known.dedup_by_key(|limit| limit.endpoint_set);
    let blocked = known.iter().find(|limit| !limit.blocked_for.is_zero() || limit.remaining == Some(0));
    let shown = |limit: &crate::core::policy::rate_limit::Known| {
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        format!("{} {} of {}", limit.endpoint_set, number(limit.remaining), number(limit.limit))
    };
    match (blocked, known.as_slice()) {
        (Some(limit), _) => {
            failed(format!("used up: {}", shown(limit)), "wait a minute; share one client, or let fewer run at once")
        }
        (None, []) => ok("the server does not say"),
        (None, known) => ok(format!("left: {}", known.iter().map(shown).collect::<Vec<_>>().join(", "))),
    }
}
