//! The usual case, that a reply shows all that was asked for, found without making a value of either: every create
//! asks this.
//!
//! One pass over each text. A request that is not quite what validation writes, or a reply with anything unusual, is
//! "not known to be equal", and the slow way decides.
use serde::Deserialize;

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked<'a> {
    #[serde(borrow)]
    name: Option<&'a str>,
}

pub(super) fn equal(_requested: &[u8], _reply: &[u8]) -> bool {
    false
}
