//! Requests and replies in the form that the API gives them.

pub(crate) mod lists;
pub(crate) mod replies;
pub(crate) mod response;
pub(crate) mod route;
pub(crate) mod version;
