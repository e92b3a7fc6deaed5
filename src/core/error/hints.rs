//! What a reader of an error reply can do: one clause, from status, code and what the client knows of itself.
use super::{ApiError, Error};

/// Completes an error reply with a hint. `credentials` says which credentials were used and where they came from.
pub(crate) fn complete(error: &mut ApiError, credentials: &str) {
    let code = error.error_code.as_deref().unwrap_or_default();
    let hint = match (error.status, code) {
        (_, "IP_ADDRESS_NOT_ON_ACCESS_LIST" | "ORG_REQUIRES_ACCESS_LIST") => Some(format!(
            "{credentials}; add {} to the API access list of that service account or API key (in its organization, not the project's IP access list for databases)",
            error.parameters.first().and_then(|address| address.as_str()).unwrap_or("this machine's address")
        )),
        (401, _) => Some(format!("{credentials}; it is unknown, expired, or no member of the project's organization")),
        (403, _) => Some(format!(
            "{credentials}; it lacks the role: Project Owner creates, changes and deletes, Project Read Only reads"
        )),
        (402, _) => Some("add a payment method to the organization".to_owned()),
        (404, "GROUP_NOT_FOUND") => {
            Some(format!("check the project id; {credentials}, which may see other projects only"))
        }
        (406, _) => Some("check api_version: a date such as 2025-03-12".to_owned()),
        (_, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API" | "CANNOT_USE_FLEX_CLUSTER_IN_SERVERLESS_API") => {
            Some("it is a Flex cluster: use the flex_cluster methods".to_owned())
        }
        (_, "CANNOT_USE_CLUSTER_IN_SERVERLESS_INSTANCE_API") => Some(
            "it is no serverless instance: find() says what it is; use the flex_cluster methods for a Flex cluster, request() for a dedicated one"
                .to_owned(),
        ),
        (_, "CANNOT_USE_SERVERLESS_INSTANCE_IN_CLUSTER_API") => {
            Some("it is a serverless instance: use the serverless_instance methods".to_owned())
        }
        (_, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API") => Some(
            "it is not a Flex cluster: use the serverless_instance methods, or request() for a dedicated cluster"
                .to_owned(),
        ),
        (_, "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED") => {
            Some("update it with terminationProtectionEnabled=False first".to_owned())
        }
        _ => None,
    };
    if error.hint.is_none() {
        error.hint = hint;
    }
}

/// Completes a refusal of the token endpoint, or a challenge that can't be answered, in the same way.
pub(crate) fn of_authentication(mut error: Error, credentials: &str) -> Error {
    match &mut error {
        Error::Authentication(refusal) => {
            refusal.hint = Some(match refusal.hint.take() {
                Some(hint) => format!("{credentials}; {hint}"),
                None => credentials.to_owned(),
            });
        }
        Error::Api(api) => complete(api, credentials),
        _ => {}
    }
    error
}

/// Whether a 404 means that there is no resource of that name: not the project, not the path.
pub(crate) fn is_absent(error: &ApiError) -> bool {
    let code = error.error_code.as_deref().unwrap_or_default();
    error.status == 404
        && matches!(code, "CLUSTER_NOT_FOUND" | "SERVERLESS_INSTANCE_NOT_FOUND" | "RESOURCE_NOT_FOUND")
        && !names_the_path(error)
}

/// Whether a name belongs to another kind of cluster than the path that was asked.
pub(crate) fn is_other_kind(error: &ApiError) -> bool {
    error.status == 400 && error.error_code.as_deref().is_some_and(|code| code.starts_with("CANNOT_USE_"))
}

/// Whether a reply means that the path itself is gone: not the project, not the name.
///
/// A page of HTML or text with a 404 or 405 is not the API's word: a wrong base URL or a proxy answers so.
pub(crate) fn path_is_gone(error: &ApiError) -> bool {
    match (error.status, error.error_code.as_deref()) {
        (410, _) | (405, Some(_)) => true,
        // A router that knows no such path answers without the API's codes, or without a body.
        (404 | 405, None) => error.detail.is_some() || error.reason.is_some() || error.body_start.is_none(),
        (404, Some("RESOURCE_NOT_FOUND" | "NOT_FOUND" | "UNEXPECTED_ERROR")) => names_the_path(error),
        _ => false,
    }
}

/// Whether what cannot be found is a path, as in "Cannot find resource /api/atlas/v2/groups/…/serverless."
fn names_the_path(error: &ApiError) -> bool {
    let parameters = error.parameters.iter().filter_map(|parameter| parameter.as_str());
    error
        .detail
        .as_deref()
        .into_iter()
        .chain(parameters)
        .any(|text| text.contains("/serverless") || text.contains("/api/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            (400, "INVALID_ATTRIBUTE", "Invalid attribute /serverless specified.", "", false, false),
            (500, "UNEXPECTED_ERROR", path, "", false, false),
        ] {
            let error = error(status, code, detail, body);
            assert_eq!((path_is_gone(&error), is_absent(&error)), (gone, absent), "{error:?}");
        }
        let named = error(404, "RESOURCE_NOT_FOUND", "Cannot find the resource.", "");
        let named = ApiError { parameters: vec![json!("/api/atlas/v2/groups/g/serverless/a")], ..named };
        assert!(path_is_gone(&named) && !is_absent(&named));
    }
}
