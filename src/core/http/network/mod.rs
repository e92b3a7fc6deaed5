//! The way to the server: whose certificates are trusted and which proxy is between, by argument or environment.
pub mod route;

use std::path::{Path, PathBuf};

use reqwest::Url;

use crate::core::error::Error;
use crate::core::machine::{Machine, Platform};

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
pub fn trust(ca_file: Option<&Path>, machine: &dyn Machine) -> Result<Trust, Error> {
    let set = |name: &'static str| machine.var(name).filter(|value| !value.is_empty()).map(|value| (name, value));
    let own = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter_map(set);
    // requests looks at the second only if the first is not set.
    let bundle = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(set);
    let mut named: Vec<(String, PathBuf)> = ca_file.iter().map(|path| ("ca_file".into(), path.to_path_buf())).collect();
    named.extend(bundle.map(|(name, value)| (name.to_owned(), PathBuf::from(value))));
    let mut store = "the system's certificates".to_owned();
    if machine.platform() == Platform::Linux {
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

/// Whether a URL stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => bare.trim_end_matches('.') == "localhost",
    }
}
