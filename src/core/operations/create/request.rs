//! What a caller asks of a create.
use std::time::Duration;

use bytes::Bytes;

use crate::core::config::OnRetired;
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::spec::model::{Kind, Operation};

/// What to do if the name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IfExists {
    /// Fail.
    #[default]
    Error,
    /// Return the existing resource if it has what the request asks for; fail with the differences otherwise.
    Return,
}

/// A create whose spec was validated.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    pub kind: Kind,
    pub group_id: String,
    /// Empty if the caller turned validation off and gave none.
    pub name: String,
    /// The JSON that is sent.
    pub body: Bytes,
    pub reply_format: ReplyFormat,
    pub if_exists: IfExists,
    pub on_retired: OnRetired,
    /// What validation had to say about the region: repeated if Atlas refuses the request.
    pub region_notice: Option<String>,
    /// `Some`: wait until `IDLE`, polling at this interval (`None`: the default intervals).
    pub wait: Option<Option<Duration>>,
}

impl CreateRequest {
    pub(super) fn call(&self) -> Call {
        Call::resource(self.kind, Operation::Create, &self.group_id, "", self.reply_format, Some(self.body.clone()))
    }
}
