//! From method and path to an operation.

use std::sync::LazyLock;

use axum::http::Method;
use matchit::{Match, Params, Router};

use super::operations::{OPERATIONS, Operation};

/// An operation with the ids out of its path.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) operation: &'static Operation,
    pub(crate) group_id: Option<String>,
    /// The last parameter of the path that is not the project's id.
    pub(crate) name: Option<String>,
    /// The one before it: a user's database, the cluster of a backup.
    pub(crate) parent: Option<String>,
    /// Asked under `v1.0`, which knows no versions: plain JSON, whatever `Accept` says.
    pub(crate) unversioned: bool,
}

/// Why there is no operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteError {
    NotFound,
    MethodNotAllowed,
}

/// The templates of the table's paths.
static ROUTER: LazyLock<Router<&'static str>> = LazyLock::new(|| {
    let mut router = Router::new();
    for operation in &OPERATIONS {
        // Refused where the path of an earlier operation is the same: one entry is enough.
        let _ = router.insert(operation.path, operation.path);
    }
    router
});

pub(crate) fn route(method: &Method, path: &str) -> Result<Route, RouteError> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if let Some(rest) = path.strip_prefix("/api/atlas/v1.0/") {
        let route = versioned(method, &format!("/api/atlas/v2/{rest}"))?;
        return if route.operation.endpoint.is_in_v1() {
            Ok(Route { unversioned: true, ..route })
        } else {
            Err(RouteError::NotFound)
        };
    }
    versioned(method, path)
}

fn versioned(method: &Method, path: &str) -> Result<Route, RouteError> {
    let Match { value: template, params } = ROUTER.at(path).map_err(|_| RouteError::NotFound)?;
    let mut on_path = OPERATIONS.iter().filter(|operation| operation.path == *template);
    let operation = on_path.find(|operation| operation.method == method.as_str());
    Ok(Route {
        operation: operation.ok_or(RouteError::MethodNotAllowed)?,
        group_id: params.get("groupId").map(decode),
        name: last(&params, 0),
        parent: last(&params, 1),
        unversioned: false,
    })
}

/// The last parameter that is not the project's id, or the one that is `before` places before it.
fn last(params: &Params<'_, '_>, before: usize) -> Option<String> {
    let own: Vec<_> = params.iter().filter(|(key, _)| *key != "groupId").collect();
    own.iter().rev().nth(before).map(|(_, value)| decode(value))
}

fn decode(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::operations::OperationKind;
    use super::*;

    fn kind(method: &str, path: &str) -> Result<OperationKind, RouteError> {
        route(&method.parse().unwrap(), path).map(|route| route.operation.kind)
    }

    #[test]
    fn every_row_of_the_table_is_reached_by_its_method_and_path() {
        for operation in &OPERATIONS {
            let path = operation.path.replace("{groupId}", "abc").replace(['{', '}'], "");
            assert_eq!(kind(operation.method, &path), Ok(operation.kind), "{}", operation.id());
            assert_eq!(kind(operation.method, &format!("{path}/")), Ok(operation.kind), "{}", operation.id());
            assert_eq!(kind("PUT", &path), Err(RouteError::MethodNotAllowed), "{}", operation.id());
            let v1 = path.replace("/v2/", "/v1.0/");
            let expected = if operation.endpoint.is_in_v1() { Ok(operation.kind) } else { Err(RouteError::NotFound) };
            if v1 != path {
                assert_eq!(kind(operation.method, &v1), expected, "{}", operation.id());
            }
        }
    }

    #[test]
    fn ids_are_decoded() {
        let found = route(&Method::PATCH, "/api/atlas/v2/groups/abc/serverless/my%2Dname").unwrap();
        assert_eq!((found.group_id.as_deref(), found.name.as_deref()), (Some("abc"), Some("my-name")));
        let found = route(&Method::GET, "/api/atlas/v2/groups/byName/a%2Fb").unwrap();
        assert_eq!((found.group_id, found.name.as_deref()), (None, Some("a/b")));
        let found = route(&Method::GET, "/api/atlas/v2/groups/abc/databaseUsers/%24external/a%2Fb").unwrap();
        assert_eq!((found.parent.as_deref(), found.name.as_deref()), (Some("$external"), Some("a/b")));
        let found = route(&Method::GET, "/api/atlas/v2/groups/abc/accessList/192.0.2.0%2F24/status").unwrap();
        assert_eq!((found.parent, found.name.as_deref()), (None, Some("192.0.2.0/24")));
        let found = route(&Method::GET, "/api/atlas/v2/orgs/abc/groups").unwrap();
        assert_eq!((found.group_id, found.name.as_deref()), (None, Some("abc")));
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in [
            "/api/atlas/v2/groups/abc/backup",
            "/api/atlas/v2/groups/abc//serverless",
            "/api/atlas/v1.5/groups",
            "/api/atlas/v22/groups",
            "/api/oauth/authorize",
            "/",
        ] {
            assert_eq!(kind("GET", path), Err(RouteError::NotFound), "{path}");
        }
    }

    #[test]
    fn v1_is_unversioned() {
        assert!(route(&Method::GET, "/api/atlas/v1.0/groups/abc/serverless").unwrap().unversioned);
        assert!(!route(&Method::GET, "/api/atlas/v2/groups/abc/serverless").unwrap().unversioned);
    }
}
