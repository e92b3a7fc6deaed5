//! What a fault does.

use serde::{Deserialize, Serialize};

use crate::emulator::json::did_you_mean;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub(crate) enum FaultKind {
    /// A status with an error body of the API (or of OAuth, on the token endpoint).
    Status,
    /// A page of HTML, as a proxy sends it; 502 unless another status is given.
    Html,
    /// 429 in the recorded form.
    RateLimited,
    /// 401 in the recorded form, though the credentials are valid.
    Unauthorized,
    /// 404 with the code that the endpoint uses.
    NotFound,
    /// The original reply, but nothing is stored.
    Ignore,
    /// The reply to a read as it was before the latest change.
    Stale,
    /// The original reply, later.
    Delay,
    /// No reply, ever; the connection stays open.
    Stall,
    /// The connection is closed without a reply.
    Close,
    /// The connection is reset without a reply.
    Reset,
    /// The head of the original reply and half of its body, then the connection is closed (or reset).
    HalfBody,
    /// The original status and headers, and no body.
    EmptyBody,
    /// The original reply under a content type that is not JSON.
    WrongType,
    /// The nonce of the request becomes stale before the request is looked at.
    StaleNonce,
    /// Every token expires just before the request.
    ExpireTokens,
    /// The original reply, and then the connection is closed.
    LastReply,
    /// The next connections are closed before a byte is read.
    CloseOnAccept,
    /// The next connections are reset before a byte is read.
    ResetOnAccept,
}

const KINDS: [(&str, FaultKind); 19] = [
    ("status", FaultKind::Status),
    ("html", FaultKind::Html),
    ("rate_limited", FaultKind::RateLimited),
    ("unauthorized", FaultKind::Unauthorized),
    ("not_found", FaultKind::NotFound),
    ("ignore", FaultKind::Ignore),
    ("stale", FaultKind::Stale),
    ("delay", FaultKind::Delay),
    ("stall", FaultKind::Stall),
    ("close", FaultKind::Close),
    ("reset", FaultKind::Reset),
    ("half_body", FaultKind::HalfBody),
    ("empty_body", FaultKind::EmptyBody),
    ("wrong_type", FaultKind::WrongType),
    ("stale_nonce", FaultKind::StaleNonce),
    ("expire_tokens", FaultKind::ExpireTokens),
    ("last_reply", FaultKind::LastReply),
    ("close_on_accept", FaultKind::CloseOnAccept),
    ("reset_on_accept", FaultKind::ResetOnAccept),
];

impl FaultKind {
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// The names of all kinds.
    pub(crate) fn names() -> Vec<&'static str> {
        KINDS.iter().map(|(name, _)| *name).collect()
    }

    /// Refuses what is not the name of a kind.
    pub(crate) fn check(name: &str) -> Result<(), String> {
        Self::try_from(name.to_owned()).map(|_| ())
    }

    /// Whether it hits connections instead of requests.
    pub(super) fn on_accept(self) -> bool {
        matches!(self, FaultKind::CloseOnAccept | FaultKind::ResetOnAccept)
    }

    /// Whether the request is carried out before the fault, unless the order says otherwise.
    pub(super) fn usually_after_store(self) -> bool {
        self.changes_original_reply()
    }

    /// Whether another reply is sent in the place of the original one.
    pub(crate) fn replaces_reply(self) -> bool {
        use FaultKind as F;
        matches!(self, F::Status | F::Html | F::RateLimited | F::Unauthorized | F::NotFound)
    }

    /// Whether nothing is sent.
    pub(crate) fn sends_nothing(self) -> bool {
        matches!(self, FaultKind::Close | FaultKind::Reset | FaultKind::Stall)
    }

    /// Whether the original reply is sent, but changed or cut.
    pub(crate) fn changes_original_reply(self) -> bool {
        use FaultKind as F;
        matches!(self, F::HalfBody | F::EmptyBody | F::WrongType | F::LastReply)
    }
}

impl From<FaultKind> for &'static str {
    fn from(kind: FaultKind) -> Self {
        kind.name()
    }
}

impl TryFrom<String> for FaultKind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == name) {
            return Ok(*kind);
        }
        let names = KINDS.map(|(known, _)| known);
        let suggestion = did_you_mean(&name, names);
        Err(format!("There is no fault of kind {name:?}.{suggestion} Kinds: {}.", names.join(", ")))
    }
}
