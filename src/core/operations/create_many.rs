//! Many creates at once, driven by whoever asks for the next results: no task of a runtime for each, and all that is ready
//! is handed over together.
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream};

use super::create::Create;
use crate::core::client::Client;
use crate::core::context::observe::Observer;
use crate::core::context::{Context, Notices};
use crate::core::error::Error;
use crate::core::http::reply::Reply;

/// One create among many.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its number, by which its result is known.
    pub number: u64,
    /// What is created.
    pub create: Create,
    /// Bound of the whole create.
    pub timeout: Option<Duration>,
}

/// How one create ended.
#[derive(Debug)]
pub struct Ended {
    /// The order's number.
    pub number: u64,
    /// What came of it.
    pub result: Result<Reply, Error>,
    /// What the caller should see all the same.
    pub beside: Notices,
}

/// Creates that are under way. Dropping it ends them.
#[derive(Default)]
pub struct Many {
    running: FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send>>>,
}

impl Many {
    /// Adds a create; it begins when results are next asked for.
    pub fn start(&mut self, client: Client, order: Order, observer: Option<Arc<dyn Observer>>) {
        self.running.push(Box::pin(async move {
            let Order { number, create, timeout } = order;
            let mut context = Context::begin(client.env(), timeout, observer);
            let beside = context.notices.clone();
            Ended { number, result: client.create(create, &mut context).await, beside }
        }));
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// The next results in the order in which they come: at least one, unless nothing is under way.
    pub async fn next(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        poll_fn(|context| {
            loop {
                match Pin::new(&mut self.running).poll_next(context) {
                    Poll::Ready(Some(one)) => ended.push(one),
                    Poll::Pending if ended.is_empty() => return Poll::Pending,
                    Poll::Ready(None) | Poll::Pending => return Poll::Ready(()),
                }
            }
        })
        .await;
        ended
    }
}
