//! From the arguments of an operation on an entity to a job.
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value};

use crate::binding::convert::errors::to_exception;
use crate::binding::convert::results::Output;
use crate::binding::convert::to_core::{kwargs_to_node, to_node};
use crate::binding::runtime::job::Job;
use crate::core::error::{Error, Violation};
use crate::core::http::call::ReplyFormat;
use crate::core::http::entity::Entity;
use crate::core::operations::entity::{EntityRequest, check_entity};
use crate::core::spec::model::{Node, Operation};
use crate::core::spec::validate::connect;

/// A body as validation leaves it.
pub(super) type CheckedBody = Result<Map<String, Value>, Vec<Violation>>;

pub(super) fn database_user(group_id: &str, database_name: &str, username: &str) -> Entity {
    Entity::DatabaseUser {
        group_id: group_id.to_owned(),
        database_name: database_name.to_owned(),
        username: username.to_owned(),
    }
}

/// A request without a body; its path is checked before it is sent.
pub(super) fn plain(entity: Entity, operation: Operation, reply_format: ReplyFormat) -> Job {
    job(EntityRequest::new(entity, operation, reply_format))
}

/// A request with a body, which `check` makes of the keywords and of `extra_fields`.
pub(super) fn with_body(
    py: Python<'_>,
    entity: Entity,
    operation: Operation,
    reply_format: ReplyFormat,
    (fields, extra): (Option<&Bound<'_, PyDict>>, Option<&Bound<'_, PyAny>>),
    check: impl FnOnce(&Node<'_>, Option<&Node<'_>>) -> CheckedBody,
) -> PyResult<Job> {
    let extra = extra.map(to_node);
    let body = check(&kwargs_to_node(fields), extra.as_ref());
    let body = body.map_err(|violations| to_exception(py, Error::Validation(violations)))?;
    Ok(job(EntityRequest { body: Some(body), ..EntityRequest::new(entity, operation, reply_format) }))
}

pub(super) fn access_list_entry(
    py: Python<'_>,
    group_id: &str,
    reply_format: ReplyFormat,
    (fields, extra): (Option<&Bound<'_, PyDict>>, Option<&Bound<'_, PyAny>>),
) -> PyResult<Job> {
    let extra = extra.map(to_node);
    let entry = connect::access_list_entry(group_id, &kwargs_to_node(fields), extra.as_ref());
    let entry = entry.map_err(|violations| to_exception(py, Error::Validation(violations)))?;
    Ok(job(EntityRequest::add_entry(group_id, entry, reply_format)))
}

/// Fails if the path of the entity is no path.
pub(super) fn checked(py: Python<'_>, entity: &Entity) -> PyResult<()> {
    check_entity(entity).map_err(|error| to_exception(py, error))
}

fn job(request: EntityRequest) -> Job {
    Job::new(
        None,
        move |client, mut context| async move { client.entity(request, &mut context).await.map(Output::Reply) },
    )
}
