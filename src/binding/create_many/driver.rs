//! What the caller's thread and the runtime's share of the creates of one `create_many`.
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll as Turn;
use std::time::Duration;

use tokio::sync::Notify;

use crate::core::client::Client;
use crate::core::context::observe::{Level, Observer, Poll};
use crate::core::operations::create_many::{CreateSet, NumberedCreate, NumberedResult};

/// Orders on their way in, results and log lines on their way out.
#[derive(Default)]
pub(super) struct Driver {
    desk: Mutex<Desk>,
    /// There are orders, or it is over.
    orders: Notify,
    /// There are results, or it is over.
    results: Condvar,
    results_async: Notify,
}

#[derive(Default)]
struct Desk {
    orders: Vec<NumberedCreate>,
    ended: Vec<NumberedResult>,
    lines: Vec<(Level, String)>,
    /// No more orders are taken.
    closed: bool,
    /// Nothing is under way any more, and nothing will be.
    stopped: bool,
}

impl Driver {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in orders; the runtime's thread is woken once for all of them.
    pub(super) fn order(&self, orders: Vec<NumberedCreate>) {
        self.desk().orders.extend(orders);
        self.orders.notify_one();
    }

    /// Takes what has come.
    pub(super) fn take(&self) -> (Vec<NumberedResult>, Vec<(Level, String)>) {
        let mut desk = self.desk();
        (std::mem::take(&mut desk.ended), std::mem::take(&mut desk.lines))
    }

    /// Waits for something to take.
    pub(super) fn wait(&self, patience: Duration) {
        let desk = self.desk();
        if desk.ended.is_empty() && !desk.stopped {
            drop(self.results.wait_timeout(desk, patience));
        }
    }

    /// The same for an event loop.
    pub(super) async fn wait_async(&self) {
        self.results_async.notified().await;
    }

    /// Ends what is under way.
    pub(super) fn close(&self) {
        let mut desk = self.desk();
        desk.closed = true;
        desk.orders.clear();
        drop(desk);
        self.orders.notify_one();
    }

    /// Waits until nothing is under way.
    pub(super) fn wait_until_stopped(&self, patience: Duration) {
        let desk = self.desk();
        drop(self.results.wait_timeout_while(desk, patience, |desk| !desk.stopped));
    }

    /// Runs the creates, until it is closed.
    pub(super) async fn run(self: Arc<Self>, client: Client, threshold: Level) {
        let _stop = Stop(&self);
        let observer = Arc::new(Heard { driver: self.clone(), threshold });
        let mut many = CreateSet::default();
        loop {
            let orders = {
                let mut desk = self.desk();
                if desk.closed {
                    return;
                }
                std::mem::take(&mut desk.orders)
            };
            for order in orders {
                many.push(client.clone(), order, Some(observer.clone()));
            }
            let ended = self.next(&mut many).await;
            if !ended.is_empty() {
                self.desk().ended.extend(ended);
                self.announce();
            }
        }
    }

    /// The next results, or none because there are orders.
    async fn next(&self, many: &mut CreateSet) -> Vec<NumberedResult> {
        if many.is_empty() {
            self.orders.notified().await;
            return Vec::new();
        }
        let mut orders = pin!(self.orders.notified());
        let mut results = pin!(many.next_ready());
        poll_fn(|context| match results.as_mut().poll(context) {
            Turn::Ready(ended) => Turn::Ready(ended),
            Turn::Pending => orders.as_mut().poll(context).map(|()| Vec::new()),
        })
        .await
    }

    fn announce(&self) {
        self.results.notify_all();
        self.results_async.notify_one();
    }
}

/// Says that it is over, even after a panic.
struct Stop<'a>(&'a Driver);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.desk().stopped = true;
        self.0.announce();
    }
}

/// Keeps log lines for the caller's thread.
struct Heard {
    driver: Arc<Driver>,
    threshold: Level,
}

impl Observer for Heard {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        self.driver.desk().lines.push((level, message));
    }
    fn poll(&self, _poll: Poll) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
