//! Name, connection, TLS and clock: what lies between this machine and the server. No credentials are sent.
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{ACCEPT, DATE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::report::{Finding, StepLog, failed, milliseconds, ok, skipped};
use crate::core::config::Config;
use crate::core::error::hints::PROXY_USER;
use crate::core::error::{Error, TransportKind};
use crate::core::http::network::route::ProxyUrl;
use crate::core::http::targets;
use crate::core::http::transport::Transport;
use crate::core::http::transport::cause::FailureCause;
use crate::core::http::transport::exchange::{HttpFailure, HttpRequest, HttpResponse};

/// Tokens live for an hour, so a clock that is a minute off does no harm.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Runs the steps until one fails.
pub(super) async fn check(log: &mut StepLog, config: &Config, base_url: &str) {
    let Ok(url) = Url::parse(base_url) else { return };
    let (host, port) = match config.route.proxy.url() {
        Some(hop) => (hop.host.clone(), hop.port),
        None => {
            let host = url.host_str().unwrap_or_default();
            (host.trim_start_matches('[').trim_end_matches(']').to_owned(), url.port_or_known_default().unwrap_or(443))
        }
    };
    let proxy = config.route.proxy.url();
    let started = Instant::now();
    let addresses = resolve(&host, port, config.connect_timeout).await;
    if !log.add(name(&addresses, &host, proxy), started) {
        return;
    }
    let started = Instant::now();
    let addresses = addresses.unwrap_or_default();
    if !log.add(connect(&addresses, &host, port, config).await, started) {
        return;
    }
    let started = Instant::now();
    let before = config.env.clock.wall();
    let probed = probe(config, &url).await;
    let after = config.env.clock.wall();
    if log.add(tls(&probed, config, &url), started) {
        let date = probed.ok().and_then(|exchange| exchange.headers.get(DATE)?.to_str().ok().map(str::to_owned));
        log.add(clock(date.as_deref(), before, after), Instant::now());
    }
}

async fn resolve(host: &str, port: u16, timeout: Duration) -> Result<Vec<SocketAddr>, String> {
    match tokio::time::timeout(timeout, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", timeout.as_secs_f64())),
    }
}

fn name(addresses: &Result<Vec<SocketAddr>, String>, host: &str, proxy: Option<&ProxyUrl>) -> Finding {
    let what = if proxy.is_some() { "the proxy " } else { "" };
    match addresses {
        Ok(addresses) if !addresses.is_empty() => {
            let mut shown: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            shown.dedup();
            if shown.iter().any(|address| address == host) {
                return ok(format!("{what}{host} is an address"));
            }
            ok(format!("{what}{host} is {}", shown.join(", ")))
        }
        found => {
            let why = found.as_ref().err().map_or("it has no address", String::as_str);
            let remedy = if proxy.is_some() {
                "check the proxy's name, in proxy= or the environment variable"
            } else {
                "check base_url and this machine's DNS; where only a proxy leads out, name it in HTTPS_PROXY or proxy="
            };
            failed(format!("{what}{host} is not known: {why}"), remedy)
        }
    }
}

async fn connect(addresses: &[SocketAddr], host: &str, port: u16, config: &Config) -> Finding {
    let mut tried = Vec::new();
    let started = Instant::now();
    for address in addresses {
        let left = config.connect_timeout.saturating_sub(started.elapsed());
        match tokio::time::timeout(left, tokio::net::TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                return ok(format!(
                    "{address} answers in {}, {}",
                    milliseconds(started.elapsed()),
                    config.route.description
                ));
            }
            Ok(Err(error)) => tried.push(format!("{address}: {}", plain(&error))),
            Err(_) => tried.push(format!("{address}: no answer in time")),
        }
    }
    let remedy = if config.route.proxy.url().is_some() {
        "check host and port of the proxy, and that this machine may connect to it"
    } else {
        "check base_url, firewalls and VPN; where only a proxy leads out, name it in HTTPS_PROXY or proxy="
    };
    failed(format!("no connection to {host}:{port}, {} ({})", config.route.description, tried.join("; ")), remedy)
}

/// `connection refused`, without the number that differs between systems.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}

/// A request without credentials, through the same transport as every other: it proves the TLS connection, and its reply
/// has the server's time.
async fn probe(config: &Config, url: &Url) -> Result<HttpResponse, Problem> {
    let transport = Transport::new(&config.connection(url.as_str().trim_end_matches('/'))?)?;
    let mut url = url.clone();
    url.set_path("/api/atlas/v2/groups");
    let mut headers = HeaderMap::new();
    if let Ok(accept) = HeaderValue::try_from(format!("application/vnd.atlas.{}+json", config.api_version)) {
        headers.insert(ACCEPT, accept);
    }
    let path = targets::path(&url)?;
    let outgoing =
        HttpRequest { method: Method::GET, path, headers, body: None, secret: None, timeout: config.env.timeout };
    Ok(transport.send(outgoing).await?)
}

enum Problem {
    Setup(Error),
    Exchange(HttpFailure),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Setup(error)
    }
}

impl From<HttpFailure> for Problem {
    fn from(failure: HttpFailure) -> Self {
        Self::Exchange(failure)
    }
}

fn tls(probed: &Result<HttpResponse, Problem>, config: &Config, url: &Url) -> Finding {
    let https = url.scheme() == "https";
    let proxied = config.route.proxy.is_used();
    match probed {
        Ok(exchange) if exchange.status == 407 => failed("the proxy asks who you are (407)", PROXY_USER),
        Ok(exchange) if proxied && matches!(exchange.status, 502..=504) => failed(
            format!("the proxy, or the server behind it, answers {}", exchange.status),
            "check that the proxy lets you connect to this server, and base_url",
        ),
        Ok(_) if https => ok(format!("the certificate is good, by {}", config.trust.description)),
        Ok(_) => ok("none: the base URL is http://"),
        Err(Problem::Setup(error)) => failed(error.to_string(), "install CA certificates, or name them in ca_file"),
        Err(Problem::Exchange(failure)) => match (failure.cause, failure.kind) {
            (FailureCause::UnknownAuthority | FailureCause::Certificate, _) => failed(
                failure.message.clone(),
                "where a company's proxy or test server has its own CA, name its certificate (PEM) in ca_file, --ca-file, \
                 SSL_CERT_FILE or REQUESTS_CA_BUNDLE; verification cannot be turned off",
            ),
            (FailureCause::OtherName, _) => failed(
                failure.message.clone(),
                "check base_url: it names another host than the certificate of the server that answers",
            ),
            (FailureCause::OtherTime, _) => failed(
                failure.message.clone(),
                "set this machine's clock, best by NTP; if it is right, the server needs a new certificate",
            ),
            (FailureCause::Tls, _) => {
                failed(failure.message.clone(), "is it an https server, and the right port? check base_url")
            }
            (FailureCause::ProxyUser, _) => failed(failure.message.clone(), PROXY_USER),
            (FailureCause::Proxy, _) => {
                failed(failure.message.clone(), "check that the proxy lets you connect to this server")
            }
            (FailureCause::Other | FailureCause::UnknownHost, TransportKind::Timeout | TransportKind::Connect) => {
                failed(failure.message.clone(), "try again; a firewall may swallow what is sent")
            }
            (FailureCause::Other | FailureCause::UnknownHost | FailureCause::Setup, _) => {
                failed(failure.message.clone(), "check base_url: is it an HTTP server, and the right port?")
            }
        },
    }
}

fn clock(date: Option<&str>, before: SystemTime, after: SystemTime) -> Finding {
    let Some(server) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return skipped("the server does not say what time it is");
    };
    // The header has whole seconds, cut off.
    let ahead = before.duration_since(server + Duration::from_secs(1)).unwrap_or_default();
    let behind = server.duration_since(after).unwrap_or_default();
    let (difference, word) = if ahead > behind { (ahead, "ahead of") } else { (behind, "behind") };
    let seconds = difference.as_secs();
    if difference > TOLERANCE {
        return failed(
            format!("this machine's clock is {seconds} s {word} the server's"),
            "set it, best by NTP: certificates, tokens and the token cache go by it",
        );
    }
    ok(match seconds {
        0 => "this machine's clock agrees with the server's".to_owned(),
        _ => format!("this machine's clock is {seconds} s {word} the server's"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::doctor::report::StepOutcome;

    #[test]
    fn a_clock_is_wrong_from_a_minute_on_in_either_direction() {
        let server = httpdate::parse_http_date("Tue, 09 Sep 2025 18:15:06 GMT").unwrap();
        let at = |offset: i64| {
            let shift = Duration::from_secs(offset.unsigned_abs());
            let local = if offset < 0 { server - shift } else { server + shift };
            clock(Some("Tue, 09 Sep 2025 18:15:06 GMT"), local, local)
        };
        for (offset, outcome, message) in [
            (0, StepOutcome::Ok, "this machine's clock agrees with the server's"),
            (1, StepOutcome::Ok, "this machine's clock agrees with the server's"),
            (31, StepOutcome::Ok, "this machine's clock is 30 s ahead of the server's"),
            (-60, StepOutcome::Ok, "this machine's clock is 60 s behind the server's"),
            (-61, StepOutcome::Failed, "this machine's clock is 61 s behind the server's"),
            (3601, StepOutcome::Failed, "this machine's clock is 3600 s ahead of the server's"),
        ] {
            let finding = at(offset);
            assert_eq!((finding.outcome, finding.message.as_str()), (outcome, message));
        }
        assert_eq!(clock(None, server, server).outcome, StepOutcome::Skipped);
        assert_eq!(clock(Some("yesterday"), server, server).outcome, StepOutcome::Skipped);
    }
}
