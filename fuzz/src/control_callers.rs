//! Who may control the emulator: callers that name this machine as the host, and no page but its own.
use std::net::IpAddr;

use atlas_serverless::emulator::{Options, State, app};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use reqwest::Url;
use reqwest::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use tower_service::Service;

use super::{Reached, support};

thread_local! {
    static EMULATOR: (tokio::runtime::Runtime, Router) = (
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        app(State::new(Options::default()).unwrap()),
    );
}

/// Headers, of which `Host` and `Origin` count.
pub fn run(data: &[u8]) -> Reached {
    let (headers, _) = support::headers(data);
    if !headers.contains_key(HOST) && !headers.contains_key(ORIGIN) {
        return Reached::Nothing;
    }
    let statuses = ["/_emulator/clock", "/", "/_emulator/page.js"].map(|path| status(path, &headers));
    assert!(statuses == [200; 3] || statuses == [403; 3], "{statuses:?}");
    if statuses == [403; 3] {
        return Reached::Refused;
    }
    let texts = |name: HeaderName| headers.get_all(name).iter().map(|value| value.to_str().expect("text"));
    let own = headers.get(HOST).map(|host| host.to_str().unwrap().to_ascii_lowercase());
    for host in texts(HOST) {
        assert!(is_this_machine(host), "{host}");
    }
    for origin in texts(ORIGIN) {
        let host = origin.to_ascii_lowercase().strip_prefix("http://").map(str::to_owned);
        assert_eq!(host, own, "{origin}");
    }
    Reached::Accepted
}

fn status(path: &str, headers: &HeaderMap) -> u16 {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    *request.headers_mut() = headers.clone();
    EMULATOR.with(|(runtime, router)| runtime.block_on(router.clone().call(request)).unwrap().status().as_u16())
}

/// As a browser reads the host of a URL.
fn is_this_machine(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    let name = url.host_str().unwrap_or_default();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    url.username().is_empty()
        && url.path() == "/"
        && (bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()))
}
