//! `Deprecation` (RFC 9745, or the HTTP date that Atlas sends) and `Sunset` (RFC 8594) headers: one notice for each endpoint
//! in a process.
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;

use crate::core::error::{Notice, NoticeKind};

/// Fri, 31 Dec 9999 23:59:59 GMT: neither an HTTP date nor Python's `datetime` has a later one.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);

static ANNOUNCED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// The times that the headers name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dates {
    /// Since when the endpoint is deprecated.
    pub deprecation: Option<SystemTime>,
    /// When it stops working.
    pub sunset: Option<SystemTime>,
}

/// Reads both headers.
pub fn dates(headers: &HeaderMap) -> Dates {
    let date = |name: &str| headers.get(name).and_then(|v| moment(v.to_str().ok()?));
    Dates { deprecation: date("deprecation"), sunset: date("sunset") }
}

/// `None` for what is no date or cannot be represented.
fn moment(value: &str) -> Option<SystemTime> {
    let value = value.trim();
    let at = match value.strip_prefix('@') {
        Some(seconds) => UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))?,
        // Atlas sends days below ten with one digit ("Mon, 5 Aug 2024"), for which RFC 9110 has two.
        None => httpdate::parse_http_date(value)
            .or_else(|_| httpdate::parse_http_date(&value.replacen(", ", ", 0", 1)))
            .ok()?,
    };
    at.duration_since(UNIX_EPOCH).is_ok_and(|since| since <= LAST_DATE).then_some(at)
}

/// The reply says that its endpoint is deprecated.
pub fn is_announced(headers: &HeaderMap) -> bool {
    headers.contains_key("deprecation") || headers.contains_key("sunset")
}

/// The notice for a reply of `endpoint`; `None` if this process has had it, or if the reply announces nothing.
pub fn notice(endpoint: &str, serverless: bool, headers: &HeaderMap) -> Option<Notice> {
    if !is_announced(headers) || !is_first_notice(endpoint) {
        return None;
    }
    let dates = dates(headers);
    let mut message = format!("Atlas calls {endpoint} deprecated");
    if let Some(since) = dates.deprecation {
        message.push_str(&format!(" (since {})", httpdate::fmt_http_date(since)));
    }
    if let Some(until) = dates.sunset {
        message.push_str(&format!("; it goes away on {}", httpdate::fmt_http_date(until)));
    }
    if serverless {
        message.push_str("; its successor is the Flex cluster: create_flex_cluster, to_flex_spec, on_retired=\"flex\"");
    }
    Some(Notice { kind: NoticeKind::EndpointDeprecated, message })
}

/// True once in this process for each `endpoint`.
pub(crate) fn is_first_notice(endpoint: &str) -> bool {
    let mut announced = ANNOUNCED.lock().unwrap_or_else(PoisonError::into_inner);
    announced.get_or_insert_with(HashSet::new).insert(endpoint.to_owned())
}

/// Every notice is a first one again, for tests.
pub fn reset_notices() {
    *ANNOUNCED.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_date_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert("deprecation", "Wed, 10 Dec 2025 00:00:00 GMT".parse().unwrap());
        headers.insert("sunset", "Thu, 15 Jan 2026 00:00:00 GMT".parse().unwrap());
        let seconds = |t: Option<SystemTime>| t.map(|t| t.duration_since(UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(seconds(dates(&headers).deprecation), Some(1_765_324_800));
        assert_eq!(seconds(dates(&headers).sunset), Some(1_768_435_200));
        headers.insert("deprecation", "@1688169599".parse().unwrap());
        assert_eq!(seconds(dates(&headers).deprecation), Some(1_688_169_599));
        headers.insert("deprecation", "Mon, 5 Aug 2024 00:00:00 GMT".parse().unwrap());
        assert_eq!(seconds(dates(&headers).deprecation), Some(1_722_816_000));
        headers.insert("deprecation", "true".parse().unwrap());
        assert_eq!(dates(&headers).deprecation, None);
        let notice = notice("testOperation", true, &headers).unwrap();
        assert!(notice.message.contains("create_flex_cluster"), "{}", notice.message);
        assert!(notice.message.contains("15 Jan 2026"), "{}", notice.message);
        assert_eq!(super::notice("testOperation", true, &headers), None);
        headers.insert("deprecation", "@1688169599".parse().unwrap());
        headers.remove("sunset");
        let notice = super::notice("otherOperation", false, &headers).unwrap();
        assert_eq!(notice.message, "Atlas calls otherOperation deprecated (since Fri, 30 Jun 2023 23:59:59 GMT)");
    }
}
