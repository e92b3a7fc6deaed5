//! Whether a reply is about what was asked for. On a connection that is out of step a call gets the reply to another.
use std::net::IpAddr;

use super::call::{Call, Subject};
use super::reply::content;
use super::transport::exchange::HttpResponse;
use crate::core::error::printable;
use crate::core::json::{Element, Tape};
use crate::core::spec::model::connect::ADMIN;

const PLACES: [&str; 3] = ["cidrBlock", "ipAddress", "awsSecurityGroup"];

/// What else a reply to `call` describes; `None` if it does not say so.
pub(crate) fn mismatch(call: &Call, response: &HttpResponse) -> Option<String> {
    let subject = call.subject.as_ref()?;
    if call.envelope {
        let entity = content(&response.body, true);
        return differs(call, subject, Tape::parse(&response.body.slice_ref(entity))?.root());
    }
    match &response.tape {
        Some(tape) => differs(call, subject, tape.root()),
        None => differs(call, subject, Tape::parse(&response.body)?.root()),
    }
}

fn differs(call: &Call, subject: &Subject, reply: Element<'_>) -> Option<String> {
    let of_project = || other_value(reply, "groupId", &call.group_id);
    match subject {
        Subject::Named(name) => other_value(reply, "name", name).or_else(of_project),
        Subject::Fields(fields) => fields.iter().find_map(|(key, asked)| other_value(reply, key, asked)),
        Subject::Entry(value) => other_place(value, reply),
        Subject::User { username, database_name } => other_value(reply, "databaseName", database_name)
            .or_else(|| other(reply, "username", username, |got| is_same_user(database_name, username, got)))
            .or_else(of_project),
        Subject::EntriesWith(value) => lacks_place(value, reply),
    }
}

/// Ids are hexadecimal, and names that differ only in case cannot exist side by side.
fn other_value(reply: Element<'_>, key: &str, asked: &str) -> Option<String> {
    other(reply, key, asked, |got| got.eq_ignore_ascii_case(asked))
}

fn other(reply: Element<'_>, key: &str, asked: &str, is_same: impl Fn(&str) -> bool) -> Option<String> {
    let got = reply.field(key)?.string()?;
    let is_other = !got.is_empty() && !asked.is_empty() && !is_same(&got);
    is_other.then(|| format!("the reply describes {key} {}, not {asked:?}", shown(&got)))
}

fn shown(got: &str) -> String {
    let start: String = got.chars().take(100).collect();
    format!("{:?}", printable(&start))
}

/// The name of a user of `admin` is compared as it is: two can differ in case alone. A distinguished name has several
/// spellings (RFC 4514), and which one Atlas shows is not documented.
fn is_same_user(database_name: &str, asked: &str, got: &str) -> bool {
    if database_name == ADMIN { asked == got } else { spelling(asked) == spelling(got) }
}

/// A distinguished name in lower case, with single spaces, and none beside `,`, `+` and `=`.
fn spelling(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    for character in name.chars().flat_map(char::to_lowercase) {
        let between = matches!(character, ',' | '+' | '=');
        if between {
            written.truncate(written.trim_end_matches(' ').len());
        }
        match character.is_whitespace() {
            true if written.is_empty() || written.ends_with([' ', ',', '+', '=']) => {}
            true => written.push(' '),
            false => written.push(character),
        }
    }
    written.truncate(written.trim_end_matches(' ').len());
    written
}

/// An entry of an access list shows its place as an address, as a block, or as both.
fn other_place(asked: &str, entry: Element<'_>) -> Option<String> {
    let mut others = Vec::new();
    for key in PLACES {
        match entry.field(key).and_then(|value| value.string()) {
            Some(got) if is_same_place(asked, &got) => return None,
            Some(got) => others.push((key, got)),
            None => {}
        }
    }
    let (key, got) = others.first()?;
    Some(format!("the reply describes {key} {}, not {asked:?}", shown(got)))
}

/// Adding an entry is answered by the list, of which the entry can be on a later page.
fn lacks_place(asked: &str, list: Element<'_>) -> Option<String> {
    let entries = list.field("results")?;
    let total = list.field("totalCount").and_then(|total| total.text().parse::<usize>().ok());
    let is_whole = total.is_none_or(|total| total <= entries.values().count());
    let is_other = |entry| other_place(asked, entry).is_some();
    (is_whole && entries.values().all(is_other)).then(|| format!("the reply lists no entry {asked:?}"))
}

fn is_same_place(asked: &str, got: &str) -> bool {
    asked.eq_ignore_ascii_case(got) || block(asked).is_some_and(|asked| block(got) == Some(asked))
}

/// The first address of a block and the length of its prefix; a single address is a block of its own.
fn block(text: &str) -> Option<(u128, u8)> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let (bits, whole): (u128, u8) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let length = length.map_or(Some(whole), |length| length.parse().ok())?;
    let host = u32::from(whole.checked_sub(length)?);
    Some((u128::MAX.checked_shl(host).unwrap_or(0) & bits, length))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn names_of_users_are_compared_as_their_database_does() {
        for (database, asked, got, same) in [
            ("admin", "app", "app", true),
            ("admin", "app", "App", false),
            ("admin", "a = b", "a=b", false),
            ("$external", "CN=app,O=Shop Ltd", "cn=App, o=shop  ltd", true),
            ("$external", "CN = app , O = x", "CN=app,O=x", true),
            ("$external", " CN=app ", "CN=app", true),
            ("$external", "CN=app,O=x", "CN=app,O=y", false),
            ("$external", "CN=ap p", "CN=app", false),
        ] {
            assert_eq!(is_same_user(database, asked, got), same, "{database} {asked} {got}");
        }
    }

    #[test]
    fn a_list_lacks_an_entry_only_if_it_is_whole() {
        for (body, lacks) in [
            (r#"{"results":[{"cidrBlock":"192.0.2.7/32"}],"totalCount":1}"#, false),
            (r#"{"results":[{"ipAddress":"192.0.2.8"},{"ipAddress":"192.0.2.7"}]}"#, false),
            (r#"{"results":[{"ipAddress":"192.0.2.8"}],"totalCount":101}"#, false),
            (r#"{"results":[{"ipAddress":"192.0.2.8"}],"totalCount":1}"#, true),
            (r#"{"results":[{"ipAddress":"192.0.2.8"}]}"#, true),
            (r#"{"results":[],"totalCount":0}"#, true),
            (r#"{"results":[{"comment":"place not shown"}]}"#, false),
        ] {
            let list = Tape::parse(&Bytes::from_static(body.as_bytes())).unwrap();
            assert_eq!(lacks_place("192.0.2.7", list.root()).is_some(), lacks, "{body}");
        }
    }

    #[test]
    fn places_are_compared_as_addresses() {
        for (asked, got, same) in [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.7/32", true),
            ("192.0.2.7/24", "192.0.2.0/24", true),
            ("0.0.0.0/0", "0.0.0.0/0", true),
            ("::/0", "::1/0", true),
            ("2001:DB8::1", "2001:db8:0:0:0:0:0:1/128", true),
            ("sg-0abc", "SG-0ABC", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("192.0.2.0/24", "192.0.2.0/25", false),
            ("0.0.0.0/0", "::/0", false),
            ("sg-0abc", "192.0.2.8", false),
            ("192.0.2.7/33", "192.0.2.7/34", false),
        ] {
            assert_eq!(is_same_place(asked, got), same, "{asked} {got}");
        }
    }
}
