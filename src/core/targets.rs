//! From the target of a call to its URL.
use std::sync::{Mutex, PoisonError};

use reqwest::Url;

use crate::core::error::Error;

/// One base URL, and the last target that was asked for below it: calls of one operation after another have the same, and
/// parsing it anew takes a tenth of the instructions of a call.
pub(crate) struct Targets {
    base_url: String,
    last: Mutex<Option<(String, Url)>>,
}

impl Targets {
    /// Below a base URL without a trailing slash.
    pub(crate) fn new(base_url: String) -> Self {
        Targets { base_url, last: Mutex::default() }
    }

    /// The URL of an encoded path with its query.
    pub(crate) fn url(&self, target: &str) -> Result<Url, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, url)) = last.as_ref().filter(|(of, _)| of == target) {
            return Ok(url.clone());
        }
        let url = Url::parse(&format!("{}{target}", self.base_url))
            .map_err(|e| Error::Configuration(format!("{target} is not a path ({e})")))?;
        *last = Some((target.to_owned(), url.clone()));
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_its_own_url() {
        let targets = Targets::new("http://127.0.0.1:1".to_owned());
        for target in ["/a", "/a", "/b?c=d", "/a", "/b?c=d"] {
            assert_eq!(targets.url(target).unwrap().as_str(), format!("http://127.0.0.1:1{target}"));
        }
    }
}
