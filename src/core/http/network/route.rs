//! Which proxy is between the client and the server, if any: by argument or environment, never for this machine itself.
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::is_loopback;
use crate::core::error::Error;
use crate::core::machine::Machine;
use crate::core::secret::Secret;

/// Schemes of proxies, with the port of each.
const SCHEMES: [(&str, u16); 6] =
    [("http", 80), ("https", 443), ("socks5", 1080), ("socks5h", 1080), ("socks4", 1080), ("socks4a", 1080)];

/// The next hop on the way to a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// In words: `no proxy`, `proxy http://proxy.example:3128 (HTTPS_PROXY)`.
    pub described: String,
    /// A proxy is in between.
    pub proxied: bool,
    /// The proxy, where its URL is understood.
    pub proxy: Option<Hop>,
}

/// A host that is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Scheme, host and port; no user information.
    pub shown: String,
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The whole URL, user information and all.
    pub url: Secret,
}

/// The way to `base_url`. A proxy that is given but is none is an error; one of the environment is passed over, as it
/// is by the HTTP client.
pub fn route(given: Option<&str>, base_url: &str, machine: &dyn Machine) -> Result<Route, Error> {
    let direct = |why: &str| Ok(Route { described: format!("no proxy{why}"), ..Route::default() });
    let Ok(url) = Url::parse(base_url) else { return direct("") };
    let given = given.map(|text| {
        hop(text).ok_or_else(|| {
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
    if let Some(hop) = given {
        return Ok(Route { described: format!("proxy {} (proxy=)", hop.shown), proxied: true, proxy: Some(hop) });
    }
    let own = if url.scheme() == "https" { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    let set = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, machine.var(name)?)));
    let mut candidates = [set(own), set(["ALL_PROXY", "all_proxy"])].into_iter().flatten().peekable();
    let first = candidates.peek().map(|(name, _)| *name);
    let Some((name, value)) = candidates.find(|(_, value)| through(value, "", base_url)) else {
        return match first.filter(|name| machine.var(name).is_some_and(|value| !value.trim().is_empty())) {
            Some(name) => direct(&format!(": {name} is set but is not a proxy's URL, so it is passed over")),
            None => direct(""),
        };
    };
    if machine.var("REQUEST_METHOD").is_some() {
        return direct(": a CGI script (REQUEST_METHOD) could get one from its caller");
    }
    if let Some((no_proxy, hosts)) = set(["NO_PROXY", "no_proxy"])
        && !through(&value, &hosts, base_url)
    {
        return direct(&format!(", by {no_proxy}"));
    }
    let proxy = hop(&value);
    let described = match &proxy {
        Some(hop) => format!("proxy {} ({name})", hop.shown),
        None => format!("a proxy whose URL is not understood ({name})"),
    };
    Ok(Route { described, proxied: true, proxy })
}

/// Whether a request to `base_url` goes through this proxy; reqwest, which sends it, decides by the same code.
fn through(proxy: &str, no_proxy: &str, base_url: &str) -> bool {
    let matcher = Matcher::builder().all(proxy).no(no_proxy).build();
    base_url.parse().is_ok_and(|url| matcher.intercept(&url).is_some())
}

fn hop(text: &str) -> Option<Hop> {
    let text = text.trim();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) }.ok()?;
    let (_, cached_responder) = SCHEMES.into_iter().find(|(scheme, _)| *scheme == url.scheme())?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(Hop {
        shown: format!("{}://{host}{port}", url.scheme()),
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: url.port().unwrap_or(cached_responder),
        url: text.into(),
    })
}
