//! The request that all send, and the check of its answer.
use serde_json::Value;

use crate::Err;

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    backing_provider_name: &'static str,
    provider_name: &'static str,
    region_name: &'static str,
}
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Backup {
    serverless_continuous_backup_enabled: bool,
}
#[derive(serde::Serialize)]
struct Tag {
    key: &'static str,
    value: &'static str,
}
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    name: String,
    provider_settings: Provider,
    serverless_backup_options: Backup,
    tags: Vec<Tag>,
    termination_protection_enabled: bool,
}

pub(crate) fn body(i: usize) -> Vec<u8> {
    serde_json::to_vec(&Create {
        name: format!("instance-{i}"),
        provider_settings: Provider {
            backing_provider_name: "AWS",
            provider_name: "SERVERLESS",
            region_name: "US_EAST_1",
        },
        serverless_backup_options: Backup { serverless_continuous_backup_enabled: true },
        tags: vec![Tag { key: "env", value: "dev" }],
        termination_protection_enabled: false,
    })
    .unwrap()
}

pub(crate) fn check(i: usize, v: &Value) -> Result<(), Err> {
    if v["name"] != format!("instance-{i}") {
        return Err(format!("create {i}: unexpected answer {v}").into());
    }
    Ok(())
}
