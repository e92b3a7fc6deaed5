//! Backups of a Flex cluster: snapshots, which come from a seed, and the jobs that restore them. Serialized in the API's
//! own form.

use serde::{Deserialize, Serialize};

use super::transition::TransitionEnd;
use crate::emulator::clock::iso;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Backups {
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) restore_jobs: Vec<RestoreJob>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Snapshot {
    pub(crate) expiration: String,
    pub(crate) finish_time: String,
    pub(crate) id: String,
    #[serde(rename = "mongoDBVersion")]
    pub(crate) mongo_db_version: String,
    pub(crate) scheduled_time: String,
    pub(crate) start_time: String,
    pub(crate) status: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RestoreJob {
    pub(crate) delivery_type: String,
    pub(crate) expiration_date: String,
    pub(crate) id: String,
    pub(crate) instance_name: String,
    pub(crate) project_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) restore_finished_date: Option<String>,
    pub(crate) restore_scheduled_date: String,
    pub(crate) snapshot_finished_date: String,
    pub(crate) snapshot_id: String,
    pub(crate) status: JobStatus,
    pub(crate) target_deployment_item_name: String,
    pub(crate) target_project_id: String,
    /// When it is completed; of the emulator alone, and not shown by the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<TransitionEnd>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum JobStatus {
    Pending,
    Completed,
    Failed,
}

impl RestoreJob {
    /// Counts a read, which may complete it.
    pub(crate) fn read(&mut self, now: i64) {
        let finished = match &mut self.due {
            Some(TransitionEnd::At(at)) if *at <= now => *at,
            Some(TransitionEnd::Reads(0)) => now,
            Some(TransitionEnd::Reads(left)) => {
                *left -= 1;
                return;
            }
            _ => return,
        };
        self.due = None;
        self.status = JobStatus::Completed;
        self.restore_finished_date = Some(iso(finished));
    }
}
