//! `tests/fixtures/faults.json`: each fault at each point, under each kind of credentials, for both kinds of resource, plain and
//! in an envelope.
use std::time::Duration;

use atlas_serverless::core::context::Context;
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::http::reply::content;
use atlas_serverless::core::operations::create::request::CreateRequest;
use atlas_serverless::core::spec::model::Kind;
use serde_json::{Value, json};

use crate::atlas::{Auth, Setup, TestAtlas, TestClock, class, create, slowness};

const TABLE: &str = include_str!("../../fixtures/faults.json");
pub const POINTS: [&str; 7] =
    ["token request", "challenge", "POST", "look-up, nothing there", "look-up, created", "second POST", "poll"];

/// One line of the table under one kind of credentials.
pub struct Case {
    pub fault: String,
    pub point: &'static str,
    pub auth: Auth,
    pub spec: Value,
    /// A trace, or one for each kind of resource.
    pub expected: Value,
}

/// Every case that makes sense: there is no token request with an API key.
pub fn cases() -> Vec<Case> {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    let mut cases = Vec::new();
    for (fault, spec) in table["faults"].as_object().unwrap() {
        for point in POINTS {
            let role = match point {
                "POST" | "second POST" => spec.get("post"),
                "poll" => spec.get("poll"),
                _ => None,
            };
            let traces = &table["traces"][role.unwrap_or(&spec["as"]).as_str().unwrap()][point];
            for auth in Auth::ALL {
                let fits = match point {
                    "token request" => auth == Auth::ServiceAccount,
                    "challenge" => auth == Auth::ApiKey,
                    _ => true,
                };
                let expected =
                    if traces.is_string() || traces.get("flex").is_some() { traces } else { &traces[auth.name()] };
                if fits && !expected.is_null() {
                    let (fault, expected, spec) = (fault.clone(), expected.clone(), spec.clone());
                    cases.push(Case { fault, point, auth, spec, expected });
                }
            }
        }
    }
    cases
}

/// The table's own figures: faults, points, cases.
pub fn figures() -> (usize, usize, usize) {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    (table["faults"].as_object().unwrap().len(), POINTS.len(), cases().len())
}

/// Puts the fault where it belongs.
fn arrange(atlas: &TestAtlas, case: &Case, kind: Kind, clock: &TestClock) {
    let own = if kind == Kind::Flex { "flex" } else { "serverless" };
    let closed = case.spec["closed"] == true;
    let mut fault = case.spec["order"].clone();
    let on_accept = fault["kind"].as_str().is_some_and(|kind| kind.ends_with("_on_accept"));
    let aim = |fault: &mut Value, target: Value| {
        if !on_accept && !fault.is_null() {
            fault.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
        }
    };
    let lost = |stored: bool, then: &Value| {
        let then = if then.is_null() { json!([]) } else { json!([then]) };
        json!({"kind": "close", "method": "POST", "endpoint": own, "after_store": stored, "then": then})
    };
    let first_exchange = match case.auth {
        Auth::ServiceAccount => Some(json!({"kind": "last_reply", "endpoint": "token", "then": [fault]})),
        Auth::ApiKey => Some(json!({"kind": "last_reply", "authorization": "none", "then": [fault]})),
        Auth::AccessToken => None,
    };
    let order = match case.point {
        "token request" => {
            aim(&mut fault, json!({"endpoint": "token"}));
            fault
        }
        "challenge" => {
            aim(&mut fault, json!({"method": "POST", "endpoint": own, "authorization": "none"}));
            fault
        }
        "POST" if on_accept => first_exchange.unwrap_or(fault),
        "POST" => {
            aim(&mut fault, json!({"method": "POST", "endpoint": own}));
            fault
        }
        "look-up, nothing there" | "look-up, created" => {
            aim(&mut fault, json!({"method": "GET", "endpoint": own}));
            lost(case.point == "look-up, created", &fault)
        }
        "second POST" if on_accept || closed => {
            let then = if closed { json!([]) } else { json!([fault]) };
            lost(false, &json!({"kind": "last_reply", "method": "GET", "endpoint": "flex", "then": then}))
        }
        "second POST" => {
            aim(&mut fault, json!({"method": "POST", "endpoint": own}));
            lost(false, &fault)
        }
        _ if on_accept => json!({"kind": "last_reply", "method": "POST", "endpoint": own, "then": [fault]}),
        _ => {
            aim(&mut fault, json!({"method": "GET", "endpoint": own}));
            fault
        }
    };
    if !order.is_null() {
        atlas.order(order);
    }
    if closed {
        // The emulator listens again during the wait that its refusal has led to.
        let (emulator, late) = (atlas.emulator.clone(), usize::from(case.point == "second POST"));
        if late == 0 {
            atlas.listen(false);
        }
        clock.on_sleep(move |number| {
            if number <= late {
                emulator.control("POST", "listener", Some(json!({"listening": number == late}))).unwrap();
            }
        });
    }
}

/// The trace of the table in the form of the record: waits and marks filled in, look-ups spelt out.
fn expand(trace: &str, case: &Case, kind: Kind, warmed: bool) -> (Vec<String>, String) {
    let (steps, result) = trace.split_once(" = ").unwrap();
    let waits = case.spec.get("wait").cloned().unwrap_or_else(|| json!([0.5, 1, 1]));
    let order = &case.spec["order"];
    let mark = match order["kind"].as_str().unwrap_or_default() {
        "status" | "html" => order["status"].to_string(),
        "empty_body" if steps.contains("POST:X") => "201".to_owned(),
        "empty_body" if steps.contains("TOKEN:X") => "200".to_owned(),
        "empty_body" => "200".to_owned(),
        kind => kind.to_owned(),
    };
    let first = match case.auth {
        _ if warmed || ["token request", "challenge"].contains(&case.point) => None,
        Auth::ServiceAccount => Some("TOKEN:200"),
        Auth::ApiKey => Some("CHALLENGE:401"),
        Auth::AccessToken => None,
    };
    let own = |step: &str| if kind == Kind::Flex { step.replace("GET:", "FLEX:") } else { step.to_owned() };
    let steps = first.into_iter().chain(steps.split(' ')).flat_map(|step| match step {
        "~W" => vec![format!("~{}", waits[0])],
        "~V" => vec![format!("~{}", waits[1])],
        "~P" => vec![format!("~{}", waits[2])],
        "LOOK:404" if kind == Kind::Serverless => vec!["GET:404".to_owned(), "FLEX:404".to_owned()],
        "LOOK:404" => vec!["FLEX:404".to_owned()],
        step => vec![own(&step.replace(":X", &format!(":{mark}")).replace("LOOK:", "GET:"))],
    });
    (steps.collect(), result.to_owned())
}

/// Whether its outcome takes real time.
fn is_slow(case: &Case) -> bool {
    case.spec["slow"] == true
}

/// Runs one case; the text says what was wrong.
async fn run(atlas: &TestAtlas, case: &Case, kind: Kind, reply_format: ReplyFormat) -> Result<(), String> {
    atlas.emulator.reset();
    let timeout = Duration::from_millis(if is_slow(case) { 500 } else { 20_000 });
    let (client, clock) = atlas.client(&Setup { timeout, ..Setup::new(case.auth) });
    let closed = case.spec["closed"] == true;
    let warmed = closed && !["token request", "challenge", "second POST"].contains(&case.point);
    if warmed {
        if case.point == "POST" {
            atlas.order(json!({"kind": "last_reply", "endpoint": "groups"}));
        }
        let mut context = Context::new(client.env(), None, None);
        client.get_project(&atlas.group_id, &mut context).await.map_err(|error| error.to_string())?;
        atlas.control("DELETE", "requests", Value::Null);
    }
    arrange(atlas, case, kind, &clock);
    clock.note_positions(atlas.emulator.clone());
    let wanted =
        CreateRequest { reply_format, wait: (case.point == "poll").then_some(None), ..atlas.create(kind, "orders") };
    let observed = create(&client, wanted).await;
    // Waits are written between the requests that came before and after them.
    let mut record = atlas.requests();
    let slept = clock.slept();
    for (position, wait) in clock.positions().iter().zip(&slept).rev() {
        record.insert(*position, format!("~{wait}"));
    }
    let there = atlas.stored();
    let elapsed: f64 = slept.iter().sum();
    let result = match &observed {
        Ok(reply) => {
            let entity: Value = serde_json::from_slice(content(&reply.body, reply_format.envelope)).unwrap_or_default();
            if there != ["orders"] || entity["name"] != "orders" || reply.elapsed.as_secs_f64() != elapsed {
                return Err(format!("returned {entity}, there is {there:?}, elapsed {:?}", reply.elapsed));
            }
            format!("{} {}", if reply.reconciled { "found" } else { "created" }, reply.attempts)
        }
        Err(error) => {
            let is = if there.is_empty() { "not there" } else { "there" };
            format!("{}, {is}", class(error))
        }
    };
    let own = if kind == Kind::Flex { "flex" } else { "serverless" };
    let expected = case.expected.as_str().unwrap_or_else(|| case.expected[own].as_str().unwrap());
    let alternatives: Vec<_> = expected.split(" / ").map(|trace| expand(trace, case, kind, warmed)).collect();
    if there.len() > 1 || !alternatives.contains(&(record.clone(), result.clone())) {
        let told = observed.err().map(|error| error.to_string()).unwrap_or_default();
        return Err(format!("\n  is  {} = {result} {told}\n  not {alternatives:?}", record.join(" ")));
    }
    Ok(())
}

/// Every case for both kinds, one of them plain and the other in an envelope, by turns; slow cases for one kind, since they
/// take real time.
#[test]
fn each_fault_at_each_point_leaves_one_instance_and_the_truth() {
    let mut runs = Vec::new();
    for (number, case) in cases().into_iter().enumerate() {
        let case = std::sync::Arc::new(case);
        for (other, kind) in [Kind::Serverless, Kind::Flex].into_iter().enumerate() {
            let enveloped = (number + other) % 2 == 1;
            let reply_format = ReplyFormat { envelope: enveloped, pretty: enveloped };
            if !is_slow(&case) || !enveloped {
                runs.push((case.clone(), kind, reply_format));
            }
        }
    }
    // The slow ones wait, the others work.
    let (slow, quick): (Vec<_>, Vec<_>) = runs.into_iter().partition(|(case, ..)| is_slow(case));
    let count = slow.len() + quick.len();
    let shares = slow.chunks(slow.len().div_ceil(10)).chain(quick.chunks(quick.len().div_ceil(3)));
    let threads = shares.map(|share| {
        let share = share.to_vec();
        std::thread::spawn(move || {
            let atlas = TestAtlas::new();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let wrong = share.iter().filter_map(|(case, kind, reply_format)| {
                let again = || runtime.block_on(run(&atlas, case, *kind, *reply_format));
                // Their time limit is real: a machine that is busy elsewhere for half a second gets a second chance.
                let chances = if is_slow(case) { slowness() } else { 0 };
                let ended = (0..chances).fold(again(), |ended, _| ended.or_else(|_| again()));
                let name =
                    format!("{} at {}, {}, {kind:?}, {reply_format:?}", case.fault, case.point, case.auth.name());
                ended.err().map(|why| format!("{name}: {why}"))
            });
            wrong.collect::<Vec<_>>()
        })
    });
    let threads: Vec<_> = threads.collect();
    let wrong: Vec<String> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert!(wrong.is_empty(), "{} of {} runs:\n{}", wrong.len(), count, wrong.join("\n"));
    let (faults, points, cases) = figures();
    println!("{faults} faults at {points} points: {cases} cases in {count} runs");
}
