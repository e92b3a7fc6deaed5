//! The operations that the emulator knows, as one table: the router, faults, rate limits, headers and error texts read it.

use crate::emulator::json::did_you_mean;

/// One operation of the Administration API, or of its token endpoint.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: OperationKind,
    /// Its ids in the published API, which has renamed its operations once: the id that the request log shows, and the
    /// one of the other generation. `tests/fixtures/openapi-*.json` have the first.
    pub(crate) ids: &'static [&'static str],
    pub(crate) method: &'static str,
    /// A template as in the published API.
    pub(crate) path: &'static str,
    pub(crate) endpoint: Endpoint,
    /// The method name in `X-Java-Method`; with its class where that is not the one of the endpoint.
    java_method: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    CreateToken,
    RevokeToken,
    ListServerless,
    CreateServerless,
    GetServerless,
    UpdateServerless,
    DeleteServerless,
    GetAutoIndexing,
    ListFlex,
    CreateFlex,
    GetFlex,
    UpdateFlex,
    UpgradeFlex,
    DeleteFlex,
    ListClusters,
    CreateCluster,
    GetCluster,
    UpdateCluster,
    DeleteCluster,
    ListProviderRegions,
    ListGroups,
    CreateGroup,
    GetGroup,
    GetGroupByName,
    UpdateGroup,
    DeleteGroup,
    ListTeams,
    GetSettings,
    ListOrgs,
    GetOrg,
    ListOrgGroups,
    ListDatabaseUsers,
    CreateDatabaseUser,
    GetDatabaseUser,
    UpdateDatabaseUser,
    DeleteDatabaseUser,
    ListAccessList,
    CreateAccessListEntry,
    GetAccessListEntry,
    DeleteAccessListEntry,
    GetAccessListStatus,
    ListSnapshots,
    GetSnapshot,
    ListRestoreJobs,
    CreateRestoreJob,
    GetRestoreJob,
    ListRateLimits,
    GetRateLimit,
}

/// Operations that share their resource, its versions and its rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Token,
    Revoke,
    Serverless,
    Flex,
    Clusters,
    Groups,
    Orgs,
    DatabaseUsers,
    AccessList,
    FlexBackups,
    RateLimits,
}

/// All endpoints but `token` and `revoke`, as faults name them.
pub(crate) const API: &str = "api";

impl Endpoint {
    pub(crate) const ALL: [Endpoint; 11] = [
        Endpoint::Token,
        Endpoint::Revoke,
        Endpoint::Serverless,
        Endpoint::Flex,
        Endpoint::Clusters,
        Endpoint::Groups,
        Endpoint::Orgs,
        Endpoint::DatabaseUsers,
        Endpoint::AccessList,
        Endpoint::FlexBackups,
        Endpoint::RateLimits,
    ];

    /// As faults and the request log name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Endpoint::Token => "token",
            Endpoint::Revoke => "revoke",
            Endpoint::Serverless => "serverless",
            Endpoint::Flex => "flex",
            Endpoint::Clusters => "clusters",
            Endpoint::Groups => "groups",
            Endpoint::Orgs => "orgs",
            Endpoint::DatabaseUsers => "databaseUsers",
            Endpoint::AccessList => "accessList",
            Endpoint::FlexBackups => "flexBackups",
            Endpoint::RateLimits => "rateLimits",
        }
    }

    /// The versions of the resource, oldest first; the media types are `application/vnd.atlas.{version}+json`.
    pub(crate) fn versions(self) -> &'static [&'static str] {
        match self {
            Endpoint::Token | Endpoint::Revoke => &[],
            Endpoint::Flex | Endpoint::FlexBackups => &["2024-11-13"],
            Endpoint::RateLimits => &["2025-03-12"],
            Endpoint::Clusters => &["2023-01-01", "2023-02-01", "2024-08-05", "2024-10-23"],
            Endpoint::Serverless
            | Endpoint::Groups
            | Endpoint::Orgs
            | Endpoint::DatabaseUsers
            | Endpoint::AccessList => &["2023-01-01"],
        }
    }

    /// Whether the API before v2 has it under `/api/atlas/v1.0`; MongoDB's older Go client calls nothing else.
    pub(crate) fn is_in_v1(self) -> bool {
        matches!(self, Endpoint::Serverless | Endpoint::Groups)
    }

    /// The class name in `X-Java-Method`.
    fn java_class(self) -> &'static str {
        match self {
            Endpoint::Token | Endpoint::Revoke => "",
            Endpoint::Serverless => "ApiAtlasLegacyServerlessInstanceDescriptionResource",
            Endpoint::Flex => "ApiAtlasFlexClusterResource",
            Endpoint::Clusters => "ApiAtlasClusterDescriptionV15Resource",
            Endpoint::Groups => "ApiAtlasGroupsResource",
            Endpoint::Orgs => "ApiOrganizationsResource",
            Endpoint::DatabaseUsers => "ApiAtlasV2DatabaseUsersResource",
            Endpoint::AccessList => "ApiAtlasNetworkAccessListResource",
            Endpoint::FlexBackups => "ApiAtlasFlexBackupResource",
            Endpoint::RateLimits => "ApiRateLimitsResource",
        }
    }
}

impl Operation {
    pub(crate) fn id(&self) -> &'static str {
        self.ids.first().copied().unwrap_or_default()
    }

    pub(crate) fn is_token_endpoint(&self) -> bool {
        matches!(self.endpoint, Endpoint::Token | Endpoint::Revoke)
    }

    /// Whether the caller must be allowed to change the project.
    pub(crate) fn writes(&self) -> bool {
        self.method != "GET" && self.path.contains("{groupId}")
    }

    /// Whether the resource's name is in the body.
    pub(crate) fn names_in_body(&self) -> bool {
        self.method == "POST" && !self.is_token_endpoint()
    }

    /// `X-Java-Method`, which the token endpoint does not send.
    pub(crate) fn java_method(&self) -> Option<String> {
        if self.is_token_endpoint() || self.java_method.contains("::") {
            return (!self.is_token_endpoint()).then(|| self.java_method.to_owned());
        }
        Some(format!("{}::{}", self.endpoint.java_class(), self.java_method))
    }

    /// Whether the version of a cluster is one of those that `2024-08-05` has replaced; deleting never changed.
    pub(crate) fn has_newer_than(&self, version: &str) -> bool {
        let replaced = ["2023-01-01", "2023-02-01"].contains(&version);
        let unchanged = matches!(self.kind, OperationKind::DeleteCluster | OperationKind::ListProviderRegions);
        replaced && self.endpoint == Endpoint::Clusters && !unchanged
    }

    /// The versions of what it answers, oldest first.
    pub(crate) fn versions(&self) -> &'static [&'static str] {
        match self.kind {
            OperationKind::ListProviderRegions => &["2023-01-01"],
            _ => self.endpoint.versions(),
        }
    }
}

/// Refuses what is not the id of an operation, in either generation.
pub(crate) fn check_id(id: &str) -> Result<(), String> {
    let ids = || OPERATIONS.iter().flat_map(|operation| operation.ids.iter().copied());
    if ids().any(|known| known == id) {
        return Ok(());
    }
    Err(format!("There is no operation {id:?}.{}", did_you_mean(id, ids())))
}

/// Refuses what is neither an endpoint nor the id of an operation.
pub(crate) fn check_endpoint(name: &str) -> Result<(), String> {
    let ids = OPERATIONS.iter().flat_map(|operation| operation.ids.iter().copied());
    let names = Endpoint::ALL.iter().map(|endpoint| endpoint.name()).chain([API]).chain(ids);
    let names: Vec<&str> = names.collect();
    if names.contains(&name) {
        return Ok(());
    }
    Err(format!("There is no endpoint {name:?}.{}", did_you_mean(name, names)))
}

use Endpoint as E;
use OperationKind as O;

const SERVERLESS: &str = "/api/atlas/v2/groups/{groupId}/serverless";
const SERVERLESS_INSTANCE: &str = "/api/atlas/v2/groups/{groupId}/serverless/{name}";
const FLEX: &str = "/api/atlas/v2/groups/{groupId}/flexClusters";
const FLEX_CLUSTER: &str = "/api/atlas/v2/groups/{groupId}/flexClusters/{name}";
const FLEX_UPGRADE: &str = "/api/atlas/v2/groups/{groupId}/flexClusters:tenantUpgrade";
const CLUSTERS: &str = "/api/atlas/v2/groups/{groupId}/clusters";
const CLUSTER: &str = "/api/atlas/v2/groups/{groupId}/clusters/{clusterName}";
const REGIONS: &str = "/api/atlas/v2/groups/{groupId}/clusters/provider/regions";
const AUTO_INDEXING: &str = "/api/atlas/v2/groups/{groupId}/serverless/{name}/performanceAdvisor/autoIndexing";
const GROUPS: &str = "/api/atlas/v2/groups";
const GROUP: &str = "/api/atlas/v2/groups/{groupId}";
const GROUP_BY_NAME: &str = "/api/atlas/v2/groups/byName/{groupName}";
const TEAMS: &str = "/api/atlas/v2/groups/{groupId}/teams";
const SETTINGS: &str = "/api/atlas/v2/groups/{groupId}/settings";
const ORGS: &str = "/api/atlas/v2/orgs";
const ORG: &str = "/api/atlas/v2/orgs/{orgId}";
const ORG_GROUPS: &str = "/api/atlas/v2/orgs/{orgId}/groups";
const USERS: &str = "/api/atlas/v2/groups/{groupId}/databaseUsers";
const USER: &str = "/api/atlas/v2/groups/{groupId}/databaseUsers/{databaseName}/{username}";
const ACCESS_LIST: &str = "/api/atlas/v2/groups/{groupId}/accessList";
const ENTRY: &str = "/api/atlas/v2/groups/{groupId}/accessList/{entryValue}";
const ENTRY_STATUS: &str = "/api/atlas/v2/groups/{groupId}/accessList/{entryValue}/status";
const SNAPSHOTS: &str = "/api/atlas/v2/groups/{groupId}/flexClusters/{name}/backup/snapshots";
const SNAPSHOT: &str = "/api/atlas/v2/groups/{groupId}/flexClusters/{name}/backup/snapshots/{snapshotId}";
const RESTORES: &str = "/api/atlas/v2/groups/{groupId}/flexClusters/{name}/backup/restoreJobs";
const RESTORE: &str = "/api/atlas/v2/groups/{groupId}/flexClusters/{name}/backup/restoreJobs/{restoreJobId}";

#[rustfmt::skip]
pub(crate) static OPERATIONS: [Operation; 48] = [
    Operation { kind: O::CreateToken, ids: &["createToken"], method: "POST", path: "/api/oauth/token", endpoint: E::Token, java_method: "" },
    Operation { kind: O::RevokeToken, ids: &["revokeToken"], method: "POST", path: "/api/oauth/revoke", endpoint: E::Revoke, java_method: "" },
    Operation { kind: O::ListServerless, ids: &["listServerlessInstances", "listGroupServerlessInstances"], method: "GET", path: SERVERLESS, endpoint: E::Serverless, java_method: "getAllServerlessInstances" },
    Operation { kind: O::CreateServerless, ids: &["createServerlessInstance", "createGroupServerlessInstance"], method: "POST", path: SERVERLESS, endpoint: E::Serverless, java_method: "createServerlessInstance" },
    Operation { kind: O::GetServerless, ids: &["getServerlessInstance", "getGroupServerlessInstance"], method: "GET", path: SERVERLESS_INSTANCE, endpoint: E::Serverless, java_method: "getServerlessInstance" },
    Operation { kind: O::UpdateServerless, ids: &["updateServerlessInstance", "updateGroupServerlessInstance"], method: "PATCH", path: SERVERLESS_INSTANCE, endpoint: E::Serverless, java_method: "updateServerlessInstance" },
    Operation { kind: O::DeleteServerless, ids: &["deleteServerlessInstance", "deleteGroupServerlessInstance"], method: "DELETE", path: SERVERLESS_INSTANCE, endpoint: E::Serverless, java_method: "deleteServerlessInstance" },
    Operation { kind: O::GetAutoIndexing, ids: &["getServerlessAutoIndexing"], method: "GET", path: AUTO_INDEXING, endpoint: E::Serverless, java_method: "getServerlessAutoIndexing" },
    Operation { kind: O::ListFlex, ids: &["listGroupFlexClusters", "listFlexClusters"], method: "GET", path: FLEX, endpoint: E::Flex, java_method: "getAllFlexClusters" },
    Operation { kind: O::CreateFlex, ids: &["createGroupFlexCluster", "createFlexCluster"], method: "POST", path: FLEX, endpoint: E::Flex, java_method: "createFlexCluster" },
    Operation { kind: O::GetFlex, ids: &["getGroupFlexCluster", "getFlexCluster"], method: "GET", path: FLEX_CLUSTER, endpoint: E::Flex, java_method: "getFlexCluster" },
    Operation { kind: O::UpdateFlex, ids: &["updateGroupFlexCluster", "updateFlexCluster"], method: "PATCH", path: FLEX_CLUSTER, endpoint: E::Flex, java_method: "patchFlexCluster" },
    Operation { kind: O::UpgradeFlex, ids: &["tenantGroupFlexClusterUpgrade", "tenantUpgrade"], method: "POST", path: FLEX_UPGRADE, endpoint: E::Flex, java_method: "tenantUpgrade" },
    Operation { kind: O::DeleteFlex, ids: &["deleteGroupFlexCluster", "deleteFlexCluster"], method: "DELETE", path: FLEX_CLUSTER, endpoint: E::Flex, java_method: "deleteFlexCluster" },
    Operation { kind: O::ListClusters, ids: &["listGroupClusters", "listClusters"], method: "GET", path: CLUSTERS, endpoint: E::Clusters, java_method: "getAllClusters" },
    Operation { kind: O::CreateCluster, ids: &["createGroupCluster", "createCluster"], method: "POST", path: CLUSTERS, endpoint: E::Clusters, java_method: "addCluster" },
    Operation { kind: O::GetCluster, ids: &["getGroupCluster", "getCluster"], method: "GET", path: CLUSTER, endpoint: E::Clusters, java_method: "getCluster" },
    Operation { kind: O::UpdateCluster, ids: &["updateGroupCluster", "updateCluster"], method: "PATCH", path: CLUSTER, endpoint: E::Clusters, java_method: "patchCluster" },
    Operation { kind: O::DeleteCluster, ids: &["deleteGroupCluster", "deleteCluster"], method: "DELETE", path: CLUSTER, endpoint: E::Clusters, java_method: "deleteCluster" },
    Operation { kind: O::ListProviderRegions, ids: &["listClusterProviderRegions", "listCloudProviderRegions"], method: "GET", path: REGIONS, endpoint: E::Clusters, java_method: "ApiAtlasCloudProviderRegionsResource::availableRegions" },
    Operation { kind: O::ListGroups, ids: &["listGroups", "listProjects"], method: "GET", path: GROUPS, endpoint: E::Groups, java_method: "getAllGroups" },
    Operation { kind: O::CreateGroup, ids: &["createGroup", "createProject"], method: "POST", path: GROUPS, endpoint: E::Groups, java_method: "addGroup" },
    Operation { kind: O::GetGroup, ids: &["getGroup", "getProject"], method: "GET", path: GROUP, endpoint: E::Groups, java_method: "getGroup" },
    Operation { kind: O::UpdateGroup, ids: &["updateGroup", "updateProject"], method: "PATCH", path: GROUP, endpoint: E::Groups, java_method: "patchGroup" },
    Operation { kind: O::DeleteGroup, ids: &["deleteGroup", "deleteProject"], method: "DELETE", path: GROUP, endpoint: E::Groups, java_method: "deleteGroup" },
    Operation { kind: O::GetGroupByName, ids: &["getGroupByName", "getProjectByName"], method: "GET", path: GROUP_BY_NAME, endpoint: E::Groups, java_method: "getGroupByName" },
    Operation { kind: O::ListTeams, ids: &["listGroupTeams", "listProjectTeams"], method: "GET", path: TEAMS, endpoint: E::Groups, java_method: "ApiGroupTeamsResource::getTeams" },
    Operation { kind: O::GetSettings, ids: &["getGroupSettings", "getProjectSettings"], method: "GET", path: SETTINGS, endpoint: E::Groups, java_method: "getGroupSettings" },
    Operation { kind: O::ListOrgs, ids: &["listOrgs", "listOrganizations"], method: "GET", path: ORGS, endpoint: E::Orgs, java_method: "getAllOrgs" },
    Operation { kind: O::GetOrg, ids: &["getOrg", "getOrganization"], method: "GET", path: ORG, endpoint: E::Orgs, java_method: "getOrg" },
    Operation { kind: O::ListOrgGroups, ids: &["getOrgGroups", "listOrganizationProjects"], method: "GET", path: ORG_GROUPS, endpoint: E::Orgs, java_method: "getOrgGroups" },
    Operation { kind: O::ListDatabaseUsers, ids: &["listDatabaseUsers"], method: "GET", path: USERS, endpoint: E::DatabaseUsers, java_method: "getUsers" },
    Operation { kind: O::CreateDatabaseUser, ids: &["createDatabaseUser"], method: "POST", path: USERS, endpoint: E::DatabaseUsers, java_method: "addUser" },
    Operation { kind: O::GetDatabaseUser, ids: &["getDatabaseUser"], method: "GET", path: USER, endpoint: E::DatabaseUsers, java_method: "getUserByName" },
    Operation { kind: O::UpdateDatabaseUser, ids: &["updateDatabaseUser"], method: "PATCH", path: USER, endpoint: E::DatabaseUsers, java_method: "patchUser" },
    Operation { kind: O::DeleteDatabaseUser, ids: &["deleteDatabaseUser"], method: "DELETE", path: USER, endpoint: E::DatabaseUsers, java_method: "deleteUser" },
    Operation { kind: O::ListAccessList, ids: &["listAccessListEntries"], method: "GET", path: ACCESS_LIST, endpoint: E::AccessList, java_method: "getAtlasWhitelist" },
    Operation { kind: O::CreateAccessListEntry, ids: &["createAccessListEntry"], method: "POST", path: ACCESS_LIST, endpoint: E::AccessList, java_method: "addAtlasWhitelist" },
    Operation { kind: O::GetAccessListEntry, ids: &["getAccessListEntry"], method: "GET", path: ENTRY, endpoint: E::AccessList, java_method: "getAtlasNetworkPermissionEntry" },
    Operation { kind: O::DeleteAccessListEntry, ids: &["deleteAccessListEntry"], method: "DELETE", path: ENTRY, endpoint: E::AccessList, java_method: "deleteAtlasWhitelist" },
    Operation { kind: O::GetAccessListStatus, ids: &["getAccessListStatus"], method: "GET", path: ENTRY_STATUS, endpoint: E::AccessList, java_method: "getAtlasNetworkPermissionEntryStatus" },
    Operation { kind: O::ListSnapshots, ids: &["listFlexBackupSnapshots"], method: "GET", path: SNAPSHOTS, endpoint: E::FlexBackups, java_method: "getSnapshots" },
    Operation { kind: O::GetSnapshot, ids: &["getFlexBackupSnapshot"], method: "GET", path: SNAPSHOT, endpoint: E::FlexBackups, java_method: "getSnapshot" },
    Operation { kind: O::ListRestoreJobs, ids: &["listFlexRestoreJobs"], method: "GET", path: RESTORES, endpoint: E::FlexBackups, java_method: "getRestoreJobs" },
    Operation { kind: O::CreateRestoreJob, ids: &["createFlexRestoreJob"], method: "POST", path: RESTORES, endpoint: E::FlexBackups, java_method: "createRestoreJob" },
    Operation { kind: O::GetRestoreJob, ids: &["getFlexRestoreJob"], method: "GET", path: RESTORE, endpoint: E::FlexBackups, java_method: "getRestoreJob" },
    Operation { kind: O::ListRateLimits, ids: &["listRateLimits"], method: "GET", path: "/api/atlas/v2/rateLimits", endpoint: E::RateLimits, java_method: "getRateLimits" },
    Operation { kind: O::GetRateLimit, ids: &["getRateLimit"], method: "GET", path: "/api/atlas/v2/rateLimits/{endpointSetId}", endpoint: E::RateLimits, java_method: "getRateLimit" },
];

#[cfg(test)]
mod tests;
