//! The way to the server: whose certificates are trusted and which proxy is between, by argument or environment.
use std::path::{Path, PathBuf};

use reqwest::Url;

use crate::core::auth::base_url::is_loopback;
use crate::core::auth::surroundings::{Platform, Surroundings};
use crate::core::error::Error;

/// Certificates to trust beside the platform's store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// PEM bundles.
    pub files: Vec<PathBuf>,
    /// In words: `the system's certificates and /ca.pem (REQUESTS_CA_BUNDLE)`.
    pub described: String,
}

/// Which certificates are trusted: the system's, those of `ca_file`, those that other tools' variables name.
///
/// On Linux the store itself reads `SSL_CERT_FILE` and `SSL_CERT_DIR`, which take the place of the system's.
pub fn trust(ca_file: Option<&Path>, around: &dyn Surroundings) -> Result<Trust, Error> {
    let set = |name: &'static str| around.var(name).filter(|value| !value.is_empty()).map(|value| (name, value));
    let own = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter_map(set);
    // requests looks at the second only if the first is not set.
    let bundle = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(set);
    let mut named: Vec<(String, PathBuf)> = ca_file.iter().map(|path| ("ca_file".into(), path.to_path_buf())).collect();
    named.extend(bundle.map(|(name, value)| (name.to_owned(), PathBuf::from(value))));
    let mut store = "the system's certificates".to_owned();
    if around.platform() == Platform::Linux {
        let own: Vec<String> = own.map(|(name, value)| format!("{value} ({name})")).collect();
        if !own.is_empty() {
            store = own.join(" and ");
        }
    } else {
        named.extend(own.map(|(name, value)| (name.to_owned(), PathBuf::from(value))));
    }
    let mut files = Vec::new();
    let mut described = vec![store];
    for (name, path) in named {
        files.extend(bundles(&path, &name)?);
        described.push(format!("{} ({name})", path.display()));
    }
    Ok(Trust { files, described: described.join(" and ") })
}

/// A file as it is, of a folder those files that hold certificates.
fn bundles(path: &Path, name: &str) -> Result<Vec<PathBuf>, Error> {
    let wrong = |why: String| Error::Configuration(format!("{name} is {}: {why}", path.display()));
    let facts = std::fs::metadata(path).map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    if !facts.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    let holds_certificates = |path: &PathBuf| {
        path.is_file() && std::fs::read(path).is_ok_and(|content| contains(&content, b"-----BEGIN CERTIFICATE-----"))
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(holds_certificates).collect();
    files.sort();
    if files.is_empty() { Err(wrong("the folder holds no certificate in PEM form".to_owned())) } else { Ok(files) }
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

/// Which proxy is used for a server, in words and without user information: `no proxy`,
/// `proxy http://proxy.example:3128 (HTTPS_PROXY)`.
pub fn proxy(given: Option<&str>, base_url: &str, around: &dyn Surroundings) -> String {
    let Ok(url) = Url::parse(base_url) else { return "no proxy".to_owned() };
    if is_loopback(&url) {
        return "no proxy, since the server is this machine".to_owned();
    }
    if let Some(given) = given {
        return format!("proxy {} (proxy=)", without_user(given));
    }
    let names: &[&str] = if url.scheme() == "https" {
        &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    let set = |name: &&'static str| around.var(name).filter(|value| !value.is_empty()).map(|value| (*name, value));
    let Some((name, value)) = names.iter().find_map(set) else { return "no proxy".to_owned() };
    let excluded = ["NO_PROXY", "no_proxy"].iter().find_map(set);
    match excluded {
        Some((no_proxy, hosts)) if is_excluded(url.host_str().unwrap_or_default(), &hosts) => {
            format!("no proxy, by {no_proxy}")
        }
        _ => format!("proxy {} ({name})", without_user(&value)),
    }
}

/// Whether a list as in `NO_PROXY` names a host or a domain it is in. Address ranges are not looked at.
fn is_excluded(host: &str, list: &str) -> bool {
    list.split(',')
        .map(|entry| entry.trim().trim_start_matches('.').to_ascii_lowercase())
        .any(|entry| entry == "*" || (!entry.is_empty() && (host == entry || host.ends_with(&format!(".{entry}")))))
}

fn without_user(text: &str) -> String {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    match Url::parse(&with_scheme) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or("(no host)"))
        }
        Err(_) => "(not a URL)".to_owned(),
    }
}
