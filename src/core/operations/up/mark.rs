//! The mark by which `down` knows what `up` has made: a tag on clusters and projects, the beginning of a user's description and
//! of an entry's comment. After it stands the number of the run, so that a run whose answer was lost finds its own.
use serde_json::{Value, json};

/// The key of the tag.
pub const TAG: &str = "atlas-up";
/// The value of the tag of a project; that of a cluster is its name.
pub const PROJECT: &str = "project";

/// The text for what belongs to the cluster `name`, made by the run `run`: at most 80 characters, as a comment may have.
pub(super) fn text(name: &str, run: f64) -> String {
    let number = (run * f64::from(1 << 24)) as u32;
    format!("{TAG}:{name}#{number:06x}")
}

/// Whether a description or a comment has the mark of the cluster `name`.
pub(super) fn is_of(entity: &Value, field: &str, name: &str) -> bool {
    let text = entity.get(field).and_then(Value::as_str).and_then(|text| text.strip_prefix(TAG)?.strip_prefix(':'));
    text.and_then(|text| text.rsplit_once('#')).is_some_and(|(of, _)| of == name)
}

pub(super) fn tag(value: &str) -> Value {
    json!({"key": TAG, "value": value})
}

/// Whether a cluster or a project has the tag.
pub(super) fn has_tag(entity: &Value, value: &str) -> bool {
    entity.get("tags").and_then(Value::as_array).is_some_and(|tags| tags.contains(&tag(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_again_and_fits_a_comment() {
        for (name, run) in [("orders", 0.0), ("a-1", 0.999_999_999), (&*"x".repeat(64), 0.5)] {
            let mark = text(name, run);
            assert!(mark.len() <= 80, "{mark}");
            assert!(is_of(&json!({"comment": mark}), "comment", name));
            assert!(!is_of(&json!({"comment": mark}), "comment", "other"));
        }
        for foreign in ["", "office", "atlas-up:", "atlas-up:orders", "atlas-up:orders2#000000"] {
            assert!(!is_of(&json!({"comment": foreign}), "comment", "orders"), "{foreign}");
        }
        assert!(has_tag(&json!({"tags": [{"key": "a", "value": "b"}, tag("orders")]}), "orders"));
        assert!(!has_tag(&json!({"tags": [tag("orders")]}), "carts"));
    }
}
