//! Why a connection could not be opened.
use std::error::Error as StdError;

use rustls::CertificateError;

use super::socket::is_foreign;

/// What prevents a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailureCause {
    /// Nobody who is trusted has signed the server's certificate.
    UnknownAuthority,
    /// The server's certificate is that of another name.
    OtherName,
    /// The server's certificate has expired, or is not valid yet, by this machine's clock.
    OtherTime,
    /// The server's certificate is wrong in another way.
    Certificate,
    /// The TLS handshake failed: it is no TLS server, or the two share no version.
    Tls,
    /// The proxy asks who this is.
    ProxyUser,
    /// The proxy did not open the connection.
    Proxy,
    /// The host, or the proxy's, has no address.
    UnknownHost,
    /// The request cannot be sent at all.
    Setup,
    /// Anything else.
    #[default]
    Other,
}

impl FailureCause {
    /// Whether it would be the same the next time.
    pub(super) fn is_final(self) -> bool {
        use FailureCause::{Certificate, OtherName, OtherTime, ProxyUser, Setup, UnknownAuthority};
        matches!(self, UnknownAuthority | OtherName | OtherTime | Certificate | ProxyUser | Setup)
    }

    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let (mut next, mut found) = (Some(error), Self::Other);
        while let Some(e) = next {
            match e.downcast_ref::<rustls::Error>() {
                Some(rustls::Error::InvalidCertificate(why)) => return Self::of_certificate(why),
                Some(_) => return Self::Tls,
                None => {}
            }
            if e.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_builder)
                || e.downcast_ref::<std::io::Error>().is_some_and(is_foreign)
            {
                return Self::Setup;
            }
            // The types of these errors of hyper-util are private.
            match e.to_string() {
                text if text.starts_with("tunnel error: proxy authorization") => return Self::ProxyUser,
                text if text.contains("dns error") || text == "invalid dns name" => return Self::UnknownHost,
                // Why may follow.
                text if text.starts_with("tunnel error") => found = Self::Proxy,
                _ => {}
            }
            // The error inside an I/O error is not its source.
            let inner = e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = inner.map_or_else(|| e.source(), |inner| Some(inner));
        }
        found
    }

    fn of_certificate(why: &CertificateError) -> Self {
        use CertificateError as Why;
        match why {
            Why::UnknownIssuer => Self::UnknownAuthority,
            Why::NotValidForName | Why::NotValidForNameContext { .. } => Self::OtherName,
            Why::Expired | Why::ExpiredContext { .. } | Why::NotValidYet | Why::NotValidYetContext { .. } => {
                Self::OtherTime
            }
            _ => Self::Certificate,
        }
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

#[cfg(test)]
mod tests {
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_apart() {
        let time = UnixTime::now();
        let expected = ServerName::try_from("cloud.mongodb.com").unwrap();
        for (why, cause) in [
            (CertificateError::UnknownIssuer, FailureCause::UnknownAuthority),
            (CertificateError::NotValidForName, FailureCause::OtherName),
            (CertificateError::NotValidForNameContext { expected, presented: Vec::new() }, FailureCause::OtherName),
            (CertificateError::Expired, FailureCause::OtherTime),
            (CertificateError::ExpiredContext { time, not_after: time }, FailureCause::OtherTime),
            (CertificateError::NotValidYet, FailureCause::OtherTime),
            (CertificateError::NotValidYetContext { time, not_before: time }, FailureCause::OtherTime),
            (CertificateError::Revoked, FailureCause::Certificate),
        ] {
            let error = std::io::Error::other(rustls::Error::InvalidCertificate(why.clone()));
            assert_eq!(FailureCause::of(&error), cause, "{why:?}");
            assert!(cause.is_final(), "{why:?}");
        }
        let others = [FailureCause::Tls, FailureCause::Proxy, FailureCause::UnknownHost, FailureCause::Other];
        assert!(others.into_iter().all(|cause| !cause.is_final()));
    }
}
