//! The bytes of a reply, as they arrive: heads, chunks, interim replies, and what is none of these.
use atlas_serverless::core::context::Context;
use atlas_serverless::core::context::clock::ManualClock;
use atlas_serverless::core::http::call::{Call, ExpectedBody};
use atlas_serverless::core::policy::rate_limit::EndpointSet;

use super::support::loopback::{self, Action, Request, Server, TOKEN};
use super::{Reached, support};

/// The reply, after which the connection is closed. `{token}` in it is the token of the request.
pub fn run(data: &[u8]) -> Reached {
    let bytes = support::replaced(data, "{token}", TOKEN.as_bytes());
    let server = Bytes { bytes, requests: 0 };
    let (server, result) = loopback::call(server, &ManualClock::default(), 0, async |client| {
        let target = "/api/atlas/v2/groups".to_owned();
        let call = Call::get("listGroups", target, EndpointSet::Projects, "", ExpectedBody::AnyJson);
        let mut context = Context::new(client.env(), None, None);
        client.run(&call, &mut context).await
    });
    let Bytes { bytes, requests } = server;
    assert_eq!(requests, 1, "nothing was to be sent again");
    match result {
        Ok(reply) => {
            assert!((200..300).contains(&reply.status), "{}", reply.status);
            assert!(bytes.trim_ascii_start().starts_with(b"HTTP/1."));
            assert!(reply.body.len() <= bytes.len());
            let lower = bytes.to_ascii_lowercase();
            let is_there = |part: &[u8]| part.is_empty() || lower.windows(part.len()).any(|window| window == part);
            // What is not in chunks is there as it was sent.
            assert!(is_there(b"chunked") || is_there(&reply.body.to_ascii_lowercase()));
            Reached::Accepted
        }
        Err(error) => {
            let said = format!("{error} {error:?}");
            support::assert_printable(&error.to_string());
            assert!(!support::has_secret(said.as_bytes(), TOKEN));
            Reached::Refused
        }
    }
}

struct Bytes {
    bytes: Vec<u8>,
    requests: u32,
}

impl Server for Bytes {
    fn answer(&mut self, _: &Request) -> Action {
        self.requests += 1;
        Action::ReplyAndClose(self.bytes.clone())
    }
}
