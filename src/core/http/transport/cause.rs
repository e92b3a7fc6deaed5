//! Why a connection could not be opened.
use std::error::Error as StdError;

/// What prevents a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailureCause {
    /// The server's certificate is not trusted, or not its own, or not of this time.
    Certificate,
    /// The TLS handshake failed: it is no TLS server, or the two share no version.
    Tls,
    /// The proxy did not open the connection.
    Proxy,
    /// Anything else.
    #[default]
    Other,
}

impl FailureCause {
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(e) = next {
            match e.downcast_ref::<rustls::Error>() {
                Some(rustls::Error::InvalidCertificate(_)) => return Self::Certificate,
                Some(_) => return Self::Tls,
                // The type of this error of hyper-util is private.
                None if e.to_string().starts_with("tunnel error") => return Self::Proxy,
                None => {}
            }
            // The error inside an I/O error is not its source.
            let inner = e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = inner.map_or_else(|| e.source(), |inner| Some(inner));
        }
        Self::Other
    }
}

/// The chain of causes in words. The outermost layers of reqwest and hyper-util are left out: they name the URL, or nothing.
pub(super) fn describe(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for e in std::iter::successors(Some(error), |&e| e.source()) {
        if e.is::<reqwest::Error>() || e.is::<hyper_util::client::legacy::Error>() {
            continue;
        }
        let text = e.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    if parts.is_empty() { "no further reason given".to_owned() } else { parts.join(": ") }
}
