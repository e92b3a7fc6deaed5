//! Looking a name up: on the path of its kind, and a serverless instance on the Flex path too, since one became the other.
use super::Create;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::{ApiError, Error};
use crate::core::http::call::Call;
use crate::core::http::classify;
use crate::core::http::transport::Exchange;
use crate::core::spec::model::{Kind, Operation};

/// What stands under a name.
pub(crate) enum LookUp {
    /// Nothing.
    Absent,
    /// A resource, on the path of this kind.
    ResolvedCredentials(Kind, Box<Exchange>),
    /// A cluster that neither path describes.
    AnotherKind,
}

impl Client {
    /// Looks up the name of a create, within the bounds of its call.
    pub(crate) async fn look_up(&self, create: &Create, context: &mut Context) -> Result<LookUp, Error> {
        let kinds: &[Kind] = match create.kind {
            Kind::Serverless => &[Kind::Serverless, Kind::Flex],
            Kind::Flex => &[Kind::Flex],
        };
        for kind in kinds {
            let call = Call::resource(*kind, Operation::Get, &create.group_id, &create.name, create.reply_format, None);
            let mut beside = context.beside();
            match self.run(&call, &mut beside).await {
                Ok(reply) => {
                    context.notices.add(reply.notices);
                    let exchange = Exchange::new(reply.status, reply.headers, reply.body);
                    return Ok(LookUp::ResolvedCredentials(*kind, Box::new(exchange)));
                }
                Err(Error::Api(api)) if is_elsewhere(&api, *kind) => {}
                Err(Error::Api(api)) if classify::is_other_kind(&api) => return Ok(LookUp::AnotherKind),
                Err(error) => return Err(error),
            }
        }
        Ok(LookUp::Absent)
    }
}

/// An answer that means: not on this path.
fn is_elsewhere(api: &ApiError, kind: Kind) -> bool {
    classify::is_absent(api)
        || (kind == Kind::Serverless && (classify::is_other_kind(api) || classify::path_is_gone(api)))
}
