//! Requests and replies in the form that the API gives them. Nothing here knows what is stored.

pub(crate) mod authorization;
pub(crate) mod handled;
pub(crate) mod lists;
pub(crate) mod operations;
pub(crate) mod replies;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod route;
pub(crate) mod version;
