//! What a caller asks of one resource.
use std::time::Duration;

use bytes::Bytes;

use crate::core::config::OnRetired;
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::spec::model::{Kind, Operation};
use crate::core::spec::validate::tag_arguments::TagChanges;

/// The status of the reply where there was nothing to delete, with `missing_ok`.
pub(in crate::core::operations) const NOTHING_DELETED: u16 = 404;

/// Get, update or delete of one resource.
#[derive(Debug, Clone)]
pub struct ResourceRequest {
    pub kind: Kind,
    /// Get, update or delete.
    pub operation: Operation,
    pub group_id: String,
    pub name: String,
    pub reply_format: ReplyFormat,
    /// The changes of an update, as JSON.
    pub body: Option<Bytes>,
    pub on_retired: OnRetired,
    /// `Some`: wait until the update or deletion is done, polling at this interval (`None`: the default intervals).
    pub wait: Option<Option<Duration>>,
    /// Tags that an update adds and removes; it then reads those that there are first.
    pub tags: TagChanges,
    /// A deletion of what is not there is a success.
    pub missing_ok: bool,
}

impl ResourceRequest {
    /// A request with the default options.
    pub fn new(kind: Kind, operation: Operation, group_id: String, name: String) -> Self {
        let (reply_format, on_retired) = (ReplyFormat::default(), OnRetired::default());
        let (tags, missing_ok) = (TagChanges::default(), false);
        let (body, wait) = (None, None);
        ResourceRequest { kind, operation, group_id, name, reply_format, body, on_retired, wait, tags, missing_ok }
    }

    pub(super) fn call(&self, kind: Kind) -> Call {
        Call::resource(kind, self.operation, &self.group_id, &self.name, self.reply_format, self.body.clone())
    }
}
