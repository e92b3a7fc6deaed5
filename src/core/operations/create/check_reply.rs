//! Compares the reply to a create with what was asked for.
use bytes::Bytes;

use super::request::CreateRequest;
use crate::core::client::Client;
use crate::core::client::attempt::AttemptError;
use crate::core::context::Context;
use crate::core::http::call::Call;
use crate::core::http::reply::{Reply, content};
use crate::core::http::to_error::wrong_resource;
use crate::core::http::transport::exchange::HttpResponse;
use crate::core::json::Tape;
use crate::core::policy::retry::AttemptOutcome;
use crate::core::spec::compare::{differences_from, ignored_notices};

/// The reply of a successful create, with a notice for each field that the service ignored. A reply that describes
/// another resource comes with a failure: most likely it does not answer this request.
pub(super) fn check_reply(
    client: &Client,
    request: &CreateRequest,
    call: &Call,
    exchange: HttpResponse,
    context: &mut Context,
) -> (Reply, Option<AttemptError>) {
    let enveloped =
        call.envelope.then(|| Tape::parse(&Bytes::copy_from_slice(content(&exchange.body, true)))).flatten();
    let resource = enveloped.as_ref().or(exchange.tape.as_ref());
    let found = resource.map(|resource| differences_from(&request.body, resource)).unwrap_or_default();
    let other_name = found.iter().find(|d| d.path == "name").map(|name| {
        let message = format!("the reply describes {}, not {}", name.got, name.asked);
        let error = wrong_resource(message, call, &exchange, &client.shared.base_url, context.attempts);
        AttemptError { error, outcome: Some(AttemptOutcome::NoReply) }
    });
    let mut reply = client.reply(exchange, context);
    reply.notices.extend(ignored_notices(&found));
    (reply, other_name)
}
