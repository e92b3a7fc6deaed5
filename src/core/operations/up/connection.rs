//! What `up` returns, and what it and `down` did.
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use crate::core::secret::Secret;

/// What stays as it is in the user's name and password of a connection string; drivers decode the rest.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One thing that a connection needs, and what was done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub what: &'static str,
    pub name: String,
    pub how: &'static str,
    /// What else is to be said of it.
    pub why: Option<String>,
}

/// Kinds of steps.
pub(super) const PROJECT: &str = "project";
pub(super) const CLUSTER: &str = "cluster";
pub(super) const USER: &str = "user";
pub(super) const ACCESS: &str = "access";

/// What was done: as it is, and as a dry run says it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done(&'static str, &'static str);

pub(super) const MADE: Done = Done("made", "to be made");
pub(super) const CHANGED: Done = Done("changed", "to be changed");
pub(super) const FOUND: Done = Done("found", "found");
pub(super) const DELETED: Done = Done("deleted", "to be deleted");
pub(super) const KEPT_BACK: Done = Done("kept", "kept");

/// What was done so far, in order.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) dry_run: bool,
    pub(super) list: Vec<Step>,
}

impl Steps {
    pub(super) fn add(&mut self, what: &'static str, name: &str, done: Done, why: Option<&str>) {
        let how = if self.dry_run { done.1 } else { done.0 };
        self.list.push(Step { what, name: name.to_owned(), how, why: why.map(str::to_owned) });
    }

    /// For the error that ended it: what was changed before.
    pub(super) fn summary(&self) -> Option<String> {
        let changed = self.list.iter().filter(|step| !["found", "kept"].contains(&step.how) && !self.dry_run);
        let changed: Vec<String> = changed.map(|step| format!("{} {} {}", step.what, step.name, step.how)).collect();
        (!changed.is_empty()).then(|| format!("before that: {}; run it again to go on", changed.join(", ")))
    }
}

/// A cluster that can be connected to.
#[derive(Debug)]
pub struct Connection {
    /// The cluster's name.
    pub name: String,
    /// `None`: a dry run, and the project is not there.
    pub group_id: Option<String>,
    pub username: String,
    /// `None`: the user was there, and no password was given.
    pub password: Option<Secret>,
    /// The connection string with user and password.
    pub uri: Option<Secret>,
    pub cluster: Option<Value>,
    pub user: Option<Value>,
    pub access: Vec<Value>,
    pub did: Vec<Step>,
    pub dry_run: bool,
}

/// The connection string of a cluster, with user and password as the driver wants them.
pub(super) fn uri(cluster: &Value, username: &str, password: &Secret) -> Option<Secret> {
    let strings = cluster.get("connectionStrings")?;
    let address = strings.get("standardSrv").or_else(|| strings.get("standard"))?.as_str()?;
    let (scheme, rest) = address.split_once("://")?;
    let slash = if rest.contains('/') { "" } else { "/" };
    let encoded = |text: &str| utf8_percent_encode(text, KEPT).to_string();
    let user = encoded(username);
    Some(Secret::new(format!("{scheme}://{user}:{}@{rest}{slash}", encoded(password.expose()))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn user_and_password_are_escaped() {
        let password = Secret::from("s3cret/@:x ü%");
        for (address, expected) in [
            (
                "mongodb+srv://orders.abc.mongodb.net",
                "mongodb+srv://a%40b:s3cret%2F%40%3Ax%20%C3%BC%25@orders.abc.mongodb.net/",
            ),
            (
                "mongodb://127.0.0.1:27017/?authSource=admin",
                "mongodb://a%40b:s3cret%2F%40%3Ax%20%C3%BC%25@127.0.0.1:27017/?authSource=admin",
            ),
        ] {
            let cluster = json!({"connectionStrings": {"standardSrv": address}});
            assert_eq!(uri(&cluster, "a@b", &password).unwrap().expose(), expected);
        }
        assert!(uri(&json!({}), "a", &password).is_none());
    }
}
