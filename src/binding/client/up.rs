//! `up` and `down`: from a name to a connection, and back.
use pyo3::prelude::*;

use super::operations::with_progress;
use super::run::{CallResult, Client};
use crate::binding::convert::arguments::seconds;
use crate::binding::convert::call::{call, import};
use crate::binding::convert::named;
use crate::binding::convert::results::Output;
use crate::binding::convert::to_json::to_json;
use crate::binding::runtime::job::Job;
use crate::core::machine::{Machine, SystemMachine};
use crate::core::operations::up::DownRequest;
use crate::core::operations::up::request::UpRequest;
use crate::core::secret::Secret;

/// The database user's password, where it is no argument.
const PASSWORD_VARIABLE: &str = "ATLAS_SERVERLESS_DB_PASSWORD";

#[pymethods]
#[allow(clippy::too_many_arguments)]
impl Client {
    #[doc = include_str!("../docs/up.txt")]
    #[pyo3(signature = (name, *, provider=None, region=None, group_id=None, project=None, username=None, password=None,
        roles=None, access=None, tags=None, wait=true, timeout=None, interval=None, progress=None, reset_password=false,
        dry_run=false))]
    fn up<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::cluster_name)] name: &str,
        #[pyo3(from_py_with = named::provider)] provider: Option<&str>,
        #[pyo3(from_py_with = named::region)] region: Option<&str>,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::project)] project: Option<&str>,
        #[pyo3(from_py_with = named::username)] username: Option<&str>,
        #[pyo3(from_py_with = named::password)] password: Option<Secret>,
        roles: Option<Bound<'py, PyAny>>,
        access: Option<Bound<'py, PyAny>>,
        tags: Option<Bound<'py, PyAny>>,
        #[pyo3(from_py_with = named::wait)] wait: bool,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
        #[pyo3(from_py_with = named::reset_password)] reset_password: bool,
        #[pyo3(from_py_with = named::dry_run)] dry_run: bool,
    ) -> CallResult {
        let json = |name, given: Option<Bound<'py, PyAny>>| given.map(|given| to_json(name, &given)).transpose();
        let from_environment = || SystemMachine::default().var(PASSWORD_VARIABLE).filter(|text| !text.is_empty());
        let request = UpRequest {
            name: name.to_owned(),
            provider: provider.map(str::to_owned),
            region: region.map(str::to_owned),
            group_id: self.project_or_name(py, group_id, project)?,
            project: project.map(str::to_owned),
            org_id: self.state().credentials().org_id.clone(),
            username: username.map(str::to_owned),
            password: password.or_else(|| from_environment().map(Secret::from)),
            generated: generated_password(py)?,
            reset_password,
            roles: json("roles", roles)?,
            access: json("access", access)?,
            tags: json("tags", tags)?,
            wait: wait.then_some(seconds("interval", interval)?),
            dry_run,
        };
        let timeout = seconds("timeout", timeout)?.or(Some(super::operations::WAIT_TIMEOUT));
        let job = Job::new(timeout, move |client, mut context| async move {
            client.up(request, &mut context).await.map(|connection| Output::Connection(Box::new(connection)))
        });
        self.run(py, with_progress(py, job, progress.as_ref())?)
    }

    #[doc = include_str!("../docs/down.txt")]
    #[pyo3(signature = (name, *, group_id=None, project=None, wait=false, timeout=None, interval=None, progress=None,
        dry_run=false))]
    fn down<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = named::cluster_name)] name: &str,
        #[pyo3(from_py_with = named::group_id)] group_id: Option<&str>,
        #[pyo3(from_py_with = named::project)] project: Option<&str>,
        #[pyo3(from_py_with = named::wait)] wait: bool,
        #[pyo3(from_py_with = named::timeout)] timeout: Option<f64>,
        #[pyo3(from_py_with = named::interval)] interval: Option<f64>,
        progress: Option<Bound<'py, PyAny>>,
        #[pyo3(from_py_with = named::dry_run)] dry_run: bool,
    ) -> CallResult {
        let group_id = self.project_or_name(py, group_id, project)?;
        let wait = wait.then_some(seconds("interval", interval)?);
        let (name, project) = (name.to_owned(), project.map(str::to_owned));
        let request = DownRequest { name, group_id, project, wait, dry_run };
        let timeout = seconds("timeout", timeout)?.or(Some(super::operations::WAIT_TIMEOUT));
        let job = Job::new(timeout, move |client, mut context| async move {
            client.down(request, &mut context).await.map(Output::Steps)
        });
        self.run(py, with_progress(py, job, progress.as_ref())?)
    }
}

impl Client {
    /// The project's id, unless the project is named instead.
    fn project_or_name(
        &self,
        py: Python<'_>,
        group_id: Option<&str>,
        project: Option<&str>,
    ) -> PyResult<Option<String>> {
        match project {
            Some(_) => Ok(group_id.map(str::to_owned)),
            None => self.project(py, group_id).map(|found| Some(found.to_owned())),
        }
    }
}

/// 32 characters of Python's `secrets`.
fn generated_password(py: Python<'_>) -> PyResult<Secret> {
    let made = call(&import(py, "secrets")?.getattr("token_urlsafe")?, (24,))?;
    Ok(Secret::from(made.extract::<String>()?))
}
