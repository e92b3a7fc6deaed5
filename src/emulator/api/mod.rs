//! The endpoints, one file for each kind of resource.

pub(crate) mod clusters;
pub(crate) mod dispatch;
pub(crate) mod flex;
pub(crate) mod orgs;
pub(crate) mod projects;
pub(crate) mod rate_limits;
pub(crate) mod regions;
pub(crate) mod serverless;
pub(crate) mod token;
pub(crate) mod validate;
