//! Ids and fake secrets in the forms that Atlas uses.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

const HEX: &[u8] = b"0123456789abcdef";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const LOWER_DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// Makes every id of one emulator.
#[derive(Debug)]
pub(crate) struct Ids {
    random: fastrand::Rng,
    machine: String,
    counter: u32,
}

impl Ids {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let mut random = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let machine = pick(&mut random, HEX, 10);
        let counter = random.u32(0..0x00ff_ffff);
        Self { random, machine, counter }
    }

    /// An ObjectId: seconds, machine, counter.
    pub(crate) fn object_id(&mut self, now: i64) -> String {
        self.counter = self.counter.wrapping_add(1) & 0x00ff_ffff;
        format!("{:08x}{}{:06x}", now.div_euclid(1000) as u32, self.machine, self.counter)
    }

    pub(crate) fn client_id(&mut self) -> String {
        format!("mdb_sa_id_{}", self.pick(HEX, 24))
    }

    pub(crate) fn client_secret(&mut self) -> String {
        format!("mdb_sa_sk_{}", self.pick(URL_SAFE, 40))
    }

    pub(crate) fn public_key(&mut self) -> String {
        self.pick(LOWER, 8)
    }

    /// A UUID of version 4.
    pub(crate) fn private_key(&mut self) -> String {
        let variant = self.pick(b"89ab", 1);
        format!(
            "{}-{}-4{}-{variant}{}-{}",
            self.pick(HEX, 8),
            self.pick(HEX, 4),
            self.pick(HEX, 3),
            self.pick(HEX, 3),
            self.pick(HEX, 12)
        )
    }

    /// 24 random bytes, as recorded.
    pub(crate) fn nonce(&mut self) -> String {
        let mut bytes = [0_u8; 24];
        self.random.fill(&mut bytes);
        STANDARD.encode(bytes)
    }

    /// Shaped like a JWT; its signature is noise. Its times are those of this machine, whose clock the client reads them
    /// by; how long the token lives is decided by the emulator's own clock.
    pub(crate) fn access_token(&mut self, client_id: &str, lifetime: i64) -> String {
        let issued = crate::emulator::clock::real_now();
        let expires = issued.saturating_add(lifetime);
        let header = json!({"alg": "ES512", "kid": "emulator", "typ": "JWT"});
        let claims = json!({
            "iss": "https://cloud.mongodb.com",
            "sub": client_id,
            "cid": client_id,
            "iat": issued.div_euclid(1000),
            "exp": expires.div_euclid(1000),
            "jti": self.pick(HEX, 32),
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", encode(&header), encode(&claims), self.pick(URL_SAFE, 86))
    }

    fn pick(&mut self, from: &[u8], count: usize) -> String {
        pick(&mut self.random, from, count)
    }
}

fn pick(random: &mut fastrand::Rng, from: &[u8], count: usize) -> String {
    (0..count).filter_map(|_| from.get(random.usize(0..from.len()))).map(|b| char::from(*b)).collect()
}

/// A random word that depends on the id only, so that host names need not be stored.
pub(crate) fn derived(id: &str, purpose: u64, count: usize) -> String {
    let seed = id
        .bytes()
        .fold(purpose ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    pick(&mut fastrand::Rng::with_seed(seed), LOWER_DIGITS, count)
}

/// Whether this is 24 lower-case hexadecimal digits.
pub(crate) fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| HEX.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_them_repeatable_and_they_look_right() {
        let mut ids = Ids::new(Some(7));
        let id = ids.object_id(1_757_441_706_000);
        assert!(is_object_id(&id), "{id}");
        assert!(id.starts_with("68c06eaa"), "{id}");
        let secret = ids.private_key();
        assert_eq!(secret.len(), 36);
        assert_eq!(ids.public_key().len(), 8);
        assert_eq!(ids.nonce().len(), 32);
        assert_eq!(Ids::new(Some(7)).object_id(1_757_441_706_000), id);
        assert_eq!(derived(&id, 1, 7), derived(&id, 1, 7));
        assert_ne!(derived(&id, 1, 7), derived(&id, 2, 7));
    }
}
