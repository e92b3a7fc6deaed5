//! From the target of a call to its URL.
use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use reqwest::Url;

use crate::core::error::Error;

/// Where a request goes: for digests and messages, and for the connection.
#[derive(Debug)]
pub(crate) struct Target {
    /// The path with its query, as the call has it.
    path: String,
    pub(crate) url: Url,
    pub(crate) uri: Uri,
}

/// One base URL, and the last target that was asked for below it: calls of one operation after another have the same, and
/// parsing it anew takes a tenth of the instructions of a call.
pub(crate) struct Targets {
    base_url: String,
    last: Mutex<Option<Arc<Target>>>,
}

impl Targets {
    /// Below a base URL without a trailing slash.
    pub(crate) fn new(base_url: String) -> Self {
        Targets { base_url, last: Mutex::default() }
    }

    /// The URL of an encoded path with its query.
    pub(crate) fn get(&self, path: &str) -> Result<Arc<Target>, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = last.as_ref().filter(|target| target.path == path) {
            return Ok(target.clone());
        }
        let url = Url::parse(&format!("{}{path}", self.base_url))
            .map_err(|e| Error::Configuration(format!("{path} is not a path ({e})")))?;
        let target = Arc::new(Target { path: path.to_owned(), uri: uri(&url)?, url });
        *last = Some(target.clone());
        Ok(target)
    }
}

/// A URL as the HTTP client has it.
pub(crate) fn uri(url: &Url) -> Result<Uri, Error> {
    let uri = Uri::try_from(url.as_str());
    uri.map_err(|e| Error::Configuration(format!("{} cannot be asked for ({e})", url.path())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_its_own_url() {
        let targets = Targets::new("http://127.0.0.1:1".to_owned());
        for path in ["/a", "/a", "/b?c=d", "/a", "/b?c=d"] {
            let target = targets.get(path).unwrap();
            assert_eq!(target.url.as_str(), format!("http://127.0.0.1:1{path}"));
            assert_eq!(target.uri.to_string(), format!("http://127.0.0.1:1{path}"));
        }
    }
}
