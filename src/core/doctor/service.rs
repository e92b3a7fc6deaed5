//! Authentication, projects, role and rate limits: what the service allows these credentials.
use std::time::Instant;

use bytes::Bytes;
use reqwest::{Method, Url};
use serde_json::Value;

use super::report::{Finding, StepLog, error_finding, failed, ok, skipped};
use crate::core::auth::RequestAuth;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::Error;
use crate::core::error::hints;
use crate::core::http::call::{Call, ExpectedBody, ReplyFormat};
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::operations::resource::check_path;
use crate::core::policy::rate_limit::EndpointSet;
use crate::core::spec::model::{Kind, Operation};

/// A name that no cluster can have: it begins with a hyphen.
const IMPOSSIBLE_NAME: &str = "-atlas-serverless-doctor-";

/// Runs the steps until one fails. Returns the project that was checked.
pub(super) async fn check(log: &mut StepLog, client: &Client, named: Option<String>) -> Option<String> {
    let started = Instant::now();
    let listed = match request_auth(client).await {
        Ok(how) => list(client).await.map(|reply| (how, reply)),
        Err(error) => {
            log.add(error_finding(&error, &client.shared.hint()), started);
            return named;
        }
    };
    // The service checks a digest response and a ready-made token with the first request that carries them.
    let finding = match &listed {
        Ok((how, _)) => ok(*how),
        Err(Error::Api(api)) if classify::knows_credentials(api) => ok("the credentials are known"),
        Err(error) => error_finding(error, &client.shared.hint()),
    };
    if !log.add(finding, started) {
        return named;
    }
    let started = Instant::now();
    let projects = match &listed {
        Ok((_, reply)) => Projects::read(reply),
        Err(error) => {
            log.add(error_finding(error, &client.shared.hint()), started);
            return named;
        }
    };
    let named = named.or_else(|| projects.only());
    if !log.add(projects.finding(), started) {
        return named;
    }
    let Some(group_id) = &named else {
        let why = "no project is named, and there are several: give --group-id or MONGODB_ATLAS_PROJECT_ID";
        log.add(skipped(why), Instant::now());
        log.add(skipped(why), Instant::now());
        log.add(limits(client), Instant::now());
        return named;
    };
    let started = Instant::now();
    if log.add(project(client, group_id).await, started) {
        let started = Instant::now();
        if log.add(role(client, group_id).await, started) {
            log.add(limits(client), Instant::now());
        }
    }
    named
}

/// Obtains what an authenticated request carries; fetches the token of a service account.
async fn request_auth(client: &Client) -> Result<&'static str, Error> {
    let shared = &*client.shared;
    let context = Context::new(&shared.env, None, None);
    let url = Url::parse(&format!("{}{GROUPS}", shared.base_url))
        .map_err(|error| Error::Configuration(format!("base_url is not a URL ({error})")))?;
    let auth = shared.authenticator.request_auth(&client.transport, &shared.env, &context, &Method::GET, &url).await;
    match auth.map_err(|error| hints::of_authentication(error, &shared.hint()))? {
        RequestAuth::Oauth(_) => Ok("the server gave a token, and takes it"),
        RequestAuth::Bearer(_) => Ok("the server takes the token"),
        RequestAuth::Digest(_) => Ok("the server's challenge was answered"),
    }
}

const GROUPS: &str = "/api/atlas/v2/groups";

async fn list(client: &Client) -> Result<Reply, Error> {
    let target = format!("{GROUPS}?pageNum=1&itemsPerPage=5&includeCount=true");
    run(client, Call::get("listGroups", target, EndpointSet::Projects, "", ExpectedBody::Page)).await
}

async fn run(client: &Client, call: Call) -> Result<Reply, Error> {
    let mut context = Context::new(client.env(), None, None);
    client.run(&call, &mut context).await
}

/// The reply of the list of projects.
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

    fn finding(&self) -> Finding {
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

async fn project(client: &Client, group_id: &str) -> Finding {
    if let Err(Error::Validation(violations)) = check_path(group_id, None) {
        let why = violations.first().map(|violation| violation.message.clone()).unwrap_or_default();
        return failed(
            format!("the project id {group_id:?} {why}"),
            "it is 24 hexadecimal digits, as in the list above",
        );
    }
    let mut context = Context::new(client.env(), None, None);
    match client.get_project(group_id, &mut context).await {
        Ok(reply) => {
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            ok(format!("{} ({group_id})", body.get("name").and_then(Value::as_str).unwrap_or("?")))
        }
        Err(error) => error_finding(&error, &client.shared.hint()),
    }
}

/// Updating a Flex cluster needs the same role as creating one, Project Owner. An empty update of a cluster that cannot
/// exist is refused for the role first and otherwise for the name, so it can neither create nor change anything.
async fn role(client: &Client, group_id: &str) -> Finding {
    let body = Some(Bytes::from_static(b"{}"));
    let call = Call::resource(Kind::Flex, Operation::Update, group_id, IMPOSSIBLE_NAME, ReplyFormat::default(), body);
    let tried = format!("asked to change nothing of “{IMPOSSIBLE_NAME}”, a name that no cluster can have: ");
    match run(client, call).await {
        Err(Error::Api(api)) if matches!(api.status, 400 | 404) && !classify::path_is_gone(&api) => {
            let code = api.error_code.as_deref().unwrap_or("no code");
            ok(format!("it may create: {tried}refused for the name ({} {code}), not for the role", api.status))
        }
        Err(error) => {
            let Finding { outcome, message, remedy } = error_finding(&error, &client.shared.hint());
            Finding { outcome, message: format!("{tried}{message}"), remedy }
        }
        Ok(reply) => {
            failed(format!("{tried}it was taken ({})", reply.status), "that is not what Atlas does: is base_url right?")
        }
    }
}

fn limits(client: &Client) -> Finding {
    let mut known = client.rate_limits();
    // Of each set of endpoints, the bucket with the fewest requests left.
    known.sort_by_key(|limit| (limit.endpoint_set, limit.remaining));
    known.dedup_by_key(|limit| limit.endpoint_set);
    let blocked = known.iter().find(|limit| !limit.blocked_for.is_zero() || limit.remaining == Some(0));
    let shown = |limit: &crate::core::policy::rate_limit::RateLimitStatus| {
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
