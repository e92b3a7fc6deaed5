//! Checks a text against its form.
use std::net::IpAddr;

use super::{rules, text};
use crate::core::spec::model::text_form::TextForm;

/// The characters of a project's name beside letters and digits.
const OF_PROJECT_NAME: &str = "-_.(),:&@+'";
const MAX_PROJECT_NAME: usize = 64;

/// What is wrong with a text: the rule, and a clause that follows "must be …, ".
pub(super) fn problem(form: TextForm, value: &str) -> Option<(&'static str, String)> {
    let count = value.chars().count();
    let unless = |right: bool, rule: &'static str, wrong: &str| (!right).then(|| (rule, wrong.to_owned()));
    match form {
        TextForm::Plain { min, .. } | TextForm::Secret { min } if count < min && count == 0 => {
            Some((rules::MIN_LENGTH, "not empty text".to_owned()))
        }
        TextForm::Secret { min } => unless(count >= min, rules::MIN_LENGTH, &format!("this has {count} characters")),
        TextForm::Plain { max, .. } => unless(count <= max, rules::MAX_LENGTH, &format!("this has {count} characters")),
        TextForm::Name => {
            text::name_pattern(value).map(|_| (rules::PATTERN, "this is no name of a cluster".to_owned()))
        }
        TextForm::ProjectName => {
            let right = value.chars().all(|c| c.is_alphanumeric() || OF_PROJECT_NAME.contains(c));
            match count {
                0 => Some((rules::MIN_LENGTH, "not empty text".to_owned())),
                1..=MAX_PROJECT_NAME => {
                    unless(right, rules::PATTERN, "this has another character").or_else(|| dot_segment(value))
                }
                _ => Some((rules::MAX_LENGTH, format!("this has {count} characters"))),
            }
        }
        TextForm::Id => unless(text::group_id(value).is_none(), rules::PATTERN, "this is no id"),
        TextForm::Date => unless(value.parse::<jiff::Timestamp>().is_ok(), rules::PATTERN, "this is no such time"),
        TextForm::Address => {
            let wrong = if is_block(value) { "this is a block: give it as cidr_block" } else { "this is none" };
            unless(value.parse::<IpAddr>().is_ok(), rules::PATTERN, wrong)
        }
        TextForm::Block => {
            let is_address = value.parse::<IpAddr>().is_ok();
            let wrong = if is_address { "this is one address: give it as ip_address" } else { "this is none" };
            unless(is_block(value), rules::PATTERN, wrong)
        }
        TextForm::SecurityGroup => unless(is_security_group(value), rules::PATTERN, "this is none"),
    }
}

/// What is wrong with a name that a URL cannot hold as a part of its path, even if it is percent-encoded: what has such a
/// name can be created and never be asked for.
pub(super) fn dot_segment(name: &str) -> Option<(&'static str, String)> {
    matches!(name, "." | "..").then(|| (rules::PATTERN, format!("and no address can have {name} in its path")))
}

/// CIDR notation: an address, a slash, and how many of its bits count.
pub(crate) fn is_block(value: &str) -> bool {
    let Some((address, bits)) = value.split_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

/// `sg-0123abcd`, with the number of its account before a slash if it is another's.
pub(super) fn is_security_group(value: &str) -> bool {
    let own = match value.split_once('/') {
        Some((account, own)) if account.bytes().all(|b| b.is_ascii_digit()) => own,
        Some(_) => return false,
        None => value,
    };
    own.strip_prefix("sg-").is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_takes_what_it_should() {
        use TextForm as F;
        for (form, right, wrong) in [
            (F::Plain { min: 1, max: 3 }, ["a", "äöü"], ["", "abcd"]),
            (F::Secret { min: 8 }, ["12345678", "s3cret/@:x"], ["", "1234567"]),
            (F::Name, ["orders", "a-1"], ["", "my_cluster"]),
            (F::ProjectName, ["Größe", "a.b,c:d&e@f+g'h"], ["..", "a/b"]),
            (F::Id, ["32b6e34b3d91647abb20e7b8", "000000000000000000000000"], ["", "32B6E34B3D91647ABB20E7B8"]),
            (F::Date, ["2026-08-11T03:05:41Z", "2026-08-11T05:05:41+02:00"], ["2026-08-11", "tomorrow"]),
            (F::Address, ["192.0.2.7", "2001:db8::1"], ["192.0.2.0/24", "here"]),
            (F::Block, ["0.0.0.0/0", "2001:db8::/32"], ["192.0.2.7", "192.0.2.0/33"]),
            (F::SecurityGroup, ["sg-0123abcd", "123456789012/sg-1"], ["sg-", "x/sg-1"]),
        ] {
            for text in right {
                assert_eq!(problem(form, text), None, "{form:?} {text}");
            }
            for text in wrong {
                assert!(problem(form, text).is_some(), "{form:?} {text}");
            }
        }
        assert!(problem(F::ProjectName, &"x".repeat(65)).is_some_and(|(rule, _)| rule == rules::MAX_LENGTH));
        assert_eq!(
            problem(F::Address, "192.0.2.0/24").map(|p| p.1),
            Some("this is a block: give it as cidr_block".into())
        );
    }
}
