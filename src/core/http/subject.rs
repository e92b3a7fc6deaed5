//! Whether a reply is about what was asked for. On a connection that is out of step a call gets the reply to another.
use std::net::IpAddr;

use super::call::{Call, Subject};
use super::reply::content;
use super::transport::exchange::{HttpResponse, printable};
use crate::core::json::Tape;

const PLACES: [&str; 3] = ["ipAddress", "cidrBlock", "awsSecurityGroup"];

/// What else a reply to `call` describes; `None` if it does not say so.
pub(crate) fn mismatch(call: &Call, response: &HttpResponse) -> Option<String> {
    let subject = call.subject.as_ref()?;
    if call.envelope {
        let entity = content(&response.body, true);
        return differs(call, subject, &Tape::parse(&response.body.slice_ref(entity))?);
    }
    match &response.tape {
        Some(tape) => differs(call, subject, tape),
        None => differs(call, subject, &Tape::parse(&response.body)?),
    }
}

fn differs(call: &Call, subject: &Subject, tape: &Tape) -> Option<String> {
    let (first, first_key, second) = match subject {
        Subject::Entry(value) => return differs_in_place(value, tape),
        Subject::Named(name) => (name, "name", Some(("groupId", &call.group_id))),
        Subject::Id(id) => (id, "id", None),
        Subject::User(name) => (name, "username", Some(("groupId", &call.group_id))),
    };
    let expected = |key: &str| match second {
        _ if key == first_key => Some(first),
        Some((second_key, value)) if key == second_key => Some(value),
        _ => None,
    };
    tape.root().fields().find_map(|(key, value)| {
        let key = key.string()?;
        let (asked, got) = (expected(&key)?, value.string()?);
        // Ids are hexadecimal, and names that differ only so cannot exist side by side.
        let is_other = !got.is_empty() && !got.eq_ignore_ascii_case(asked);
        let shown: String = got.chars().take(100).collect();
        is_other.then(|| format!("the reply describes {key} {:?}, not {asked:?}", printable(&shown)))
    })
}

/// An entry of an access list shows its place as an address, as a block, or as both.
fn differs_in_place(asked: &str, tape: &Tape) -> Option<String> {
    let mut others = Vec::new();
    for (key, value) in tape.root().fields() {
        let Some(key) = key.string().filter(|key| PLACES.contains(&&**key)) else { continue };
        match value.string() {
            Some(got) if is_same_place(asked, &got) => return None,
            Some(got) => others.push((key.to_string(), got.chars().take(100).collect::<String>())),
            None => {}
        }
    }
    let (key, got) = others.first()?;
    Some(format!("the reply describes {key} {:?}, not {asked:?}", printable(got)))
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
    use super::*;

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
