//! Which proxy is used, if any: by argument or environment, and never for a server on this machine.
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::is_loopback;
use crate::core::error::Error;
use crate::core::machine::Machine;
use crate::core::secret::Secret;

/// Schemes of proxies, with the port of each.
const SCHEMES: [(&str, u16); 6] =
    [("http", 80), ("https", 443), ("socks5", 1080), ("socks5h", 1080), ("socks4", 1080), ("socks4a", 1080)];

/// How a server is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// In words: `no proxy`, `proxy http://proxy.example:3128 (HTTPS_PROXY)`.
    pub description: String,
    pub proxy: Proxy,
}

/// The proxy that is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// None: requests go straight to the server.
    #[default]
    Direct,
    /// The one that the caller gave.
    Argument(ProxyUrl),
    /// One of the environment, which reqwest finds itself; `None` if its URL is not understood.
    Environment(Option<ProxyUrl>),
}

impl Proxy {
    pub fn is_used(&self) -> bool {
        *self != Proxy::Direct
    }

    /// Its URL, where it is understood.
    pub fn url(&self) -> Option<&ProxyUrl> {
        match self {
            Proxy::Direct => None,
            Proxy::Argument(url) => Some(url),
            Proxy::Environment(url) => url.as_ref(),
        }
    }
}

/// The URL of a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    /// Scheme, host and port; no user information.
    pub display: String,
    pub host: String,
    pub port: u16,
    /// The whole URL, with user information.
    pub url: Secret,
}

/// The route to `base_url`. An argument that is not a proxy's URL is an error; an environment variable that is none is
/// ignored, as reqwest ignores it.
pub fn route(given: Option<&str>, base_url: &str, machine: &dyn Machine) -> Result<Route, Error> {
    let direct = |why: &str| Ok(Route { description: format!("no proxy{why}"), ..Route::default() });
    let Ok(url) = Url::parse(base_url) else { return direct("") };
    let given = given.map(|text| {
        parse_proxy(text).ok_or_else(|| {
            // Not shown: it may hold a password.
            Error::Configuration(
                "proxy is not a proxy's URL such as http://user:password@host:port (http, https, socks5, socks5h; special \
                 characters in user and password percent-encoded)"
                    .to_owned(),
            )
        })
    });
    let given = given.transpose()?;
    if is_loopback(&url) {
        return direct(", since the server is this machine");
    }
    if let Some(proxy) = given {
        return Ok(Route { description: format!("proxy {} (proxy=)", proxy.display), proxy: Proxy::Argument(proxy) });
    }
    let own = if url.scheme() == "https" { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    let set = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, machine.var(name)?)));
    let mut candidates = [set(own), set(["ALL_PROXY", "all_proxy"])].into_iter().flatten().peekable();
    let first = candidates.peek().map(|(name, _)| *name);
    let Some((name, value)) = candidates.find(|(_, value)| uses_proxy(value, "", base_url)) else {
        return match first.filter(|name| machine.var(name).is_some_and(|value| !value.trim().is_empty())) {
            Some(name) => direct(&format!(": {name} is set but is not a proxy's URL, so it is passed over")),
            None => direct(""),
        };
    };
    if machine.var("REQUEST_METHOD").is_some() {
        return direct(": a CGI script (REQUEST_METHOD) could get one from its caller");
    }
    if let Some((no_proxy, hosts)) = set(["NO_PROXY", "no_proxy"])
        && !uses_proxy(&value, &hosts, base_url)
    {
        return direct(&format!(", by {no_proxy}"));
    }
    let proxy = parse_proxy(&value);
    let description = match &proxy {
        Some(proxy) => format!("proxy {} ({name})", proxy.display),
        None => format!("a proxy whose URL is not understood ({name})"),
    };
    Ok(Route { description, proxy: Proxy::Environment(proxy) })
}

/// Whether a request to `base_url` goes through this proxy. reqwest, which sends it, decides with the same code.
fn uses_proxy(proxy: &str, no_proxy: &str, base_url: &str) -> bool {
    let matcher = Matcher::builder().all(proxy).no(no_proxy).build();
    base_url.parse().is_ok_and(|url| matcher.intercept(&url).is_some())
}

fn parse_proxy(text: &str) -> Option<ProxyUrl> {
    let text = text.trim();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) }.ok()?;
    let (_, default_port) = SCHEMES.into_iter().find(|(scheme, _)| *scheme == url.scheme())?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(ProxyUrl {
        display: format!("{}://{host}{port}", url.scheme()),
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: url.port().unwrap_or(default_port),
        url: text.into(),
    })
}
