//! What a caller asks of a wait.
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::core::config::OnRetired;
use crate::core::http::call::{Call, ReplyFormat};
use crate::core::http::entity::Entity;
use crate::core::spec::model::{Kind, Operation};

/// The state of a resource that does not exist any more.
pub const DELETED: &str = "DELETED";
/// The states that can be waited for.
pub const STATES: [&str; 6] = ["CREATING", "IDLE", "UPDATING", "REPAIRING", "DELETING", DELETED];

/// The end of a restore.
pub const COMPLETED: &str = "COMPLETED";

/// How long a GET may not know a resource that was not just created, before it counts as missing.
pub const GRACE: Duration = Duration::from_secs(15);

/// Which resource to wait for, and until which state.
#[derive(Debug, Clone)]
pub struct WaitRequest {
    pub kind: Kind,
    pub group_id: String,
    pub name: String,
    /// The resource's `id`, if it is known: another resource of the same name is not the one.
    pub id: Option<String>,
    /// The replies may describe any name: the server gave the create another than it was asked for, as mock servers do.
    pub any_name: bool,
    /// One of [`STATES`].
    pub state: String,
    /// Time between polls; `None`: 1 s at first, growing to 15 s.
    pub interval: Option<Duration>,
    pub reply_format: ReplyFormat,
    /// `Flex`: a serverless instance is looked for on the Flex path too.
    pub on_retired: OnRetired,
    /// `Some`: it is waited for this restore job of the Flex cluster, and not for the cluster.
    pub restore_job: Option<String>,
    /// How long nothing may have the name, from the beginning of the wait, before that is its end.
    pub grace: Duration,
    /// What an update asked for, as JSON: the wait goes on while the resource does not show it.
    pub values: Option<Bytes>,
    /// When a deletion was accepted, by the service's clock.
    pub deleted: Option<SystemTime>,
    /// What was done before the wait, and when by the client's clock.
    pub after: Option<(PriorAction, Duration)>,
}

/// What was carried out before a wait, and stays so however the wait ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriorAction {
    Create,
    /// Nothing: it was there before the create, which returned it.
    Exist,
    Update,
    /// The Flex cluster is or becomes a dedicated one, so it is polled as that.
    Upgrade,
    /// The deletion was accepted; the resource may still exist.
    Delete,
}

impl WaitRequest {
    /// A wait with the default options.
    pub fn until(state: &str, kind: Kind, group_id: String, name: String) -> Self {
        WaitRequest {
            kind,
            group_id,
            name,
            id: None,
            any_name: false,
            state: state.to_owned(),
            interval: None,
            reply_format: ReplyFormat::default(),
            on_retired: OnRetired::default(),
            restore_job: None,
            grace: GRACE,
            values: None,
            deleted: None,
            after: None,
        }
    }

    /// A wait for the end of a restore.
    pub fn restore_job(group_id: String, name: String, id: String) -> Self {
        WaitRequest { restore_job: Some(id), ..Self::until(COMPLETED, Kind::Flex, group_id, name) }
    }

    /// When this action was carried out, if it was.
    pub(super) fn done_at(&self, action: PriorAction) -> Option<Duration> {
        self.after.filter(|(done, _)| *done == action).map(|(_, at)| at)
    }

    pub(super) fn is_after_upgrade(&self) -> bool {
        matches!(self.after, Some((PriorAction::Upgrade, _)))
    }

    pub(super) fn call(&self, kind: Kind, operation: Operation) -> Call {
        if let Some(id) = &self.restore_job {
            let (group_id, cluster) = (self.group_id.clone(), self.name.clone());
            let job = Entity::FlexRestoreJob { group_id, cluster, id: id.clone() };
            return Call::entity(&job, operation, self.reply_format, None);
        }
        if self.is_after_upgrade() {
            return Call::dedicated_cluster(&self.group_id, &self.name, self.reply_format);
        }
        Call::resource(kind, operation, &self.group_id, &self.name, self.reply_format, None)
    }
}
