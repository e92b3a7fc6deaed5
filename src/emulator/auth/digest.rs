//! HTTP Digest (RFC 7616), the server's side: challenges, nonces, and the verification of answers.

use std::collections::{BTreeSet, HashMap};

use md5::{Digest as _, Md5};
use sha2::Sha256;

use crate::emulator::options::{DigestAlgorithm, Options};
use crate::emulator::store::ids::Ids;

pub(crate) const REALM: &str = "MMS Public API";

/// Nonces that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    issued: HashMap<String, Nonce>,
}

#[derive(Debug)]
struct Nonce {
    /// Milliseconds since the epoch.
    issued: i64,
    uses: u32,
    /// Every count below this was seen.
    below: u32,
    /// Counts seen at or above `below`: concurrent callers come out of order.
    seen: BTreeSet<u32>,
    stale: bool,
}

/// Why an answer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The nonce is too old or used up: come again with a new one.
    Stale,
    /// The nonce was never handed out.
    UnknownNonce,
    /// This nonce count was used before.
    Replayed,
    /// User, secret, path or form don't fit.
    Wrong,
}

impl Refusal {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Refusal::Stale => "the nonce is stale",
            Refusal::UnknownNonce => "the nonce is unknown",
            Refusal::Replayed => "the nonce count was used before",
            Refusal::Wrong => "the digest does not fit",
        }
    }
}

impl Nonces {
    /// The `Www-Authenticate` values of a new challenge.
    pub(crate) fn challenge(&mut self, ids: &mut Ids, options: &Options, now: i64, stale: bool) -> Vec<String> {
        if self.issued.len() % 1024 == 1023 {
            let oldest = now.saturating_sub(lifetime(options).saturating_mul(2));
            self.issued.retain(|_, nonce| nonce.issued > oldest);
        }
        let nonce = ids.nonce();
        let fresh = Nonce { issued: now, uses: 0, below: 1, seen: BTreeSet::new(), stale: false };
        self.issued.insert(nonce.clone(), fresh);
        let algorithms: &[&str] = match options.digest_algorithm {
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

    /// Makes one nonce stale.
    pub(crate) fn expire(&mut self, nonce: &str) {
        if let Some(nonce) = self.issued.get_mut(nonce) {
            nonce.stale = true;
        }
    }

    /// Makes every nonce stale.
    pub(crate) fn expire_all(&mut self) -> usize {
        self.issued.values_mut().for_each(|nonce| nonce.stale = true);
        self.issued.len()
    }

    /// Accepts each count of a nonce once.
    fn admit(&mut self, nonce: &str, count: u32, options: &Options, now: i64) -> Result<(), Refusal> {
        let nonce = self.issued.get_mut(nonce).ok_or(Refusal::UnknownNonce)?;
        let used_up = options.nonce_uses.is_some_and(|most| nonce.uses >= most);
        if nonce.stale || used_up || now.saturating_sub(nonce.issued) > lifetime(options) {
            return Err(Refusal::Stale);
        }
        if count < nonce.below || !nonce.seen.insert(count) {
            return Err(Refusal::Replayed);
        }
        while nonce.seen.remove(&nonce.below) {
            nonce.below = nonce.below.saturating_add(1);
        }
        nonce.uses += 1;
        Ok(())
    }
}

fn lifetime(options: &Options) -> i64 {
    i64::try_from(options.nonce_lifetime.as_millis()).unwrap_or(i64::MAX)
}

/// The parameters of an `Authorization: Digest …` header.
pub(crate) fn parse(value: &str) -> HashMap<String, String> {
    let mut out = HashMap::new();
    let mut rest = value.trim();
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([' ', ',', '\t']).to_ascii_lowercase();
        let (text, left) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            quoted_string(quoted)
        } else {
            let (text, left) = after.split_once(',').unwrap_or((after, ""));
            (text.trim().to_owned(), left)
        };
        out.insert(key, text);
        rest = left;
    }
    out
}

fn quoted_string(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => {
                out.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (out, text.get(at + 1..).unwrap_or_default()),
            other => out.push(other),
        }
    }
    (out, "")
}

/// Checks an answer. `target` is the request target as it stands in the request line.
pub(crate) fn verify(
    nonces: &mut Nonces,
    options: &Options,
    answer: &HashMap<String, String>,
    secret: &str,
    method: &str,
    target: &str,
    now: i64,
) -> Result<(), Refusal> {
    let get = |name: &str| answer.get(name).map(String::as_str).unwrap_or_default();
    let (nonce, nc, uri) = (get("nonce"), get("nc"), get("uri"));
    let algorithm = if get("algorithm").is_empty() { "MD5" } else { get("algorithm") };
    let hash: fn(&str) -> String = match (options.digest_algorithm, algorithm.to_ascii_uppercase().as_str()) {
        (DigestAlgorithm::Md5 | DigestAlgorithm::Both, "MD5") => md5,
        (DigestAlgorithm::Sha256 | DigestAlgorithm::Both, "SHA-256") => sha256,
        _ => return Err(Refusal::Wrong),
    };
    if get("realm") != REALM || get("qop") != "auth" || nc.len() != 8 || !same_target(uri, target) {
        return Err(Refusal::Wrong);
    }
    let count = u32::from_str_radix(nc, 16).map_err(|_| Refusal::Wrong)?;
    let user = hash(&format!("{}:{REALM}:{secret}", get("username")));
    let request = hash(&format!("{method}:{uri}"));
    let expected = hash(&format!("{user}:{nonce}:{nc}:{}:auth:{request}", get("cnonce")));
    if !expected.eq_ignore_ascii_case(get("response")) {
        return Err(if nonces.issued.contains_key(nonce) { Refusal::Wrong } else { Refusal::UnknownNonce });
    }
    nonces.admit(nonce, count, options, now)
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

    /// RFC 7616, section 3.9.1, with our realm's place taken by a computed response.
    #[test]
    fn answers_are_parsed_and_verified_once_per_count() {
        let options = Options::default();
        let mut ids = Ids::new(Some(1));
        let mut nonces = Nonces::default();
        let challenge = nonces.challenge(&mut ids, &options, 0, false).remove(0);
        let nonce = parse(challenge.strip_prefix("Digest ").unwrap()).remove("nonce").unwrap();
        let answer = |nc: u32| {
            let user = md5(&format!("abc:{REALM}:s3cret"));
            let request = md5("GET:/x?y=1");
            let response = md5(&format!("{user}:{nonce}:{nc:08x}:cn:auth:{request}"));
            parse(&format!(
                "username=\"abc\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"/x?y=1\", qop=auth, nc={nc:08x}, \
                 cnonce=\"cn\", response=\"{response}\", algorithm=MD5"
            ))
        };
        let mut check =
            |nc, secret, target, now| verify(&mut nonces, &options, &answer(nc), secret, "GET", target, now);
        assert_eq!(check(2, "s3cret", "/x?y=1", 0), Ok(()));
        assert_eq!(check(1, "s3cret", "/x?y=1", 0), Ok(()), "out of order is fine");
        assert_eq!(check(2, "s3cret", "/x?y=1", 0), Err(Refusal::Replayed));
        assert_eq!(check(3, "other", "/x?y=1", 0), Err(Refusal::Wrong));
        assert_eq!(check(3, "s3cret", "/other", 0), Err(Refusal::Wrong));
        assert_eq!(check(3, "s3cret", "/x?y=1", 300_001), Err(Refusal::Stale));
    }

    #[test]
    fn quoted_values_may_hold_commas_and_quotes() {
        let parsed = parse(r#"username="a,\"b", nc=00000001, qop=auth"#);
        assert_eq!(parsed.get("username").unwrap(), "a,\"b");
        assert_eq!(parsed.get("nc").unwrap(), "00000001");
    }
}
