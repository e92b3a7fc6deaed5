//! The operations on the backups of a Flex cluster.
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::pages::Pages;
use super::run::{CallResult, Client};
use super::{entities, operations};
use crate::binding::convert::named;
use crate::core::http::call::ReplyFormat;
use crate::core::http::entity::Entity;
use crate::core::operations::list::Pager;
use crate::core::operations::wait::request::WaitRequest;
use crate::core::spec::model::Operation;
use crate::core::spec::validate::connect;

fn snapshot(group_id: &str, cluster: &str, id: &str) -> Entity {
    Entity::FlexBackupSnapshot { group_id: group_id.to_owned(), cluster: cluster.to_owned(), id: id.to_owned() }
}

fn restore_job(group_id: &str, cluster: &str, id: &str) -> Entity {
    Entity::FlexRestoreJob { group_id: group_id.to_owned(), cluster: cluster.to_owned(), id: id.to_owned() }
}

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/list_flex_backup_snapshots.txt")]
    #[pyo3(signature = (group_id=None, name=None, *, items_per_page=500, include_count=true))]
    fn list_flex_backup_snapshots(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::items_per_page)] items_per_page: i64,
        #[pyo3(from_py_with = named::include_count)] include_count: bool,
    ) -> PyResult<Pages> {
        let (group_id, name) = self.target(py, group_id, name)?;
        Pages::new(py, self, Pager::entities(&snapshot(group_id, name, ""), items_per_page, include_count))
    }

    #[doc = include_str!("../docs/get_flex_backup_snapshot.txt")]
    #[pyo3(signature = (group_id=None, name=None, snapshot_id=None, *, envelope=false, pretty=false))]
    fn get_flex_backup_snapshot(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::snapshot_id)] snapshot_id: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, name) = self.target(py, group_id, name)?;
        let id = self.required(py, "snapshot_id", snapshot_id)?;
        let snapshot = snapshot(group_id, name, id);
        self.run(py, entities::plain(snapshot, Operation::Get, ReplyFormat { envelope, pretty }))
    }

    #[doc = include_str!("../docs/create_flex_restore_job.txt")]
    #[pyo3(signature = (group_id=None, name=None, *, envelope=false, pretty=false, extra_fields=None, **restore))]
    fn create_flex_restore_job<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        restore: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let (group_id, name) = self.target(py, group_id, name)?;
        let job = restore_job(group_id, name, "");
        let (format, given) = (ReplyFormat { envelope, pretty }, (restore, extra_fields.as_ref()));
        let job = entities::with_body(py, job, Operation::Create, format, given, |fields, extra| {
            connect::restore_job(group_id, name, fields, extra)
        })?;
        self.run(py, job)
    }

    #[doc = include_str!("../docs/get_flex_restore_job.txt")]
    #[pyo3(signature = (group_id=None, name=None, restore_job_id=None, *, envelope=false, pretty=false))]
    fn get_flex_restore_job(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::restore_job_id)] restore_job_id: Option<&str>,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, name) = self.target(py, group_id, name)?;
        let id = self.required(py, "restore_job_id", restore_job_id)?;
        let job = restore_job(group_id, name, id);
        self.run(py, entities::plain(job, Operation::Get, ReplyFormat { envelope, pretty }))
    }

    #[doc = include_str!("../docs/list_flex_restore_jobs.txt")]
    #[pyo3(signature = (group_id=None, name=None, *, items_per_page=500, include_count=true))]
    fn list_flex_restore_jobs(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::items_per_page)] items_per_page: i64,
        #[pyo3(from_py_with = named::include_count)] include_count: bool,
    ) -> PyResult<Pages> {
        let (group_id, name) = self.target(py, group_id, name)?;
        Pages::new(py, self, Pager::entities(&restore_job(group_id, name, ""), items_per_page, include_count))
    }

    #[doc = include_str!("../docs/wait_for_flex_restore_job.txt")]
    #[pyo3(signature = (group_id=None, name=None, restore_job_id=None, *, timeout=1800.0, interval=None, progress=None))]
    fn wait_for_flex_restore_job<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::name)] name: Option<&str>,
        #[pyo3(from_py_with = named::restore_job_id)] restore_job_id: Option<&str>,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
    ) -> CallResult {
        let (group_id, name) = self.target(py, group_id, name)?;
        let id = self.required(py, "restore_job_id", restore_job_id)?;
        entities::checked(py, &restore_job(group_id, name, id))?;
        let wait = WaitRequest::restore_job(group_id.to_owned(), name.to_owned(), id.to_owned());
        self.run(py, operations::wait_for_checked(py, wait, timeout, interval, progress.as_ref())?)
    }
}
