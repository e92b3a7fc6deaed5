//! Many creates at once. The caller of [`CreateSet::next_ready`] drives them all: a create costs no task of the runtime,
//! and everything that is ready is returned together.
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream};

use super::create::request::CreateRequest;
use crate::core::client::Client;
use crate::core::context::observe::Observer;
use crate::core::context::panic::caught;
use crate::core::context::{Context, Notices};
use crate::core::error::Error;
use crate::core::http::reply::Reply;

/// One create among many.
#[derive(Debug, Clone)]
pub struct NumberedCreate {
    /// Which result belongs to it.
    pub number: u64,
    pub request: CreateRequest,
    /// Timeout of the whole create.
    pub timeout: Option<Duration>,
}

/// The result of one create among many.
#[derive(Debug)]
pub struct NumberedResult {
    pub number: u64,
    pub result: Result<Reply, Error>,
    /// Notices that are not in the reply, as those of a create that failed.
    pub notices: Notices,
}

/// Creates in progress. Dropping the set cancels them.
#[derive(Default)]
pub struct CreateSet {
    running: FuturesUnordered<Pin<Box<dyn Future<Output = NumberedResult> + Send>>>,
}

impl CreateSet {
    /// Adds a create; it starts at the next call of [`CreateSet::next_ready`].
    pub fn push(&mut self, client: Client, create: NumberedCreate, observer: Option<Arc<dyn Observer>>) {
        self.running.push(Box::pin(async move {
            let NumberedCreate { number, request, timeout } = create;
            let mut context = Context::new(client.env(), timeout, observer);
            let notices = context.notices.clone();
            NumberedResult { number, result: caught(client.create(request, &mut context)).await, notices }
        }));
    }

    /// The number of creates in progress.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Waits for the next results and returns all that are ready, in the order in which the creates ended. Empty only if the
    /// set is empty.
    pub async fn next_ready(&mut self) -> Vec<NumberedResult> {
        let mut results = Vec::new();
        poll_fn(|context| {
            loop {
                match Pin::new(&mut self.running).poll_next(context) {
                    Poll::Ready(Some(result)) => results.push(result),
                    Poll::Pending if results.is_empty() => return Poll::Pending,
                    Poll::Ready(None) | Poll::Pending => return Poll::Ready(()),
                }
            }
        })
        .await;
        results
    }
}
