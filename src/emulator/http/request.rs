//! A request with its whole body, and what of it a handler of the API needs.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, Method};
use http_body_util::BodyExt;

use super::lists;
use super::lists::Query;
use crate::emulator::json::parse;

/// Bodies longer than this many bytes are refused.
const MAX_BODY: usize = 1024 * 1024;

/// The client's address, which the server puts into a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Path and query as they stand in the request line.
    pub(crate) target: String,
    pub(crate) query: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) client_address: IpAddr,
}

/// What a handler of the API needs beside the body.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// Empty where the path has none.
    pub(crate) group_id: &'a str,
    /// Empty where the path has none.
    pub(crate) name: &'a str,
    /// A user's database, the cluster of a backup; empty where the path has none.
    pub(crate) parent: &'a str,
    pub(crate) query: Query<'a>,
    pub(crate) version: &'static str,
}

/// How long the next part of a body may take; the server puts it into a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyTimeout(pub(crate) Duration);

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("The request body is too large.")]
    TooLong,
    #[error("The request body did not come in time.")]
    TooSlow,
    /// The client closed the connection, or what it sent is not HTTP.
    #[error("The request body cannot be read.")]
    Broken,
}

impl ReadError {
    pub(crate) fn status(&self) -> u16 {
        match self {
            ReadError::TooLong => 413,
            ReadError::TooSlow => 408,
            ReadError::Broken => 400,
        }
    }
}

impl Request {
    pub(crate) async fn read(request: HttpRequest) -> Result<Self, ReadError> {
        let (parts, body) = request.into_parts();
        let timeout = parts.extensions.get::<BodyTimeout>().map(|timeout| timeout.0);
        let body = collect(body, timeout).await?;
        let client_address = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            target: parts.uri.path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default(),
            query: parts.uri.query().map(str::to_owned),
            parameters: lists::parameters(&parts.uri),
            headers: parts.headers,
            body,
            client_address: client_address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        })
    }

    /// The `name`, or a user's `username`, of a JSON body.
    pub(crate) fn name_in_body(&self) -> Option<String> {
        let body = parse(&self.body).ok()?;
        body.get("name").or_else(|| body.get("username"))?.as_str().map(str::to_owned)
    }
}

/// A body that is too long is read to its end all the same: a client that is still sending would not see the refusal.
async fn collect(mut body: HttpBody, timeout: Option<Duration>) -> Result<Bytes, ReadError> {
    let (mut collected, mut length) = (Vec::new(), 0_usize);
    loop {
        let frame = match timeout {
            Some(timeout) => tokio::time::timeout(timeout, body.frame()).await.map_err(|_| ReadError::TooSlow)?,
            None => body.frame().await,
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| ReadError::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length <= MAX_BODY {
            collected.extend_from_slice(data);
        } else if length > 256 * MAX_BODY {
            break;
        }
    }
    if length > MAX_BODY { Err(ReadError::TooLong) } else { Ok(Bytes::from(collected)) }
}
