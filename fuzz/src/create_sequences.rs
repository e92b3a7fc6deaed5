//! A create against a server that answers as the input says: it never sends twice what may have been carried out without
//! looking it up in between, never returns what nobody has created, and ends within its bounds.
use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use atlas_serverless::core::config::OnRetired;
use atlas_serverless::core::context::Context;
use atlas_serverless::core::context::clock::{Clock, ManualClock};
use atlas_serverless::core::error::{Error, TransportKind};
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::http::reply::Reply;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists, OnTimeout};
use atlas_serverless::core::spec::model::Kind;
use httpdate::fmt_http_date;
use serde_json::{Value, json};

use super::support::loopback::{self, Action, MAX_RETRY_TIME, Request, Server, reply};
use super::{Reached, support};

const NAME: &str = "orders";
const MAX_RETRIES: u32 = 5;
/// Each attempt is followed by one look-up, on two paths at most, of as many attempts.
const MOST_REQUESTS: usize = 7 * (1 + 2 * 6) + 10;

/// A number that chooses the call, then what the server does with one request after another, a line each; with all others it
/// does what they ask for.
///
/// | line | the server |
/// | --- | --- |
/// | `status 503`, `status 429 after=7` | answers with an error |
/// | `close`, `half` | closes the connection instead of a reply, or in the middle of it |
/// | `empty`, `html`, `other` | answers without a body, with a page, with another resource |
/// | `interim` | sends `100 Continue` first |
/// | `refuse` | closes the connection before it reads from it |
/// | `json 200 {…}`, `raw HTTP/1.1 …` | answers just so; in `raw`, a bar is the end of a line |
///
/// With ` stored` at its end, it has done before what it was asked for, unless its answer is a refusal.
pub fn run(data: &[u8]) -> Reached {
    let (choice, rest) = support::number(data);
    let steps: VecDeque<Step> = rest.split(|byte| *byte == b'\n').take(40).map(Step::of).collect();
    let kind = if choice % 2 == 0 { Kind::Serverless } else { Kind::Flex };
    let if_exists = [IfExists::Error, IfExists::Return, IfExists::Update][usize::from(choice / 2 % 3)];
    let timeout = (choice / 6 % 2 == 1).then_some(Duration::from_secs(60));
    let clock = ManualClock::default();
    let mut server =
        Atlas { clock: clock.clone(), kind, steps, stored: None, is_taken: choice / 12 % 4 == 3, events: vec![] };
    if server.is_taken {
        server.stored = Some(server.resource("EU_WEST_1", server.clock.wall() - Duration::from_secs(86_400 * 365)));
    }
    let body = json!({"name": NAME, "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1"}});
    let request = CreateRequest {
        kind,
        group_id: support::GROUP.to_owned(),
        name: NAME.to_owned(),
        body: body.to_string().into(),
        region_notice: None,
        reply_format: ReplyFormat::default(),
        if_exists,
        on_timeout: OnTimeout::Error,
        on_retired: OnRetired::Raise,
        wait: None,
    };
    let (server, result) = loopback::call(server, &clock, MAX_RETRIES, async |client| {
        // What is being deleted is waited for, which takes half an hour where there is no deadline.
        let timeout = timeout.or((if_exists != IfExists::Error).then_some(MAX_RETRY_TIME));
        let mut context = Context::new(client.env(), timeout, None);
        client.create(request, &mut context).await
    });
    assert!(clock.now() <= timeout.unwrap_or(MAX_RETRY_TIME), "{:?}", clock.sleeps());
    server.judge(&result);
    Reached::accepted_if(result.is_ok())
}

/// What the server does with one request.
#[derive(Debug, Clone, PartialEq)]
enum Fault {
    None,
    Status(u16, Option<String>),
    Close,
    Half,
    Empty,
    Html,
    Other,
    Interim,
    Refuse,
    Json(u16, String),
    Raw(Vec<u8>),
}

#[derive(Debug, Clone)]
struct Step {
    fault: Fault,
    /// It is done what the request asks for.
    carries_out: bool,
}

impl Step {
    fn of(line: &[u8]) -> Self {
        if let Some(raw) = line.strip_prefix(b"raw ") {
            return Step { fault: Fault::Raw(support::replaced(raw, "|", b"\r\n")), carries_out: false };
        }
        let line = String::from_utf8_lossy(line);
        let mut words = line.splitn(3, ' ');
        let (verb, first, second) = (words.next().unwrap_or_default(), words.next(), words.next());
        let status = || first.and_then(|word| word.parse().ok()).filter(|status| (200..600).contains(status));
        let fault = match verb {
            "status" => {
                let after = line.split(' ').find_map(|word| word.strip_prefix("after="));
                let is_value = |value: &&str| value.bytes().all(|byte| byte.is_ascii_graphic());
                Fault::Status(status().filter(|s| *s >= 300).unwrap_or(503), after.filter(is_value).map(str::to_owned))
            }
            "close" => Fault::Close,
            "half" => Fault::Half,
            "empty" => Fault::Empty,
            "html" => Fault::Html,
            "other" => Fault::Other,
            "interim" => Fault::Interim,
            "refuse" => Fault::Refuse,
            "json" => Fault::Json(status().unwrap_or(200), second.unwrap_or("{}").to_owned()),
            _ => Fault::None,
        };
        let is_done = match &fault {
            Fault::None | Fault::Interim => true,
            // A server that refuses has done nothing.
            Fault::Status(status, _) if says_nothing_was_done(*status) => false,
            Fault::Json(..) | Fault::Refuse => false,
            _ => line.ends_with(" stored"),
        };
        Step { carries_out: is_done, fault }
    }
}

/// A request and what it came to.
#[derive(Debug)]
#[allow(dead_code)] // Some is only for the reader of a finding.
struct Event {
    is_create: bool,
    at: Duration,
    step: Step,
    /// Of a create: its reply shows that nothing was done, or is one of which only the client can say that.
    shows_nothing_done: bool,
    /// There was a whole reply.
    is_answered: bool,
}

/// Atlas with one project and one name, and with faults.
struct Atlas {
    clock: ManualClock,
    kind: Kind,
    steps: VecDeque<Step>,
    stored: Option<Value>,
    /// Another create had the name before.
    is_taken: bool,
    events: Vec<Event>,
}

impl Atlas {
    fn resource(&self, region: &str, created: SystemTime) -> Value {
        let seconds = created.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let created = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap();
        json!({"id": "65f0a1", "name": NAME, "groupId": support::GROUP, "stateName": "CREATING",
            "createDate": created.to_string(),
            "providerSettings": {"backingProviderName": "AWS", "regionName": region}})
    }

    /// Does what a request asks for.
    fn carry_out(&mut self, request: &Request) -> (u16, Value) {
        let here = request.target.contains(self.kind.path_segment());
        let error = |status: u16, code: &str| (status, json!({"error": status, "errorCode": code, "detail": "no"}));
        match (request.method.as_str(), &self.stored) {
            ("POST", Some(_)) => error(400, "DUPLICATE_CLUSTER_NAME"),
            ("POST", None) => {
                let made = self.resource("US_EAST_1", self.clock.wall());
                self.stored = Some(made.clone());
                (201, made)
            }
            (_, Some(stored)) if here => (200, stored.clone()),
            _ => error(404, "CLUSTER_NOT_FOUND"),
        }
    }

    fn judge(&self, result: &Result<Reply, Error>) {
        let events = &self.events;
        assert!(events.len() <= MOST_REQUESTS, "{} requests", events.len());
        let posts: Vec<usize> = (0..events.len()).filter(|at| events[*at].is_create).collect();
        assert!(posts.len() <= MAX_RETRIES as usize + 1, "{} creates", posts.len());
        for pair in posts.windows(2) {
            let (first, second) = (&events[pair[0]], &events[pair[1]]);
            let looked_up = events[pair[0] + 1..pair[1]].iter().any(|event| event.is_answered);
            assert!(first.shows_nothing_done || looked_up, "sent twice without a look-up: {events:?}");
            if let Fault::Status(_, Some(after)) = &first.step.fault {
                let asked = Duration::from_secs(after.parse().unwrap_or(0));
                assert!(second.at >= first.at + asked, "sooner than asked for: {events:?}");
            }
        }
        match result {
            Ok(reply) => {
                // A server that answers as it likes can say that it has created something. One that shows another name in
                // every reply is believed: mock servers do so.
                let is_named = |step: &Step| match &step.fault {
                    Fault::Json(_, body) => {
                        serde_json::from_str::<Value>(body).is_ok_and(|body| !body["name"].is_null())
                    }
                    Fault::Raw(_) | Fault::Other => true,
                    _ => false,
                };
                let is_claimed = events.iter().any(|event| is_named(&event.step));
                let body: Value = serde_json::from_slice(&reply.body).unwrap();
                let is_stored = self.stored.as_ref().is_some_and(|stored| stored["id"] == body["id"]);
                assert!(is_claimed || is_stored && !self.is_taken, "{body} {events:?}");
            }
            Err(error) => {
                let told = told(error);
                support::assert_printable(&told);
                assert!(!support::has_secret(told.as_bytes(), loopback::TOKEN));
                let honest = events.iter().all(|event| !matches!(event.step.fault, Fault::Json(..) | Fault::Raw(_)));
                if honest && self.stored.is_some() && !self.is_taken {
                    assert!(is_said_to_be_unknown(error, &told), "it was created, and the error is {told}: {events:?}");
                }
            }
        }
    }
}

/// A redirect, or a refusal that is not about the time that the request took.
fn says_nothing_was_done(status: u16) -> bool {
    (300..500).contains(&status) && status != 408
}

/// The caller is told that what was asked for may be there, or may come to be there.
fn is_said_to_be_unknown(error: &Error, told: &str) -> bool {
    let is_unknown = matches!(error, Error::Transport(error) if error.kind == TransportKind::OutcomeUnknown);
    is_unknown && told.contains(NAME) || told.contains("may still be carried out")
}

fn told(error: &Error) -> String {
    let hint = match error {
        Error::Api(api) => api.hint.clone(),
        Error::Authentication(refusal) => refusal.hint.clone(),
        _ => None,
    };
    format!("{error} {}", hint.unwrap_or_default())
}

impl Server for Atlas {
    fn refuses(&mut self) -> bool {
        let refuses = self.steps.front().is_some_and(|step| step.fault == Fault::Refuse);
        if refuses {
            self.steps.pop_front();
        }
        refuses
    }

    fn answer(&mut self, request: &Request) -> Action {
        let step = self.steps.pop_front().unwrap_or(Step { fault: Fault::None, carries_out: true });
        let done = step.carries_out.then(|| self.carry_out(request));
        let (status, body) = done.unwrap_or_else(|| (503, json!({"error": 503, "errorCode": "UNEXPECTED_ERROR"})));
        let date = format!("Date: {}\r\n", fmt_http_date(self.clock.wall()));
        let whole = reply(status, &date, &body.to_string());
        let (action, shows_nothing_done, is_answered) = match &step.fault {
            Fault::None => (Action::Reply(whole), says_nothing_was_done(status), true),
            Fault::Status(status, after) => {
                let after = after.as_ref().map(|after| format!("Retry-After: {after}\r\n")).unwrap_or_default();
                let body = json!({"error": status, "errorCode": "UNEXPECTED_ERROR", "detail": "no"}).to_string();
                (Action::Reply(reply(*status, &format!("{date}{after}"), &body)), says_nothing_was_done(*status), true)
            }
            Fault::Close | Fault::Refuse => (Action::ReplyAndClose(Vec::new()), false, false),
            Fault::Half => (Action::ReplyAndClose(whole[..whole.len() - 10].to_vec()), false, false),
            Fault::Empty => (Action::Reply(reply(200, &date, "")), false, false),
            Fault::Html => (Action::Reply(reply(200, &date, "<html>down</html>")), false, false),
            Fault::Other => {
                let mut other = self.resource("US_EAST_1", self.clock.wall());
                other["name"] = "another".into();
                (Action::Reply(reply(201, &date, &other.to_string())), false, true)
            }
            Fault::Interim => {
                let replies = [b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), whole].concat();
                (Action::ReplyAndClose(replies), says_nothing_was_done(status), true)
            }
            Fault::Json(status, body) => {
                (Action::ReplyAndClose(reply(*status, &date, body)), says_nothing_was_done(*status), true)
            }
            Fault::Raw(bytes) => (Action::ReplyAndClose(bytes.clone()), true, true),
        };
        let (is_create, at) = (request.method == "POST", self.clock.now());
        self.events.push(Event { is_create, at, step, shows_nothing_done, is_answered });
        action
    }
}
