//! A seeded sequence of faults, thousands of creates, 32 at once, under every kind of credentials: what is created is what is
//! stored, nothing twice, nothing lost, and every error says the truth.
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use atlas_serverless::core::client::Client;
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::http::reply::content;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::spec::model::Kind;
use serde_json::{Value, json};

use crate::atlas::{Auth, Setup, TestAtlas, class, create, options, slowness, told};

/// In the README too: tests/python/test_fault_figures.py compares.
const FIGURES: &str = include_str!("../../fixtures/fault_figures.json");
const CREATES: usize = 2000;
const AT_ONCE: usize = 32;
const SEED: u64 = 20_250_909;

/// What can happen to one request. Stalls are few, since they take real time.
fn fault(random: &mut fastrand::Rng) -> Value {
    let after_store = random.bool();
    let limited = [json!(null), json!(0), json!(1), json!(20)];
    let (page, status) = ([502, 504, 200][random.usize(0..3)], [500, 503, 524][random.usize(0..3)]);
    match random.u8(0..100) {
        0..15 => json!({"kind": "close", "after_store": after_store}),
        15..25 => json!({"kind": "reset", "after_store": after_store}),
        25..35 => json!({"kind": "half_body", "after_store": after_store, "reset": random.bool()}),
        35..45 => json!({"kind": "html", "status": page, "after_store": after_store}),
        45..60 => json!({"kind": "status", "status": status, "after_store": after_store}),
        60..75 => json!({"kind": "rate_limited", "retry_after": limited[random.usize(0..4)]}),
        75..80 => json!({"kind": "empty_body", "after_store": after_store}),
        80..83 => json!({"kind": "wrong_type"}),
        83..88 => json!({"kind": "stale_nonce"}),
        88..92 => json!({"kind": "unauthorized"}),
        92..94 => json!({"kind": "last_reply"}),
        94..96 => json!({"kind": "delay", "seconds": 0.5 * f64::from(slowness())}),
        96..97 => json!({"kind": "stall", "after_store": after_store}),
        _ => json!({"kind": "status", "status": 400, "error_code": "UNEXPECTED_ERROR"}),
    }
}

/// The faults of one create, each on the next request about its name that fits.
fn faults(random: &mut fastrand::Rng, name: &str) -> Vec<Value> {
    let count = [0, 1, 1, 2, 3, 5, 12][random.usize(0..7)];
    let each = (0..count).map(|_| {
        let mut fault = fault(random);
        fault["name"] = name.into();
        match random.u8(0..4) {
            0 => fault["method"] = "POST".into(),
            1 => fault["method"] = "GET".into(),
            _ => {}
        }
        fault
    });
    each.collect()
}

/// What the caller of one create was told.
#[derive(Debug)]
struct Told {
    name: String,
    /// The id of what was returned, and whether it was found by looking it up.
    returned: Result<(String, bool), (&'static str, String)>,
    /// There was one of that name before, of another region.
    taken: bool,
}

async fn one(atlas: &TestAtlas, clients: &HashMap<&'static str, Client>, number: usize) -> Told {
    let mut random = fastrand::Rng::with_seed(SEED + number as u64);
    let name = format!("n{number}");
    let kind = if random.bool() { Kind::Serverless } else { Kind::Flex };
    let taken = random.u8(0..20) == 0;
    if taken {
        atlas.control("POST", "instances", json!({"name": name, "kind": kind.word(), "region": "EU_WEST_1"}));
    }
    let ordered: Vec<Value> = faults(&mut random, &name)
        .into_iter()
        .map(|fault| atlas.control("POST", "faults", fault)["id"].clone())
        .collect();
    // Now and then something that hits whoever comes next.
    match random.u8(0..60) {
        0 | 1 => drop(atlas.control("POST", "nonces/expire", json!(null))),
        2 => atlas.order(json!({"kind": "close_on_accept"})),
        3 => atlas.order(json!({"kind": "half_body", "endpoint": "token"})),
        4 => atlas.order(json!({"kind": "html", "endpoint": "token"})),
        5 => atlas.order(json!({"kind": "close", "authorization": "none"})),
        _ => {}
    }
    let enveloped = random.bool();
    let reply_format = ReplyFormat { envelope: enveloped, pretty: random.bool() };
    let if_exists = if random.bool() { IfExists::Error } else { IfExists::Return };
    let auth = Auth::ALL[random.usize(0..3)];
    let wanted = CreateRequest { reply_format, if_exists, ..atlas.create(kind, &name) };
    let ended = create(&clients[auth.name()], wanted).await;
    for id in ordered {
        // What did not come to pass must not hit another; most have.
        let _ = atlas.emulator.control("DELETE", &format!("faults/{id}"), None);
    }
    let returned = ended.map_err(|error| (class(&error), told(&error))).map(|reply| {
        let entity: Value = serde_json::from_slice(content(&reply.body, enveloped)).unwrap();
        assert_eq!(entity["name"], *name);
        (entity["id"].as_str().unwrap().to_owned(), reply.reconciled)
    });
    Told { name, returned, taken }
}

#[test]
fn thousands_of_creates_among_random_faults() {
    let atlas = Arc::new(TestAtlas::with(atlas_serverless::emulator::Options {
        rate_limits: false,
        rate_limit_headers: false,
        ..options()
    }));
    // The time of all waits of all callers is one sum here, so that nothing may depend on it.
    let timeout = Duration::from_millis(300) * slowness();
    let bounds = |auth| Setup { timeout, max_retry_time: Duration::MAX, ..Setup::new(auth) };
    let clients = Auth::ALL.iter().map(|auth| (auth.name(), atlas.client(&bounds(*auth)).0));
    let clients: Arc<HashMap<&'static str, Client>> = Arc::new(clients.collect());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let next = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (atlas, clients, next) = (atlas.clone(), clients.clone(), next.clone());
            runtime.spawn(async move {
                let mut told = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= CREATES {
                        return told;
                    }
                    told.push(one(&atlas, &clients, number).await);
                }
            })
        })
        .collect();
    let told: Vec<Told> = callers.into_iter().flat_map(|caller| runtime.block_on(caller).unwrap()).collect();
    // Requests that are carried out late are carried out by now.
    std::thread::sleep(Duration::from_millis(600) * slowness());
    judge(&atlas, &told);
}

fn judge(atlas: &TestAtlas, told: &[Told]) {
    let instances = atlas.control("GET", "instances", json!(null));
    let mut stored: HashMap<&str, Vec<&Value>> = HashMap::new();
    for instance in instances.as_array().unwrap() {
        stored.entry(instance["name"].as_str().unwrap()).or_default().push(instance);
    }
    let mut figures: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for Told { name, returned, taken } in told {
        let there = stored.get(name.as_str()).map_or(&[] as &[_], |found| found.as_slice());
        let what = match (returned, there) {
            (Ok((id, reconciled)), [one]) if one["id"] == **id && !taken => {
                if *reconciled {
                    "created, found by looking it up"
                } else {
                    "created"
                }
            }
            (Err(("DuplicateClusterName", _)), [one]) if *taken && one["region"] == "EU_WEST_1" => "name taken",
            // Whoever is told that it is not known can be sure of nothing.
            (Err(("OutcomeUnknownError", text)), _) if text.contains(name) => "outcome unknown, and said so",
            (Err((_, text)), _) if text.contains("may still be carried out") => "nothing seen, and said so",
            (Err(_), []) => "error, nothing created",
            (Err(_), [one]) if *taken && one["region"] == "EU_WEST_1" => "error, nothing created",
            _ => {
                wrong.push(format!("{name}: {returned:?}, taken {taken}, there is {there:?}"));
                "wrong"
            }
        };
        *figures.entry(what.to_owned()).or_default() += 1;
    }
    let asked: std::collections::HashSet<&str> = told.iter().map(|told| told.name.as_str()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, found) in &stored {
        assert!(asked.contains(name), "{name}");
        assert_eq!(found.len(), 1, "{name}");
    }
    let counters = atlas.control("GET", "counters", json!(null));
    let created = figures.iter().filter(|(what, _)| what.starts_with("created")).map(|(_, count)| count).sum::<usize>();
    println!(
        "{} creates, {AT_ONCE} at once, {} faults: {figures:?}; {created} returned",
        told.len(),
        counters["faults"]
    );
    assert_eq!(told.len(), CREATES);
    assert!(figures["created, found by looking it up"] > CREATES / 20);
    let figures: Value = serde_json::from_str(FIGURES).unwrap();
    let (faults, points, cases) = crate::table::figures();
    let expected = json!({"faults": faults, "points": points, "cases": cases, "creates": CREATES, "at_once": AT_ONCE});
    assert_eq!(figures, expected, "tests/fixtures/fault_figures.json");
    assert!(counters["faults"].as_u64().unwrap() > CREATES as u64);
}
