//! Runs the operations of one `create_many`, `update_many` or `delete_many` on the background thread, and exchanges requests and
//! results with the caller's.
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll as TaskPoll;
use std::time::Duration;

use tokio::sync::Notify;

use crate::core::client::Client;
use crate::core::context::observe::{Level, Observer, Poll};
use crate::core::operations::create_many::{NumberedOperation, NumberedResult, OperationSet};

#[derive(Default)]
pub(super) struct Driver {
    queues: Mutex<Queues>,
    /// There are requests, or the driver is closed.
    requests: Notify,
    /// There are results, or the driver has stopped.
    results: Condvar,
    results_async: Notify,
}

#[derive(Default)]
struct Queues {
    requests: Vec<NumberedOperation>,
    results: Vec<NumberedResult>,
    log_lines: Vec<(Level, String)>,
    /// What is under way is to be cancelled.
    closed: bool,
    /// Nothing is under way any more, and nothing will be.
    stopped: bool,
}

impl Queues {
    /// Results are large: where the caller has taken all others, the list itself is handed over.
    fn add_results(&mut self, results: Vec<NumberedResult>) {
        if self.results.is_empty() {
            self.results = results;
        } else {
            self.results.extend(results);
        }
    }
}

impl Driver {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds requests. The background thread is woken once for all of them.
    pub(super) fn push(&self, requests: Vec<NumberedOperation>) {
        self.queues().requests.extend(requests);
        self.requests.notify_one();
    }

    /// Takes all results and log lines.
    pub(super) fn take(&self) -> (Vec<NumberedResult>, Vec<(Level, String)>) {
        let mut queues = self.queues();
        (std::mem::take(&mut queues.results), std::mem::take(&mut queues.log_lines))
    }

    /// Waits for results.
    pub(super) fn wait(&self, timeout: Duration) {
        let queues = self.queues();
        if queues.results.is_empty() && !queues.stopped {
            drop(self.results.wait_timeout(queues, timeout));
        }
    }

    pub(super) async fn wait_async(&self) {
        self.results_async.notified().await;
    }

    /// Cancels what is under way.
    pub(super) fn close(&self) {
        let mut queues = self.queues();
        queues.closed = true;
        queues.requests.clear();
        drop(queues);
        self.requests.notify_one();
    }

    /// Waits until nothing is under way.
    pub(super) fn wait_until_stopped(&self, timeout: Duration) {
        let queues = self.queues();
        drop(self.results.wait_timeout_while(queues, timeout, |queues| !queues.stopped));
    }

    /// Runs operations until the driver is closed.
    pub(super) async fn run(self: Arc<Self>, client: Client, threshold: Level) {
        let _stopped = StoppedOnDrop(&self);
        let observer = Arc::new(LogObserver { driver: self.clone(), threshold });
        let mut operations = OperationSet::default();
        loop {
            let requests = {
                let mut queues = self.queues();
                if queues.closed {
                    return;
                }
                std::mem::take(&mut queues.requests)
            };
            for request in requests {
                operations.push(client.clone(), request, Some(observer.clone()));
            }
            let results = self.next(&mut operations).await;
            if !results.is_empty() {
                self.queues().add_results(results);
                self.notify_caller();
            }
        }
    }

    /// The next results, or none because there are requests.
    async fn next(&self, operations: &mut OperationSet) -> Vec<NumberedResult> {
        if operations.is_empty() {
            self.requests.notified().await;
            return Vec::new();
        }
        let mut requests = pin!(self.requests.notified());
        let mut results = pin!(operations.next_ready());
        poll_fn(|context| match results.as_mut().poll(context) {
            TaskPoll::Ready(results) => TaskPoll::Ready(results),
            TaskPoll::Pending => requests.as_mut().poll(context).map(|()| Vec::new()),
        })
        .await
    }

    fn notify_caller(&self) {
        self.results.notify_all();
        self.results_async.notify_one();
    }
}

/// Tells the caller that the driver has stopped, even after a panic.
struct StoppedOnDrop<'a>(&'a Driver);

impl Drop for StoppedOnDrop<'_> {
    fn drop(&mut self) {
        self.0.queues().stopped = true;
        self.0.notify_caller();
    }
}

/// Keeps log lines for the caller's thread.
struct LogObserver {
    driver: Arc<Driver>,
    threshold: Level,
}

impl Observer for LogObserver {
    fn enabled(&self, level: Level) -> bool {
        level >= self.threshold
    }
    fn log(&self, level: Level, message: String) {
        self.driver.queues().log_lines.push((level, message));
    }
    fn poll(&self, _poll: Poll) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
