//! Arguments and environment of a client: where it connects, by way of what, and what is said of both.
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use atlas_serverless::core::auth::discovery::discover_with_report;
use atlas_serverless::core::auth::discovery::explain::ConnectionSummary;
use atlas_serverless::core::auth::discovery::options::{ExplicitOptions, Sources};
use atlas_serverless::core::auth::token_cache::location;
use atlas_serverless::core::http::network::route::route;
use atlas_serverless::core::machine::{KeyringTrouble, Machine, Platform};
use atlas_serverless::core::secret::Secret;
use reqwest::Url;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Reached, support};

/// Of no input: `{secret}` stands for it.
const SECRET: &str = "p4ss-of-the-proxy-8c2e";

/// A machine with these variables, and nothing else.
struct Variables(BTreeMap<String, String>);

impl Machine for Variables {
    fn var(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn platform(&self) -> Platform {
        Platform::Linux
    }

    fn home(&self) -> Option<PathBuf> {
        Some("/home/me".into())
    }

    fn read(&self, _path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
        Err(ErrorKind::NotFound.into())
    }

    fn mode(&self, _path: &Path) -> Option<u32> {
        None
    }

    fn keyring(&self, _service: &str, _user: &str) -> Result<Option<String>, KeyringTrouble> {
        Err(KeyringTrouble::NoPackage)
    }

    fn now(&self) -> u64 {
        1_767_225_600
    }
}

/// A JSON object: arguments (`base_url`, `proxy`, `token_cache`, `allow_insecure_http`, `client_id`, `client_secret`), and
/// variables of the environment under their own names.
pub fn run(data: &[u8]) -> Reached {
    let Ok(Value::Object(given)) = serde_json::from_slice(data) else { return Reached::Nothing };
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(|text| text.replace("{secret}", SECRET));
    let is_variable = |name: &&String| name.bytes().all(|byte| !byte.is_ascii_lowercase()) || name.contains("_proxy");
    let variables = given.keys().filter(is_variable).filter_map(|name| Some((name.clone(), text(name)?))).collect();
    let machine = Variables(variables);
    let insecure = given.get("allow_insecure_http") == Some(&Value::Bool(true));
    let options = ExplicitOptions {
        client_id: text("client_id"),
        client_secret: text("client_secret").map(Secret::new),
        base_url: text("base_url"),
        allow_insecure_http: insecure,
        sources: Sources::All,
        ..ExplicitOptions::default()
    };
    let report = discover_with_report(&options, &machine);
    let mut said = report.result.as_ref().map_or_else(ToString::to_string, |found| found.hint());
    if let Ok((location, notice)) = location::resolve(text("token_cache").as_deref().map(Path::new), &machine) {
        assert!(!location.described.is_empty());
        assert_eq!(notice, None, "there is a home folder");
    }
    let mut is_reachable = false;
    if let Some(base_url) = &report.base_url {
        check_base_url(base_url, insecure);
        match route(text("proxy").as_deref(), base_url, &machine) {
            Ok(route) => {
                assert!(!(route.proxy.is_used() && is_loopback(base_url)), "{route:?}");
                if let Some(proxy) = route.proxy.url() {
                    assert!(route.description.contains(&proxy.display));
                    assert!(!proxy.host.is_empty() && !proxy.display.contains('@'), "{}", proxy.display);
                }
                said.push_str(&format!("{route:?}"));
                let summary = ConnectionSummary { proxy: Some(route.description), ..ConnectionSummary::default() };
                said.push_str(&report.explain_with(&summary));
                is_reachable = true;
            }
            Err(error) => said.push_str(&error.to_string()),
        }
    }
    said.push_str(&report.explain());
    let is_hidden = |(name, value): (&String, &Value)| value.as_str().is_none_or(|value| is_hidden(name, value));
    if given.iter().all(is_hidden) {
        assert!(!support::has_secret(said.as_bytes(), SECRET), "{said}");
    }
    Reached::accepted_if(is_reachable && report.result.is_ok())
}

/// Scheme, host and port, and over a network only by HTTPS.
fn check_base_url(base_url: &str, insecure: bool) {
    let url = Url::parse(base_url).expect("a URL");
    assert!(["http", "https"].contains(&url.scheme()), "{base_url}");
    assert_eq!((url.path(), url.query(), url.fragment()), ("/", None, None), "{base_url}");
    assert_eq!((url.username(), url.password()), ("", None), "{base_url}");
    assert!(!base_url.ends_with('/'), "{base_url}");
    assert!(url.scheme() == "https" || insecure || is_loopback(base_url), "{base_url}");
}

fn is_loopback(base_url: &str) -> bool {
    let authority = base_url.split_once("://").map_or("", |(_, rest)| rest);
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host == "localhost.",
    }
}

/// Whether nobody would write the secret into a setting at this place unless it is to be kept secret: in what is a secret
/// itself, and before the host of a proxy.
fn is_hidden(name: &str, value: &str) -> bool {
    let is_secret =
        ["client_secret", "CLIENT_SECRET", "PRIVATE", "ACCESS_TOKEN"].iter().any(|part| name.contains(part));
    let is_proxy = name.to_ascii_lowercase().contains("proxy") && !name.eq_ignore_ascii_case("no_proxy");
    let before_host = value.rsplit_once('@').map_or(value, |(_, after)| after);
    match value.contains("{secret}") {
        false => true,
        true => is_secret || is_proxy && !before_host.contains("{secret}"),
    }
}
