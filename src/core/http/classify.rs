//! What an error reply means for the resource that was asked for. Here, and nowhere else, error codes and texts are read
//! for that; whether a failure is worth another attempt is decided in `policy/retry.rs`.
use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use reqwest::Method;

use super::call::Call;
use crate::core::error::{ApiError, Error};

/// There is no resource of that name. Not so where the project or the path is what cannot be found.
pub(crate) fn is_absent(error: &ApiError) -> bool {
    let code = error.error_code.as_deref().unwrap_or_default();
    error.status == 404
        && matches!(
            code,
            "CLUSTER_NOT_FOUND"
                | "SERVERLESS_INSTANCE_NOT_FOUND"
                | "RESOURCE_NOT_FOUND"
                | "USERNAME_NOT_FOUND"
                | "USER_NOT_FOUND"
                | "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND"
                | "ATLAS_WHITELIST_NOT_FOUND"
                | "GROUP_NAME_NOT_FOUND"
        )
        // The other codes are about what they name, whatever its name is: a user's may look like a path.
        && !(code == "RESOURCE_NOT_FOUND" && names_a_path(error))
}

/// What is said of [`is_passing`].
pub(crate) const LIST_WITHOUT_CLUSTER: &str =
    "a list names no cluster, so this passes: Atlas was out of step with itself; try again later";

/// A list of clusters was answered as if one cluster were missing. Seen of Atlas; the project is there, and the next
/// answer is the list. It is a reply that cannot be used, and no answer to the request.
pub(crate) fn is_passing(call: &Call, error: &ApiError) -> bool {
    let path = call.target.split('?').next().unwrap_or_default();
    let lists_clusters = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "api", "atlas", _, "groups", _, last] => matches!(*last, "flexClusters" | "serverless" | "clusters"),
        _ => false,
    };
    let code = error.error_code.as_deref().unwrap_or_default();
    call.method == Method::GET
        && lists_clusters
        && error.status == 404
        && matches!(code, "CLUSTER_NOT_FOUND" | "SERVERLESS_INSTANCE_NOT_FOUND")
}

/// The name belongs to a cluster of another kind than those on the path that was asked.
pub(crate) fn is_other_kind(error: &ApiError) -> bool {
    error.status == 400 && error.error_code.as_deref().is_some_and(|code| code.starts_with("CANNOT_USE_"))
}

/// The path itself is gone, not the project and not the name.
///
/// A 404 or 405 with a page of HTML or text does not come from the API: a proxy, or the server of a wrong base URL, sends it.
pub(crate) fn path_is_gone(error: &ApiError) -> bool {
    match (error.status, error.error_code.as_deref()) {
        (410, _) | (405, Some(_)) => true,
        // A router that knows no such path answers without the API's codes, or without a body.
        (404 | 405, None) => error.detail.is_some() || error.reason.is_some() || error.body_start.is_none(),
        (404, Some("RESOURCE_NOT_FOUND" | "NOT_FOUND" | "UNEXPECTED_ERROR")) => names_a_path(error),
        _ => false,
    }
}

/// What cannot be found is a path, as in "Cannot find resource /api/atlas/v2/groups/…/serverless.", and not a name that looks
/// like one: a user's may.
fn names_a_path(error: &ApiError) -> bool {
    let parameters = error.parameters.iter().filter_map(|parameter| parameter.as_str());
    let is_path = |text: &str| text.contains("/serverless") || text.contains("/api/");
    let names = names_like_paths(&error.url);
    let without_names = |text: &str| names.iter().fold(text.to_owned(), |text, name| text.replace(name, ""));
    error.detail.as_deref().into_iter().chain(parameters).any(|text| is_path(text) && is_path(&without_names(text)))
}

/// The segments of an address that have a slash in them.
fn names_like_paths(url: &str) -> Vec<String> {
    let path = url.split('?').next().unwrap_or_default();
    let decoded = path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy());
    decoded.filter(|name| name.contains('/')).map(Cow::into_owned).collect()
}

/// A deletion was refused because the resource is being deleted already.
pub(crate) fn is_being_deleted(error: &Error) -> bool {
    matches!(error, Error::Api(api) if api.error_code.as_deref() == Some("CLUSTER_ALREADY_REQUESTED_DELETION"))
}

/// A create was refused because something else has its name.
pub(crate) fn is_name_taken(error: &Error) -> bool {
    matches!(error, Error::Api(api) if api.error_code.as_deref() == Some("DUPLICATE_CLUSTER_NAME"))
}

/// The body is a page of HTML: a proxy or gateway has sent it, which knows nothing of the resource.
pub(crate) fn is_html_page(error: &ApiError) -> bool {
    error.body_start.as_deref().is_some_and(|start| start.starts_with('<'))
}

/// The call is about a project as a whole, and there is none of that id or name.
pub(crate) fn is_absent_project(call: &Call, error: &ApiError) -> bool {
    let about_project = ["deleteGroup", "getGroup", "getGroupByName"].contains(&call.operation);
    let codes = ["GROUP_NOT_FOUND", "GROUP_NAME_NOT_FOUND"];
    error.status == 404 && about_project && error.error_code.as_deref().is_some_and(|code| codes.contains(&code))
}

/// The call is a deletion, and its failure shows that an earlier attempt has carried it out.
pub(crate) fn is_done_already(call: &Call, error: &Error) -> bool {
    let is_gone = matches!(error, Error::Api(api) if is_absent(api) || is_absent_project(call, api));
    call.method == Method::DELETE && (is_gone || is_being_deleted(error))
}

/// Whether an error reply is about what the credentials may do, and not about the credentials.
pub(crate) fn knows_credentials(api: &ApiError) -> bool {
    let about_role = ["USER_UNAUTHORIZED", "USER_CANNOT_ACCESS_GROUP", "USER_CANNOT_ACCESS_ORG"];
    api.status != 401 || api.error_code.as_deref().is_some_and(|code| about_role.contains(&code))
}

/// The hint where nothing was found and the path ends in an id: clusters are asked for by their names.
pub(crate) fn id_for_name(call: &Call, api: &ApiError) -> Option<&'static str> {
    let (_, last) = call.target.split('?').next()?.rsplit_once('/')?;
    let is_id = last.len() == 24 && last.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let of_cluster = call.target.contains("/flexClusters/") || call.target.contains("/serverless/");
    (api.status == 404 && is_id && of_cluster)
        .then_some("a cluster is asked for by its name, and what was given looks like an id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::http::call::{ExpectedBody, ReplyFormat};
    use crate::core::policy::rate_limit::EndpointSet;
    use crate::core::spec::model::{Kind, Operation};

    fn error(status: u16, code: &str, detail: &str, body_start: &str) -> ApiError {
        let given = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        ApiError {
            status,
            error_code: given(code),
            detail: given(detail),
            body_start: given(body_start),
            ..ApiError::default()
        }
    }

    #[test]
    fn a_path_that_is_gone_is_told_from_a_project_and_a_name() {
        let path = "Cannot find resource /api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/serverless.";
        for (status, code, detail, body, gone, absent) in [
            (410, "VERSION_GONE", "Version 2023-01-01 is no longer available.", "", true, false),
            (410, "", "", "<html>gone</html>", true, false),
            (405, "METHOD_NOT_ALLOWED", "The method is not allowed.", "", true, false),
            (405, "", "", "", true, false),
            (405, "", "", "<html>Not Allowed</html>", false, false),
            (404, "RESOURCE_NOT_FOUND", path, "", true, false),
            (404, "", "no route", r#"{"detail":"no route"}"#, true, false),
            (404, "", "", "", true, false),
            (404, "", "", "<html>nginx</html>", false, false),
            (404, "", "", "404 page not found", false, false),
            (404, "RESOURCE_NOT_FOUND", "Cannot find resource AWS.", "", false, true),
            (404, "GROUP_NOT_FOUND", "No group with ID 32b6e34b3d91647abb20e7b8 exists.", "", false, false),
            (404, "CLUSTER_NOT_FOUND", "No cluster named a exists.", "", false, true),
            (404, "SERVERLESS_INSTANCE_NOT_FOUND", "No serverless instance named a.", "", false, true),
            (404, "USERNAME_NOT_FOUND", "No user with username /api/x exists.", "", false, true),
            (404, "USER_NOT_FOUND", "No user with username a/serverless exists.", "", false, true),
            (400, "INVALID_ATTRIBUTE", "Invalid attribute /serverless specified.", "", false, false),
            (500, "UNEXPECTED_ERROR", path, "", false, false),
        ] {
            let error = error(status, code, detail, body);
            assert_eq!((path_is_gone(&error), is_absent(&error)), (gone, absent), "{error:?}");
        }
        let named = error(404, "RESOURCE_NOT_FOUND", "Cannot find the resource.", "");
        let named = ApiError { parameters: vec![json!("/api/atlas/v2/groups/g/serverless/a")], ..named };
        assert_eq!((path_is_gone(&named), is_absent(&named)), (true, false));
    }

    #[test]
    fn a_name_that_looks_like_a_path_is_told_from_a_path() {
        let users = "https://cloud.mongodb.com/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/databaseUsers";
        for (name, text, is_a_path) in [
            ("%2Fapi%2Fx", "Cannot find resource /api/x.", false),
            ("a%2Fserverless", "Cannot find resource a/serverless.", false),
            ("%2Fapi%2Fx", "Cannot find resource /api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/databaseUsers.", true),
            ("%2Fapi%2Fx", "Cannot find resource /api/atlas/v2/groups/g/databaseUsers/admin//api/x.", true),
            ("x", "Cannot find resource /api/x.", true),
        ] {
            for code in ["RESOURCE_NOT_FOUND", "UNEXPECTED_ERROR"] {
                let url = format!("{users}/admin/{name}?pretty=true");
                let error = ApiError { url, ..error(404, code, text, "") };
                assert_eq!(path_is_gone(&error), is_a_path, "{name} {text}");
                let is_about_name = code == "RESOURCE_NOT_FOUND" && !is_a_path;
                assert_eq!(is_absent(&error), is_about_name, "{name} {text}");
            }
        }
    }

    #[test]
    fn a_name_of_another_kind_is_told_by_the_code() {
        for (status, code, other_kind) in [
            (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API", true),
            (400, "CANNOT_USE_A_KIND_OF_TOMORROW", true),
            (409, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API", false),
            (400, "INVALID_ATTRIBUTE", false),
            (400, "", false),
        ] {
            assert_eq!(is_other_kind(&error(status, code, "", "")), other_kind, "{status} {code}");
        }
    }

    #[test]
    fn a_deletion_is_done_where_the_resource_is_gone_or_leaving() {
        let call = |operation| Call::resource(Kind::Flex, operation, "g", "a", ReplyFormat::default(), None);
        let is_done = |operation, status, code| {
            is_done_already(&call(operation), &Error::Api(Box::new(error(status, code, "", ""))))
        };
        for (status, code, done) in [
            (404, "CLUSTER_NOT_FOUND", true),
            (400, "CLUSTER_ALREADY_REQUESTED_DELETION", true),
            (404, "GROUP_NOT_FOUND", false),
            (500, "UNEXPECTED_ERROR", false),
        ] {
            assert_eq!(is_done(Operation::Delete, status, code), done, "{status} {code}");
            assert!(!is_done(Operation::Get, status, code), "{status} {code}");
        }
    }

    #[test]
    fn a_list_without_one_cluster_passes() {
        let get = |path: &str| {
            let target = format!("/api/atlas/v2/groups/g{path}?pageNum=1");
            Call::get("list", target, EndpointSet::Other, "g", ExpectedBody::Page)
        };
        for (path, status, code, passing) in [
            ("/flexClusters", 404, "CLUSTER_NOT_FOUND", true),
            ("/serverless", 404, "SERVERLESS_INSTANCE_NOT_FOUND", true),
            ("/clusters", 404, "CLUSTER_NOT_FOUND", true),
            ("/flexClusters", 404, "GROUP_NOT_FOUND", false),
            ("/flexClusters", 400, "CLUSTER_NOT_FOUND", false),
            ("/flexClusters/serverless", 404, "CLUSTER_NOT_FOUND", false),
            ("/databaseUsers", 404, "CLUSTER_NOT_FOUND", false),
        ] {
            assert_eq!(is_passing(&get(path), &error(status, code, "", "")), passing, "{path} {status} {code}");
        }
    }

    #[test]
    fn the_codes_read_here_are_in_the_table() {
        let table = include_str!("../error/codes.csv");
        let known: Vec<&str> = table.lines().filter_map(|line| line.split(',').next()).collect();
        for code in [
            "CLUSTER_ALREADY_REQUESTED_DELETION",
            "CLUSTER_NOT_FOUND",
            "DUPLICATE_CLUSTER_NAME",
            "RESOURCE_NOT_FOUND",
            "SERVERLESS_INSTANCE_NOT_FOUND",
            "UNEXPECTED_ERROR",
            "USERNAME_NOT_FOUND",
            "USER_NOT_FOUND",
            "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND",
            "ATLAS_WHITELIST_NOT_FOUND",
            "GROUP_NAME_NOT_FOUND",
            "GROUP_NOT_FOUND",
        ] {
            assert!(known.contains(&code), "{code}");
        }
    }

    #[test]
    fn a_taken_name_is_told_by_its_code_and_a_page_by_its_first_character() {
        let api = |code, body| error(400, code, "", body);
        assert!(is_name_taken(&Error::Api(Box::new(api("DUPLICATE_CLUSTER_NAME", "")))));
        assert!(!is_name_taken(&Error::Api(Box::new(api("DUPLICATE_CLUSTER_NAME_PREFIX", "")))));
        assert!(is_html_page(&api("", "<html>Not Allowed</html>")));
        assert!(!is_html_page(&api("", "Not Allowed")));
    }
}
