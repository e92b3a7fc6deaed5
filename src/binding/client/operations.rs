//! From the arguments of an operation to a job. They are checked before anything is sent.
use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::binding::convert::arguments::{grace, if_exists, on_timeout, seconds};
use crate::binding::convert::call::{import, without_unwinding};
use crate::binding::convert::errors::{to_exception, warn};
use crate::binding::convert::plain::plain_repr;
use crate::binding::convert::results::Output;
use crate::binding::convert::to_core::{kwargs_to_node, mapping_entries, to_node};
use crate::binding::convert::to_json::to_json;
use crate::binding::runtime::job::Job;
use crate::core::config::OnRetired;
use crate::core::error::{Error, NoticeKind, Violation};
use crate::core::http::call::ReplyFormat;
use crate::core::operations::create::request::{CreateRequest, IfExists, OnTimeout};
use crate::core::operations::list::ListFilter;
use crate::core::operations::request::Request;
use crate::core::operations::resource::{ResourceRequest, check_path};
use crate::core::operations::upgrade::UpgradeRequest;
use crate::core::operations::wait::request::{GRACE, WaitRequest};
use crate::core::spec::model::{Kind, Node, Operation};
use crate::core::spec::validate;
use crate::core::spec::validate::Checked;
use crate::core::spec::validate::tag_arguments::{self, TagArguments};

/// Limit of a wait that has no `timeout`.
pub(super) const WAIT_TIMEOUT: Duration = Duration::from_secs(1800);

/// Options that the operations of one resource share.
pub(crate) struct Options<'py> {
    pub(crate) envelope: bool,
    pub(crate) pretty: bool,
    pub(crate) wait: bool,
    pub(crate) timeout: Option<f64>,
    pub(crate) interval: Option<f64>,
    pub(crate) progress: Option<Bound<'py, PyAny>>,
    pub(crate) validate: bool,
    pub(crate) extra_fields: Option<Bound<'py, PyAny>>,
    pub(crate) retired: OnRetired,
}

impl Options<'_> {
    fn reply_format(&self) -> ReplyFormat {
        ReplyFormat { envelope: self.envelope, pretty: self.pretty }
    }

    /// Limit of the call: the caller's, or that of a wait.
    fn timeout(&self) -> PyResult<Option<Duration>> {
        Ok(seconds("timeout", self.timeout)?.or_else(|| self.wait.then_some(WAIT_TIMEOUT)))
    }

    /// Whether to wait, and how often to poll.
    fn wait(&self) -> PyResult<Option<Option<Duration>>> {
        let interval = seconds("interval", self.interval)?;
        Ok(self.wait.then_some(interval))
    }

    fn resource_request(
        &self,
        kind: Kind,
        operation: Operation,
        group_id: &str,
        name: &str,
    ) -> PyResult<ResourceRequest> {
        let (reply_format, on_retired, wait) = (self.reply_format(), self.retired, self.wait()?);
        Ok(ResourceRequest {
            reply_format,
            on_retired,
            wait,
            ..ResourceRequest::new(kind, operation, group_id.to_owned(), name.to_owned())
        })
    }
}

pub(crate) fn create(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    options: &Options<'_>,
    (exists, timeout): (&str, &str),
    spec: Option<&Bound<'_, PyDict>>,
) -> PyResult<Job> {
    let cases = (if_exists(exists)?, on_timeout(timeout)?);
    let (create, timeout) = checked_create(py, kind, group_id, options, cases, &kwargs_to_node(spec))?;
    let job = Job::new(timeout, move |client, mut context| async move {
        client.create(create, &mut context).await.map(Output::Reply)
    });
    with_progress(py, job, options.progress.as_ref())
}

/// A create that passed validation, and its time limit.
pub(crate) fn checked_create(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    options: &Options<'_>,
    (if_exists, on_timeout): (IfExists, OnTimeout),
    spec: &Node<'_>,
) -> PyResult<(CreateRequest, Option<Duration>)> {
    let extra = options.extra_fields.as_ref().map(to_node);
    let checked = if options.validate {
        validate::create(kind, group_id, spec, extra.as_ref())
    } else {
        validate::unchecked(spec, extra.as_ref())
    };
    let checked = unless_invalid(py, checked)?;
    // Without validation the project's id still becomes part of a path.
    check_path(group_id, None).map_err(|error| to_exception(py, error))?;
    let region_notice = checked.notices.iter().find(|notice| notice.kind == NoticeKind::Region);
    let region_notice = region_notice.map(|notice| notice.message.clone());
    let create = CreateRequest {
        kind,
        group_id: group_id.to_owned(),
        name: checked.name.unwrap_or_default(),
        body: Bytes::from(checked.body),
        region_notice,
        reply_format: options.reply_format(),
        if_exists,
        on_timeout,
        on_retired: options.retired,
        wait: options.wait()?,
    };
    create.check().map_err(|error| to_exception(py, error))?;
    Ok((create, options.timeout()?))
}

pub(crate) fn update(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    name: &str,
    options: &Options<'_>,
    tags: (Option<Bound<'_, PyAny>>, Option<Bound<'_, PyAny>>),
    changes: Option<&Bound<'_, PyDict>>,
) -> PyResult<Job> {
    let (request, timeout) = checked_update(py, kind, group_id, name, options, tags, &kwargs_to_node(changes))?;
    with_progress(py, resource_job(request, timeout), options.progress.as_ref())
}

/// An update that passed validation, and its time limit. `(add_tags, remove_tags)` beside the fields.
pub(crate) fn checked_update(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    name: &str,
    options: &Options<'_>,
    (add_tags, remove_tags): (Option<Bound<'_, PyAny>>, Option<Bound<'_, PyAny>>),
    changes: &Node<'_>,
) -> PyResult<(ResourceRequest, Option<Duration>)> {
    let extra = options.extra_fields.as_ref().map(to_node);
    let (add, remove) = (add_tags.as_ref().map(to_node), remove_tags.as_ref().map(to_node));
    let tags = TagArguments { add: add.as_ref(), remove: remove.as_ref() };
    let checked = if options.validate {
        tag_arguments::update(kind, group_id, name, changes, extra.as_ref(), tags)
    } else {
        tag_arguments::unchecked_update(changes, extra.as_ref(), tags)
    };
    let (checked, tags) = checked.map_err(|violations| to_exception(py, Error::Validation(violations)))?;
    warn(py, &checked.notices, None)?;
    let body = Some(Bytes::from(checked.body));
    let request = ResourceRequest { body, tags, ..options.resource_request(kind, Operation::Update, group_id, name)? };
    Ok((request, options.timeout()?))
}

pub(crate) fn upgrade(
    py: Python<'_>,
    group_id: &str,
    name: &str,
    options: &Options<'_>,
    target: Option<&Bound<'_, PyDict>>,
) -> PyResult<Job> {
    let extra = options.extra_fields.as_ref().map(to_node);
    let checked = validate::upgrade(group_id, name, &kwargs_to_node(target), extra.as_ref());
    let request = UpgradeRequest {
        group_id: group_id.to_owned(),
        name: name.to_owned(),
        body: Bytes::from(unless_invalid(py, checked)?.body),
        reply_format: options.reply_format(),
        wait: options.wait()?,
    };
    let job = Job::new(options.timeout()?, move |client, mut context| async move {
        client.upgrade_flex_cluster(request, &mut context).await.map(Output::Reply)
    });
    with_progress(py, job, options.progress.as_ref())
}

pub(crate) fn get(kind: Kind, group_id: &str, name: &str, reply_format: ReplyFormat, on_retired: OnRetired) -> Job {
    let request = ResourceRequest::new(kind, Operation::Get, group_id.to_owned(), name.to_owned());
    resource_job(ResourceRequest { reply_format, on_retired, ..request }, None)
}

pub(crate) fn delete(
    py: Python<'_>,
    kind: Kind,
    group_id: &str,
    name: &str,
    options: &Options<'_>,
    missing_ok: bool,
) -> PyResult<Job> {
    let (request, timeout) = checked_delete(kind, group_id, name, options, missing_ok)?;
    with_progress(py, resource_job(request, timeout), options.progress.as_ref())
}

/// A deletion, and its time limit.
pub(crate) fn checked_delete(
    kind: Kind,
    group_id: &str,
    name: &str,
    options: &Options<'_>,
    missing_ok: bool,
) -> PyResult<(ResourceRequest, Option<Duration>)> {
    let request = options.resource_request(kind, Operation::Delete, group_id, name)?;
    Ok((ResourceRequest { missing_ok, ..request }, options.timeout()?))
}

fn resource_job(request: ResourceRequest, timeout: Option<Duration>) -> Job {
    Job::new(timeout, move |client, mut context| async move {
        client.resource(request, &mut context).await.map(Output::Reply)
    })
}

/// Which entries of a list are wanted.
pub(crate) fn list_filter(
    py: Python<'_>,
    name_prefix: Option<&str>,
    tags: Option<&Bound<'_, PyAny>>,
    state: Option<&str>,
) -> PyResult<ListFilter> {
    let tags = tags.map(to_node);
    ListFilter::new(name_prefix, tags.as_ref(), state).map_err(|error| to_exception(py, error))
}

pub(crate) fn wait_for(
    py: Python<'_>,
    wait: WaitRequest,
    timeout: Option<f64>,
    (interval, grace_time): (Option<f64>, Option<f64>),
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Job> {
    check_path(&wait.group_id, Some(&wait.name)).map_err(|error| to_exception(py, error))?;
    let wait = WaitRequest { grace: grace("grace", grace_time, GRACE)?, ..wait };
    wait_for_checked(py, wait, timeout, interval, progress)
}

/// A wait whose path was checked.
pub(crate) fn wait_for_checked(
    py: Python<'_>,
    wait: WaitRequest,
    timeout: Option<f64>,
    interval: Option<f64>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Job> {
    let wait = WaitRequest { interval: seconds("interval", interval)?, ..wait };
    let timeout = seconds("timeout", timeout)?.unwrap_or(WAIT_TIMEOUT);
    let job = Job::new(Some(timeout), move |client, mut context| async move {
        client.wait_for(wait, &mut context).await.map(Output::LastPoll)
    });
    with_progress(py, job, progress)
}

/// A look-up among both kinds.
pub(crate) fn find(group_id: &str, name: &str, reply_format: ReplyFormat) -> Job {
    let (group_id, name) = (group_id.to_owned(), name.to_owned());
    Job::new(None, move |client, mut context| async move {
        let (kind, reply) = client.find(&group_id, &name, reply_format, &mut context).await?;
        Ok(Output::OfKind(kind, reply))
    })
}

/// An operation that has no method of its own.
pub(crate) fn request(
    method: &str,
    path: &str,
    params: Option<&Bound<'_, PyAny>>,
    json: Option<&Bound<'_, PyAny>>,
    api_version: Option<&str>,
    timeout: Option<f64>,
) -> PyResult<Job> {
    let json = json.map(|json| to_json("json", json)).transpose()?;
    let params = params.map(query).transpose()?.unwrap_or_default();
    let api_version = api_version.map(str::to_owned);
    let request = Request { method: method.to_owned(), path: path.to_owned(), params, json, api_version };
    Ok(Job::new(seconds("timeout", timeout)?, move |client, mut context| async move {
        client.request(request, &mut context).await.map(Output::Reply)
    }))
}

/// Query parameters from a mapping: flags as `true` and `false`, lists as repeated parameters, None left out.
pub(crate) fn query(params: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let entries = mapping_entries(params).ok_or_else(|| PyTypeError::new_err("params must be a mapping"))??;
    for (name, value) in entries {
        let name = name.cast::<PyString>().map_err(|_| PyTypeError::new_err("the keys of params must be text"))?;
        let name = name.to_cow().map_err(|_| PyValueError::new_err("a key of params has a lone surrogate"))?;
        let name = name.into_owned();
        if value.is_none() {
            continue;
        }
        match items(&value) {
            Some(items) => {
                for item in items {
                    pairs.push((name.clone(), parameter(&name, &item)?));
                }
            }
            None => {
                let value = parameter(&name, &value)?;
                pairs.push((name, value));
            }
        }
    }
    Ok(pairs)
}

/// What a list or a tuple holds, whatever its class says of it.
fn items<'py>(value: &Bound<'py, PyAny>) -> Option<Vec<Bound<'py, PyAny>>> {
    match value.cast::<PyList>() {
        Ok(list) => Some(list.iter().collect()),
        Err(_) => Some(value.cast::<PyTuple>().ok()?.iter().collect()),
    }
}

/// The query parameters that were given.
pub(crate) fn pairs<'a>(given: impl Iterator<Item = (&'static str, Option<&'a str>)>) -> Vec<(String, String)> {
    given.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

/// One value as text: `true` and `false`, texts and numbers whatever their class, of others what `str` makes of them. What
/// encloses other values is no parameter.
fn parameter(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(if flag.is_true() { "true" } else { "false" }.to_owned());
    }
    if value.is_instance_of::<PyInt>() {
        return plain_repr::<PyInt>(value);
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        if !number.value().is_finite() {
            return Err(PyValueError::new_err(format!("params[{name:?}] is not a finite number")));
        }
        return plain_repr::<PyFloat>(value);
    }
    let text = match value.cast::<PyString>() {
        Ok(text) => text.clone(),
        Err(_) if value.is_none() || value.hasattr("__len__")? => {
            let given = value.get_type().name()?;
            let message = format!("params[{name:?}] must be text, a number, a flag or a list of them, not {given}");
            return Err(PyTypeError::new_err(message));
        }
        Err(_) => without_unwinding(|| value.str())?,
    };
    let text = text.to_cow();
    text.map(Cow::into_owned).map_err(|_| PyValueError::new_err(format!("params[{name:?}] has a lone surrogate")))
}

fn unless_invalid(py: Python<'_>, checked: Result<Checked, Vec<Violation>>) -> PyResult<Checked> {
    let checked = checked.map_err(|violations| to_exception(py, Error::Validation(violations)))?;
    warn(py, &checked.notices, None)?;
    Ok(checked)
}

/// `progress=True` is a bar or a line, a callable gets every poll.
pub(super) fn with_progress(py: Python<'_>, job: Job, progress: Option<&Bound<'_, PyAny>>) -> PyResult<Job> {
    Ok(Job { progress: progress_callable(py, progress, "display")?, ..job })
}

/// What is called for `progress=`; for True, what this function of `_runtime.progress` returns.
pub(crate) fn progress_callable(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    display: &str,
) -> PyResult<Option<Py<PyAny>>> {
    let Some(value) = progress.filter(|value| !value.is_none()) else { return Ok(None) };
    if value.is_callable() {
        return Ok(Some(value.clone().unbind()));
    }
    match value.extract::<bool>() {
        Ok(false) => Ok(None),
        Ok(true) => Ok(Some(import(py, "atlas_serverless._runtime.progress")?.getattr(display)?.call0()?.unbind())),
        Err(_) => Err(PyTypeError::new_err("progress must be True, False, None or a callable")),
    }
}
