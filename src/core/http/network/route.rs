//! Which proxy is used, if any: by argument or environment, and never for a server on this machine.
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;
use zeroize::Zeroizing;

use super::{is_loopback, no_proxy};
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
    /// One of the environment.
    Environment(ProxyUrl),
}

impl Proxy {
    pub fn is_used(&self) -> bool {
        *self != Proxy::Direct
    }

    /// Its URL, if there is one.
    pub fn url(&self) -> Option<&ProxyUrl> {
        match self {
            Proxy::Direct => None,
            Proxy::Argument(url) | Proxy::Environment(url) => Some(url),
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
    /// The whole URL with its scheme and user information.
    pub url: Secret,
}

/// The route to `base_url`. An argument that is not a proxy's URL is an error, and so is an environment variable, unless
/// another one names a proxy.
pub fn route(given: Option<&str>, base_url: &str, machine: &dyn Machine) -> Result<Route, Error> {
    let direct = |why: &str| Ok(Route { description: format!("no proxy{why}"), ..Route::default() });
    let Ok(url) = Url::parse(base_url) else { return direct("") };
    let given = given.map(|text| parse_proxy(text).filter(|_| !is_misquoted(text)).ok_or_else(|| not_a_proxy("proxy")));
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
    let Some((name, value)) = candidates.find(|(_, value)| is_misquoted(value) || uses_proxy(value, base_url)) else {
        let is_set = |name: &&str| machine.var(name).is_some_and(|value| !value.trim().is_empty());
        let spared = set(["NO_PROXY", "no_proxy"]).is_some_and(|(_, hosts)| no_proxy::spares(&hosts, &url));
        return match first.filter(is_set) {
            // Passed over, it would be missed only when nothing answers.
            Some(name) if !spared => Err(not_a_proxy(name)),
            _ => direct(""),
        };
    };
    if machine.var("REQUEST_METHOD").is_some() {
        return direct(": a CGI script (REQUEST_METHOD) could get one from its caller");
    }
    if let Some((variable, hosts)) = set(["NO_PROXY", "no_proxy"])
        && no_proxy::spares(&hosts, &url)
    {
        return direct(&format!(", by {variable}"));
    }
    if is_misquoted(&value) {
        return Err(not_a_proxy(name));
    }
    let proxy = parse_proxy(&value).ok_or_else(|| not_a_proxy(name))?;
    Ok(Route { description: format!("proxy {} ({name})", proxy.display), proxy: Proxy::Environment(proxy) })
}

/// What the name holds is not shown: there may be a password in it.
fn not_a_proxy(name: &str) -> Error {
    Error::Configuration(format!(
        "{name} is not a proxy's URL such as http://user:password@host:port (http, https, socks5, socks5h; special \
         characters in user and password, such as # and @, percent-encoded)"
    ))
}

/// Whether user and password have characters that end them, as a URL is read.
fn is_misquoted(proxy: &str) -> bool {
    let rest = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    rest.rsplit_once('@').is_some_and(|(user_info, _)| user_info.contains(['#', '?', '/', '\\', '@']))
}

/// Whether this is a proxy that a request to `base_url` can go through, as reqwest sees it.
fn uses_proxy(proxy: &str, base_url: &str) -> bool {
    let matcher = Matcher::builder().all(proxy).build();
    base_url.parse().is_ok_and(|url| matcher.intercept(&url).is_some())
}

fn parse_proxy(text: &str) -> Option<ProxyUrl> {
    let text = text.trim();
    let with_scheme = Zeroizing::new(if text.contains("://") { text.to_owned() } else { format!("http://{text}") });
    let url = Url::parse(&with_scheme).ok()?;
    let (_, default_port) = SCHEMES.into_iter().find(|(scheme, _)| *scheme == url.scheme())?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(ProxyUrl {
        display: format!("{}://{host}{port}", url.scheme()),
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: url.port().unwrap_or(default_port),
        url: with_scheme.as_str().into(),
    })
}
