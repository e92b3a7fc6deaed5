//! Runs a connection within the call that uses it. hyper would have it spawned as a task of its own: then each reply wakes that
//! task, which wakes the call, and the runtime asks for events once more in between.
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// After so many turns without a pause the call gives way to others, and to its own time limits.
const MAX_TURNS: u32 = 16;

/// hyper's side of a connection, which writes requests and reads responses while it is polled.
pub(super) struct Driver<C> {
    /// `None` once it has ended.
    connection: Option<Pin<Box<C>>>,
    wakes: Arc<Wakes>,
    /// What `work` and `connection` are polled with.
    waker: Waker,
}

impl<C: Future> Driver<C> {
    pub(super) fn new(connection: C) -> Self {
        let wakes = Arc::<Wakes>::default();
        Driver { connection: Some(Box::pin(connection)), waker: wakes.clone().into(), wakes }
    }

    /// Does work that waits for the connection, and drives the connection meanwhile.
    pub(super) async fn run<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|task| {
            self.wakes.task.register(task.waker());
            let done = self.turns(work.as_mut());
            self.wakes.driving.store(false, Ordering::SeqCst);
            // Woken after the last turn, by another thread, or when there were no more turns.
            if done.is_pending() && self.wakes.again.load(Ordering::SeqCst) {
                task.waker().wake_by_ref();
            }
            done
        })
        .await
    }

    /// Polls both until neither has woken the other.
    fn turns<T>(&mut self, mut work: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        let mut task = Context::from_waker(&self.waker);
        self.wakes.driving.store(true, Ordering::SeqCst);
        for _ in 0..MAX_TURNS {
            // Not a store: what another thread did before the wake-up that is cleared here must be seen by the polls below.
            self.wakes.again.swap(false, Ordering::SeqCst);
            let done = work.as_mut().poll(&mut task);
            if done.is_ready() {
                return done;
            }
            // How it ended is told to the request that waits for it.
            if self.connection.as_mut().is_some_and(|connection| connection.as_mut().poll(&mut task).is_ready()) {
                self.connection = None;
            }
            if !self.wakes.again.load(Ordering::SeqCst) {
                break;
            }
        }
        Poll::Pending
    }

    /// Forgets the task of the last call: a waker keeps the memory of its task.
    pub(super) fn rest(&self) {
        self.wakes.task.take();
    }
}

/// Wakes the task of the call that drives the connection. What call and connection tell one another in one turn wakes
/// nobody: there is another turn.
///
/// A wake-up sets `again` before it looks at `driving`, and the end of the turns clears `driving` before it looks at `again`:
/// one of the two sees the other.
#[derive(Default)]
struct Wakes {
    /// The task of the present call.
    task: AtomicWaker,
    /// Call and connection are being polled.
    driving: AtomicBool,
    /// Either was woken since the last turn began.
    again: AtomicBool,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.again.store(true, Ordering::SeqCst);
        if !self.driving.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::oneshot;

    use super::*;

    /// Counts how often a task is woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Task {
        fn poll<T>(self: &Arc<Self>, work: &mut Pin<Box<impl Future<Output = T>>>) -> Poll<T> {
            work.as_mut().poll(&mut Context::from_waker(&self.clone().into()))
        }
        fn woken(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn what_work_and_connection_tell_one_another_wakes_no_task() {
        let (task, (request, requested), (reply, replied)) =
            (Arc::<Task>::default(), oneshot::channel(), oneshot::channel());
        let connection = async move { reply.send(requested.await.map(|number: u32| number + 1)) };
        let mut driver = Driver::new(connection);
        let mut call = Box::pin(driver.run(async {
            request.send(1).map_err(drop)?;
            replied.await.map_err(drop)
        }));
        assert_eq!(task.poll(&mut call), Poll::Ready(Ok(Ok(2))));
        assert_eq!(task.woken(), 0);
    }

    #[test]
    fn what_comes_from_outside_wakes_the_task_until_the_connection_rests() {
        let (task, (arrive, arrived)) = (Arc::<Task>::default(), oneshot::channel::<u32>());
        let (reply, replied) = oneshot::channel();
        let mut driver = Driver::new(async move { reply.send(arrived.await) });
        let mut call = Box::pin(driver.run(replied));
        assert!(task.poll(&mut call).is_pending());
        assert_eq!(task.woken(), 0);
        assert_eq!(arrive.send(7), Ok(()));
        assert_eq!(task.woken(), 1);
        assert_eq!(task.poll(&mut call), Poll::Ready(Ok(Ok(7))));
        drop(call);

        let (end, ended) = oneshot::channel::<()>();
        let mut driver = Driver::new(ended);
        let mut call = Box::pin(driver.run(std::future::pending::<()>()));
        assert!(task.poll(&mut call).is_pending());
        drop(call);
        driver.rest();
        assert_eq!((end.send(()), task.woken()), (Ok(()), 1));
    }

    #[test]
    fn a_connection_that_is_always_ready_lets_others_run() {
        let (task, turns) = (Arc::<Task>::default(), AtomicUsize::new(0));
        let busy = poll_fn(|task| {
            turns.fetch_add(1, Ordering::SeqCst);
            task.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        let mut driver = Driver::new(busy);
        let mut call = Box::pin(driver.run(std::future::pending::<()>()));
        for polls in 1..=3 {
            assert!(task.poll(&mut call).is_pending());
            assert_eq!((turns.load(Ordering::SeqCst), task.woken()), (polls * MAX_TURNS as usize, polls));
        }
    }
}
