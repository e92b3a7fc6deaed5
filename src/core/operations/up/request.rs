//! What a caller asks of `up`, and the same checked: every rule, before anything is sent.
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::mark;
use crate::core::error::{Error, Notice, NoticeKind, Violation};
use crate::core::secret::Secret;
use crate::core::spec::model::{Kind, Node};
use crate::core::spec::validate;
use crate::core::spec::validate::{connect, form};

/// Stands for a project whose id is not known yet; no body has it.
const NO_PROJECT: &str = "000000000000000000000000";
const DEFAULT_ROLE: &str = "readWriteAnyDatabase@admin";

#[derive(Debug, Clone)]
pub struct UpRequest {
    /// The cluster's name.
    pub name: String,
    pub provider: Option<String>,
    pub region: Option<String>,
    pub group_id: Option<String>,
    /// The name of a project, which is made if it is not there.
    pub project: Option<String>,
    /// For a project that is made; `None`: the only one that there is.
    pub org_id: Option<String>,
    /// `None`: the cluster's name.
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// The password of a user who is made without one.
    pub generated: Secret,
    /// A user that `up` has made before gets the given or a new password.
    pub reset_password: bool,
    /// `None`: [`DEFAULT_ROLE`] for a user who is made.
    pub roles: Option<Value>,
    pub access: Option<Value>,
    pub tags: Option<Value>,
    /// `Some`: wait until the cluster is `IDLE`, polling at this interval (`None`: the default intervals).
    pub wait: Option<Option<Duration>>,
    pub dry_run: bool,
}

/// A request that was validated.
pub(super) struct Plan {
    pub(super) username: String,
    /// The body of a create of the cluster; `None` without provider and region.
    pub(super) cluster: Option<Bytes>,
    /// Tags beside the mark.
    pub(super) tags: Vec<(String, String)>,
    /// The body of a create of the user, with the password to be used.
    pub(super) user: Map<String, Value>,
    /// The roles that were asked for.
    pub(super) roles: Option<Value>,
    /// Addresses, blocks and security groups.
    pub(super) access: Vec<Map<String, Value>>,
    pub(super) notices: Vec<Notice>,
}

impl UpRequest {
    /// Checks everything. `mark` is the text for what this run makes.
    pub(super) fn plan(&self, mark_text: &str) -> Result<Plan, Error> {
        let mut violations: Vec<Violation> = Vec::new();
        let mut wrong = |path: &str, rule: &str, message: &str| {
            violations.push(validate::violation(path, rule, message.to_owned(), &Node::Null));
        };
        if self.group_id.is_some() && self.project.is_some() {
            wrong("project", "ambiguous", "names the project, and so does group_id: give one of them");
        }
        match (&self.provider, &self.region) {
            (Some(_), None) => wrong("region", "required", "is required beside provider, such as 'US_EAST_1'"),
            (None, Some(_)) => wrong("provider", "required", "is required beside region: AWS, AZURE or GCP"),
            _ => {}
        }
        violations.extend(self.group_id.as_deref().and_then(validate::group_id));
        let (cluster, tags, notices) = self.cluster(&mut violations);
        let user = self.user(mark_text, &mut violations);
        let access = self.entries(mark_text, &mut violations);
        if let Some(name) = &self.project {
            let project = json!({"name": name, "orgId": NO_PROJECT});
            violations.extend(connect::create_project(None, &Node::from(&project), None).err().into_iter().flatten());
        }
        if !violations.is_empty() {
            return Err(Error::Validation(violations));
        }
        let open =
            access.iter().filter_map(|entry| entry.get("cidrBlock")?.as_str()).filter(|block| block.ends_with("/0"));
        let open = open.map(|block| Notice {
            kind: NoticeKind::OpenAccess,
            message: format!(
                "{block} lets every address of the internet try to connect; name the addresses that need to"
            ),
        });
        let notices = notices.into_iter().chain(open).collect();
        let roles = self.roles.is_some().then(|| user.get("roles").cloned()).flatten();
        let cluster = self.provider.is_some().then_some(cluster);
        Ok(Plan { username: self.username().to_owned(), cluster, tags, user, roles, access, notices })
    }

    pub(super) fn username(&self) -> &str {
        self.username.as_deref().unwrap_or(&self.name)
    }

    /// The password of a user who is made.
    pub(super) fn password(&self) -> &Secret {
        self.password.as_ref().unwrap_or(&self.generated)
    }

    fn cluster(&self, violations: &mut Vec<Violation>) -> (Bytes, Vec<(String, String)>, Vec<Notice>) {
        let place = json!({
            "backingProviderName": self.provider.as_deref().unwrap_or("AWS"),
            "regionName": self.region.as_deref().unwrap_or("US_EAST_1"),
        });
        let given = self.tags.clone().unwrap_or_else(|| json!({}));
        let spec = json!({"name": self.name, "providerSettings": place, "tags": given});
        match validate::create_spec(Kind::Flex, &Node::from(&spec)) {
            Err(wrong) => {
                let at = |path: String| match path.as_str() {
                    "providerSettings.backingProviderName" => "provider".to_owned(),
                    "providerSettings.regionName" => "region".to_owned(),
                    _ => path,
                };
                violations.extend(wrong.into_iter().map(|one| Violation { path: at(one.path), ..one }));
                (Bytes::new(), Vec::new(), Vec::new())
            }
            Ok(checked) => {
                let mut body: Map<String, Value> = serde_json::from_slice(&checked.body).unwrap_or_default();
                let mut all = body.remove("tags").and_then(|tags| tags.as_array().cloned()).unwrap_or_default();
                let text =
                    |tag: &Value, field: &str| tag.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
                let tags = all.iter().map(|tag| (text(tag, "key"), text(tag, "value"))).collect();
                all.push(mark::tag(&self.name));
                body.insert("tags".to_owned(), Value::Array(all));
                (Bytes::from(Value::Object(body).to_string()), tags, checked.notices)
            }
        }
    }

    fn user(&self, mark_text: &str, violations: &mut Vec<Violation>) -> Map<String, Value> {
        let roles = match self.roles.clone().unwrap_or_else(|| DEFAULT_ROLE.into()) {
            Value::Array(roles) => roles,
            one => vec![one],
        };
        let fields = json!({
            "password": self.password().expose(),
            "roles": roles.into_iter().map(role).collect::<Vec<_>>(),
            "scopes": [{"name": self.name, "type": "CLUSTER"}],
            "description": mark_text,
        });
        let checked = connect::create_database_user(NO_PROJECT, self.username(), "admin", &Node::from(&fields), None);
        checked.unwrap_or_else(|wrong| {
            // The cluster's name is told once.
            violations
                .extend(wrong.into_iter().filter(|one| !one.path.starts_with("scopes") && one.path != "description"));
            Map::new()
        })
    }

    fn entries(&self, mark_text: &str, violations: &mut Vec<Violation>) -> Vec<Map<String, Value>> {
        let given = match self.access.clone() {
            None => Vec::new(),
            Some(Value::Array(given)) => given,
            Some(one) => vec![one],
        };
        let mut entries = Vec::with_capacity(given.len());
        for (index, value) in given.iter().enumerate() {
            let text = value.as_str().unwrap_or_default();
            let field = match text {
                text if text.starts_with("sg-") => "awsSecurityGroup",
                text if form::is_block(text) => "cidrBlock",
                _ => "ipAddress",
            };
            let fields = json!({field: text, "comment": mark_text});
            match connect::access_list_entry(NO_PROJECT, &Node::from(&fields), None) {
                Ok(entry) => entries.push(entry),
                Err(_) => {
                    let message =
                        "must be an address such as '192.0.2.7', or a block such as '192.0.2.0/24'".to_owned();
                    violations.push(validate::violation(
                        &format!("access[{index}]"),
                        "pattern",
                        message,
                        &Node::from(value),
                    ));
                }
            }
        }
        entries
    }
}

/// `readWrite@shop` as the API writes it; without a database, one of admin.
fn role(given: Value) -> Value {
    match given.as_str() {
        Some(text) => {
            let (role, database) = text.rsplit_once('@').unwrap_or((text, "admin"));
            json!({"roleName": role, "databaseName": database})
        }
        None => given,
    }
}
