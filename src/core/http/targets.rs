//! The URL of a call, parsed once for calls to the same target.
use std::sync::{Arc, Mutex, PoisonError};

use http::uri::PathAndQuery;
use reqwest::Url;

use crate::core::error::{Error, Violation};

/// Where a request goes: the URL for Digest and messages, the path for the connection.
#[derive(Debug)]
pub(crate) struct RequestTarget {
    /// Encoded path and query, as the call has them.
    target: String,
    pub(crate) url: Url,
    pub(crate) path: PathAndQuery,
}

/// What no path may have: URLs are parsed without tabs and line breaks, so that `.<tab>.` becomes `..`.
fn has_control_characters(target: &str) -> bool {
    target.contains(char::is_control)
}

/// The last target below one base URL. Successive calls often have the same target, and parsing it takes a tenth of the
/// instructions of a call.
pub(crate) struct TargetCache {
    base_url: String,
    /// The path of the base URL; nearly always empty.
    base_path: String,
    last: Mutex<Option<Arc<RequestTarget>>>,
}

impl TargetCache {
    /// `base_url` has no trailing slash.
    pub(crate) fn new(base_url: String) -> Self {
        let base_path =
            Url::parse(&base_url).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
        TargetCache { base_url, base_path, last: Mutex::default() }
    }

    /// The URL of an encoded path with its query.
    pub(crate) fn get(&self, target: &str) -> Result<Arc<RequestTarget>, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = last.as_ref().filter(|cached| cached.target == target) {
            return Ok(cached.clone());
        }
        let url = Url::parse(&format!("{}{target}", self.base_url))
            .map_err(|e| Error::Configuration(format!("{target} is not a path ({e})")))?;
        // Parsing resolves `.` and `..` and drops what a URL cannot hold: then another path would be asked for.
        let path = path(&url)?;
        let is_as_asked = path.as_str().strip_prefix(&*self.base_path) == Some(target) && url.fragment().is_none();
        if !is_as_asked || has_control_characters(target) {
            return Err(Error::Validation(vec![Violation {
                path: "path".to_owned(),
                message:
                    "cannot be asked for as it is: a URL is read without the segments . and .., line breaks and tabs"
                        .to_owned(),
                value: target.into(),
                rule: "pattern".to_owned(),
            }]));
        }
        let parsed = Arc::new(RequestTarget { target: target.to_owned(), path, url });
        *last = Some(parsed.clone());
        Ok(parsed)
    }
}

/// Path and query of a URL.
pub(crate) fn path(url: &Url) -> Result<PathAndQuery, Error> {
    let (path, query) = (url.path(), url.query());
    let asked = query.map_or_else(|| PathAndQuery::try_from(path), |query| format!("{path}?{query}").try_into());
    // A path that is too long has megabytes.
    let start = || path.chars().take(200).collect::<String>();
    asked.map_err(|e| Error::Configuration(format!("{} cannot be asked for ({e})", start())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_its_own_url() {
        let targets = TargetCache::new("http://127.0.0.1:1".to_owned());
        for path in ["/a", "/a", "/b?c=d", "/a", "/b?c=d"] {
            let target = targets.get(path).unwrap();
            assert_eq!(target.url.as_str(), format!("http://127.0.0.1:1{path}"));
            assert_eq!(target.path, path);
        }
    }
}
