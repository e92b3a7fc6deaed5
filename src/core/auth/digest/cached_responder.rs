//! Responses to a plain challenge (MD5 or SHA-256, `qop=auth`), with everything cached that does not change between
//! requests.
//!
//! `http-auth` responds to every challenge, but hashes user, realm and password anew for each request: 16,000 instructions,
//! a sixth of a create. Here it is 5,000. Other challenges are left to it, and a test compares both.
use std::hash::{BuildHasher, RandomState};

use md5::Md5;
use sha2::Sha256;

use super::challenge::Challenge;
use crate::core::secret::Secret;

/// The parts that all responses to one challenge have in common.
pub(super) struct CachedResponder {
    hash: Hash,
    /// As secret as the password: it authenticates in this realm.
    ha1: Secret,
    nonce: String,
    /// The header before the target.
    start: String,
    /// The header after the response.
    end: String,
    /// Randomly keyed: the source of client nonces.
    rng: RandomState,
    /// The last method and target, and their hash.
    ha2: Option<(String, String, String)>,
}

#[derive(Clone, Copy)]
enum Hash {
    Md5,
    Sha256,
}

impl Hash {
    fn hex(self, parts: &[&str]) -> String {
        fn digest<D: sha2::Digest>(parts: &[&str]) -> String {
            let mut hash = D::new();
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    hash.update(b":");
                }
                hash.update(part.as_bytes());
            }
            hex(&hash.finalize())
        }
        match self {
            Self::Md5 => digest::<Md5>(parts),
            Self::Sha256 => digest::<Sha256>(parts),
        }
    }
}

impl CachedResponder {
    /// `None` for any other challenge.
    pub(super) fn new(challenge: &Challenge, user: &str, password: &Secret) -> Option<Self> {
        let client = &challenge.client;
        let name = challenge.algorithm.as_str();
        let hash = match name {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            _ => return None,
        };
        let (realm, nonce, opaque) = (client.realm(), client.nonce(), client.opaque());
        let plain = |text: &str| text.is_ascii() && !text.contains(['"', '\\']);
        let is_plain = !client.rfc2069_compat()
            && !challenge.userhash
            && [user, realm, nonce, opaque.unwrap_or_default()].into_iter().all(plain);
        is_plain.then(|| CachedResponder {
            hash,
            ha1: hash.hex(&[user, realm, password.expose()]).into(),
            nonce: nonce.to_owned(),
            start: format!("Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\""),
            end: format!("\"{}, algorithm={name}", opaque.map(|o| format!(", opaque=\"{o}\"")).unwrap_or_default()),
            rng: RandomState::new(),
            ha2: None,
        })
    }

    /// The `Authorization` header of the response with this count.
    pub(super) fn respond(&mut self, method: &str, target: &str, count: u32) -> String {
        let cnonce = hex(&self.rng.hash_one(count).to_be_bytes());
        self.respond_with(method, target, count, &cnonce)
    }

    fn respond_with(&mut self, method: &str, target: &str, count: u32, cnonce: &str) -> String {
        let ha2 = match self.ha2.take() {
            Some(same) if same.0 == method && same.1 == target => same,
            _ => (method.to_owned(), target.to_owned(), self.hash.hex(&[method, target])),
        };
        let count = hex(&count.to_be_bytes());
        let response = self.hash.hex(&[self.ha1.expose(), &self.nonce, &count, cnonce, "auth", &ha2.2]);
        self.ha2 = Some(ha2);
        let parts = [
            &self.start,
            target,
            "\", qop=auth, nc=",
            &count,
            ", cnonce=\"",
            cnonce,
            "\", response=\"",
            &response,
            &self.end,
        ];
        parts.concat()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use http_auth::PasswordParams;
    use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

    use super::*;
    use crate::core::auth::digest::challenge::choose;

    const TARGET: &str = "/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/serverless?pretty=true";

    fn challenge(text: &str) -> Challenge {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, text.parse().unwrap());
        choose(&headers).unwrap().unwrap()
    }

    fn responder(text: &str) -> Option<CachedResponder> {
        CachedResponder::new(&challenge(text), "public", &"private".into())
    }

    /// The parameters of a header, in an order of their own.
    fn params(header: &str) -> Vec<String> {
        let mut params: Vec<String> = header.strip_prefix("Digest ").unwrap().split(", ").map(str::to_owned).collect();
        params.sort();
        params
    }

    #[test]
    fn responses_are_those_of_http_auth() {
        for text in [
            r#"Digest realm="MMS Public API", domain="", nonce="abc", algorithm=MD5, qop="auth", stale=false"#,
            r#"Digest realm="r", nonce="n", qop="auth,auth-int", opaque="o""#,
            r#"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
        ] {
            let (mut theirs, mut ours) = (challenge(text).client, responder(text).unwrap());
            for (count, method) in [(1, "POST"), (2, "POST"), (3, "GET")] {
                let password =
                    PasswordParams { username: "public", password: "private", uri: TARGET, method, body: None };
                assert_eq!(
                    params(&ours.respond_with(method, TARGET, count, "0a4f113b")),
                    params(&theirs.respond_with_testing_cnonce(&password, "0a4f113b").unwrap()),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn other_challenges_are_left_to_http_auth() {
        for text in [
            r#"Digest realm="r", nonce="n""#,
            r#"Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess"#,
            r#"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-512-256"#,
            r#"Digest realm="r", nonce="n", qop="auth", userhash=true"#,
            r#"Digest realm="a \"quoted\" realm", nonce="n", qop="auth""#,
        ] {
            assert!(responder(text).is_none(), "{text}");
        }
    }

    #[test]
    fn client_nonces_differ() {
        let mut responder = responder(r#"Digest realm="r", nonce="n", qop="auth""#).unwrap();
        let nonces: std::collections::HashSet<String> = (1..100)
            .map(|count| responder.respond("GET", "/", count))
            .map(|header| header.split_once("cnonce=").unwrap().1[..18].to_owned())
            .collect();
        assert_eq!(nonces.len(), 99);
    }
}
