//! What a store starts with: a seed, a state folder, or the default; and how each part is added.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::Store;
use super::identity::{Identity, IdentityKind, role};
use super::instances::{Due, Instance, Kind, State, Tags};
use super::projects::{Org, Project};
use crate::emulator::clock::parse;

/// Fills an empty store with what a state folder has saved, or else with the seed.
pub(crate) fn start(store: &mut Store, saved: Option<&Value>) -> Result<(), String> {
    let seed = match saved {
        Some(saved) => saved.get("seed").cloned(),
        None => store.options.seed.clone(),
    };
    load(store, &seed.unwrap_or_else(|| json!({})))?;
    complete(store);
    store.remember_origin();
    if let Some(state) = saved.and_then(|saved| saved.get("state")) {
        store.orgs.clear();
        store.projects.clear();
        store.project_index.clear();
        store.identities.clear();
        load(store, state)?;
        complete(store);
    }
    store.dirty = saved.is_none();
    Ok(())
}

fn load(store: &mut Store, seed: &Value) -> Result<(), String> {
    let object = seed.as_object().ok_or("A seed is a JSON object.")?;
    for key in object.keys() {
        if !["organizations", "projects", "identities", "service_accounts", "api_keys"].contains(&key.as_str()) {
            return Err(format!("A seed has no key {key:?}."));
        }
    }
    for org in list(seed, "organizations")? {
        add_org(store, org)?;
        let id = store.orgs.last().map(|org| org.id.clone()).unwrap_or_default();
        for project in list(org, "projects")? {
            add_project(store, project, Some(&id))?;
        }
    }
    for project in list(seed, "projects")? {
        add_project(store, project, None)?;
    }
    let groups = [
        ("identities", None),
        ("service_accounts", Some(IdentityKind::ServiceAccount)),
        ("api_keys", Some(IdentityKind::ApiKey)),
    ];
    for (key, kind) in groups {
        for identity in list(seed, key)? {
            add_identity(store, identity, kind)?;
        }
    }
    Ok(())
}

/// Adds what a default caller needs and the seed left out.
fn complete(store: &mut Store) {
    if store.orgs.is_empty() {
        ensure_org(store);
    }
    if store.projects.is_empty() {
        // Nothing in an empty seed can be refused.
        let _ = add_project(store, &json!({"name": "Emulated-Project"}), None);
    }
    for (kind, is_service_account) in [(IdentityKind::ServiceAccount, true), (IdentityKind::ApiKey, false)] {
        let chosen = if is_service_account { &store.default_ids.0 } else { &store.default_ids.1 };
        if !store.identities.contains_key(chosen) {
            let value = json!({"org_roles": ["ORG_GROUP_CREATOR", "ORG_MEMBER"], "role": "GROUP_OWNER"});
            let _ = add_identity(store, &value, Some(kind));
        }
    }
}

fn ensure_org(store: &mut Store) -> String {
    if store.orgs.is_empty() {
        let _ = add_org(store, &json!({"name": "Emulated Organization"}));
    }
    store.orgs.first().map(|org| org.id.clone()).unwrap_or_default()
}

pub(crate) fn add_org(store: &mut Store, value: &Value) -> Result<String, String> {
    let now = store.now();
    let id = text(value, "id").map_or_else(|| store.ids.object_id(now), str::to_owned);
    if store.org(&id).is_some() {
        return Err(format!("There is an organization {id} already."));
    }
    store.orgs.push(Org {
        id: id.clone(),
        name: text(value, "name").unwrap_or("Organization").to_owned(),
        requires_access_list: flag(value, "requires_access_list"),
    });
    store.dirty = true;
    Ok(id)
}

pub(crate) fn add_project(store: &mut Store, value: &Value, org_id: Option<&str>) -> Result<String, String> {
    let now = store.now();
    let org_id = match org_id.or_else(|| text(value, "org_id")) {
        Some(id) if store.org(id).is_none() => return Err(format!("There is no organization {id}.")),
        Some(id) => id.to_owned(),
        None => ensure_org(store),
    };
    let id = text(value, "id").map_or_else(|| store.ids.object_id(now), str::to_owned);
    if store.project(&id).is_some() {
        return Err(format!("There is a project {id} already."));
    }
    let name = text(value, "name").map_or_else(|| format!("Project {}", store.projects.len() + 1), str::to_owned);
    let created = text(value, "created").and_then(parse).unwrap_or(now);
    let mut project = Project::new(id.clone(), name, org_id, created);
    project.default_alerts = value.get("default_alerts").and_then(Value::as_bool).unwrap_or(true);
    project.tags = tags(value.get("tags"))?;
    store.add_project(project);
    for instance in list(value, "instances")? {
        add_instance(store, &id, instance)?;
    }
    Ok(id)
}

/// Stores an instance without the API's checks; `count` makes many of a `name_prefix`.
pub(crate) fn add_instance(store: &mut Store, group_id: &str, value: &Value) -> Result<(), String> {
    let count = value.get("count").and_then(Value::as_u64);
    let prefix = text(value, "name_prefix").unwrap_or("instance-");
    for number in 1..=count.unwrap_or(1) {
        let name = match (count, text(value, "name")) {
            (None, Some(name)) => name.to_owned(),
            (None, None) => return Err("An instance needs a name.".to_owned()),
            (Some(_), _) => format!("{prefix}{number}"),
        };
        let instance = instance(store, value, &name)?;
        match store.project(group_id) {
            None => return Err(format!("There is no project {group_id}.")),
            Some(project) if project.has_name(&name) => {
                return Err(format!("There is an instance {name} already."));
            }
            Some(_) => store.add_instance(group_id, instance),
        }
    }
    Ok(())
}

fn instance(store: &mut Store, value: &Value, name: &str) -> Result<Instance, String> {
    let now = store.now();
    let kind = match text(value, "kind").unwrap_or("flex") {
        "flex" => Kind::Flex,
        "serverless" => Kind::Serverless,
        "dedicated" => Kind::Dedicated,
        other => return Err(format!("An instance is serverless, flex or dedicated, not {other}.")),
    };
    let state = text(value, "state").unwrap_or("IDLE");
    let due = value.get("due");
    Ok(Instance {
        id: text(value, "id").map_or_else(|| store.ids.object_id(now), str::to_owned).into(),
        name: name.into(),
        kind,
        provider: text(value, "provider").unwrap_or("AWS").into(),
        region: text(value, "region").unwrap_or("US_EAST_1").into(),
        created: text(value, "created").and_then(parse).unwrap_or(now),
        state: State::parse(state).ok_or_else(|| format!("There is no state {state}."))?,
        due: match (due.and_then(|d| d.get("reads")), due.and_then(|d| d.get("at"))) {
            (Some(reads), _) => Due::Reads(reads.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)),
            (None, Some(at)) => at.as_str().and_then(parse).map_or(Due::Never, Due::At),
            (None, None) => Due::Never,
        },
        tags: tags(value.get("tags"))?,
        protected: flag(value, "termination_protection"),
        continuous_backup: flag(value, "continuous_backup"),
    })
}

/// Adds a service account or an API key. `role` is a shorthand: of a project kind, it holds in every project of the
/// organization.
pub(crate) fn add_identity(store: &mut Store, value: &Value, kind: Option<IdentityKind>) -> Result<String, String> {
    let kind = match (kind, text(value, "kind")) {
        (Some(kind), _) => kind,
        (None, Some("service_account")) => IdentityKind::ServiceAccount,
        (None, Some("api_key")) => IdentityKind::ApiKey,
        _ => return Err("An identity's kind is service_account or api_key.".to_owned()),
    };
    let (id_key, secret_key) = match kind {
        IdentityKind::ServiceAccount => ("client_id", "client_secret"),
        IdentityKind::ApiKey => ("public_key", "private_key"),
    };
    let id = text(value, "id").or_else(|| text(value, id_key)).map(str::to_owned);
    let id = id.unwrap_or_else(|| match kind {
        IdentityKind::ServiceAccount => store.ids.client_id(),
        IdentityKind::ApiKey => store.ids.public_key(),
    });
    let secret = text(value, "secret").or_else(|| text(value, secret_key)).map(str::to_owned);
    let secret = secret.unwrap_or_else(|| match kind {
        IdentityKind::ServiceAccount => store.ids.client_secret(),
        IdentityKind::ApiKey => store.ids.private_key(),
    });
    let org_id = match text(value, "org_id") {
        Some(id) if store.org(id).is_none() => return Err(format!("There is no organization {id}.")),
        Some(id) => id.to_owned(),
        None => ensure_org(store),
    };
    let mut identity = Identity {
        kind,
        id: id.clone(),
        secret,
        org_id,
        org_roles: Vec::new(),
        project_roles: Default::default(),
        access_list: None,
    };
    change_identity(store, &mut identity, value)?;
    let default = match kind {
        IdentityKind::ServiceAccount => &mut store.default_ids.0,
        IdentityKind::ApiKey => &mut store.default_ids.1,
    };
    if default.is_empty() {
        default.clone_from(&id);
    }
    store.identities.insert(id.clone(), identity);
    store.dirty = true;
    Ok(id)
}

/// Roles and access list, as far as they are given.
pub(crate) fn change_identity(store: &Store, identity: &mut Identity, value: &Value) -> Result<(), String> {
    let roles = |value: &Value| -> Result<Vec<String>, String> {
        let list = value.as_array().ok_or("Roles are a list.")?;
        list.iter().map(|r| known_role(r.as_str().unwrap_or_default()).map(str::to_owned)).collect()
    };
    if let Some(value) = value.get("org_roles") {
        identity.org_roles = roles(value)?;
    }
    if let Some(value) = value.get("project_roles") {
        let by_project = value.as_object().ok_or("project_roles is an object of lists by project id.")?;
        identity.project_roles =
            by_project.iter().map(|(id, list)| Ok((id.clone(), roles(list)?))).collect::<Result<_, String>>()?;
    }
    if let Some(name) = text(value, "role") {
        let role = known_role(name)?;
        identity.project_roles.clear();
        if role.starts_with("ORG_") {
            identity.org_roles = vec![role.to_owned()];
        } else {
            for project in store.projects.values().filter(|p| p.org_id == identity.org_id) {
                identity.project_roles.insert(project.id.clone(), vec![role.to_owned()]);
            }
        }
    }
    match value.get("access_list") {
        None => {}
        Some(Value::Null) => identity.access_list = None,
        Some(list) => {
            let list = list.as_array().ok_or("access_list is a list of addresses, or null.")?;
            let read = |entry: &Value| {
                entry
                    .as_str()
                    .and_then(network)
                    .ok_or_else(|| format!("{entry} is neither an address nor a CIDR block."))
            };
            identity.access_list = Some(list.iter().map(read).collect::<Result<_, _>>()?);
        }
    }
    Ok(())
}

/// `192.0.2.0/24`, or a single address.
fn network(text: &str) -> Option<IpNet> {
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

fn known_role(name: &str) -> Result<&'static str, String> {
    role(name).ok_or_else(|| format!("There is no role {name:?}."))
}

/// Tags as an object, or as the API's list.
fn tags(value: Option<&Value>) -> Result<Tags, String> {
    let bad = || "Tags are an object, or a list of {key, value}.".to_owned();
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(object)) => object
            .iter()
            .map(|(key, value)| Ok((key.as_str().into(), value.as_str().ok_or_else(bad)?.into())))
            .collect(),
        Some(Value::Array(list)) => list
            .iter()
            .map(|tag| match (text(tag, "key"), text(tag, "value")) {
                (Some(key), Some(value)) => Ok((key.into(), value.into())),
                _ => Err(bad()),
            })
            .collect(),
        Some(_) => Err(bad()),
    }
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], String> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(list) => list.as_array().map(Vec::as_slice).ok_or_else(|| format!("{key} is a list.")),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}
