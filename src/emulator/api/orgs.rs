//! `/api/atlas/v2/orgs`: organizations, read only.

use serde_json::{Value, json};

use super::shapes;
use crate::emulator::http::lists;
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::Call;
use crate::emulator::store::Store;
use crate::emulator::store::identity::Identity;
use crate::emulator::store::projects::Org;

pub(crate) fn list(store: &Store, call: &Call<'_>, caller: &Identity) -> Result<Reply, ApiError> {
    let visible =
        store.orgs.iter().filter(|org| caller.is_member(&org.id)).map(|org| item(org, call.query.base)).collect();
    lists::page(&call.query, visible)
}

pub(crate) fn get(store: &Store, call: &Call<'_>, caller: &Identity) -> Result<Reply, ApiError> {
    check(store, call.name, caller).map(|org| Reply::entity(200, show(org, call.query.base)))
}

/// The organization, if the caller belongs to it.
pub(crate) fn check<'s>(store: &'s Store, org_id: &str, caller: &Identity) -> Result<&'s Org, ApiError> {
    let org = store.org(org_id).ok_or_else(|| {
        let detail = format!("No organization with ID {org_id} exists.");
        ApiError::new(404, "ORG_NOT_FOUND", detail).with([json!(org_id)])
    })?;
    if !caller.is_member(org_id) {
        return Err(ApiError::new(401, "USER_CANNOT_ACCESS_ORG", "User cannot access this organization."));
    }
    Ok(org)
}

/// On its own.
fn show(org: &Org, base: &str) -> Value {
    with_links(org, base, &["groups", "teams", "users"])
}

/// In a list.
fn item(org: &Org, base: &str) -> Value {
    with_links(org, base, &[])
}

fn with_links(org: &Org, base: &str, parts: &[&str]) -> Value {
    let own = format!("{base}/api/atlas/v2/orgs/{}", org.id);
    json!({
        "id": org.id,
        "isDeleted": false,
        "links": shapes::links(&own, parts),
        "name": org.name,
        "skipDefaultAlertsSettings": false,
    })
}
