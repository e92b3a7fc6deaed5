//! One HTTP exchange: send, wait, read within limits, and say what happened in terms of the retry policy.
//!
//! Two ways lead to a server: straight there, and by a proxy. What is sent, and how a reply or its absence is read, is the
//! same for both.
mod body;
mod body_reader;
pub mod cause;
mod connector;
mod direct;
mod proxied;
mod redact;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};

use self::body::{Sent, Watched};
use self::body_reader::BodyReader;
use self::cause::Cause;
use self::redact::SentSecrets;
use super::network::route::Hop;
use crate::core::error::{Error, TransportKind};
use crate::core::json::Tape;
use crate::core::secret::Secret;

/// After so long without use a connection is not used again. Load balancers close theirs after 60 s or more.
const IDLE: Duration = Duration::from_secs(45);
/// Unused connections kept; above any sensible number of calls in flight, so that none is opened twice.
const IDLE_CONNECTIONS: usize = 8192;

/// What a pool of connections needs to know.
#[derive(Clone)]
pub struct Options {
    /// Scheme, host and port of the server.
    pub server: Uri,
    /// Time to open a connection, TLS included.
    pub connect_timeout: Duration,
    /// The proxy given by the caller, user information and all; it is never shown.
    pub proxy: Option<Secret>,
    /// A proxy is in between: the given one, or one of the environment.
    pub proxied: bool,
    /// `User-Agent`.
    pub user_agent: HeaderValue,
    /// Trust, made once for all pools of a client.
    pub tls: rustls::ClientConfig,
    /// Whom it trusts, in words.
    pub trusted: String,
    /// The proxy, where its URL is understood.
    pub by_way_of: Option<Hop>,
}

/// A pool of connections to one server that belongs to one runtime.
#[derive(Clone)]
pub struct Transport(Arc<Pool>);

struct Pool {
    sender: Sender,
    user_agent: HeaderValue,
    way: Way,
}

#[allow(clippy::large_enum_variant)] // One for each pool.
enum Sender {
    Direct(direct::Sender),
    Proxied(proxied::Sender),
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
    /// Path and query, encoded.
    pub path: PathAndQuery,
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
    /// Where the values of the body stand, once it was judged.
    pub outline: Option<Tape>,
}

impl Exchange {
    /// A reply that was not judged yet.
    pub fn new(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        Exchange { status, headers, body, outline: None }
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

/// Why there is no whole reply.
enum SendError {
    /// The time of the exchange is up.
    Late,
    /// The reply is larger than what is read.
    TooLarge,
    /// The connection was not made, or broke.
    Broken {
        /// While it was being made: nothing was sent.
        connecting: bool,
        /// It was not made in time.
        late: bool,
        error: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Transport {
    /// A new, empty pool. Nothing is opened until the first exchange.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let sender = if options.proxied {
            Sender::Proxied(proxied::Sender::new(options)?)
        } else {
            Sender::Direct(direct::Sender::new(options))
        };
        let way = Way {
            trusted: options.trusted.clone(),
            by_way_of: options.by_way_of.as_ref().map(|hop| hop.shown.clone()),
            proxy_secrets: options.by_way_of.as_ref().map(|hop| redact::of_proxy(&hop.url)).unwrap_or_default(),
        };
        Ok(Transport(Arc::new(Pool { sender, user_agent: options.user_agent.clone(), way })))
    }

    /// Sends and reads the whole reply.
    pub async fn exchange(&self, outgoing: Outgoing) -> Result<Exchange, Failure> {
        let Outgoing { method, path, mut headers, body, timeout } = outgoing;
        let (carried, proxy) = (SentSecrets::of(&headers), &self.0.way.proxy_secrets);
        headers.insert(USER_AGENT, self.0.user_agent.clone());
        let (body, sent) = body::watched(body);
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path.into();
        *request.headers_mut() = headers;
        let mut arrived = BodyReader::default();
        let trouble = match tokio::time::timeout(timeout, self.send(request, &mut arrived)).await {
            Ok(Ok(())) => {
                let (status, headers, body) = arrived.whole();
                return Ok(carried.cleaned(Exchange::new(status, headers, body), proxy));
            }
            Ok(Err(trouble)) => trouble,
            Err(_) => SendError::Late,
        };
        let failure = Failure {
            status: arrived.status(),
            body_start: body_start(arrived.body()).map(|text| carried.cleaned_text(text, proxy)),
            ..failed(&trouble, timeout, sent.as_ref())
        };
        Err(self.0.way.explained(failure))
    }

    async fn send(&self, request: http::Request<Watched>, arrived: &mut BodyReader) -> Result<(), SendError> {
        match &self.0.sender {
            Sender::Direct(sender) => {
                let (reply, connection) = sender.send(request).await?;
                arrived.read(reply).await?;
                connection.give_back();
                Ok(())
            }
            Sender::Proxied(sender) => arrived.read(Box::pin(sender.send(request)).await?).await,
        }
    }
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

fn failed(trouble: &SendError, timeout: Duration, sent: Option<&Sent>) -> Failure {
    // The time of the whole attempt can be over while the connection is still being made.
    let unsent = sent.is_some_and(|sent| !sent.perhaps());
    let no_connection = || (TransportKind::Connect, "no connection in time, nothing was sent".to_owned());
    let (kind, message) = match trouble {
        SendError::Broken { connecting: true, late: true, .. } => no_connection(),
        SendError::Late if unsent => no_connection(),
        SendError::Late => (TransportKind::Timeout, format!("no reply within {} s", timeout.as_secs_f64())),
        SendError::TooLarge => {
            (TransportKind::Protocol, format!("the reply is larger than {} MiB", body_reader::BODY_LIMIT >> 20))
        }
        SendError::Broken { error, connecting, .. } => {
            let causes = cause::causes(&**error);
            match (*connecting, unsent) {
                (true, _) => (TransportKind::Connect, format!("no connection ({causes})")),
                (false, true) => (TransportKind::Connect, format!("not sent ({causes})")),
                (false, false) => (TransportKind::Broken, format!("the connection broke ({causes})")),
            }
        }
    };
    let cause = match trouble {
        SendError::Broken { error, .. } => Cause::of(&**error),
        _ => Cause::Other,
    };
    Failure { kind, message, status: None, body_start: None, cause }
}

impl Way {
    fn explained(&self, mut failure: Failure) -> Failure {
        if failure.kind == TransportKind::Connect
            && let Some(proxy) = &self.by_way_of
        {
            failure.message.push_str(&format!(" by way of proxy {proxy}"));
        }
        if failure.cause == Cause::Certificate {
            failure.message.push_str(&format!("; trusted: {}; give the missing CA as ca_file", self.trusted));
        }
        failure
    }
}
