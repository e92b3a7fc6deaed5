//! From a request to its reply: the caller, the version, the project, the rate limits, and then the operation.

use serde_json::json;

use super::{
    access_list, backups, clusters, database_users, flex, orgs, projects, rate_limits, regions, serverless, token,
};
use crate::emulator::auth;
use crate::emulator::http::authorization;
use crate::emulator::http::handled::{Handled, Stage};
use crate::emulator::http::lists::Query;
use crate::emulator::http::operations::{Operation, OperationKind};
use crate::emulator::http::replies::{ApiError, Reply};
use crate::emulator::http::request::{Call, Request};
use crate::emulator::http::route::{Route, RouteError};
use crate::emulator::http::version;
use crate::emulator::store::Store;
use crate::emulator::store::identity::Identity;

/// Answers as the API would.
pub(crate) fn answer(store: &mut Store, request: &Request, route: &Result<Route, RouteError>, base: &str) -> Handled {
    if let Ok(route) = route
        && route.operation.is_token_endpoint()
    {
        let reply = match route.operation.kind {
            OperationKind::CreateToken => token::token(store, request),
            _ => token::revoke(store, request),
        };
        let identity = authorization::basic(&request.headers).map(|(id, _)| id);
        return Handled { identity, ..Handled::new(reply, Stage::Authentication) };
    }
    let caller = match auth::authenticate(store, request) {
        Ok(caller) => caller,
        Err((reply, refusal)) => {
            return Handled { refusal: Some(refusal), ..Handled::new(reply, Stage::Authentication) };
        }
    };
    let identity = Some(caller.id.clone());
    let route = match route {
        Ok(route) => route,
        Err(RouteError::NotFound) => {
            return Handled { identity, ..Handled::new(ApiError::no_such_path(&request.path), Stage::Endpoint) };
        }
        Err(RouteError::MethodNotAllowed) => {
            return Handled { identity, ..Handled::new(ApiError::method_not_allowed(), Stage::Endpoint) };
        }
    };
    let mut handled = authorized(store, request, route, base, &caller);
    handled.identity = identity;
    handled
}

fn authorized(store: &mut Store, request: &Request, route: &Route, base: &str, caller: &Identity) -> Handled {
    let operation = route.operation;
    if let Err(error) = auth::check_access_list(store, caller, auth::caller_address(store, request)) {
        return Handled::new(error, Stage::Endpoint);
    }
    let version = if route.unversioned { Some("") } else { version::negotiate(&request.headers, operation.versions()) };
    let Some(version) = version else {
        let asked = version::asked(&request.headers).unwrap_or_default();
        let error = ApiError::new(406, "INVALID_VERSION_DATE", "Invalid accept header or version date.");
        return Handled::new(error.with([json!(asked)]), Stage::Endpoint);
    };
    if let Some(group_id) = &route.group_id
        && let Err(error) = auth::check_project(store, caller, operation, group_id)
    {
        return Handled { version, ..Handled::new(error, Stage::Endpoint) };
    }
    let rate_limit = match rate_limits::charge(store, operation, &request.path, route.group_id.as_deref(), &caller.id) {
        Ok(state) => state,
        Err(error) => return Handled { version, ..Handled::new(error, Stage::Endpoint) },
    };
    let call = Call {
        group_id: route.group_id.as_deref().unwrap_or_default(),
        name: route.name.as_deref().unwrap_or_default(),
        parent: route.parent.as_deref().unwrap_or_default(),
        query: Query { base, path: &request.path, parameters: &request.parameters },
        version,
    };
    let changed = name_of_change(operation, &call, request);
    let before = changed.as_ref().and_then(|name| Some(store.project(call.group_id)?.find(name)?.1.clone()));
    let reply = operate(store, operation, &call, request, caller).unwrap_or_else(Reply::from);
    if let Some(name) = changed.filter(|_| reply.status < 300) {
        store.recent_changes.add(call.group_id, &name, before);
    }
    Handled { rate_limit, version, ..Handled::new(reply, Stage::Entity) }
}

/// The cluster that a request is to change, if it is to change one.
fn name_of_change(operation: &Operation, call: &Call<'_>, request: &Request) -> Option<String> {
    use OperationKind as O;
    match operation.kind {
        O::CreateServerless | O::CreateFlex | O::UpgradeFlex => request.name_in_body(),
        O::UpdateServerless | O::DeleteServerless | O::UpdateFlex | O::DeleteFlex => Some(call.name.to_owned()),
        _ => None,
    }
}

fn operate(
    store: &mut Store,
    operation: &Operation,
    call: &Call<'_>,
    request: &Request,
    caller: &Identity,
) -> Result<Reply, ApiError> {
    use OperationKind as O;
    match operation.kind {
        O::ListServerless => serverless::list(store, call),
        O::CreateServerless => serverless::create(store, call, request),
        O::GetServerless => serverless::get(store, call),
        O::UpdateServerless => serverless::update(store, call, request),
        O::DeleteServerless => serverless::delete(store, call),
        O::GetAutoIndexing => serverless::auto_indexing(store, call),
        O::ListFlex => flex::list(store, call),
        O::CreateFlex => flex::create(store, call, request),
        O::GetFlex => flex::get(store, call),
        O::UpdateFlex => flex::update(store, call, request),
        O::UpgradeFlex => flex::upgrade(store, call, request),
        O::DeleteFlex => flex::delete(store, call),
        O::ListClusters => clusters::list(store, call),
        O::GetCluster => clusters::get(store, call),
        O::CreateCluster | O::UpdateCluster | O::DeleteCluster => clusters::not_emulated(store, call),
        O::ListProviderRegions => regions::list(store, call),
        O::ListGroups => projects::list(store, call, caller, None),
        O::CreateGroup => projects::create(store, call, request, caller),
        O::GetGroup => projects::get(store, call),
        O::GetGroupByName => projects::get_by_name(store, call, caller),
        O::UpdateGroup => projects::update(store, call, request),
        O::ListTeams => projects::teams(store, call),
        O::GetSettings => projects::settings(store, call),
        O::DeleteGroup => projects::delete(store, call),
        O::ListOrgs => orgs::list(store, call, caller),
        O::GetOrg => orgs::get(store, call, caller),
        O::ListOrgGroups => {
            let org_id = orgs::check(store, call.name, caller)?.id.clone();
            projects::list(store, call, caller, Some(&org_id))
        }
        O::ListDatabaseUsers => database_users::list(store, call),
        O::CreateDatabaseUser => database_users::create(store, call, request),
        O::GetDatabaseUser => database_users::get(store, call),
        O::UpdateDatabaseUser => database_users::update(store, call, request),
        O::DeleteDatabaseUser => database_users::delete(store, call),
        O::ListAccessList => access_list::list(store, call),
        O::CreateAccessListEntry => access_list::create(store, call, request),
        O::GetAccessListEntry => access_list::get(store, call),
        O::DeleteAccessListEntry => access_list::delete(store, call),
        O::GetAccessListStatus => access_list::status(store, call),
        O::ListSnapshots => backups::list_snapshots(store, call),
        O::GetSnapshot => backups::get_snapshot(store, call),
        O::ListRestoreJobs => backups::list_jobs(store, call),
        O::CreateRestoreJob => backups::create_job(store, call, request),
        O::GetRestoreJob => backups::get_job(store, call),
        O::ListRateLimits => rate_limits::list(store, &call.query),
        O::GetRateLimit => rate_limits::get(store, call),
        O::CreateToken | O::RevokeToken => Err(ApiError::no_such_path(call.query.path)),
    }
}
