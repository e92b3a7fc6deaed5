//! One HTTP exchange: send, wait and read within limits, and report failures in terms of the retry policy.
//!
//! A request goes straight to the server or through a proxy; what is sent, and how a response or its absence is reported,
//! is the same for both.
mod body;
mod body_reader;
pub mod cause;
mod connector;
mod direct;
mod driver;
pub mod exchange;
pub mod options;
mod proxied;
pub mod redact;
mod send_error;
mod socket;
mod unsent;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use reqwest::header::{ACCEPT_ENCODING, HeaderValue, USER_AGENT};

use self::body::TrackedBody;
use self::body_reader::BodyReader;
use self::cause::FailureCause;
use self::direct::ConnectionPool;
use self::exchange::{HttpFailure, HttpRequest, HttpResponse, body_start};
use self::options::TransportOptions;
use self::proxied::ProxyClient;
use self::redact::SentSecrets;
use self::send_error::SendError;
use self::unsent::UnsentRequest;
use crate::core::error::hints::PROXY_USER;
use crate::core::error::{Error, TransportKind};
use crate::core::secret::Secret;

/// A pool of connections to one server. It belongs to one runtime; clones share it.
#[derive(Clone)]
pub struct Transport(Arc<Inner>);

/// A pool that may be gone.
pub(crate) struct WeakTransport(Weak<Inner>);

impl WeakTransport {
    /// The pool, if it still is in use.
    pub(crate) fn upgrade(&self) -> Option<Transport> {
        self.0.upgrade().map(Transport)
    }
}

struct Inner {
    sender: Sender,
    user_agent: HeaderValue,
    connection: ConnectionInfo,
    /// There was a response: the host is there, so if its name is not known now, that will pass.
    was_reached: AtomicBool,
}

#[allow(clippy::large_enum_variant)] // One for each pool.
enum Sender {
    Direct(ConnectionPool),
    Proxied(ProxyClient),
}

/// What an error says of a connection that cannot be opened, and what it must not say.
struct ConnectionInfo {
    trust_description: String,
    proxy: Option<String>,
    proxy_secrets: Arc<[Secret]>,
}

impl Transport {
    /// A new, empty pool. Nothing is opened until the first request.
    pub fn new(options: &TransportOptions) -> Result<Self, Error> {
        let sender = if options.proxy.is_used() {
            Sender::Proxied(ProxyClient::new(options)?)
        } else {
            Sender::Direct(ConnectionPool::new(options))
        };
        let proxy = options.proxy.url();
        let connection = ConnectionInfo {
            trust_description: options.trust_description.clone(),
            proxy: proxy.map(|proxy| proxy.display.clone()),
            proxy_secrets: proxy.map(|proxy| redact::proxy_secrets(&proxy.url)).unwrap_or_default().into(),
        };
        let (user_agent, was_reached) = (options.user_agent.clone(), AtomicBool::new(false));
        Ok(Transport(Arc::new(Inner { sender, user_agent, connection, was_reached })))
    }

    /// Sends a request and reads the whole response.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let HttpRequest { method, path, mut headers, body, secret, timeout } = request;
        let secrets = SentSecrets::of(&headers, secret, self.0.connection.proxy_secrets.clone());
        headers.insert(USER_AGENT, self.0.user_agent.clone());
        // Nothing here decodes a body.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let (body, send_state) = TrackedBody::new(body);
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path.into();
        *request.headers_mut() = headers;
        let mut request = UnsentRequest::new(request);
        let mut reader = BodyReader::default();
        let error = match tokio::time::timeout(timeout, self.send_and_read(&mut request, &mut reader)).await {
            Ok(Ok(())) => {
                self.0.was_reached.store(true, Ordering::Relaxed);
                return Ok(reader.finish().without(secrets));
            }
            Ok(Err(error)) => error,
            Err(_) => SendError::TimedOut,
        };
        let mut failure = self.0.connection.explain(HttpFailure {
            status: reader.status(),
            body_start: body_start(&secrets.redact_bytes(reader.body())),
            ..error.into_failure(timeout, send_state.as_ref())
        });
        if failure.cause == FailureCause::UnknownHost && self.0.was_reached.load(Ordering::Relaxed) {
            failure.cause = FailureCause::Other;
        }
        Err(failure)
    }

    /// Closes the unused connections, from whichever thread, and keeps none from now on. Of those through a proxy reqwest has
    /// no such list: they close with their runtime.
    pub fn close(&self) {
        if let Sender::Direct(pool) = &self.0.sender {
            pool.close();
        }
    }

    /// For a list of pools that does not keep them alive.
    pub(crate) fn downgrade(&self) -> WeakTransport {
        WeakTransport(Arc::downgrade(&self.0))
    }

    async fn send_and_read(&self, request: &mut UnsentRequest, reader: &mut BodyReader) -> Result<(), SendError> {
        match &self.0.sender {
            Sender::Direct(pool) => {
                let (response, mut connection) = pool.send(request).await?;
                if connection.run(reader.read(response)).await? {
                    connection.give_back();
                }
            }
            Sender::Proxied(client) => {
                Box::pin(async { reader.read(client.send(request.take()?).await?).await }).await?;
            }
        }
        Ok(())
    }
}

impl ConnectionInfo {
    /// Adds the proxy, or whose certificates are trusted, where that helps to find the cause.
    fn explain(&self, mut failure: HttpFailure) -> HttpFailure {
        if failure.kind == TransportKind::Connect
            && let Some(proxy) = &self.proxy
        {
            failure.message.push_str(&format!(" by way of proxy {proxy}"));
        }
        let advice = match failure.cause {
            FailureCause::UnknownAuthority => {
                format!("trusted: {}; give the missing CA as ca_file", self.trust_description)
            }
            FailureCause::OtherName => {
                "the server has the certificate of another host: check base_url, and proxies on the way".to_owned()
            }
            FailureCause::OtherTime => "check this machine's clock, and the server's certificate".to_owned(),
            FailureCause::Certificate => format!("trusted: {}", self.trust_description),
            FailureCause::ProxyUser => PROXY_USER.to_owned(),
            FailureCause::UnknownHost if self.proxy.is_some() => "check the proxy's name".to_owned(),
            FailureCause::UnknownHost => "check base_url and this machine's DNS".to_owned(),
            FailureCause::Tls | FailureCause::Proxy | FailureCause::Setup | FailureCause::Other => return failure,
        };
        failure.message.push_str("; ");
        failure.message.push_str(&advice);
        failure
    }
}
