//! Decides after an unknown outcome whether the resource that has the name was created by this call. No I/O.
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::core::context::clock::timestamp;
use crate::core::error::{ApiError, Violation, printable};
use crate::core::spec::compare::{Difference, differences};

/// `Date` headers have whole seconds, and the reply with the header takes time to arrive.
const TOLERANCE: Duration = Duration::from_secs(2);

/// How the resource that has the name compares with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// It is as requested; after [`compare_created`] also not older than this call's first attempt.
    Match,
    /// It is being deleted, so it existed before this call.
    BeingDeleted,
    /// It differs or is older; with the differences.
    Mismatch(Vec<Violation>),
}

/// When this call's first attempt was made, by the server's clock.
#[derive(Debug, Clone, Copy)]
pub struct FirstAttempt<'a> {
    /// The project of this call.
    pub group_id: &'a str,
    /// The `Date` header of the look-up's reply.
    pub server_now: Option<SystemTime>,
    /// Time between the first attempt and that moment.
    pub ago: Duration,
}

impl FirstAttempt<'_> {
    /// Why this call cannot have created a resource with this date; `None` if it can.
    pub(in crate::core::operations) fn mismatch(&self, created: Option<SystemTime>) -> Option<&'static str> {
        // This machine's clock is no substitute: it may be minutes off, and then another caller's resource would be returned as created by this call.
        let Some(now) = self.server_now else {
            return Some("whether this call created it can't be told: the service did not say its own time");
        };
        let Some(created) = created else {
            return Some("whether this call created it can't be told: it has no readable createDate");
        };
        let earliest = now.checked_sub(self.ago.saturating_add(TOLERANCE)).unwrap_or(SystemTime::UNIX_EPOCH);
        if created < earliest {
            return Some("it was created before this call");
        }
        let is_later = now.checked_add(TOLERANCE).is_some_and(|latest| created > latest);
        is_later.then_some("it is dated later than the service's own time")
    }
}

/// What of a found resource counts beside what was asked for. Each field is read by itself, so that one which is not as
/// documented hides no other.
struct ResourceState {
    group_id: Option<Value>,
    create_date: Option<Value>,
    is_being_deleted: bool,
}

/// Compares `found` (the body of a GET) with `requested` (the body of the create) and with the time of the first attempt.
pub fn compare_created(requested: &[u8], found: &[u8], first_attempt: &FirstAttempt<'_>) -> Comparison {
    let state = resource_state(found);
    if state.is_being_deleted {
        return Comparison::BeingDeleted;
    }
    let mut reasons = reasons(requested, found, &state, first_attempt.group_id);
    let created = state.create_date.as_ref().and_then(Value::as_str).and_then(timestamp);
    if let Some(mismatch) = first_attempt.mismatch(created) {
        reasons.push(Violation {
            path: "createDate".to_owned(),
            message: mismatch.to_owned(),
            value: state.create_date.unwrap_or_default(),
            rule: "differs".to_owned(),
        });
    }
    if reasons.is_empty() { Comparison::Match } else { Comparison::Mismatch(reasons) }
}

/// The same for `if_exists="return"`, where it does not matter who created the resource, or when.
pub fn compare_existing(requested: &[u8], found: &[u8], group_id: &str) -> Comparison {
    let state = resource_state(found);
    if state.is_being_deleted {
        return Comparison::BeingDeleted;
    }
    let reasons = reasons(requested, found, &state, group_id);
    if reasons.is_empty() { Comparison::Match } else { Comparison::Mismatch(reasons) }
}

/// The violation for a resource that is being deleted.
pub fn being_deleted() -> Violation {
    Violation {
        path: "stateName".to_owned(),
        message: "it is being deleted".to_owned(),
        value: "DELETING".into(),
        rule: "differs".to_owned(),
    }
}

/// The violation for a cluster of neither kind.
pub fn other_kind(noun: &str) -> Violation {
    Violation {
        path: "name".to_owned(),
        message: format!("it belongs to a cluster that is no {noun}"),
        value: Value::Null,
        rule: "differs".to_owned(),
    }
}

/// The error for a name that is taken by something else.
pub fn name_is_taken(name: &str, noun: &str, differs: Vec<Violation>) -> ApiError {
    let listed = |wanted: bool| {
        let matching = differs.iter().filter(|violation| can_change(violation) == wanted);
        matching.map(|v| format!("{}: {}", v.path, v.message)).collect::<Vec<_>>().join("; ")
    };
    let detail = match (listed(false), listed(true)) {
        (fixed, _) if differs.iter().any(|violation| violation.path == "name") => {
            format!("The name {name} is taken ({fixed})")
        }
        (fixed, changeable) if fixed.is_empty() => {
            format!("There is a {noun} {name} already; it differs in what an update changes ({changeable})")
        }
        (fixed, changeable) => {
            let besides = if changeable.is_empty() {
                String::new()
            } else {
                format!("; and in what an update changes ({changeable})")
            };
            format!("The name {name} is taken by another {noun} than was asked for ({fixed}){besides}")
        }
    };
    ApiError {
        status: 400,
        error_code: Some("DUPLICATE_CLUSTER_NAME".to_owned()),
        detail: Some(detail),
        reason: Some("Bad Request".to_owned()),
        parameters: vec![Value::String(name.to_owned())],
        violations: differs,
        ..ApiError::default()
    }
}

/// Whether an update can bring it to what was asked for.
fn can_change(violation: &Violation) -> bool {
    matches!(top_field(violation), Some("tags" | "terminationProtectionEnabled" | "serverlessBackupOptions"))
}

fn top_field(violation: &Violation) -> Option<&str> {
    violation.path.split(['.', '[']).next()
}

/// The body of the update that brings an existing resource to what was asked for; `None` if it differs in anything else.
pub fn update_body(requested: &[u8], differs: &[Violation]) -> Option<Vec<u8>> {
    if !differs.iter().all(can_change) {
        return None;
    }
    let mut body: Map<String, Value> = serde_json::from_slice(requested).ok()?;
    body.retain(|field, _| differs.iter().any(|violation| top_field(violation) == Some(field.as_str())));
    Some(Value::Object(body).to_string().into_bytes())
}

/// How the resource differs from what was asked for, its project included.
fn reasons(requested: &[u8], found: &[u8], state: &ResourceState, group_id: &str) -> Vec<Violation> {
    let mut reasons: Vec<Violation> = relevant_differences(requested, found).iter().map(violation).collect();
    let is_ours = |id: &Value| id.as_str().is_some_and(|id| id.eq_ignore_ascii_case(group_id));
    if let Some(other) = state.group_id.as_ref().filter(|id| !is_ours(id)) {
        reasons.push(Violation {
            path: "groupId".to_owned(),
            message: "it belongs to another project".to_owned(),
            value: other.clone(),
            rule: "differs".to_owned(),
        });
    }
    reasons
}

fn relevant_differences(requested: &[u8], found: &[u8]) -> Vec<Difference> {
    differences(requested, found).into_iter().filter(|d| !d.known_ignored).collect()
}

fn violation(difference: &Difference) -> Violation {
    Violation {
        path: difference.path.clone(),
        message: printable(&format!("asked for {}, there is {}", difference.asked, difference.got)),
        value: difference.got.clone(),
        rule: "differs".to_owned(),
    }
}

fn resource_state(found: &[u8]) -> ResourceState {
    let mut found: Map<String, Value> = serde_json::from_slice(found).unwrap_or_default();
    let mut take = |name: &str| found.remove(name).filter(|value| !value.is_null());
    ResourceState {
        group_id: take("groupId"),
        create_date: take("createDate"),
        is_being_deleted: take("stateName") == Some("DELETING".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUESTED: &[u8] = br#"{"name":"a","providerSettings":{"backingProviderName":"AWS","regionName":"US_EAST_1"},"serverlessBackupOptions":{"serverlessContinuousBackupEnabled":true},"tags":[{"key":"env","value":"test"}]}"#;

    fn found(region: &str, created: &str, state: &str) -> Vec<u8> {
        format!(r#"{{"createDate":"{created}","name":"a","providerSettings":{{"backingProviderName":"AWS","providerName":"SERVERLESS","regionName":"{region}"}},"serverlessBackupOptions":{{"serverlessContinuousBackupEnabled":false}},"stateName":"{state}","tags":[{{"key":"env","value":"test"}}]}}"#).into_bytes()
    }

    /// The first attempt was 10 s before 18:15:20 by the server's clock.
    fn first_attempt() -> FirstAttempt<'static> {
        let server_now = httpdate::parse_http_date("Tue, 09 Sep 2025 18:15:20 GMT").unwrap();
        FirstAttempt { group_id: "g", server_now: Some(server_now), ago: Duration::from_secs(10) }
    }

    #[test]
    fn what_this_call_created_is_as_requested_and_not_older_than_its_first_attempt() {
        for (created, expected) in [
            ("2025-09-09T18:15:10Z", true),
            ("2025-09-09T18:15:08Z", true),
            ("2025-09-09T18:15:07Z", false),
            ("2025-09-09T18:15:19Z", true),
            ("2025-09-09T18:15:22Z", true),
            ("2025-09-09T18:15:23Z", false),
        ] {
            let comparison = compare_created(REQUESTED, &found("US_EAST_1", created, "CREATING"), &first_attempt());
            assert_eq!(comparison == Comparison::Match, expected, "{created}: {comparison:?}");
        }
    }

    #[test]
    fn without_the_servers_time_or_a_date_nothing_matches() {
        let plain = found("US_EAST_1", "2025-09-09T18:15:12Z", "IDLE");
        let dateless = FirstAttempt { server_now: None, ..first_attempt() };
        assert!(matches!(compare_created(REQUESTED, &plain, &dateless), Comparison::Mismatch(why) if why.len() == 1));
        for created in ["", "yesterday"] {
            let comparison = compare_created(REQUESTED, &found("US_EAST_1", created, "IDLE"), &first_attempt());
            assert!(matches!(comparison, Comparison::Mismatch(why) if why[0].path == "createDate"));
        }
    }

    #[test]
    fn the_order_of_tags_and_ignored_fields_do_not_count() {
        let asked = br#"{"name":"a","serverlessBackupOptions":{"serverlessContinuousBackupEnabled":true},"tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}]}"#;
        let found = br#"{"name":"a","createDate":"2025-09-09T18:15:12Z","serverlessBackupOptions":{"serverlessContinuousBackupEnabled":false},"tags":[{"value":"2","key":"b"},{"key":"a","value":"1"}]}"#;
        assert_eq!(compare_created(asked, found, &first_attempt()), Comparison::Match);
    }

    #[test]
    fn a_mismatch_says_what_differs() {
        let Comparison::Mismatch(reasons) =
            compare_created(REQUESTED, &found("EU_WEST_1", "2025-09-09T18:15:01Z", "IDLE"), &first_attempt())
        else {
            panic!("it matches");
        };
        let paths: Vec<_> = reasons.iter().map(|r| r.path.as_str()).collect();
        assert_eq!(paths, ["providerSettings.regionName", "createDate"]);
        let taken = name_is_taken("a", "serverless instance", reasons);
        assert_eq!(
            taken.detail.as_deref(),
            Some(
                "The name a is taken by another serverless instance than was asked for (providerSettings.regionName: asked for \"US_EAST_1\", there is \"EU_WEST_1\"; createDate: it was created before this call)"
            )
        );
    }

    #[test]
    fn an_update_has_what_differs_and_nothing_else() {
        let requested =
            br#"{"name":"a","providerSettings":{"regionName":"R"},"tags":[],"terminationProtectionEnabled":true}"#;
        let differs = |paths: &[&str]| -> Vec<Violation> {
            paths.iter().map(|path| Violation { path: (*path).to_owned(), ..being_deleted() }).collect()
        };
        for (paths, body) in [
            (&["tags"][..], Some(r#"{"tags":[]}"#)),
            (&["tags", "terminationProtectionEnabled"], Some(r#"{"tags":[],"terminationProtectionEnabled":true}"#)),
            (&["tags", "providerSettings.regionName"], None),
            (&["groupId"], None),
        ] {
            let made = update_body(requested, &differs(paths)).map(|body| String::from_utf8(body).unwrap());
            assert_eq!(made.as_deref(), body, "{paths:?}");
        }
    }

    #[test]
    fn a_resource_that_is_being_deleted_is_recognised() {
        let leaving = found("US_EAST_1", "2025-09-09T18:15:10Z", "DELETING");
        assert_eq!(compare_created(REQUESTED, &leaving, &first_attempt()), Comparison::BeingDeleted);
        assert_eq!(compare_existing(REQUESTED, &leaving, "g"), Comparison::BeingDeleted);
    }

    #[test]
    fn a_field_of_another_type_hides_no_other() {
        let found = |fields: &str| format!(r#"{{"name":"a",{fields}}}"#);
        for leaving in [r#""createDate":5,"stateName":"DELETING""#, r#""stateName":"IDLE","stateName":"DELETING""#] {
            let leaving = found(leaving);
            let existing = compare_existing(br#"{"name":"a"}"#, leaving.as_bytes(), "g");
            assert_eq!(existing, Comparison::BeingDeleted, "{leaving}");
        }
        for other in [r#""createDate":5,"groupId":"other""#, r#""groupId":7"#] {
            let other = found(other);
            let existing = compare_existing(br#"{"name":"a"}"#, other.as_bytes(), "g");
            assert!(matches!(existing, Comparison::Mismatch(why) if why[0].path == "groupId"), "{other}");
        }
    }

    #[test]
    fn an_old_one_that_matches_is_good_enough_for_if_exists() {
        assert_eq!(
            compare_existing(REQUESTED, &found("US_EAST_1", "2020-01-01T00:00:00Z", "IDLE"), "g"),
            Comparison::Match
        );
    }
}
