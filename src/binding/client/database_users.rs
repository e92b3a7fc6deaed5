//! The operations on database users.
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::entities;
use super::entities::database_user;
use super::pages::Pages;
use super::run::{CallResult, Client};
use crate::binding::convert::named;
use crate::core::http::call::ReplyFormat;
use crate::core::operations::list::Pager;
use crate::core::spec::model::Operation;
use crate::core::spec::validate::connect;

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/create_database_user.txt")]
    #[pyo3(signature = (group_id=None, username=None, *, database_name="admin", envelope=false, pretty=false,
        extra_fields=None, **fields))]
    fn create_database_user<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::username)] username: Option<&str>,
        #[pyo3(from_py_with = named::database_name)] database_name: &str,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let (group_id, username) = self.target_of(py, "username", group_id, username)?;
        let user = database_user(group_id, database_name, username);
        let (format, given) = (ReplyFormat { envelope, pretty }, (fields, extra_fields.as_ref()));
        let job = entities::with_body(py, user, Operation::Create, format, given, |fields, extra| {
            connect::create_database_user(group_id, username, database_name, fields, extra)
        })?;
        self.run(py, job)
    }

    #[doc = include_str!("../docs/get_database_user.txt")]
    #[pyo3(signature = (group_id=None, username=None, *, database_name="admin", envelope=false, pretty=false))]
    fn get_database_user(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::username)] username: Option<&str>,
        #[pyo3(from_py_with = named::database_name)] database_name: &str,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, username) = self.target_of(py, "username", group_id, username)?;
        let user = database_user(group_id, database_name, username);
        self.run(py, entities::plain(user, Operation::Get, ReplyFormat { envelope, pretty }))
    }

    #[doc = include_str!("../docs/list_database_users.txt")]
    #[pyo3(signature = (group_id=None, *, items_per_page=500, include_count=true))]
    fn list_database_users(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::items_per_page)] items_per_page: i64,
        #[pyo3(from_py_with = named::include_count)] include_count: bool,
    ) -> PyResult<Pages> {
        let users = database_user(self.project(py, group_id)?, "", "");
        Pages::new(py, self, Pager::entities(&users, items_per_page, include_count))
    }

    #[doc = include_str!("../docs/update_database_user.txt")]
    #[pyo3(signature = (group_id=None, username=None, *, database_name="admin", envelope=false, pretty=false,
        extra_fields=None, **changes))]
    fn update_database_user<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::username)] username: Option<&str>,
        #[pyo3(from_py_with = named::database_name)] database_name: &str,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
        extra_fields: Option<Bound<'py, PyAny>>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> CallResult {
        let (group_id, username) = self.target_of(py, "username", group_id, username)?;
        let user = database_user(group_id, database_name, username);
        let (format, given) = (ReplyFormat { envelope, pretty }, (changes, extra_fields.as_ref()));
        let job = entities::with_body(py, user, Operation::Update, format, given, |fields, extra| {
            connect::update_database_user(group_id, username, database_name, fields, extra)
        })?;
        self.run(py, job)
    }

    #[doc = include_str!("../docs/delete_database_user.txt")]
    #[pyo3(signature = (group_id=None, username=None, *, database_name="admin", envelope=false, pretty=false))]
    fn delete_database_user(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::username)] username: Option<&str>,
        #[pyo3(from_py_with = named::database_name)] database_name: &str,
        #[pyo3(from_py_with = named::envelope)] envelope: bool,
        #[pyo3(from_py_with = named::pretty)] pretty: bool,
    ) -> CallResult {
        let (group_id, username) = self.target_of(py, "username", group_id, username)?;
        let user = database_user(group_id, database_name, username);
        self.run(py, entities::plain(user, Operation::Delete, ReplyFormat { envelope, pretty }))
    }
}
