//! The floor that every client is compared with: the same creates, sent by plain Rust. Prints one JSON line for `bench.py`.
//!
//!     floor --base URL --auth bearer|digest --mode seq|conc|kept|cold --n N --warmup W --inflight K --rt KIND [--ca FILE]
//!
//! KIND, cheapest first:
//! - `raw`: a blocking socket, request bytes written by hand (the limit that system calls set);
//! - `current`: reqwest, a current-thread runtime, one `block_on` around the whole loop: **the floor**;
//! - `each`: one `block_on` per create, as a synchronous binding does;
//! - `multi`: a multi-thread runtime, one `block_on` around the whole loop;
//! - `hop`: a multi-thread runtime onto which every create is spawned, the caller waiting on a channel.
//!
//! `--digest naive` asks for a fresh challenge for each create.
mod auth;
mod client;
mod create;
mod raw;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use client::Client;
use create::check;
use raw::Raw;

type Err = Box<dyn std::error::Error + Send + Sync>;

struct Opts {
    base: String,
    digest: bool,
    naive: bool,
    h1: bool,
    mode: String,
    rt: String,
    n: usize,
    warmup: usize,
    inflight: usize,
    ca: Option<String>,
}

fn opts() -> Opts {
    let args: Vec<String> = std::env::args().collect();
    let get = |k: &str, d: &str| args.iter().position(|a| a == k).map_or(d.to_owned(), |p| args[p + 1].clone());
    let ca = get("--ca", "");
    Opts {
        base: get("--base", "http://127.0.0.1:18080"),
        digest: get("--auth", "bearer") == "digest",
        naive: get("--digest", "reuse") == "naive",
        h1: get("--alpn", "h2") == "h1",
        mode: get("--mode", "seq"),
        rt: get("--rt", "current"),
        n: get("--n", "1000").parse().unwrap(),
        warmup: get("--warmup", "50").parse().unwrap(),
        inflight: get("--inflight", "1").parse().unwrap(),
        ca: (!ca.is_empty()).then_some(ca),
    }
}

#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    user_us: i64,
    sys_us: i64,
}

fn mark() -> Mark {
    // SAFETY: getrusage fills the zeroed struct that it is given.
    let u = unsafe {
        let mut u: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut u);
        u
    };
    let us = |t: libc::timeval| t.tv_sec * 1_000_000 + t.tv_usec;
    Mark { at: Instant::now(), user_us: us(u.ru_utime), sys_us: us(u.ru_stime) }
}

fn monotonic_ns() -> i64 {
    // SAFETY: clock_gettime fills the zeroed struct that it is given.
    unsafe {
        let mut t: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t);
        t.tv_sec * 1_000_000_000 + t.tv_nsec
    }
}

/// Runs `warmup` and then `n` creates through `one`; the marks around the n.
fn sequence(o: &Opts, mut one: impl FnMut(usize) -> Result<Value, Err>) -> Result<(Mark, Mark), Err> {
    for i in 0..o.warmup {
        check(i, &one(i)?)?;
    }
    let a = mark();
    for i in 0..o.n {
        one(i)?;
    }
    Ok((a, mark()))
}

/// All answers, in order.
async fn kept(o: &Opts, c: &Client, n: usize) -> Result<Vec<(usize, Value)>, Err> {
    let next = Arc::new(AtomicUsize::new(0));
    let answers = Arc::new(Mutex::new(Vec::new()));
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..o.inflight {
        let (c, next, answers) = (c.clone(), next.clone(), answers.clone());
        set.spawn(async move {
            loop {
                let i = next.fetch_add(1, Relaxed);
                if i >= n {
                    return Ok::<_, Err>(());
                }
                let answer = c.create(i).await?;
                answers.lock().unwrap().push((i, answer));
            }
        });
    }
    while let Some(r) = set.join_next().await {
        r??;
    }
    let mut answers = std::mem::take(&mut *answers.lock().unwrap());
    answers.sort_unstable_by_key(|(i, _)| *i);
    Ok(answers)
}

async fn concurrent(o: &Opts, c: &Client, n: usize) -> Result<(), Err> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..o.inflight {
        let (c, next) = (c.clone(), next.clone());
        set.spawn(async move {
            loop {
                let i = next.fetch_add(1, Relaxed);
                if i >= n {
                    return Ok::<_, Err>(());
                }
                check(i, &c.create(i).await?)?;
            }
        });
    }
    while let Some(r) = set.join_next().await {
        r??;
    }
    Ok(())
}

fn run(o: &Opts) -> Result<(Mark, Mark), Err> {
    use tokio::runtime::Builder;
    let current = || Builder::new_current_thread().enable_all().build();
    let multi = || Builder::new_multi_thread().enable_all().build();
    if o.mode == "conc" {
        let rt = if o.rt == "multi" { multi()? } else { current()? };
        return rt.block_on(async {
            let c = Client::new(o).await?;
            concurrent(o, &c, o.inflight * 2 + o.warmup).await?;
            let a = mark();
            concurrent(o, &c, o.n).await?;
            Ok((a, mark()))
        });
    }
    if o.mode == "kept" {
        return current()?.block_on(async {
            let c = Client::new(o).await?;
            drop(kept(o, &c, o.inflight * 2 + o.warmup).await?);
            let a = mark();
            let answers = kept(o, &c, o.n).await?;
            let b = mark();
            answers.iter().try_for_each(|(i, answer)| check(*i, answer))?;
            Ok((a, b))
        });
    }
    match o.rt.as_str() {
        "raw" => {
            let mut c = Raw::new(o)?;
            sequence(o, |i| c.create(i))
        }
        "each" => {
            let rt = current()?;
            let c = rt.block_on(Client::new(o))?;
            sequence(o, |i| rt.block_on(c.create(i)))
        }
        "hop" => {
            let rt = multi()?;
            let c = rt.block_on(Client::new(o))?;
            sequence(o, |i| {
                let (tx, rx) = std::sync::mpsc::sync_channel(1);
                let c = c.clone();
                rt.spawn(async move { tx.send(c.create(i).await) });
                rx.recv_timeout(Duration::from_secs(30))?
            })
        }
        kind => {
            let rt = if kind == "multi" { multi()? } else { current()? };
            rt.block_on(async {
                let c = Client::new(o).await?;
                for i in 0..o.warmup {
                    check(i, &c.create(i).await?)?;
                }
                let a = mark();
                for i in 0..o.n {
                    c.create(i).await?;
                }
                Ok((a, mark()))
            })
        }
    }
}

fn main() -> Result<(), Err> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut o = opts();
    if o.mode == "cold" {
        (o.n, o.warmup) = (1, 0);
    }
    let (a, b) = run(&o)?;
    let done = monotonic_ns();
    let hwm = std::fs::read_to_string("/proc/self/status")?
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:").map(|v| v.trim().trim_end_matches(" kB").parse::<u64>()))
        .ok_or("no VmHWM")??;
    let out = serde_json::json!({
        "n": o.n, "elapsed_s": (b.at - a.at).as_secs_f64(),
        "user_s": (b.user_us - a.user_us) as f64 / 1e6, "sys_s": (b.sys_us - a.sys_us) as f64 / 1e6,
        "vmhwm_kb": hwm, "done_ns": done,
    });
    println!("{out}");
    Ok(())
}
