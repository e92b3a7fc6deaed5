//! Credentials: a bearer token, or a kept challenge of HTTP Digest.
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use base64::Engine;
use md5::{Digest, Md5};
use reqwest::header::HeaderValue;

use crate::Err;

pub(crate) const PUBLIC_KEY: &str = "benchpub";
pub(crate) const PRIVATE_KEY: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const CLIENT_ID: &str = "mdb_sa_id_0123456789abcdef01234567";
pub(crate) const CLIENT_SECRET: &str = "mdb_sa_sk_benchmarkbenchmarkbenchmark";
pub(crate) const MEDIA_TYPE: &str = "application/vnd.atlas.2025-03-12+json";
pub(crate) const PATH: &str = "/api/atlas/v2/groups/5f1b2c3d4e5f6a7b8c9d0e1f/serverless";

pub(crate) fn hex_md5(s: &str) -> String {
    Md5::digest(s.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// Digest state kept between requests: a challenge and how often it was used.
pub(crate) struct Challenge {
    nonce: String,
    ha1: String,
    nc: AtomicU32,
}

pub(crate) enum Auth {
    Bearer(HeaderValue),
    Digest { ha2: String, live: Mutex<Option<Arc<Challenge>>>, naive: bool },
}

impl Auth {
    pub(crate) fn digest(naive: bool) -> Self {
        Auth::Digest { ha2: hex_md5(&format!("POST:{PATH}")), live: Mutex::default(), naive }
    }
    /// The header to send without asking the server first, if there is one.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        match self {
            Auth::Bearer(h) => Some(h.clone()),
            Auth::Digest { ha2, live, naive } => {
                let c = live.lock().unwrap().clone().filter(|_| !naive)?;
                Some(Self::answer(&c, ha2))
            }
        }
    }
    fn answer(c: &Challenge, ha2: &str) -> HeaderValue {
        let n = c.nc.fetch_add(1, Relaxed) + 1;
        let nonce = &c.nonce;
        let cnonce = format!("{:016x}", (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let resp = hex_md5(&format!("{}:{nonce}:{n:08x}:{cnonce}:auth:{ha2}", c.ha1));
        HeaderValue::from_str(&format!(
            "Digest username=\"{PUBLIC_KEY}\", realm=\"MMS Public API\", nonce=\"{nonce}\", uri=\"{PATH}\", \
             response=\"{resp}\", algorithm=MD5, qop=auth, nc={n:08x}, cnonce=\"{cnonce}\""
        ))
        .unwrap()
    }
    /// Takes a 401's challenge; the header to retry with.
    pub(crate) fn challenged(&self, www: &str) -> Result<HeaderValue, Err> {
        let Auth::Digest { ha2, live, .. } = self else { return Err("401 with a bearer token".into()) };
        let get = |k: &str| {
            let at = www.find(&format!("{k}=\""))? + k.len() + 2;
            www[at..].split('"').next()
        };
        let (nonce, realm) = (get("nonce").ok_or("no nonce")?, get("realm").ok_or("no realm")?);
        let ha1 = hex_md5(&format!("{PUBLIC_KEY}:{realm}:{PRIVATE_KEY}"));
        let c = Arc::new(Challenge { nonce: nonce.into(), ha1, nc: AtomicU32::new(0) });
        let h = Self::answer(&c, ha2);
        *live.lock().unwrap() = Some(c);
        Ok(h)
    }
}

pub(crate) fn basic() -> String {
    let raw = format!("{CLIENT_ID}:{CLIENT_SECRET}");
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(raw))
}
