//! From method and path to an operation of the API, and what is known of each operation.

use axum::http::Method;

/// One operation of the Administration API, or of its token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    CreateToken,
    RevokeToken,
    ListServerless,
    CreateServerless,
    GetServerless,
    UpdateServerless,
    DeleteServerless,
    ListFlex,
    CreateFlex,
    GetFlex,
    UpdateFlex,
    DeleteFlex,
    ListClusters,
    CreateCluster,
    GetCluster,
    UpdateCluster,
    DeleteCluster,
    ListGroups,
    CreateGroup,
    GetGroup,
    GetGroupByName,
    DeleteGroup,
    ListOrgs,
    GetOrg,
    ListOrgGroups,
    ListRateLimits,
}

/// An operation with the ids out of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) group_id: Option<String>,
    pub(crate) name: Option<String>,
    /// Asked under `v1.0`, which knows no versions: plain JSON, whatever `Accept` says.
    pub(crate) unversioned: bool,
}

/// Why there is no operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Miss {
    NotFound,
    MethodNotAllowed,
}

impl Operation {
    /// The operation's id in the published API, its endpoint kind, and the method name in `X-Java-Method`.
    fn facts(self) -> (&'static str, &'static str, &'static str) {
        use Operation as O;
        match self {
            O::CreateToken => ("createToken", "token", ""),
            O::RevokeToken => ("revokeToken", "revoke", ""),
            O::ListServerless => ("listServerlessInstances", "serverless", "getAllServerlessInstances"),
            O::CreateServerless => ("createServerlessInstance", "serverless", "createServerlessInstance"),
            O::GetServerless => ("getServerlessInstance", "serverless", "getServerlessInstance"),
            O::UpdateServerless => ("updateServerlessInstance", "serverless", "updateServerlessInstance"),
            O::DeleteServerless => ("deleteServerlessInstance", "serverless", "deleteServerlessInstance"),
            O::ListFlex => ("listFlexClusters", "flex", "getAllFlexClusters"),
            O::CreateFlex => ("createFlexCluster", "flex", "createFlexCluster"),
            O::GetFlex => ("getFlexCluster", "flex", "getFlexCluster"),
            O::UpdateFlex => ("updateFlexCluster", "flex", "patchFlexCluster"),
            O::DeleteFlex => ("deleteFlexCluster", "flex", "deleteFlexCluster"),
            O::ListClusters => ("listClusters", "clusters", "getAllClusters"),
            O::CreateCluster => ("createCluster", "clusters", "addCluster"),
            O::GetCluster => ("getCluster", "clusters", "getCluster"),
            O::UpdateCluster => ("updateCluster", "clusters", "patchCluster"),
            O::DeleteCluster => ("deleteCluster", "clusters", "deleteCluster"),
            O::ListGroups => ("listGroups", "groups", "getAllGroups"),
            O::CreateGroup => ("createGroup", "groups", "addGroup"),
            O::GetGroup => ("getGroup", "groups", "getGroup"),
            O::GetGroupByName => ("getGroupByName", "groups", "getGroupByName"),
            O::DeleteGroup => ("deleteGroup", "groups", "deleteGroup"),
            O::ListOrgs => ("listOrgs", "orgs", "getAllOrgs"),
            O::GetOrg => ("getOrg", "orgs", "getOrg"),
            O::ListOrgGroups => ("getOrgGroups", "orgs", "getOrgGroups"),
            O::ListRateLimits => ("listRateLimits", "rateLimits", "getRateLimits"),
        }
    }

    pub(crate) fn id(self) -> &'static str {
        self.facts().0
    }

    /// The kind of endpoint, as faults match it.
    pub(crate) fn endpoint(self) -> &'static str {
        self.facts().1
    }

    pub(crate) fn java_method(self) -> Option<String> {
        let (_, endpoint, method) = self.facts();
        let class = match endpoint {
            "serverless" => "ApiAtlasLegacyServerlessInstanceDescriptionResource",
            "flex" => "ApiAtlasFlexClusterResource",
            "clusters" => "ApiAtlasClusterDescriptionV15Resource",
            "groups" => "ApiAtlasGroupsResource",
            "orgs" => "ApiOrganizationsResource",
            "rateLimits" => "ApiRateLimitsResource",
            _ => return None,
        };
        Some(format!("{class}::{method}"))
    }

    /// The versions of the resource, oldest first.
    pub(crate) fn versions(self) -> &'static [&'static str] {
        match self.endpoint() {
            "flex" => &["2024-11-13"],
            "rateLimits" => &["2025-03-12"],
            "clusters" => &["2023-01-01", "2023-02-01", "2024-08-05", "2024-10-23"],
            _ => &["2023-01-01"],
        }
    }

    /// Whether the caller must be allowed to change the project.
    pub(crate) fn writes(self) -> bool {
        use Operation as O;
        matches!(
            self,
            O::CreateServerless
                | O::UpdateServerless
                | O::DeleteServerless
                | O::CreateFlex
                | O::UpdateFlex
                | O::DeleteFlex
                | O::CreateCluster
                | O::UpdateCluster
                | O::DeleteCluster
                | O::DeleteGroup
        )
    }

    /// Whether the body names what it creates.
    pub(crate) fn creates(self) -> bool {
        use Operation as O;
        matches!(self, O::CreateServerless | O::CreateFlex | O::CreateCluster | O::CreateGroup)
    }

    pub(crate) fn is_token_endpoint(self) -> bool {
        matches!(self, Operation::CreateToken | Operation::RevokeToken)
    }
}

/// Finds the operation of a request.
pub(crate) fn route(method: &Method, path: &str) -> Result<Route, Miss> {
    use Operation as O;
    if let Some(endpoint) = path.strip_prefix("/api/oauth/") {
        let operation = match endpoint {
            "token" => O::CreateToken,
            "revoke" => O::RevokeToken,
            _ => return Err(Miss::NotFound),
        };
        return one_of(method, &[(Method::POST, operation)]).map(|o| bare(o, None, None));
    }
    if let Some(rest) = path.strip_prefix("/api/atlas/v1.0") {
        return unversioned(resource(method, rest)?);
    }
    resource(method, path.strip_prefix("/api/atlas/v2").ok_or(Miss::NotFound)?)
}

/// What the API before v2 has of it; MongoDB's older Go client calls nothing else.
fn unversioned(route: Route) -> Result<Route, Miss> {
    match route.operation.endpoint() {
        "serverless" | "groups" => Ok(Route { unversioned: true, ..route }),
        _ => Err(Miss::NotFound),
    }
}

fn resource(method: &Method, rest: &str) -> Result<Route, Miss> {
    use Operation as O;
    let rest = rest.strip_prefix('/').ok_or(Miss::NotFound)?;
    let parts: Vec<String> = rest.strip_suffix('/').unwrap_or(rest).split('/').map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["rateLimits"] => one_of(method, &[(Method::GET, O::ListRateLimits)]).map(|o| bare(o, None, None)),
        ["orgs"] => one_of(method, &[(Method::GET, O::ListOrgs)]).map(|o| bare(o, None, None)),
        ["orgs", id] => one_of(method, &[(Method::GET, O::GetOrg)]).map(|o| bare(o, None, Some(id))),
        ["orgs", id, "groups"] => one_of(method, &[(Method::GET, O::ListOrgGroups)]).map(|o| bare(o, None, Some(id))),
        ["groups"] => {
            let known = [(Method::GET, O::ListGroups), (Method::POST, O::CreateGroup)];
            one_of(method, &known).map(|o| bare(o, None, None))
        }
        ["groups", "byName", name] => {
            one_of(method, &[(Method::GET, O::GetGroupByName)]).map(|o| bare(o, None, Some(name)))
        }
        ["groups", group] => {
            let known = [(Method::GET, O::GetGroup), (Method::DELETE, O::DeleteGroup)];
            one_of(method, &known).map(|o| bare(o, Some(group), None))
        }
        ["groups", group, "serverless"] => collection(method, O::ListServerless, O::CreateServerless, group),
        ["groups", group, "flexClusters"] => collection(method, O::ListFlex, O::CreateFlex, group),
        ["groups", group, "clusters"] => collection(method, O::ListClusters, O::CreateCluster, group),
        ["groups", group, "serverless", name] => {
            entity(method, [O::GetServerless, O::UpdateServerless, O::DeleteServerless], group, name)
        }
        ["groups", group, "flexClusters", name] => {
            entity(method, [O::GetFlex, O::UpdateFlex, O::DeleteFlex], group, name)
        }
        ["groups", group, "clusters", name] => {
            entity(method, [O::GetCluster, O::UpdateCluster, O::DeleteCluster], group, name)
        }
        _ => Err(Miss::NotFound),
    }
}

fn collection(method: &Method, list: Operation, create: Operation, group: &str) -> Result<Route, Miss> {
    one_of(method, &[(Method::GET, list), (Method::POST, create)]).map(|o| bare(o, Some(group), None))
}

fn entity(method: &Method, [get, update, delete]: [Operation; 3], group: &str, name: &str) -> Result<Route, Miss> {
    let known = [(Method::GET, get), (Method::PATCH, update), (Method::DELETE, delete)];
    one_of(method, &known).map(|o| bare(o, Some(group), Some(name)))
}

fn one_of(method: &Method, known: &[(Method, Operation)]) -> Result<Operation, Miss> {
    known.iter().find(|(m, _)| m == method).map(|(_, o)| *o).ok_or(Miss::MethodNotAllowed)
}

fn bare(operation: Operation, group: Option<&str>, name: Option<&str>) -> Route {
    Route { operation, group_id: group.map(str::to_owned), name: name.map(str::to_owned), unversioned: false }
}

fn decode(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_operations() {
        let found = route(&Method::PATCH, "/api/atlas/v2/groups/abc/serverless/my%2Dname").unwrap();
        assert_eq!(found.operation, Operation::UpdateServerless);
        assert_eq!((found.group_id.as_deref(), found.name.as_deref()), (Some("abc"), Some("my-name")));
        assert_eq!(route(&Method::PUT, "/api/atlas/v2/groups/abc/flexClusters"), Err(Miss::MethodNotAllowed));
        assert_eq!(route(&Method::GET, "/api/atlas/v2/groups/abc/backup"), Err(Miss::NotFound));
        assert_eq!(route(&Method::GET, "/api/atlas/v1.5/groups"), Err(Miss::NotFound));
        assert_eq!(route(&Method::GET, "/api/atlas/v2/groups/abc//serverless"), Err(Miss::NotFound));
        assert_eq!(route(&Method::GET, "/api/atlas/v22/groups"), Err(Miss::NotFound));
    }

    #[test]
    fn the_unversioned_api_has_projects_and_serverless_instances() {
        let found = route(&Method::GET, "/api/atlas/v1.0/groups/abc/serverless").unwrap();
        assert!(found.unversioned && found.operation == Operation::ListServerless);
        assert!(!route(&Method::GET, "/api/atlas/v2/groups/abc/serverless").unwrap().unversioned);
        assert_eq!(route(&Method::GET, "/api/atlas/v1.0/groups/abc/flexClusters"), Err(Miss::NotFound));
    }
}
