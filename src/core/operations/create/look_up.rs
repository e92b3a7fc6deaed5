//! Looks up the name of a create: on the path of its kind, and for a serverless instance on the Flex path too, since
//! serverless instances became Flex clusters.
use super::request::CreateRequest;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::{ApiError, Error};
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::reply::Reply;
use crate::core::http::transport::exchange::HttpResponse;
use crate::core::spec::model::{Kind, Operation};

/// What has a name.
pub(super) enum NameLookup {
    Absent,
    /// A resource, and the kind whose path has it.
    Present(Kind, Box<HttpResponse>),
    /// A cluster that is of neither kind.
    OtherKind,
}

/// Looks up the name of a create, within the deadline of its call.
pub(super) async fn look_up(
    client: &Client,
    request: &CreateRequest,
    context: &mut Context,
) -> Result<NameLookup, Error> {
    let kinds: &[Kind] = match request.kind {
        Kind::Serverless => &[Kind::Serverless, Kind::Flex],
        Kind::Flex => &[Kind::Flex],
    };
    for kind in kinds {
        let call = Call::resource(*kind, Operation::Get, &request.group_id, &request.name, request.reply_format, None);
        // Which name it is, is compared afterwards, with all that was asked for.
        let call = Call { subject: None, ..call };
        let mut lookup = context.sub_request();
        match client.run(&call, &mut lookup).await {
            Ok(reply) => {
                context.notices.add(reply.notices);
                let Reply { status, headers, body, tape, .. } = reply;
                let exchange = HttpResponse::new(status, headers, body).with_tape(tape);
                return Ok(NameLookup::Present(*kind, Box::new(exchange)));
            }
            Err(Error::Api(api)) if is_elsewhere(&api, *kind) => {}
            Err(Error::Api(api)) if classify::is_other_kind(&api) => return Ok(NameLookup::OtherKind),
            Err(error) => return Err(error),
        }
    }
    Ok(NameLookup::Absent)
}

/// Whether the resource is not on the path of this kind.
fn is_elsewhere(api: &ApiError, kind: Kind) -> bool {
    classify::is_absent(api)
        || (kind == Kind::Serverless && (classify::is_other_kind(api) || classify::path_is_gone(api)))
}
