//! What can go wrong, as facts. Python's exception classes and their messages are made from these.
mod codes;
pub(crate) mod hints;
mod printable;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

pub(in crate::core) use self::printable::{escaped, printable};

/// A value of a request that breaks a rule.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Violation {
    /// Where: `providerSettings.regionName`, `tags[3].key`, `groupId`.
    pub path: String,
    /// What is wrong and what would be right, in one sentence without the path.
    pub message: String,
    /// The value as JSON, or a short description such as `<bytes>` if JSON has no such value.
    pub value: Value,
    /// A short name of the rule: `required`, `type`, `pattern`, `unknown` …
    pub rule: String,
}

/// A failed call. `Display` is one sentence without secrets, for logs and for messages that mention another error.
#[derive(Debug, Clone)]
pub enum Error {
    /// Credentials, base URL or options that cannot be used.
    Configuration(String),
    /// The request is not valid; nothing was sent.
    Validation(Vec<Violation>),
    /// No usable reply.
    Transport(Box<TransportError>),
    /// The service answered with a status of 400 or more.
    Api(Box<ApiError>),
    /// The token endpoint refused, or the Digest challenge cannot be answered.
    Authentication(Box<AuthenticationError>),
    /// A wait ended without reaching its state.
    Wait(Box<WaitError>),
    /// The caller's callback asked to stop.
    Stopped,
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(message) => f.write_str(&escaped(message)),
            Self::Validation(violations) => {
                f.write_str("the request is not valid")?;
                violations.iter().try_for_each(|v| write!(f, "; {}: {}", v.path, v.message))
            }
            Self::Transport(e) => {
                f.write_str(&e.message)?;
                if let Some(server) = server(&e.url).filter(|server| !e.message.contains(server)) {
                    write!(f, "; the server is {server}")?;
                }
                e.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
            }
            Self::Api(e) => {
                write!(f, "{}", e.status)?;
                if let Some(code) = &e.error_code {
                    write!(f, " {code}")?;
                }
                match e.detail.as_ref().or(e.reason.as_ref()) {
                    Some(detail) => write!(f, ": {detail}"),
                    None => Ok(()),
                }
            }
            Self::Authentication(e) => f.write_str(&e.message),
            Self::Wait(e) => f.write_str(&e.sentence()),
            Self::Stopped => f.write_str("stopped by the progress callback"),
        }
    }
}

/// Host and port of a URL: `cloud.mongodb.com:443`.
fn server(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let has_port = host.rsplit_once(']').map_or(host, |(_, rest)| rest).contains(':');
    match (host.is_empty(), has_port, scheme) {
        (true, ..) => None,
        (_, true, _) => Some(host.to_owned()),
        (_, _, "http") => Some(format!("{host}:80")),
        _ => Some(format!("{host}:443")),
    }
}

/// Why there is no usable reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// No connection: refused, DNS, TLS. Nothing of the request was sent.
    Connect,
    /// No reply in time.
    Timeout,
    /// A reply that is not HTTP, or that cannot be what the API sends.
    Protocol,
    /// The connection broke after the request was sent.
    Broken,
    /// A create or upgrade whose outcome could not be looked up.
    OutcomeUnknown,
}

/// Why trying again cannot open a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoConnection {
    /// The host has no address, and was never reached before.
    UnknownHost,
    /// The certificate is refused, or the proxy asks who this is.
    Refused,
}

/// A request without a usable reply.
#[derive(Debug, Clone)]
pub struct TransportError {
    /// What happened.
    pub kind: TransportKind,
    /// One sentence without secrets.
    pub message: String,
    pub method: String,
    /// URL without user information.
    pub url: String,
    /// Attempts made in all.
    pub attempts: u32,
    /// Time since the call began.
    pub elapsed: Duration,
    /// Status of the reply, if its head arrived.
    pub status: Option<u16>,
    /// The first characters of the body, if there was one.
    pub body_start: Option<String>,
    /// Why trying again would not help, for [`TransportKind::Connect`].
    pub no_connection: Option<NoConnection>,
    /// What was to be created or upgraded, for [`TransportKind::OutcomeUnknown`].
    pub target: Option<CreateTarget>,
    /// What the reader can do, or should know in addition.
    pub hint: Option<String>,
}

/// What a create was to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTarget {
    /// The API's operation id.
    pub operation: &'static str,
    pub group_id: String,
    pub name: String,
}

/// An error reply of the API.
#[derive(Debug, Clone, Default)]
pub struct ApiError {
    /// HTTP status (inside the envelope, if there is one).
    pub status: u16,
    /// The API's own code, if the body has one.
    pub error_code: Option<String>,
    /// The API's sentence.
    pub detail: Option<String>,
    /// The status in words.
    pub reason: Option<String>,
    /// The API's parameters: strings, numbers.
    pub parameters: Vec<Value>,
    /// `badRequestDetail.fields`, or what differs for a duplicate name.
    pub violations: Vec<Violation>,
    pub method: String,
    /// URL without user information.
    pub url: String,
    /// Attempts made in all.
    pub attempts: u32,
    /// Time since the call began.
    pub elapsed: Duration,
    /// Reply headers, in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The client itself repeats such a call (see `policy/retry.rs`).
    pub retryable: bool,
    /// What the reader can do.
    pub hint: Option<String>,
    /// Seconds to wait before another attempt, if the server asked for it.
    pub retry_after: Option<f64>,
    /// The first characters of a body that has not the API's error format.
    pub body_start: Option<String>,
    /// The endpoint itself is gone, not the project or the name.
    pub endpoint_retired: bool,
}

impl ApiError {
    /// The wait that the server asked for.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
}

/// A refusal by the token endpoint in OAuth's format, or a Digest challenge that cannot be answered.
#[derive(Debug, Clone, Default)]
pub struct AuthenticationError {
    /// One sentence without secrets.
    pub message: String,
    /// OAuth's `error`.
    pub error: Option<String>,
    /// OAuth's `error_description`.
    pub error_description: Option<String>,
    /// HTTP status, if there was a reply.
    pub status: Option<u16>,
    /// Attempts made in all.
    pub attempts: u32,
    /// Time since the call began.
    pub elapsed: Duration,
    /// What the reader can do.
    pub hint: Option<String>,
}

/// How a wait ended without its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitEnding {
    /// The deadline passed.
    TimedOut,
    /// The resource is gone, or in a state from which the wanted one cannot be reached.
    Failed,
    /// Nothing has the name. The cause is the reply that said so last.
    NotFound,
}

/// A wait that ended without reaching its state.
#[derive(Debug, Clone)]
pub struct WaitError {
    pub ending: WaitEnding,
    /// What happened, as a sentence without its full stop.
    pub message: String,
    /// What the reader can do.
    pub advice: Option<String>,
    /// What was created was deleted again, since the caller had said so.
    pub deleted: bool,
    /// The last state seen, if any.
    pub last_state: Option<String>,
    /// Polls made.
    pub polls: u32,
    /// Time since the wait began.
    pub elapsed: Duration,
    /// The last error met while polling, as a sentence.
    pub last_error: Option<String>,
    /// The reply to the operation that was carried out before the wait.
    pub result: Option<Bytes>,
    /// The error that ended the wait, if it is not the wait's own.
    pub cause: Option<Error>,
}

impl WaitError {
    /// What happened and what to do.
    pub fn sentence(&self) -> String {
        match &self.advice {
            Some(advice) => format!("{}; {advice}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Something that the caller should know although the call succeeds: a Python warning.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub kind: NoticeKind,
    /// One sentence.
    pub message: String,
}

impl Notice {
    /// The same with a message that can be shown, whatever it quotes.
    pub(in crate::core) fn printable(self) -> Self {
        Notice { message: printable(&self.message), ..self }
    }
}

/// A warning class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// A region that the table does not know.
    Region,
    /// The service ignored a field.
    FieldIgnored,
    /// `Deprecation` or `Sunset` headers, or a retired endpoint.
    EndpointDeprecated,
    /// Credentials that conflict, or a file that others can read.
    Credential,
    /// What a conversion to Flex loses or changes.
    Conversion,
    /// An access list that lets everybody in, or nobody.
    OpenAccess,
}
