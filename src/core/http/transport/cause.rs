//! Why a connection could not be made, and how to say it.
use std::error::Error as StdError;

/// What is in the way of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cause {
    /// The server's certificate is not trusted, or not its own, or not of this time.
    Certificate,
    /// TLS cannot be agreed on: it is no TLS server, or the handshake broke.
    Tls,
    /// The proxy would not make the connection.
    Proxy,
    /// Anything else.
    #[default]
    Other,
}

impl Cause {
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(e) = next {
            match e.downcast_ref::<rustls::Error>() {
                Some(rustls::Error::InvalidCertificate(_)) => return Self::Certificate,
                Some(_) => return Self::Tls,
                // Its type is private.
                None if e.to_string().starts_with("tunnel error") => return Self::Proxy,
                None => {}
            }
            // What an I/O error carries is not its source.
            let carried = e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = carried.map_or_else(|| e.source(), |carried| Some(carried));
        }
        Self::Other
    }
}

/// The innermost causes of an error, without URLs and without the layers that say nothing.
pub(super) fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for e in std::iter::successors(Some(error), |&e| e.source()) {
        if e.is::<reqwest::Error>() || e.is::<hyper_util::client::legacy::Error>() {
            continue;
        }
        let text = e.to_string();
        if !said.iter().any(|s| s.contains(&text)) {
            said.push(text);
        }
    }
    if said.is_empty() { "no further reason given".to_owned() } else { said.join(": ") }
}
