//! Whether a reply is about what was asked for. On a connection that is out of step a call gets the reply to another.
use super::call::{Call, Subject};
use super::reply::content;
use super::transport::exchange::{HttpResponse, printable};
use crate::core::json::Tape;

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
        Subject::Named(name) => (name, "name", Some(("groupId", &call.group_id))),
        Subject::Project(id) => (id, "id", None),
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
