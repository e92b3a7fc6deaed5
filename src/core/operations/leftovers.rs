//! Clusters that were left behind: found over all projects, by tags, name and age, and deleted, those excepted that are
//! protected.
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use reqwest::header::DATE;
use serde::{Deserialize, Serialize};

use super::list::Pager;
use super::list::filter::ListFilter;
use super::resource::ResourceRequest;
use crate::core::client::Client;
use crate::core::config::OnRetired;
use crate::core::context::Context;
use crate::core::context::clock::timestamp;
use crate::core::error::{ApiError, Error};
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::json::from_object;
use crate::core::spec::model::{Kind, Operation};

/// Deletions under way at once.
const IN_FLIGHT: usize = 8;
const ITEMS: i64 = 500;

/// Which clusters are wanted.
#[derive(Debug, Clone, Default)]
pub struct LeftoverFilter {
    /// `None`: every project that the credentials see.
    pub group_id: Option<String>,
    pub list: ListFilter,
    pub older_than: Option<Duration>,
}

/// A cluster that was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Leftover {
    pub kind: LeftoverKind,
    pub group_id: String,
    /// The project's name.
    #[serde(default)]
    pub project: Option<String>,
    pub name: String,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub state: Option<String>,
    /// ISO 8601 in UTC.
    #[serde(default)]
    pub created: Option<String>,
    /// Seconds by the service's own clock.
    #[serde(default)]
    pub age: Option<f64>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Termination protection is on.
    #[serde(default)]
    pub protected: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeftoverKind {
    Flex,
    Serverless,
}

impl From<LeftoverKind> for Kind {
    fn from(kind: LeftoverKind) -> Self {
        match kind {
            LeftoverKind::Flex => Kind::Flex,
            LeftoverKind::Serverless => Kind::Serverless,
        }
    }
}

/// What became of one of many deletions.
#[derive(Debug, Clone, Serialize)]
pub struct Deletion {
    pub kind: LeftoverKind,
    pub group_id: String,
    pub name: String,
    /// `deleted`, `to be deleted`, `protected`, `gone` or `failed`.
    pub how: &'static str,
    pub why: Option<String>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cluster {
    name: String,
    id: Option<String>,
    state_name: Option<String>,
    create_date: Option<String>,
    tags: Option<Vec<Tag>>,
    termination_protection_enabled: Option<bool>,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
}

impl Client {
    /// Finds Flex clusters and serverless instances, oldest first.
    pub async fn find_leftovers(&self, filter: LeftoverFilter, context: &mut Context) -> Result<Vec<Leftover>, Error> {
        let projects = match &filter.group_id {
            Some(group_id) => vec![Project { id: group_id.clone(), name: String::new() }],
            None => self.all_projects(context).await?,
        };
        let mut found: Vec<Leftover> = Vec::new();
        let mut seen = HashSet::new();
        for project in &projects {
            for kind in [LeftoverKind::Flex, LeftoverKind::Serverless] {
                let clusters = match self.clusters_of(project, kind, &filter, context).await {
                    // The endpoint is retired, or the project was deleted meanwhile.
                    Err(Error::Api(api)) if api.endpoint_retired || is_gone(&api, &filter) => continue,
                    clusters => clusters?,
                };
                // What is being deleted is no leftover, and what was created as a serverless instance is a Flex cluster too.
                let left = clusters.into_iter().filter(|one| one.state.as_deref() != Some("DELETING"));
                found.extend(left.filter(|one| one.id.as_ref().is_none_or(|id| seen.insert(id.clone()))));
            }
        }
        if let Some(oldest) = filter.older_than {
            found.retain(|one| one.age.is_some_and(|age| age >= oldest.as_secs_f64()));
        }
        found.sort_by(|a, b| b.age.unwrap_or_default().total_cmp(&a.age.unwrap_or_default()));
        Ok(found)
    }

    async fn all_projects(&self, context: &mut Context) -> Result<Vec<Project>, Error> {
        let mut pager = Pager::projects(ITEMS)?;
        let mut projects = Vec::new();
        while let Some(page) = pager.next(self, context).await? {
            context.notices.add(page.reply.notices);
            projects.extend(page.results.iter().filter_map(|entry| serde_json::from_str(entry.get()).ok()));
        }
        Ok(projects)
    }

    async fn clusters_of(
        &self,
        project: &Project,
        kind: LeftoverKind,
        filter: &LeftoverFilter,
        context: &mut Context,
    ) -> Result<Vec<Leftover>, Error> {
        let list = filter.list.clone();
        let mut pager = Pager::resources(kind.into(), &project.id, ITEMS, true, list, OnRetired::Raise)?;
        let mut found = Vec::new();
        let mut own = context.sub_request_from_now(self.env());
        while let Some(page) = pager.next(self, &mut own).await? {
            let now = self.service_time(&page.reply);
            // That the list of serverless instances ends some day is no news to who looks for leftovers.
            if kind == LeftoverKind::Flex {
                context.notices.add(page.reply.notices);
            }
            let clusters = page.results.iter().filter_map(|entry| from_object::<Cluster>(entry.get().as_bytes()).ok());
            found.extend(clusters.map(|cluster| leftover(project, kind, cluster, now)));
        }
        Ok(found)
    }

    /// The service's own time, or else this machine's.
    fn service_time(&self, reply: &Reply) -> SystemTime {
        let date = reply.headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        date.unwrap_or_else(|| self.env().clock.wall())
    }

    /// Deletes many clusters, each only if it is still the one that was found and is not protected. What goes wrong with one is in
    /// its result.
    pub async fn delete_leftovers(
        &self,
        targets: Vec<Leftover>,
        dry_run: bool,
        context: &mut Context,
    ) -> Vec<Deletion> {
        let mut results = Vec::with_capacity(targets.len());
        for chunk in targets.chunks(IN_FLIGHT) {
            let deletions = chunk.iter().map(|target| {
                let own = context.sub_request_from_now(self.env());
                self.delete_one(target, dry_run, own)
            });
            results.extend(join_all(deletions).await);
        }
        results
    }

    async fn delete_one(&self, target: &Leftover, dry_run: bool, mut context: Context) -> Deletion {
        let Leftover { kind, group_id, name, .. } = target;
        let done = |how, why: Option<String>| Deletion {
            kind: *kind,
            group_id: group_id.clone(),
            name: name.clone(),
            how,
            why,
        };
        let request = |operation| ResourceRequest::new((*kind).into(), operation, group_id.clone(), name.clone());
        let found = match self.resource(request(Operation::Get), &mut context).await {
            Ok(reply) => from_object::<Cluster>(&reply.body).ok(),
            Err(Error::Api(api)) if classify::is_absent(&api) => return done("gone", None),
            Err(error) => return done("failed", Some(error.to_string())),
        };
        let is_another = found.as_ref().is_some_and(|found| target.id.is_some() && found.id != target.id);
        if is_another {
            return done("gone", Some("there is another of that name now, which is left alone".to_owned()));
        }
        if found.is_some_and(|found| found.termination_protection_enabled == Some(true)) {
            return done("protected", Some("termination protection is on".to_owned()));
        }
        if dry_run {
            return done("to be deleted", None);
        }
        let delete = ResourceRequest { missing_ok: true, ..request(Operation::Delete) };
        context.attempts = 0;
        match self.resource(delete, &mut context).await {
            Ok(_) => done("deleted", None),
            Err(error) if classify::is_being_deleted(&error) => {
                done("deleted", Some("it was being deleted already".to_owned()))
            }
            Err(error) => done("failed", Some(error.to_string())),
        }
    }
}

fn is_gone(api: &ApiError, filter: &LeftoverFilter) -> bool {
    filter.group_id.is_none() && api.status == 404
}

fn leftover(project: &Project, kind: LeftoverKind, cluster: Cluster, now: SystemTime) -> Leftover {
    let created = cluster.create_date.as_deref().and_then(timestamp);
    let age = created.map(|created| now.duration_since(created).unwrap_or_default().as_secs_f64());
    Leftover {
        kind,
        group_id: project.id.clone(),
        project: Some(project.name.clone()).filter(|name| !name.is_empty()),
        name: cluster.name,
        id: cluster.id,
        state: cluster.state_name,
        created: cluster.create_date,
        age,
        tags: cluster.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
        protected: cluster.termination_protection_enabled == Some(true),
    }
}
