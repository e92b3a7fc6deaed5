//! What a reader of an error reply can do: one clause, from status, code and what the client knows of itself.
use std::borrow::Cow;

use super::{ApiError, Error, codes};

/// The hint where a reply is not Atlas'.
pub const CHECK_BASE_URL: &str = "it may not be Atlas that answers: check base_url, and proxies on the way";
/// The hint where a proxy answers 407.
pub(crate) const PROXY_USER: &str = "give user and password in the proxy's URL: http://user:password@host:port";
const GONE: &str = "Atlas has removed this version of the endpoint: see its page in the API's documentation, and give a newer api_version";

/// Completes an error reply with a hint, unless it has one: the advice for its code, else that for its status. Where
/// access is the question, `credentials` says first which credentials were used and where they came from.
pub(crate) fn complete(error: &mut ApiError, credentials: &str) {
    if error.hint.is_some() {
        return;
    }
    if error.status == 401 && is_stale(error) {
        error.hint = Some(format!(
            "{credentials}; the server knows the key, and called only its own nonce stale, again and again: try again later"
        ));
        return;
    }
    let code = meant(error.error_code.as_deref().unwrap_or_default(), error.detail.as_deref().unwrap_or_default());
    // The advice for the code is that for the serverless endpoints.
    if code == "VERSION_GONE" && !error.url.contains("/serverless") {
        error.hint = Some(GONE.to_owned());
        return;
    }
    let known = codes::advice(code, error.status).or_else(|| for_status(error.status).map(Cow::Borrowed));
    let Some(advice) = known.or_else(|| is_foreign(error).then_some(Cow::Borrowed(CHECK_BASE_URL))) else { return };
    let address = error.parameters.first().and_then(|address| address.as_str()).unwrap_or("this machine's address");
    let advice = advice.replace("{address}", address);
    let about_access = matches!(error.status, 401 | 403) || code == "GROUP_NOT_FOUND";
    let advice = if about_access { format!("{credentials}; {advice}") } else { advice };
    let more =
        if is_foreign(error) && !advice.contains(CHECK_BASE_URL) && error.status != 407 { CHECK_BASE_URL } else { "" };
    error.hint = Some(if more.is_empty() { advice } else { format!("{advice}; {more}") });
}

/// Whether the body is neither the API's nor JSON: a page of a proxy or gateway, or of another server.
pub(crate) fn is_foreign(error: &ApiError) -> bool {
    let is_own = error.error_code.is_some() || error.detail.is_some() || error.reason.is_some();
    !is_own && error.body_start.as_deref().is_some_and(|start| !start.starts_with(['{', '[']))
}

/// Whether the challenge of a 401 says that the key was right, and only the nonce too old.
fn is_stale(error: &ApiError) -> bool {
    let mut challenges = error.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    challenges.any(|(_, challenge)| {
        let challenge = challenge.to_ascii_lowercase();
        challenge.starts_with("digest") && (challenge.contains("stale=true") || challenge.contains("stale=\"true\""))
    })
}

/// The code that a general one stands for, as far as its detail tells. Seen of a protected Flex cluster that was deleted.
fn meant<'a>(code: &'a str, detail: &str) -> &'a str {
    match code {
        "ATLAS_GENERAL_ERROR" if detail.contains("termination protection is enabled") => {
            "CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED"
        }
        _ => code,
    }
}

/// What to do about a status, whatever its code.
fn for_status(status: u16) -> Option<&'static str> {
    Some(match status {
        401 => "it is unknown, expired, or no member of the project's organization",
        402 => "add a payment method to the organization",
        403 => "it lacks the role: Project Owner creates, changes and deletes, Project Read Only reads",
        407 => PROXY_USER,
        406 => "check api_version: a date such as 2025-03-12",
        _ => return None,
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(status: u16, code: &str) -> ApiError {
        let error_code = Some(code.to_owned()).filter(|code| !code.is_empty());
        ApiError { status, error_code, parameters: vec![json!("203.0.113.9")], ..ApiError::default() }
    }

    #[test]
    fn a_general_code_is_read_by_its_detail() {
        let detail = "Cannot terminate a cluster when termination protection is enabled.";
        let hint = |code: &str, detail: &str| {
            let mut error = ApiError { detail: Some(detail.to_owned()), ..error(400, code) };
            complete(&mut error, "");
            error.hint
        };
        let documented = hint("CANNOT_TERMINATE_CLUSTER_WHEN_TERMINATION_PROTECTION_ENABLED", "");
        assert_eq!(documented.as_deref(), Some("update it with terminationProtectionEnabled=False first"));
        assert_eq!(hint("ATLAS_GENERAL_ERROR", detail), documented);
        assert_eq!(hint("ATLAS_GENERAL_ERROR", "Something else."), None);
        assert_eq!(hint("INVALID_ATTRIBUTE", detail), None);
    }

    #[test]
    fn the_advice_is_that_of_the_code_under_its_own_status_else_that_of_the_status() {
        let address = "add 203.0.113.9 to the API access list of that service account or API key (in its organization, \
            not the project's IP access list for databases)";
        let role = "it lacks the role: Project Owner creates, changes and deletes, Project Read Only reads";
        let unknown = "it is unknown, expired, or no member of the project's organization";
        for (status, code, credentials_first, advice) in [
            (
                400,
                "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API",
                false,
                "it is a Flex cluster: use the flex_cluster methods",
            ),
            (401, "UNEXPECTED_ERROR", true, unknown),
            (401, "", true, unknown),
            (402, "", false, "add a payment method to the organization"),
            (403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", true, address),
            (403, "CANNOT_CHANGE_GROUP_NAME", true, role),
            (404, "GROUP_NOT_FOUND", true, "check the project id: these credentials may see other projects only"),
            (406, "", false, "check api_version: a date such as 2025-03-12"),
            (500, "UNEXPECTED_ERROR", false, "the service failed: try again later"),
        ] {
            let mut error = error(status, code);
            complete(&mut error, "used API key abc");
            let expected = if credentials_first { format!("used API key abc; {advice}") } else { advice.to_owned() };
            assert_eq!(error.hint, Some(expected), "{status} {code}");
            complete(&mut error, "another");
            assert!(!error.hint.unwrap().contains("another"), "{status} {code}");
        }
        for (url, expected) in [
            ("/api/atlas/v2/groups/g/serverless", codes::advice("VERSION_GONE", 410).map(Cow::into_owned)),
            ("/api/atlas/v2/groups/g/clusters", Some(GONE.to_owned())),
        ] {
            let mut error = ApiError { url: url.to_owned(), ..error(410, "VERSION_GONE") };
            complete(&mut error, "used API key abc");
            assert_eq!(error.hint, expected, "{url}");
        }
        for (challenge, is_known) in [
            (r#"Digest realm="r", nonce="n", qop="auth", stale=true"#, true),
            (r#"Digest realm="r", nonce="n", stale="TRUE""#, true),
            (r#"Digest realm="r", nonce="n", stale=false"#, false),
        ] {
            let mut error = error(401, "");
            error.headers.push(("www-authenticate".to_owned(), challenge.to_owned()));
            complete(&mut error, "used API key abc");
            assert_eq!(error.hint.unwrap().contains("the server knows the key"), is_known, "{challenge}");
        }
        for code in ["USER_UNAUTHORIZED", "USER_CANNOT_ACCESS_GROUP", "USER_CANNOT_ACCESS_ORG"] {
            let mut error = error(401, code);
            complete(&mut error, "used API key abc");
            assert!(
                error.hint.unwrap().starts_with("used API key abc; the credentials themselves are known: "),
                "{code}"
            );
        }
        for (status, code) in [(404, "UNEXPECTED_ERROR"), (400, "INVALID_ATTRIBUTE"), (418, ""), (503, "")] {
            let mut error = error(status, code);
            complete(&mut error, "used API key abc");
            assert_eq!(error.hint, None, "{status} {code}");
        }
    }
}
