//! What lies between the client and the server: whose certificates are trusted, and which proxy is used, by argument or
//! environment.
mod no_proxy;
pub mod route;
pub mod trust;

use reqwest::Url;

use crate::core::policy::poll_intervals::PollIntervals;

/// How often a wait polls the server of this base URL.
pub fn poll_intervals(base_url: &str) -> PollIntervals {
    let loopback = Url::parse(base_url).is_ok_and(|url| is_loopback(&url));
    if loopback { PollIntervals::LOOPBACK } else { PollIntervals::SERVICE }
}

/// The host of a URL is this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => bare.trim_end_matches('.') == "localhost",
    }
}
