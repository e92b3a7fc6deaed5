//! The operations of the Atlas Administration API and of its token endpoint.

pub(crate) mod access_list;
pub(crate) mod backups;
pub(crate) mod clusters;
pub(crate) mod database_users;
pub(crate) mod dispatch;
pub(crate) mod flex;
pub(crate) mod instances;
pub(crate) mod orgs;
pub(crate) mod projects;
pub(crate) mod rate_limits;
pub(crate) mod regions;
pub(crate) mod serverless;
pub(crate) mod shapes;
pub(crate) mod token;
pub(crate) mod validate;
