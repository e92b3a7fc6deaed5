//! What a caller asks of a create.
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::core::config::OnRetired;
use crate::core::error::{Error, Violation};
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
    /// The same, but change first what an update can change.
    Update,
}

/// What to do with what this call has created if the time is up before it is `IDLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnTimeout {
    /// Leave it.
    #[default]
    Error,
    /// Delete it, and fail all the same.
    Delete,
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
    pub on_timeout: OnTimeout,
    pub on_retired: OnRetired,
    /// What validation had to say about the region: repeated if Atlas refuses the request.
    pub region_notice: Option<String>,
    /// `Some`: wait until `IDLE`, polling at this interval (`None`: the default intervals).
    pub wait: Option<Option<Duration>>,
}

impl CreateRequest {
    /// Checks what only the request as a whole shows.
    ///
    /// # Errors
    /// `on_timeout="delete"` without a wait, or where the deletion would be refused.
    pub fn check(&self) -> Result<(), Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Protection {
            termination_protection_enabled: Option<Value>,
        }
        if self.on_timeout == OnTimeout::Error {
            return Ok(());
        }
        let protection: Protection = serde_json::from_slice(&self.body).unwrap_or_default();
        let message = if self.wait.is_none() {
            "\"delete\" is for wait=True: without it there is no wait whose time could be up"
        } else if protection.termination_protection_enabled == Some(Value::Bool(true)) {
            "\"delete\" contradicts terminationProtectionEnabled: Atlas would refuse the deletion"
        } else {
            return Ok(());
        };
        Err(Error::Validation(vec![Violation {
            path: "on_timeout".to_owned(),
            message: message.to_owned(),
            value: "delete".into(),
            rule: "contradiction".to_owned(),
        }]))
    }

    pub(super) fn call(&self) -> Call {
        Call::resource(self.kind, Operation::Create, &self.group_id, "", self.reply_format, Some(self.body.clone()))
    }
}
