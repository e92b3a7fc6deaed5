//! Loopback stand-in for the part of the Atlas Administration API that the
//! benchmarks use. It is a load target for measurements, not a mock for tests:
//! it checks credentials properly (so that a client that cheats is caught), it
//! counts everything, and it does as little else as it can.
//!
//! Routes
//!   POST /api/oauth/token                          client-credentials grant
//!   POST /api/atlas/v2/groups/{id}/serverless      create (Bearer or Digest)
//!   GET  /_stats                                   counters as JSON
//!   POST /_config?latency_ms=20&nonce_ttl_s=300    change knobs at run time
//!                &nonce_uses=0                     (0 = a nonce may be reused
//!                                                   freely until it expires)
//!   POST /_reset                                   zero the counters
mod digest;
mod routes;
mod tls;

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;

pub const REALM: &str = "MMS Public API";
pub const PUBLIC_KEY: &str = "benchpub";
pub const PRIVATE_KEY: &str = "11111111-2222-3333-4444-555555555555";
pub const CLIENT_ID: &str = "mdb_sa_id_0123456789abcdef01234567";
pub const CLIENT_SECRET: &str = "mdb_sa_sk_benchmarkbenchmarkbenchmark";
const MEDIA_TYPE: &str = "application/vnd.atlas.2025-03-12+json";

macro_rules! counters {
    ($($name:ident),* $(,)?) => {
        #[derive(Default)]
        struct Counters { $($name: AtomicU64),* }
        impl Counters {
            fn to_json(&self) -> serde_json::Value {
                serde_json::json!({ $(stringify!($name): self.$name.load(Relaxed)),* })
            }
            fn reset(&self) { $(self.$name.store(0, Relaxed);)* }
        }
    };
}
counters!(
    // every request but those to the /_ routes
    requests,
    tokens,
    creates,
    // 401 answers: no credentials sent, nonce expired, credentials wrong
    challenges,
    stale,
    rejected,
    // creates by kind of credentials
    bearer_ok,
    digest_ok,
    // answers other than the above
    bad_request,
    wrong_accept,
    not_found,
    // transport
    connections,
    tls_connections,
    h2_requests,
    // a client that sends the OAuth secret in the body, not in a Basic header
    token_secret_in_body,
);

struct State {
    count: Counters,
    latency_ms: AtomicU64,
    nonces: digest::Nonces,
    tokens: Mutex<HashSet<String>>,
    token_serial: AtomicU64,
    basic: String,
    started: Instant,
}

type Resp = Response<Full<Bytes>>;

fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Resp {
    let mut r = Response::new(Full::new(body.into()));
    *r.status_mut() = status;
    r.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    r
}

fn api_error(status: StatusCode, code: &str, detail: &str) -> Resp {
    let body = serde_json::json!({
        "error": status.as_u16(), "errorCode": code, "detail": detail,
        "reason": status.canonical_reason().unwrap_or(""), "parameters": [],
    });
    reply(status, "application/json", body.to_string())
}

fn unauthorized(st: &State, stale: bool) -> Resp {
    let mut r = api_error(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "You are not authorized for this resource.");
    let challenge = st.nonces.challenge(stale);
    r.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_str(&challenge).unwrap());
    r
}

async fn handle(req: Request<Incoming>, st: Arc<State>) -> Result<Resp, Infallible> {
    let path = req.uri().path();
    if path.starts_with("/_") {
        return Ok(control(&req, &st));
    }
    st.count.requests.fetch_add(1, Relaxed);
    if req.version() == Version::HTTP_2 {
        st.count.h2_requests.fetch_add(1, Relaxed);
    }
    let (head, body) = req.into_parts();
    // Always read the body, a 401 included, so that the connection stays usable.
    let body = match body.collect().await {
        Ok(b) => b.to_bytes(),
        Err(_) => return Ok(api_error(StatusCode::BAD_REQUEST, "BODY", "body not read")),
    };
    let latency = st.latency_ms.load(Relaxed);
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let path = head.uri.path();
    if head.method == Method::POST && path == "/api/oauth/token" {
        return Ok(routes::token(&head.headers, &body, &st));
    }
    let group = path
        .strip_prefix("/api/atlas/v2/groups/")
        .and_then(|r| r.strip_suffix("/serverless"))
        .filter(|g| !g.contains('/'));
    if let (Some(group), &Method::POST) = (group, &head.method) {
        return Ok(routes::create(&head, group, &body, &st));
    }
    st.count.not_found.fetch_add(1, Relaxed);
    Ok(api_error(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", "no such route"))
}

fn cpu_us() -> u64 {
    // SAFETY: getrusage fills the zeroed struct that it is given.
    unsafe {
        let mut u: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut u);
        let us = |t: libc::timeval| t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64;
        us(u.ru_utime) + us(u.ru_stime)
    }
}

fn control(req: &Request<Incoming>, st: &State) -> Resp {
    match req.uri().path() {
        "/_stats" => {
            let mut v = st.count.to_json();
            v["server_cpu_us"] = cpu_us().into();
            v["uptime_s"] = st.started.elapsed().as_secs_f64().into();
            v["latency_ms"] = st.latency_ms.load(Relaxed).into();
            reply(StatusCode::OK, "application/json", v.to_string())
        }
        "/_config" => {
            for (k, v) in req.uri().query().unwrap_or("").split('&').filter_map(|kv| kv.split_once('=')) {
                let v: u64 = v.parse().unwrap_or(0);
                match k {
                    "latency_ms" => st.latency_ms.store(v, Relaxed),
                    "nonce_ttl_s" => st.nonces.ttl_s.store(v, Relaxed),
                    "nonce_uses" => st.nonces.max_uses.store(v, Relaxed),
                    _ => return api_error(StatusCode::BAD_REQUEST, "CONFIG", k),
                }
            }
            reply(StatusCode::OK, "application/json", "{}")
        }
        "/_reset" => {
            st.count.reset();
            st.nonces.clear();
            st.tokens.lock().unwrap().clear();
            reply(StatusCode::OK, "application/json", "{}")
        }
        _ => api_error(StatusCode::NOT_FOUND, "CONTROL", "no such control route"),
    }
}

async fn serve_io<I>(io: I, st: Arc<State>)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let svc = service_fn(move |req| handle(req, st.clone()));
    let mut b = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    b.http1().timer(TokioTimer::new());
    b.http2().max_concurrent_streams(1024).timer(TokioTimer::new());
    let _ = b.serve_connection(TokioIo::new(io), svc).await;
}

async fn accept_loop(addr: SocketAddr, tls: Option<tokio_rustls::TlsAcceptor>, st: Arc<State>) {
    let listener = TcpListener::bind(addr).await.expect("bind");
    loop {
        let Ok((sock, _)) = listener.accept().await else { continue };
        let _ = sock.set_nodelay(true);
        let st = st.clone();
        st.count.connections.fetch_add(1, Relaxed);
        match tls.clone() {
            None => {
                tokio::spawn(serve_io(sock, st));
            }
            Some(t) => {
                tokio::spawn(async move {
                    if let Ok(s) = t.accept(sock).await {
                        st.count.tls_connections.fetch_add(1, Relaxed);
                        serve_io(s, st).await;
                    }
                });
            }
        }
    }
}

fn arg(name: &str, default: &str) -> String {
    let mut it = std::env::args().skip(1);
    while let Some(a) = it.next() {
        if a == name {
            return it.next().unwrap_or_else(|| panic!("{name} needs a value"));
        }
    }
    default.into()
}

fn main() {
    let http: SocketAddr = arg("--http", "127.0.0.1:18080").parse().expect("--http");
    let https: SocketAddr = arg("--https", "127.0.0.1:18443").parse().expect("--https");
    assert!(http.ip().is_loopback() && https.ip().is_loopback(), "loopback only");
    let life: u64 = arg("--max-life-s", "7200").parse().expect("--max-life-s");
    let st = Arc::new(State {
        count: Counters::default(),
        latency_ms: AtomicU64::new(arg("--latency-ms", "0").parse().expect("--latency-ms")),
        nonces: digest::Nonces::new(arg("--nonce-ttl-s", "300").parse().expect("--nonce-ttl-s")),
        tokens: Mutex::default(),
        token_serial: AtomicU64::new(1),
        basic: base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")),
        started: Instant::now(),
    });
    let acceptor = tls::acceptor(&arg("--ca-out", "ca.pem"));
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async move {
        tokio::spawn(accept_loop(https, Some(acceptor), st.clone()));
        tokio::spawn(accept_loop(http, None, st));
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
        tokio::select! {
            _ = term.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            // a forgotten server stops by itself
            _ = tokio::time::sleep(Duration::from_secs(life)) => {}
        }
    });
}
