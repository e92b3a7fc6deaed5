//! Which servers `NO_PROXY` spares. The forms of curl, requests and Go, which do not agree, are all understood:
//!
//! | entry | spares |
//! | --- | --- |
//! | `*` | every host name and address |
//! | `example.com`, `.example.com` | the host and all below it |
//! | `*.example.com` | all below it, not the host itself, as in Go and so in the Atlas CLI |
//! | `10.1.2.3`, `10.0.0.0/8`, `2001:db8::1`, `[2001:db8::1]` | addresses |
//! | any of the last three with `:port` | the same, on that port only |
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

/// Whether a server is spared.
pub(super) fn spares(entries: &str, server: &Url) -> bool {
    entries.split(',').map(str::trim).any(|entry| is_spared_by(entry, server))
}

fn is_spared_by(entry: &str, server: &Url) -> bool {
    let (host, port) = split_port(entry);
    if port.is_some_and(|port| Some(port) != server.port_or_known_default()) {
        return false;
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.strip_prefix('*') {
        Some("") => true,
        Some(below) if below.starts_with('.') => {
            let name = server.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
            below.len() > 1 && name.ends_with(&below.to_ascii_lowercase())
        }
        Some(_) => false,
        None if host.trim_matches('.').is_empty() => false,
        None => matches(&host.to_ascii_lowercase(), server),
    }
}

/// A name or address, and the port behind it.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        // An IPv6 address has more colons, and brackets where a port follows.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

/// Names and addresses are matched as reqwest matches them.
fn matches(host: &str, server: &Url) -> bool {
    let matcher = Matcher::builder().all("http://proxy.invalid").no(host).build();
    server.as_str().parse().is_ok_and(|uri| matcher.intercept(&uri).is_none())
}
