//! The nonces of digest challenges, and which of their counts were used.

use std::collections::{BTreeSet, HashMap};

use super::ids::Ids;

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

/// Why a nonce was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonceError {
    /// Too old or used up: the caller needs a new one.
    Stale,
    /// Never issued.
    Unknown,
    /// This nonce count was used before.
    Replayed,
}

/// How long and how often a nonce is accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NonceLimits {
    /// Milliseconds.
    pub(crate) lifetime: i64,
    pub(crate) uses: Option<u32>,
}

impl Nonces {
    pub(crate) fn issue(&mut self, ids: &mut Ids, limits: NonceLimits, now: i64) -> String {
        if self.issued.len() % 1024 == 1023 {
            let oldest = now.saturating_sub(limits.lifetime.saturating_mul(2));
            self.issued.retain(|_, nonce| nonce.issued > oldest);
        }
        let text = ids.nonce();
        let nonce = Nonce { issued: now, uses: 0, below: 1, seen: BTreeSet::new(), stale: false };
        self.issued.insert(text.clone(), nonce);
        text
    }

    pub(crate) fn is_known(&self, nonce: &str) -> bool {
        self.issued.contains_key(nonce)
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
    pub(crate) fn accept(&mut self, nonce: &str, count: u32, limits: NonceLimits, now: i64) -> Result<(), NonceError> {
        let nonce = self.issued.get_mut(nonce).ok_or(NonceError::Unknown)?;
        let used_up = limits.uses.is_some_and(|max| nonce.uses >= max);
        if nonce.stale || used_up || now.saturating_sub(nonce.issued) > limits.lifetime {
            return Err(NonceError::Stale);
        }
        if count < nonce.below || !nonce.seen.insert(count) {
            return Err(NonceError::Replayed);
        }
        while nonce.seen.remove(&nonce.below) {
            nonce.below = nonce.below.saturating_add(1);
        }
        nonce.uses += 1;
        Ok(())
    }
}
