//! Many creates, updates or deletions at once. The caller of [`OperationSet::next_ready`] drives them all: an operation costs
//! no task of the runtime, and everything that is ready is returned together.
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream};

use super::create::request::{CreateRequest, IfExists};
use super::journal::Entry;
use super::resource::ResourceRequest;
use crate::core::client::Client;
use crate::core::context::boxed::boxed;
use crate::core::context::observe::Observer;
use crate::core::context::panic::caught;
use crate::core::context::{Context, Notices};
use crate::core::error::Error;
use crate::core::http::reply::Reply;

/// What is sent for one operation.
#[derive(Debug, Clone)]
pub enum OperationRequest {
    Create(CreateRequest),
    /// An update or a deletion.
    Resource(ResourceRequest),
}

impl OperationRequest {
    /// The same for an operation that may have been carried out already: that it was is a success.
    #[must_use]
    pub fn again(self) -> Self {
        match self {
            Self::Create(create) if create.if_exists == IfExists::Error => {
                Self::Create(CreateRequest { if_exists: IfExists::Return, ..create })
            }
            Self::Create(create) => Self::Create(create),
            Self::Resource(request) => Self::Resource(ResourceRequest { missing_ok: true, ..request }),
        }
    }

    /// What a journal knows it by.
    #[must_use]
    pub fn entry(&self) -> Entry {
        match self {
            Self::Create(CreateRequest { kind, group_id, name, body, .. }) => {
                Entry::new(group_id, name, &[kind.word().as_bytes(), body])
            }
            Self::Resource(ResourceRequest { kind, group_id, name, body, tags, .. }) => {
                let tags = format!("{:?}{:?}", tags.add, tags.remove);
                let body = body.as_deref().unwrap_or_default();
                Entry::new(group_id, name, &[kind.word().as_bytes(), body, tags.as_bytes()])
            }
        }
    }

    async fn run(self, client: &Client, context: &mut Context) -> Result<Reply, Error> {
        match self {
            Self::Create(request) => client.create(request, context).await,
            // Larger than that of a create.
            Self::Resource(request) => boxed(|| client.resource(request, context)).await,
        }
    }
}

/// One operation among many.
#[derive(Debug, Clone)]
pub struct NumberedOperation {
    /// Which result belongs to it.
    pub number: usize,
    pub request: OperationRequest,
    /// Timeout of the whole operation.
    pub timeout: Option<Duration>,
}

/// The result of one operation among many.
#[derive(Debug)]
pub struct NumberedResult {
    pub number: usize,
    pub result: Result<Reply, Error>,
    /// Notices that are not in the reply, as those of an operation that failed.
    pub notices: Notices,
}

/// Operations in progress. Dropping the set cancels them.
#[derive(Default)]
pub struct OperationSet {
    running: FuturesUnordered<Pin<Box<dyn Future<Output = NumberedResult> + Send>>>,
}

impl OperationSet {
    /// Adds an operation; it starts at the next call of [`OperationSet::next_ready`].
    pub fn push(&mut self, client: Client, operation: NumberedOperation, observer: Option<Arc<dyn Observer>>) {
        self.running.push(boxed(move || async move {
            let NumberedOperation { number, request, timeout } = operation;
            let mut context = Context::new(client.env(), timeout, observer);
            let notices = context.notices.clone();
            NumberedResult { number, result: caught(request.run(&client, &mut context)).await, notices }
        }));
    }

    /// The number of operations in progress.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Waits for the next results and returns all that are ready, in the order in which they ended. Empty only if the
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
