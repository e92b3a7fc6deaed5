//! From the target of a call to its URL.
use std::sync::{Arc, Mutex, PoisonError};

use http::uri::PathAndQuery;
use reqwest::Url;

use crate::core::error::Error;

/// Where a request goes: for digests and messages, and for the connection.
#[derive(Debug)]
pub(crate) struct Target {
    /// As the call has it.
    asked: String,
    pub(crate) url: Url,
    pub(crate) path: PathAndQuery,
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
    pub(crate) fn get(&self, asked: &str) -> Result<Arc<Target>, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = last.as_ref().filter(|target| target.asked == asked) {
            return Ok(target.clone());
        }
        let url = Url::parse(&format!("{}{asked}", self.base_url))
            .map_err(|e| Error::Configuration(format!("{asked} is not a path ({e})")))?;
        let target = Arc::new(Target { asked: asked.to_owned(), path: path(&url)?, url });
        *last = Some(target.clone());
        Ok(target)
    }
}

/// Path and query of a URL.
pub(crate) fn path(url: &Url) -> Result<PathAndQuery, Error> {
    let (path, query) = (url.path(), url.query());
    let asked = query.map_or_else(|| PathAndQuery::try_from(path), |query| format!("{path}?{query}").try_into());
    asked.map_err(|e| Error::Configuration(format!("{path} cannot be asked for ({e})")))
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
            assert_eq!(target.path, path);
        }
    }
}
