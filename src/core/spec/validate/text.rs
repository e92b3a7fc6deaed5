//! The rules on names, ids and tags. Each returns `None`, or a message that says what would be right.
use super::describe::{quoted, quoted_char};
use super::rules;

/// Source: the limits on cluster names in Atlas' documentation.
const MAX_NAME: usize = 64;
/// So many characters of a name become part of host names.
const NAME_PREFIX: usize = 23;
/// Characters of a tag's key or value.
const MAX_TAG: usize = 255;

/// Source: the pattern `^([a-f0-9]{24})$` of `groupId`.
pub(super) fn group_id(value: &str) -> Option<String> {
    let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if value.len() == 24 && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let wrong = if value.is_empty() {
        "this is empty".to_owned()
    } else if value.chars().count() == 24 && value.chars().all(|c| is_digit(c.to_ascii_lowercase())) {
        "this has capital letters".to_owned()
    } else if let Some((at, c)) = value.chars().enumerate().find(|(_, c)| !is_digit(c.to_ascii_lowercase())) {
        format!("this has {} as character {}", quoted_char(c), at + 1)
    } else {
        format!("this has {} characters", value.chars().count())
    };
    let advice =
        if looks_like_a_name(value) { "; if it is the project's name, list_projects() has its id" } else { "" };
    Some(format!(
        "must be the project's id: 24 of the characters 0 to 9 and a to f, such as '32b6e34b3d91647abb20e7b8'; {wrong}{advice}"
    ))
}

/// Whether it can be the name of a project and not an id that is misspelt: words, and none of the length of an id.
fn looks_like_a_name(value: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || "-_ .()&+:@'".contains(c);
    let length = value.chars().count();
    length > 0 && !(20..=28).contains(&length) && value.chars().all(is_word)
}

/// The same pattern for the name of a cluster that is there. Names of projects have characters that this one refuses.
pub(super) fn existing_name(value: &str) -> Option<String> {
    let message = name_pattern(value)?;
    let of_project = value.contains([' ', '_', '.']) && looks_like_a_name(value);
    let (why, _) = message.split_once(": '").unwrap_or((&message, ""));
    Some(if of_project { format!("{why}; the name of a cluster is meant, not that of a project") } else { message })
}

/// Source: the pattern `^[a-zA-Z0-9][a-zA-Z0-9-]*$` of `name`.
pub(super) fn name_pattern(value: &str) -> Option<String> {
    if value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return match value.bytes().next() {
            None => Some("must be text of letters, digits and hyphens, such as 'my-instance', not empty text".into()),
            Some(b'-') => Some("starts with a hyphen; it must start with a letter or digit".into()),
            Some(_) => None,
        };
    }
    let (at, c) = value.chars().enumerate().find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '-')?;
    let mut message = format!(
        "has {} as character {}; only the letters a to z and A to Z, digits and hyphens are allowed",
        quoted_char(c),
        at + 1
    );
    if let Some(other) = corrected_name(value) {
        message = format!("{message}: {} would do", quoted(&other));
    }
    Some(message)
}

/// The name with hyphens instead of other separators, if that makes it valid.
fn corrected_name(value: &str) -> Option<String> {
    if value.len() > MAX_NAME {
        return None;
    }
    let other = value.trim().replace(['_', ' ', '.'], "-");
    let mut right = name_pattern_holds(&other);
    new_name(&other, |_, _| right = false);
    right.then_some(other)
}

fn name_pattern_holds(value: &str) -> bool {
    value.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The limits on a new name apart from its pattern. Source: the limits on cluster names in Atlas' documentation.
pub(super) fn new_name(value: &str, mut problem: impl FnMut(&'static str, String)) {
    let count = if value.is_ascii() { value.len() } else { value.chars().count() };
    if count > MAX_NAME {
        problem(rules::MAX_LENGTH, format!("has {count} characters; at most {MAX_NAME} are allowed"));
    }
    if count < NAME_PREFIX && count > 1 && value.ends_with('-') {
        problem(
            rules::PATTERN,
            format!("ends in a hyphen, which a name of fewer than {NAME_PREFIX} characters may not"),
        );
    }
    if count > NAME_PREFIX && value.chars().nth(NAME_PREFIX - 1) == Some('-') {
        problem(
            rules::PATTERN,
            format!("has a hyphen as character {NAME_PREFIX}, which a longer name may not; move or drop that hyphen"),
        );
    }
    let reserved = value
        .strip_prefix("atlas-")
        .is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    if reserved {
        problem(
            rules::RESERVED,
            "is reserved: 'atlas-' followed by six small letters or digits; add or drop a character".into(),
        );
    }
}

/// Whether a tag's text is valid and needs no escapes in JSON.
pub(super) fn tag_is_plain(value: &str) -> bool {
    (1..=MAX_TAG).contains(&value.len()) && value.bytes().all(is_tag_byte)
}

fn is_tag_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b' ' | b';' | b'@' | b'_' | b'-' | b'.' | b'+')
}

/// Checks a tag's key or value. `what` begins the message ("the key ") where the path does not say it. Source: the limits on
/// resource tags in Atlas' documentation.
pub(super) fn tag(what: &str, value: &str, mut problem: impl FnMut(&'static str, String)) {
    if value.is_empty() {
        problem(rules::MIN_LENGTH, format!("{what}is empty; it must have 1 to {MAX_TAG} characters"));
    }
    let count = value.chars().count();
    if count > MAX_TAG {
        problem(rules::MAX_LENGTH, format!("{what}has {count} characters; at most {MAX_TAG} are allowed"));
    }
    let allowed = |c: char| if c.is_ascii() { is_tag_byte(c as u8) } else { c.is_alphanumeric() };
    if let Some((at, c)) = value.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        problem(
            rules::PATTERN,
            format!(
                "{what}has {} as character {}; only letters, digits, spaces and ; @ _ - . + are allowed",
                quoted_char(c),
                at + 1
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(name: &str) -> Vec<&'static str> {
        let mut rules = Vec::new();
        if name_pattern(name).is_some() {
            rules.push(rules::PATTERN);
        }
        new_name(name, |rule, _| rules.push(rule));
        rules
    }

    #[test]
    fn limits_of_names() {
        for right in [
            "a",
            "A-1",
            "0",
            &"a".repeat(64),
            &format!("{}-", "a".repeat(22)),
            &format!("{}-", "a".repeat(23)),
            "atlas-abc12",
            "atlas-abc1234",
            "atlas-ABC123",
            "Atlas-abc123",
            "my-atlas-abc123",
            "a--b",
        ] {
            assert!(problems(right).is_empty(), "{right}");
        }
        for (wrong, rules) in [
            ("", vec![rules::PATTERN]),
            ("-", vec![rules::PATTERN]),
            ("-a", vec![rules::PATTERN]),
            ("a-", vec![rules::PATTERN]),
            ("a_b", vec![rules::PATTERN]),
            ("a\n", vec![rules::PATTERN]),
            ("é", vec![rules::PATTERN]),
            ("atlas-abc123", vec![rules::RESERVED]),
            (&"a".repeat(65), vec![rules::MAX_LENGTH]),
            (&format!("{}-", "a".repeat(21)), vec![rules::PATTERN]),
            (&format!("{}-a", "a".repeat(22)), vec![rules::PATTERN]),
            (
                &format!("{}-{}_", "a".repeat(22), "b".repeat(50)),
                vec![rules::PATTERN, rules::MAX_LENGTH, rules::PATTERN],
            ),
        ] {
            assert_eq!(problems(wrong), rules, "{wrong}");
        }
    }

    #[test]
    fn messages_about_names() {
        assert_eq!(
            name_pattern("my_instance").unwrap(),
            "has '_' as character 3; only the letters a to z and A to Z, digits and hyphens are allowed: 'my-instance' would do"
        );
        assert_eq!(
            name_pattern("größe").unwrap(),
            "has 'ö' as character 3; only the letters a to z and A to Z, digits and hyphens are allowed"
        );
    }

    #[test]
    fn messages_about_project_ids() {
        let end = |value: &str| group_id(value).map(|message| message.rsplit_once("; ").unwrap().1.to_owned());
        assert_eq!(end("32b6e34b3d91647abb20e7b8"), None);
        assert_eq!(end("32b6e34b3d91647abb20e7b"), Some("this has 23 characters".into()));
        assert_eq!(end("32B6E34B3D91647ABB20E7B8"), Some("this has capital letters".into()));
        let named = "this has 'm' as character 1; if it is the project's name, list_projects() has its id";
        assert!(group_id("my-project").unwrap().ends_with(named));
        assert_eq!(end("32b6e34b3d91647abb20e7b8\n"), Some(r"this has '\n' as character 25".into()));
        assert_eq!(end(""), Some("this is empty".into()));
    }
}
