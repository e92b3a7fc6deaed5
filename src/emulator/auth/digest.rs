//! HTTP Digest (RFC 7616), the server's side: challenges, and the verification of answers.

use std::collections::HashMap;

use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::emulator::options::{DigestAlgorithm, Options};
use crate::emulator::store::Store;
use crate::emulator::store::nonces::{NonceError, NonceLimits};

const REALM: &str = "MMS Public API";

/// Why an answer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Nonce(NonceError),
    /// User, secret, path or algorithm are not those of the request.
    Mismatch,
}

impl Refusal {
    /// For the request log.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Refusal::Nonce(NonceError::Stale) => "the nonce is stale",
            Refusal::Nonce(NonceError::Unknown) => "the nonce is unknown",
            Refusal::Nonce(NonceError::Replayed) => "the nonce count was used before",
            Refusal::Mismatch => "the digest does not match",
        }
    }
}

/// The `Www-Authenticate` values of a new challenge.
pub(crate) fn challenge(store: &mut Store, stale: bool) -> Vec<String> {
    let now = store.now();
    let nonce = store.nonces.issue(&mut store.ids, limits(&store.options), now);
    let algorithms: &[&str] = match store.options.digest_algorithm {
        DigestAlgorithm::Md5 => &["MD5"],
        DigestAlgorithm::Sha256 => &["SHA-256"],
        DigestAlgorithm::Both => &["SHA-256", "MD5"],
    };
    algorithms
        .iter()
        .map(|algorithm| {
            format!(
                "Digest realm=\"{REALM}\", domain=\"\", nonce=\"{nonce}\", algorithm={algorithm}, \
                 qop=\"auth\", stale={stale}"
            )
        })
        .collect()
}

fn limits(options: &Options) -> NonceLimits {
    let lifetime = i64::try_from(options.nonce_lifetime.as_millis()).unwrap_or(i64::MAX);
    NonceLimits { lifetime, uses: options.nonce_uses }
}

/// Checks an answer. `target` is the request target as it stands in the request line.
pub(crate) fn verify(
    store: &mut Store,
    answer: &HashMap<String, String>,
    secret: &str,
    method: &str,
    target: &str,
) -> Result<(), Refusal> {
    let get = |name: &str| answer.get(name).map(String::as_str).unwrap_or_default();
    let (nonce, nc, uri) = (get("nonce"), get("nc"), get("uri"));
    let algorithm = if get("algorithm").is_empty() { "MD5" } else { get("algorithm") };
    let hash: fn(&str) -> String = match (store.options.digest_algorithm, algorithm.to_ascii_uppercase().as_str()) {
        (DigestAlgorithm::Md5 | DigestAlgorithm::Both, "MD5") => md5,
        (DigestAlgorithm::Sha256 | DigestAlgorithm::Both, "SHA-256") => sha256,
        _ => return Err(Refusal::Mismatch),
    };
    if get("realm") != REALM || get("qop") != "auth" || nc.len() != 8 || !same_target(uri, target) {
        return Err(Refusal::Mismatch);
    }
    let count = u32::from_str_radix(nc, 16).map_err(|_| Refusal::Mismatch)?;
    let user = hash(&format!("{}:{REALM}:{secret}", get("username")));
    let request = hash(&format!("{method}:{uri}"));
    let expected = hash(&format!("{user}:{nonce}:{nc}:{}:auth:{request}", get("cnonce")));
    if !expected.eq_ignore_ascii_case(get("response")) {
        let known = store.nonces.is_known(nonce);
        return Err(if known { Refusal::Mismatch } else { Refusal::Nonce(NonceError::Unknown) });
    }
    let now = store.now();
    store.nonces.accept(nonce, count, limits(&store.options), now).map_err(Refusal::Nonce)
}

/// A client may sign the target, or the absolute address of it.
fn same_target(uri: &str, target: &str) -> bool {
    uri == target
        || uri
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)))
            .is_some_and(|path| path == target)
}

fn md5(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::clock::ClockMode;
    use crate::emulator::http::authorization::digest_parameters;

    /// As in RFC 7616, section 3.9.1, with the realm of Atlas.
    #[test]
    fn answers_are_parsed_and_verified_once_per_count() {
        let clock = ClockMode::Manual { start: Some(0.0) };
        let mut store = Store::new(Options { clock, random_seed: Some(1), ..Options::default() });
        let challenge = challenge(&mut store, false).remove(0);
        let nonce = digest_parameters(&challenge).remove("nonce").unwrap();
        let answer = |nc: u32| {
            let user = md5(&format!("abc:{REALM}:s3cret"));
            let request = md5("GET:/x?y=1");
            let response = md5(&format!("{user}:{nonce}:{nc:08x}:cn:auth:{request}"));
            digest_parameters(&format!(
                "Digest username=\"abc\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"/x?y=1\", qop=auth, \
                 nc={nc:08x}, cnonce=\"cn\", response=\"{response}\", algorithm=MD5"
            ))
        };
        let mut check = |nc, secret, target| verify(&mut store, &answer(nc), secret, "GET", target);
        assert_eq!(check(2, "s3cret", "/x?y=1"), Ok(()));
        assert_eq!(check(1, "s3cret", "/x?y=1"), Ok(()), "out of order is fine");
        assert_eq!(check(2, "s3cret", "/x?y=1"), Err(Refusal::Nonce(NonceError::Replayed)));
        assert_eq!(check(3, "other", "/x?y=1"), Err(Refusal::Mismatch));
        assert_eq!(check(3, "s3cret", "/other"), Err(Refusal::Mismatch));
        store.clock.set(300_001);
        assert_eq!(verify(&mut store, &answer(3), "s3cret", "GET", "/x?y=1"), Err(Refusal::Nonce(NonceError::Stale)));
    }
}
