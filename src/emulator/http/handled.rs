//! A handled request: the reply, and what its headers and the request log say beside it.

use super::replies::Reply;

#[derive(Debug)]
pub(crate) struct Handled {
    pub(crate) reply: Reply,
    pub(crate) rate_limit: Option<RateLimitState>,
    /// The version of the resource that answers; empty where none was agreed on.
    pub(crate) version: &'static str,
    /// Client id or public key of the caller.
    pub(crate) identity: Option<String>,
    /// Why credentials were refused.
    pub(crate) refusal: Option<&'static str>,
    pub(crate) stage: Stage,
}

/// How far a request came. The real service adds different headers at each stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Not past the authentication.
    Authentication,
    /// The endpoint, which refused before it looked at the entity.
    Endpoint,
    /// The entity.
    Entity,
}

/// What `RateLimit-Limit` and `RateLimit-Remaining` say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateLimitState {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
}

impl Handled {
    pub(crate) fn new(reply: impl Into<Reply>, stage: Stage) -> Self {
        Self { reply: reply.into(), rate_limit: None, version: "", identity: None, refusal: None, stage }
    }
}
