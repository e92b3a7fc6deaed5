//! The access tokens that were issued, and the rate limit on asking for them.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::identity::Identity;
use super::ids::Ids;

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) client_id: String,
    /// Milliseconds since the epoch.
    pub(crate) expires: i64,
    /// Whether it counts towards the limit of its account.
    pub(crate) counted: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    issued: HashMap<String, Token>,
    /// When each client asked, in the last minute.
    asked: HashMap<(IpAddr, String), Vec<i64>>,
    /// The ready-made token of the default service account.
    default_token: String,
}

impl Tokens {
    pub(crate) fn issue(&mut self, ids: &mut Ids, client_id: &str, now: i64, lifetime: i64, counted: bool) -> String {
        if self.issued.len() % 512 == 511 {
            self.issued.retain(|_, token| token.expires > now);
        }
        let expires = now.saturating_add(lifetime);
        let text = ids.access_token(client_id, lifetime);
        self.issued.insert(text.clone(), Token { client_id: client_id.to_owned(), expires, counted });
        text
    }

    /// A valid token that nobody had to ask for.
    pub(crate) fn default_token(&mut self, ids: &mut Ids, client_id: &str, now: i64, lifetime: i64) -> String {
        if self.check(&self.default_token, now).is_none_or(|id| id != client_id) {
            self.default_token = self.issue(ids, client_id, now, lifetime, false);
        }
        self.default_token.clone()
    }

    /// Whose token it is, if it is valid.
    pub(crate) fn check(&self, token: &str, now: i64) -> Option<&str> {
        self.issued.get(token).filter(|t| t.expires > now).map(|t| t.client_id.as_str())
    }

    pub(crate) fn live(&self, client_id: &str, now: i64) -> usize {
        self.issued.values().filter(|t| t.counted && t.expires > now && t.client_id == client_id).count()
    }

    pub(crate) fn revoke(&mut self, token: &str, client_id: &str) {
        if self.issued.get(token).is_some_and(|t| t.client_id == client_id) {
            self.issued.remove(token);
        }
    }

    pub(crate) fn revoke_all(&mut self) -> usize {
        let count = self.issued.len();
        self.issued.clear();
        count
    }

    /// Counts a request; `Err` is the seconds to wait.
    pub(crate) fn throttle(&mut self, address: IpAddr, client_id: &str, now: i64, limit: u32) -> Result<(), u64> {
        let asked = self.asked.entry((address, client_id.to_owned())).or_default();
        asked.retain(|at| *at > now - 60_000 && *at <= now);
        if asked.len() >= limit as usize {
            let first = asked.first().copied().unwrap_or(now);
            let wait = u64::try_from(first + 60_000 - now).unwrap_or(60_000);
            return Err(wait.div_ceil(1000).max(1));
        }
        asked.push(now);
        Ok(())
    }

    /// Tokens stay valid, but none counts any more.
    pub(crate) fn reset(&mut self, identities: &BTreeMap<String, Identity>) {
        self.issued.retain(|_, token| identities.contains_key(&token.client_id));
        self.issued.values_mut().for_each(|token| token.counted = false);
        self.asked.clear();
    }

    pub(crate) fn len(&self, now: i64) -> usize {
        self.issued.values().filter(|t| t.expires > now).count()
    }
}
