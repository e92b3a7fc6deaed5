//! What lies between the client and the server: whose certificates are trusted, and which proxy is used, by argument or
//! environment.
mod no_proxy;
pub mod route;
pub mod trust;

use reqwest::Url;

/// The host of a URL is this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => bare.trim_end_matches('.') == "localhost",
    }
}
