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
