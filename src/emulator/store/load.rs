//! Fills a store from a state folder, a seed or the defaults, and adds single entities for the control API.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Store;
use super::identity::{Identity, IdentityKind, Role};
use super::instances::{Instance, Kind, State};
use super::projects::{Org, Project};
use super::seed::{IdentitySeed, InstanceSeed, OrgSeed, ProjectSeed, Seed};

/// Fills an empty store with what a state folder has saved, or else with the seed.
pub(crate) fn start(store: &mut Store, saved: Option<&Value>) -> Result<(), String> {
    let seed = match saved {
        Some(saved) => saved.get("seed").cloned(),
        None => store.options.seed.clone(),
    };
    load(store, seed)?;
    store.remember_initial_state();
    if let Some(state) = saved.and_then(|saved| saved.get("state")) {
        store.orgs.clear();
        store.projects.clear();
        store.project_index.clear();
        store.identities.clear();
        load(store, Some(state.clone()))?;
    }
    store.dirty = saved.is_none();
    Ok(())
}

/// How many instances can be stored by their number: of the smallest, they need 400 MB.
const MAX_COUNTED: u64 = 1_000_000;

/// Reads one thing of a seed, and says where in it something is wrong.
pub(crate) fn read<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, String> {
    if !value.is_object() {
        return Err(format!("{what} takes a JSON object."));
    }
    serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string().as_str() {
        "." => format!("{what}: {}.", error.inner()),
        path => format!("{what}, {path}: {}.", error.inner()),
    })
}

fn load(store: &mut Store, seed: Option<Value>) -> Result<(), String> {
    let seed = seed.map(|value| read("The seed", value)).transpose()?;
    let Seed { organizations, projects, identities, service_accounts, api_keys } = seed.unwrap_or_default();
    for mut org in organizations {
        let projects = std::mem::take(&mut org.projects);
        let org_id = add_org(store, org)?;
        for project in projects {
            add_project(store, ProjectSeed { org_id: Some(org_id.clone()), ..project })?;
        }
    }
    for project in projects {
        add_project(store, project)?;
    }
    // Before the identities: a role holds in every project, that which is filled in included.
    if store.projects.is_empty() {
        add_project(store, ProjectSeed { name: Some("Emulated-Project".to_owned()), ..ProjectSeed::default() })?;
    }
    for identity in identities {
        add_identity(store, identity)?;
    }
    for account in service_accounts {
        add_identity(store, IdentitySeed { kind: Some(IdentityKind::ServiceAccount), ..account })?;
    }
    for key in api_keys {
        add_identity(store, IdentitySeed { kind: Some(IdentityKind::ApiKey), ..key })?;
    }
    add_default_identities(store)
}

/// Adds the kinds of identities that the seed left out.
fn add_default_identities(store: &mut Store) -> Result<(), String> {
    let (account, key) = store.default_ids.clone();
    for (kind, default) in [(IdentityKind::ServiceAccount, account), (IdentityKind::ApiKey, key)] {
        if !store.identities.contains_key(&default) {
            let identity = IdentitySeed {
                kind: Some(kind),
                org_roles: Some(vec![Role::OrgGroupCreator, Role::OrgMember]),
                role: Some(Role::GroupOwner),
                ..IdentitySeed::default()
            };
            add_identity(store, identity)?;
        }
    }
    Ok(())
}

/// The organization of that id, or the first one, which is made where there is none.
fn org_id(store: &mut Store, wanted: Option<String>) -> Result<String, String> {
    match (wanted, store.orgs.first()) {
        (Some(id), _) if store.org(&id).is_none() => Err(format!("There is no organization {id}.")),
        (Some(id), _) => Ok(id),
        (None, Some(first)) => Ok(first.id.clone()),
        (None, None) => {
            let name = Some("Emulated Organization".to_owned());
            add_org(store, OrgSeed { name, ..OrgSeed::default() })
        }
    }
}

pub(crate) fn add_org(store: &mut Store, org: OrgSeed) -> Result<String, String> {
    let now = store.now();
    let id = org.id.unwrap_or_else(|| store.ids.object_id(now));
    if store.org(&id).is_some() {
        return Err(format!("There is an organization {id} already."));
    }
    let name = org.name.unwrap_or_else(|| "Organization".to_owned());
    store.orgs.push(Org { id: id.clone(), name, requires_access_list: org.requires_access_list });
    store.dirty = true;
    Ok(id)
}

pub(crate) fn add_project(store: &mut Store, project: ProjectSeed) -> Result<String, String> {
    let org_id = org_id(store, project.org_id)?;
    let now = store.now();
    let id = project.id.unwrap_or_else(|| store.ids.object_id(now));
    if store.project(&id).is_some() {
        return Err(format!("There is a project {id} already."));
    }
    let name = project.name.unwrap_or_else(|| format!("Project {}", store.projects.len() + 1));
    let mut added = Project::new(id.clone(), name, org_id, project.created.unwrap_or(now));
    added.default_alerts = project.default_alerts.unwrap_or(true);
    added.tags = project.tags.unwrap_or_default();
    added.teams = project.teams;
    added.database_users = project.database_users;
    let entries = project.access_list.into_iter().map(|entry| {
        entry.completed().map_err(|given| format!("The access list has {given:?}, which is no address and no block."))
    });
    added.access_list = entries.collect::<Result<_, _>>()?;
    store.add_project(added);
    for instance in project.instances {
        add_instance(store, &id, instance)?;
    }
    Ok(id)
}

/// Stores an instance, or many of them, without the API's checks.
pub(crate) fn add_instance(store: &mut Store, group_id: &str, seed: InstanceSeed) -> Result<(), String> {
    let Some(count) = seed.count else {
        let name = seed.name.clone().ok_or("An instance needs a name.")?;
        return add_named(store, group_id, name, seed);
    };
    let stored: usize = store.projects.values().map(|project| project.instances.len()).sum();
    if count > MAX_COUNTED.saturating_sub(stored as u64) {
        return Err(format!("count is {count}, but only {MAX_COUNTED} instances can be made so."));
    }
    let prefix = seed.name_prefix.clone().unwrap_or_else(|| "instance-".to_owned());
    (1..=count).try_for_each(|number| add_named(store, group_id, format!("{prefix}{number}").into(), seed.clone()))
}

fn add_named(store: &mut Store, group_id: &str, name: Box<str>, seed: InstanceSeed) -> Result<(), String> {
    match store.project(group_id) {
        None => return Err(format!("There is no project {group_id}.")),
        Some(project) if project.has_name(&name) => return Err(format!("There is an instance {name} already.")),
        Some(_) => {}
    }
    let now = store.now();
    let instance = Instance {
        id: seed.id.unwrap_or_else(|| store.ids.object_id(now).into()),
        name,
        kind: seed.kind.unwrap_or(Kind::Flex),
        provider: seed.provider.unwrap_or_else(|| "AWS".into()),
        region: seed.region.unwrap_or_else(|| "US_EAST_1".into()),
        created: seed.created.unwrap_or(now),
        state: seed.state.unwrap_or(State::Idle),
        due: seed.due,
        tags: seed.tags.unwrap_or_default(),
        protected: seed.termination_protection.unwrap_or(false),
        continuous_backup: seed.continuous_backup.unwrap_or(false),
        target: seed.target,
        backups: seed.backups,
    };
    store.add_instance(group_id, instance);
    Ok(())
}

pub(crate) fn add_identity(store: &mut Store, seed: IdentitySeed) -> Result<String, String> {
    let kind = seed.kind.ok_or("An identity's kind is service_account or api_key.")?;
    let id = seed.id.clone().unwrap_or_else(|| match kind {
        IdentityKind::ServiceAccount => store.ids.client_id(),
        IdentityKind::ApiKey => store.ids.public_key(),
    });
    let secret = seed.secret.clone().unwrap_or_else(|| match kind {
        IdentityKind::ServiceAccount => store.ids.client_secret(),
        IdentityKind::ApiKey => store.ids.private_key(),
    });
    let org_id = org_id(store, seed.org_id.clone())?;
    let mut identity = Identity {
        kind,
        id: id.clone(),
        secret,
        org_id,
        org_roles: Vec::new(),
        project_roles: Default::default(),
        access_list: None,
    };
    change_identity(store, &mut identity, seed);
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

/// Sets roles and access list, as far as they are given.
pub(crate) fn change_identity(store: &Store, identity: &mut Identity, changes: IdentitySeed) {
    if let Some(roles) = changes.org_roles {
        identity.org_roles = roles;
    }
    if let Some(roles) = changes.project_roles {
        identity.project_roles = roles;
    }
    if let Some(role) = changes.role {
        identity.project_roles.clear();
        if role.is_of_project() {
            let projects = store.projects.values().filter(|project| project.org_id == identity.org_id);
            identity.project_roles.extend(projects.map(|project| (project.id.clone(), vec![role])));
        } else {
            identity.org_roles = vec![role];
        }
    }
    if let Some(access_list) = changes.access_list {
        identity.access_list = access_list;
    }
}

#[cfg(test)]
mod tests;
