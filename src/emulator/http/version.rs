//! Media types: which version of a resource answers an `Accept` date, and which bodies are read.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};

/// The newest of `versions` that is not after the date asked for; `None` where the API answers 406.
pub(crate) fn negotiate(headers: &HeaderMap, versions: &'static [&'static str]) -> Option<&'static str> {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|item| answer(media_type(item), versions))
}

fn answer(media_type: String, versions: &'static [&'static str]) -> Option<&'static str> {
    let asked = media_type.strip_prefix("application/vnd.atlas.")?.strip_suffix("+json")?.to_owned();
    if asked == "preview" || asked == "upcoming" {
        return versions.last().copied();
    }
    // ISO dates compare as text.
    asked.parse::<jiff::civil::Date>().ok()?;
    versions.iter().rev().find(|version| **version <= asked.as_str()).copied()
}

/// The date of the `Accept` header as it was sent, for messages.
pub(crate) fn asked(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(ACCEPT)?.to_str().ok()?;
    value.split(',').find_map(|item| {
        media_type(item).strip_prefix("application/vnd.atlas.")?.strip_suffix("+json").map(str::to_owned)
    })
}

/// The content type of an answer in this version.
pub(crate) fn content_type(version: &str) -> String {
    format!("application/vnd.atlas.{version}+json;charset=utf-8")
}

/// Whether a body of this content type is read as JSON.
pub(crate) fn is_json_body(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()) else { return false };
    let media_type = media_type(value);
    media_type == "application/json"
        || (media_type.starts_with("application/vnd.atlas.") && media_type.ends_with("+json"))
}

/// Whether the body is a form.
pub(crate) fn is_form_body(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| media_type(v) == "application/x-www-form-urlencoded")
}

/// The media type without parameters, lower case.
fn media_type(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, value.parse().unwrap());
        headers
    }

    #[test]
    fn the_newest_version_not_after_the_date_answers() {
        let versions = &["2023-01-01", "2023-02-01", "2024-08-05"];
        for (asked, answer) in [
            ("application/vnd.atlas.2025-03-12+json", Some("2024-08-05")),
            ("application/vnd.atlas.2023-02-01+json", Some("2023-02-01")),
            ("text/html, application/vnd.atlas.2023-01-15+json;q=0.9", Some("2023-01-01")),
            ("application/vnd.atlas.2022-12-31+json", None),
            ("application/vnd.atlas.2023-02-30+json", None),
            ("application/json", None),
            ("*/*", None),
        ] {
            assert_eq!(negotiate(&accept(asked), versions), answer, "{asked}");
        }
        assert_eq!(negotiate(&HeaderMap::new(), versions), None);
    }
}
