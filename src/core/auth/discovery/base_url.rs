//! The base URL: scheme, host and port, and nothing else.
use reqwest::Url;

use super::options::ExplicitOptions;
use super::profile::Profile;
use crate::core::error::{Notice, NoticeKind};
use crate::core::http::network::is_loopback;
use crate::core::machine::Machine;

/// The commercial service.
pub const DEFAULT: &str = "https://cloud.mongodb.com";
/// Atlas for Government.
pub const GOVERNMENT: &str = "https://cloud.mongodbgov.com";

/// Variables with a URL, in order of precedence.
pub(crate) const URL_VARIABLES: [&str; 3] =
    ["MONGODB_ATLAS_BASE_URL", "MONGODB_ATLAS_OPS_MANAGER_URL", "MCLI_OPS_MANAGER_URL"];
/// Variables with the name of the service, used if none has a URL.
pub(crate) const SERVICE_VARIABLES: [&str; 2] = ["MONGODB_ATLAS_SERVICE", "MCLI_SERVICE"];

/// A base URL and its source.
pub(crate) type SourcedUrl = (String, String);

/// The first of argument, environment, profile and default.
pub(crate) fn choose(
    options: &ExplicitOptions,
    machine: &dyn Machine,
    profile: Option<&Profile>,
    notices: &mut Vec<Notice>,
) -> Result<SourcedUrl, String> {
    if let Some(url) = &options.base_url {
        return Ok((normalise(url, "base_url", options.allow_insecure_http)?, "arguments (base_url)".to_owned()));
    }
    let profile_url = profile.map(|profile| from_profile(profile, options.allow_insecure_http)).transpose();
    if let Some(chosen) = from_environment(machine, options.allow_insecure_http, notices)? {
        if let Ok(Some(Some((url, source)))) = profile_url
            && url != chosen.0
        {
            notices.push(Notice {
                kind: NoticeKind::Credential,
                message: format!("the base URL {} of the {} was used, not {url} of {source}", chosen.0, chosen.1),
            });
        }
        return Ok(chosen);
    }
    Ok(profile_url?.flatten().unwrap_or_else(|| (DEFAULT.to_owned(), "default".to_owned())))
}

fn from_environment(
    machine: &dyn Machine,
    insecure: bool,
    notices: &mut Vec<Notice>,
) -> Result<Option<SourcedUrl>, String> {
    let set = |name: &'static str| {
        let value = machine.var(name)?.trim().trim_matches(['"', '\'']).to_owned();
        (!value.is_empty()).then_some((name, value))
    };
    let mut urls = URL_VARIABLES.into_iter().filter_map(set);
    if let Some((name, value)) = urls.next() {
        let url = normalise(&value, name, insecure)?;
        for (other, value) in urls {
            if normalise(&value, other, true).as_deref() != Ok(url.as_str()) {
                notices.push(Notice {
                    kind: NoticeKind::Credential,
                    message: format!("{name} and {other} are both set and differ; {name} was used: unset one of them"),
                });
            }
        }
        return Ok(Some((url, format!("environment ({name})"))));
    }
    match SERVICE_VARIABLES.into_iter().find_map(set) {
        Some((name, value)) => Ok(Some((from_service(&value, name)?.to_owned(), format!("environment ({name})")))),
        None => Ok(None),
    }
}

fn from_profile(profile: &Profile, insecure: bool) -> Result<Option<SourcedUrl>, String> {
    let source = profile.to_string();
    if let Some((key, url)) = &profile.url {
        return Ok(Some((normalise(url, &format!("{key} in {source}"), insecure)?, source)));
    }
    match &profile.service {
        Some(service) => Ok(Some((from_service(service, &format!("service in {source}"))?.to_owned(), source))),
        None => Ok(None),
    }
}

fn from_service(service: &str, name: &str) -> Result<&'static str, String> {
    match service.to_ascii_lowercase().as_str() {
        "cloud" => Ok(DEFAULT),
        "cloudgov" => Ok(GOVERNMENT),
        _ => Err(format!("{name} is “{}”: Atlas is “cloud” or “cloudgov”", shortened(service))),
    }
}

/// Scheme, host and port of a URL that has nothing else; `name` is where it was given.
pub fn normalise(text: &str, name: &str, allow_insecure_http: bool) -> Result<String, String> {
    let text = text.trim();
    let Ok(url) = Url::parse(text) else {
        // Not shown: what is no URL may be a secret.
        return Err(format!("{name} is not a URL; it should look like {DEFAULT}"));
    };
    let host = match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(host)) => host.to_owned(),
        // `cloud.mongodb.com:443` is a URL with the scheme `cloud.mongodb.com`.
        _ => return Err(format!("{name} must begin with https:// and name a host, as in {DEFAULT}")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{name} (host {host}) has user information in it: give credentials as arguments instead"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{name} (host {host}) has a query or fragment; give scheme, host and port only"));
    }
    if !matches!(url.path(), "" | "/") {
        return Err(format!(
            "{name} (host {host}) has the path {}; give scheme, host and port only, paths are added by the client",
            shortened(url.path())
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) && !allow_insecure_http {
        return Err(format!(
            "{name} is http://{host}: credentials would travel unprotected. Use https://, or allow_insecure_http=True"
        ));
    }
    Ok(url.origin().ascii_serialization())
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scheme_host_and_port_remain() {
        for (given, expected) in [
            ("https://cloud.mongodb.com", "https://cloud.mongodb.com"),
            (" https://Cloud.MongoDB.com:443/ \n", "https://cloud.mongodb.com"),
            ("https://proxy.example:8443", "https://proxy.example:8443"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://localhost:1", "http://localhost:1"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://127.9.9.9", "http://127.9.9.9"),
        ] {
            assert_eq!(normalise(given, "base_url", false).as_deref(), Ok(expected), "{given}");
        }
        assert_eq!(normalise("http://example.org", "base_url", true).as_deref(), Ok("http://example.org"));
    }

    #[test]
    fn everything_else_is_named_and_refused() {
        for (given, part_of_message) in [
            ("", "not a URL"),
            ("cloud.mongodb.com", "not a URL"),
            ("cloud.mongodb.com:443", "must begin with https://"),
            ("ftp://cloud.mongodb.com", "must begin with https://"),
            ("https://", "not a URL"),
            ("https://MARK:MARK@cloud.mongodb.com", "user information"),
            ("https://cloud.mongodb.com?token=MARK", "query or fragment"),
            ("https://cloud.mongodb.com/#MARK", "query or fragment"),
            ("https://cloud.mongodb.com/api/atlas/v2", "has the path /api/atlas/v2"),
            ("http://cloud.mongodb.com", "allow_insecure_http"),
            ("http://127.0.0.1.example.org", "allow_insecure_http"),
            ("http://localhost.example.org", "allow_insecure_http"),
        ] {
            let message = normalise(given, "base_url", false).unwrap_err();
            assert!(message.contains(part_of_message), "{given}: {message}");
            assert!(message.starts_with("base_url"), "{message}");
            assert!(!message.contains("MARK"), "{message}");
        }
    }
}
