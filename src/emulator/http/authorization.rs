//! The `Authorization` header: its scheme, its parameters, and how it is shown without secrets.

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;

/// The schemes as faults match them: those of the API, requests without credentials, and everything else.
pub(crate) const SCHEMES: [&str; 5] = ["none", "bearer", "digest", "basic", "other"];

/// The whole header; empty if there is none.
pub(crate) fn header(headers: &HeaderMap) -> &str {
    headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Which of [`SCHEMES`] a request uses.
pub(crate) fn scheme(headers: &HeaderMap) -> &'static str {
    let scheme = header(headers).split(' ').next().unwrap_or_default();
    if scheme.is_empty() {
        return "none";
    }
    SCHEMES.into_iter().find(|known| known.eq_ignore_ascii_case(scheme) && *known != "none").unwrap_or("other")
}

/// User and password of `Basic …`.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = header(headers).split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The parameters of `Digest …`, names in lower case; none where the header is malformed. An answer has the grammar of a
/// challenge, for which the parser is made.
pub(crate) fn digest_parameters(header: &str) -> HashMap<String, String> {
    let parsed = http_auth::parse_challenges(header).unwrap_or_default();
    let Some(answer) = parsed.into_iter().find(|part| part.scheme.eq_ignore_ascii_case("digest")) else {
        return HashMap::new();
    };
    answer.params.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_unescaped())).collect()
}

/// The scheme, and of a digest what is no secret.
pub(crate) fn redacted(header: &str) -> String {
    let scheme = header.split(' ').next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("digest") {
        return format!("{scheme} ******");
    }
    let answer = digest_parameters(header);
    let shown: Vec<String> = ["username", "nonce", "uri", "algorithm", "qop", "nc"]
        .iter()
        .filter_map(|name| answer.get(*name).map(|value| format!("{name}=\"{value}\"")))
        .collect();
    format!("Digest {}, response=\"******\"", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_may_hold_commas_and_quotes() {
        let parsed = digest_parameters(r#"Digest username="a,\"b", NC=00000001, qop=auth"#);
        assert_eq!(parsed.get("username").unwrap(), "a,\"b");
        assert_eq!(parsed.get("nc").unwrap(), "00000001");
        assert_eq!(digest_parameters("Digest username=\"never closed"), HashMap::new());
    }

    #[test]
    fn a_scheme_is_known_in_any_case() {
        for (header, expected) in [
            ("", "none"),
            ("BEARER abc", "bearer"),
            ("Digest a=\"b\"", "digest"),
            ("basic eDp5", "basic"),
            ("Negotiate abc", "other"),
            ("none", "other"),
        ] {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert(AUTHORIZATION, header.parse().unwrap());
            }
            assert_eq!(scheme(&headers), expected, "{header}");
        }
    }
}
