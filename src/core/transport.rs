//! One HTTP exchange: send, wait, read within limits, and say what happened in terms of the retry policy.
pub mod cause;
mod echo;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use crate::core::auth::secret::Secret;
use crate::core::body::{self, Sent};
use crate::core::compare::Known;
use crate::core::error::{Error, TransportKind};
use crate::core::network::route::Hop;
use cause::{Cause, causes};
use echo::Carried;

/// The largest body that is read; a page of 500 instances is about 0.6 MB.
const BODY_LIMIT: usize = 64 << 20;
/// How long an unused connection is kept. Load balancers close theirs after 60 s or more.
const IDLE: Duration = Duration::from_secs(45);
/// Unused connections kept; above any sensible number of calls in flight, so that none is opened twice.
const IDLE_CONNECTIONS: usize = 8192;

/// What a connection pool needs to know.
#[derive(Clone)]
pub struct Options {
    /// Time to open a connection, TLS included.
    pub connect_timeout: Duration,
    /// The proxy given by the caller, user information and all; it is never shown.
    pub proxy: Option<Secret>,
    /// The base URL names this machine: no proxy, ever.
    pub loopback: bool,
    /// `User-Agent`.
    pub user_agent: HeaderValue,
    /// Trust, made once for all pools of a client.
    pub tls: rustls::ClientConfig,
    /// Whom it trusts, in words.
    pub trusted: String,
    /// The proxy that is used: the given one, or one of the environment.
    pub by_way_of: Option<Hop>,
}

/// A connection pool that belongs to one runtime.
#[derive(Clone)]
pub struct Transport {
    http: reqwest::Client,
    way: Arc<Way>,
}

/// What to say of a connection that cannot be made.
struct Way {
    trusted: String,
    by_way_of: Option<String>,
    proxy_secrets: Vec<Secret>,
}

/// A request that is ready to go.
pub struct Outgoing {
    /// Method.
    pub method: Method,
    /// Target.
    pub url: Url,
    /// Headers, authorization included.
    pub headers: HeaderMap,
    /// JSON or form.
    pub body: Option<Bytes>,
    /// From now to the last byte of the reply.
    pub timeout: Duration,
}

/// A whole reply.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// HTTP status.
    pub status: u16,
    /// Reply headers.
    pub headers: HeaderMap,
    /// Reply body.
    pub body: Bytes,
    /// Where the fields that a create compares stand in the body, once it was judged.
    pub known: Known,
}

impl Exchange {
    /// A reply that was not judged yet.
    pub fn new(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        Exchange { status, headers, body, known: Known::default() }
    }
}

/// No whole reply.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What happened.
    pub kind: TransportKind,
    /// One clause: "connection refused", "no reply within 60 s".
    pub message: String,
    /// The status, where the head of a reply arrived.
    pub status: Option<u16>,
    /// The first characters of what arrived of the body.
    pub body_start: Option<String>,
    /// Why there is no connection.
    pub cause: Cause,
}

impl Transport {
    /// A new, empty pool. Nothing is opened until the first exchange.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(options.user_agent.clone())
            .connect_timeout(options.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .tls_backend_preconfigured(options.tls.clone());
        if options.loopback {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &options.proxy {
            let proxy = reqwest::Proxy::all(proxy.expose()).map_err(|_| {
                Error::Configuration("proxy is not a URL such as http://user:password@host:port".to_owned())
            })?;
            builder = builder.proxy(proxy);
        }
        let http = builder
            .build()
            .map_err(|e| Error::Configuration(format!("The HTTP client cannot be set up: {}", causes(&e))))?;
        let way = Way {
            trusted: options.trusted.clone(),
            by_way_of: options.by_way_of.as_ref().map(|hop| hop.shown.clone()),
            proxy_secrets: options.by_way_of.as_ref().map(|hop| echo::of_proxy(&hop.url)).unwrap_or_default(),
        };
        Ok(Transport { http, way: Arc::new(way) })
    }

    /// Sends and reads the whole reply.
    pub async fn exchange(&self, outgoing: Outgoing) -> Result<Exchange, Failure> {
        let timeout = outgoing.timeout;
        let (carried, proxy) = (Carried::of(&outgoing.headers), &self.way.proxy_secrets);
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        *request.timeout_mut() = Some(timeout);
        let mut sent = None;
        if let Some(bytes) = outgoing.body.filter(|bytes| !bytes.is_empty()) {
            let (body, watch) = body::watched(bytes);
            *request.body_mut() = Some(body);
            sent = Some(watch);
        }
        let mut response =
            self.http.execute(request).await.map_err(|e| self.way.explained(failed(&e, timeout, sent.as_ref())))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = read(&mut response, timeout).await.map_err(|f| Failure {
            status: Some(status),
            body_start: f.body_start.map(|text| carried.cleaned_text(text, proxy)),
            ..f
        })?;
        Ok(carried.cleaned(Exchange::new(status, headers, body), proxy))
    }
}

async fn read(response: &mut reqwest::Response, timeout: Duration) -> Result<Bytes, Failure> {
    let broken = |e: &reqwest::Error, got: &[u8]| Failure { body_start: body_start(got), ..failed(e, timeout, None) };
    let Some(first) = response.chunk().await.map_err(|e| broken(&e, &[]))? else { return Ok(Bytes::new()) };
    let mut whole = BytesMut::new();
    while let Some(more) =
        response.chunk().await.map_err(|e| broken(&e, if whole.is_empty() { &first } else { &whole }))?
    {
        if whole.is_empty() {
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&more);
        if whole.len() > BODY_LIMIT {
            return Err(Failure {
                kind: TransportKind::Protocol,
                message: format!("the reply is larger than {} MiB", BODY_LIMIT >> 20),
                status: None,
                body_start: body_start(&whole),
                cause: Cause::Other,
            });
        }
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// The first 200 characters of a body, for messages.
pub fn body_start(body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let start = body.get(..body.len().min(1024)).unwrap_or_default();
    let text: String = String::from_utf8_lossy(start).split_whitespace().collect::<Vec<_>>().join(" ");
    Some(text.chars().take(200).collect())
}

fn failed(error: &reqwest::Error, timeout: Duration, sent: Option<&Sent>) -> Failure {
    // The time of the whole attempt can be over while the connection is still being made.
    let never_sent = error.is_connect() || error.is_builder() || sent.is_some_and(|sent| !sent.perhaps());
    let (kind, message) = match (never_sent, error.is_timeout()) {
        (true, true) => (TransportKind::Connect, "no connection in time, nothing was sent".to_owned()),
        (true, false) if error.is_connect() => (TransportKind::Connect, format!("no connection ({})", causes(error))),
        (true, false) => (TransportKind::Connect, format!("not sent ({})", causes(error))),
        (false, true) => (TransportKind::Timeout, format!("no reply within {} s", timeout.as_secs_f64())),
        (false, false) => (TransportKind::Broken, format!("the connection broke ({})", causes(error))),
    };
    Failure { kind, message, status: None, body_start: None, cause: Cause::of(error) }
}

impl Way {
    fn explained(&self, mut failure: Failure) -> Failure {
        if failure.kind == TransportKind::Connect {
            if let Some(proxy) = &self.by_way_of {
                failure.message.push_str(&format!(" by way of proxy {proxy}"));
            }
        }
        if failure.cause == Cause::Certificate {
            failure.message.push_str(&format!("; trusted: {}; give the missing CA as ca_file", self.trusted));
        }
        failure
    }
}
