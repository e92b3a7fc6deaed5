//! Whether what has the name was created by this call: never if it has another name, belongs to another project, or is older.
use std::time::{Duration, UNIX_EPOCH};

use atlas_serverless::core::operations::create::reconcile::{
    Comparison, FirstAttempt, compare_created, compare_existing, name_is_taken, update_body,
};
use serde_json::Value;

use super::{Reached, support};

/// By how much a date may be off.
const TOLERANCE: i64 = 2;

/// Seconds since the first attempt, the service's time in Unix seconds or an empty line, the request, and what was found.
pub fn run(data: &[u8]) -> Reached {
    let (ago, rest) = support::number(data);
    let (now, rest) = support::line(rest);
    let (requested, found) = support::line(rest);
    let Ok(Value::Object(asked)) = serde_json::from_slice(requested) else { return Reached::Nothing };
    // The body of a create is written by this library, which writes each field once.
    let requested = Value::Object(asked.clone()).to_string().into_bytes();
    let now: Option<i64> = std::str::from_utf8(now).ok().and_then(|now| now.parse().ok()).filter(|now| in_range(*now));
    let first_attempt = FirstAttempt {
        group_id: support::GROUP,
        server_now: now.map(|now| UNIX_EPOCH + Duration::from_secs(now.unsigned_abs())),
        ago: Duration::from_secs(ago.into()),
    };
    let created = compare_created(&requested, found, &first_attempt);
    let existing = compare_existing(&requested, found, support::GROUP);
    let there: Value = serde_json::from_slice(found).unwrap_or_default();
    let is_deleting = there["stateName"] == "DELETING";
    assert_eq!(created == Comparison::BeingDeleted, is_deleting, "{there}");
    assert_eq!(existing == Comparison::BeingDeleted, is_deleting, "{there}");
    if existing == Comparison::Match {
        check_same(&asked, &there);
    }
    match created {
        Comparison::Match => {
            assert_eq!(existing, Comparison::Match);
            let now = now.expect("without the service's time nothing matches");
            let date = there["createDate"].as_str().expect("without a date nothing matches");
            if let Some(at) = seconds(date) {
                assert!(at >= now - i64::from(ago) - TOLERANCE && at <= now + TOLERANCE, "{date} at {now}, {ago} ago");
            }
            Reached::Accepted
        }
        Comparison::BeingDeleted => Reached::Refused,
        Comparison::Mismatch(differs) => {
            support::assert_shown(&differs);
            let body = update_body(&requested, &differs);
            if let Some(body) = body {
                let body: Value = serde_json::from_slice(&body).expect("JSON");
                let changeable = ["tags", "terminationProtectionEnabled", "serverlessBackupOptions"];
                assert!(body.as_object().unwrap().keys().all(|field| changeable.contains(&field.as_str())), "{body}");
            }
            let error = name_is_taken("orders", "Flex cluster", differs);
            assert_eq!(error.status, 400);
            Reached::Refused
        }
    }
}

fn in_range(now: i64) -> bool {
    (0..253_402_300_800).contains(&now)
}

/// The same name, place and project, as `serde_json` reads both.
fn check_same(asked: &serde_json::Map<String, Value>, there: &Value) {
    if !there.is_object() {
        return;
    }
    if let Some(name) = asked.get("name").filter(|name| !name.is_null()) {
        assert_eq!(&there["name"], name);
    }
    for field in ["backingProviderName", "regionName"] {
        if let Some(wanted) = asked.get("providerSettings").and_then(|settings| settings.get(field)) {
            // An object, which no check lets through, has what was asked for among its entries.
            let is_one_value = !wanted.is_null() && !wanted.is_object() && !wanted.is_array();
            assert!(!is_one_value || same(&there["providerSettings"][field], wanted), "{field} of {there}");
        }
    }
    let group = &there["groupId"];
    assert!(group.is_null() || group.as_str().is_some_and(|id| id.eq_ignore_ascii_case(support::GROUP)), "{group}");
}

/// Equal, numbers by their value.
fn same(a: &Value, b: &Value) -> bool {
    a == b || a.is_number() && a.as_f64() == b.as_f64()
}

/// Unix seconds of `2025-09-09T18:15:12Z`, a fraction aside; `None` for any other form of a date.
fn seconds(date: &str) -> Option<i64> {
    let rest = date.strip_suffix('Z')?;
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let bytes = whole.as_bytes();
    let is_form = bytes.len() == 19
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && separators.iter().all(|(at, separator)| bytes[*at] == *separator);
    if !is_form {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    // Days since 1970 of the proleptic Gregorian calendar, whose year is counted from March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day
            - 719_469;
    Some(days * 86_400 + number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?)
}
