//! The clock and the random source. The rest of the core is given them, so that tests take no real seconds and assert exact
//! values.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A sleep to be awaited.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// Monotonic time since some fixed moment.
    fn now(&self) -> Duration;
    /// The system's time, used only where a server has not sent its own.
    fn wall(&self) -> SystemTime;
    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// A source of random numbers for jitter.
pub trait Rng: Send + Sync {
    /// The next number in `[0, 1)`.
    fn unit(&self) -> f64;
}

/// A time of the service in ISO 8601. One before 1970 is none: Atlas has made nothing then, and Windows has no time before
/// 1601.
pub(in crate::core) fn timestamp(text: &str) -> Option<SystemTime> {
    let since = Duration::try_from(text.parse::<jiff::Timestamp>().ok()?.as_duration()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// The clock of the machine and the timer of tokio.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Random numbers.
#[derive(Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn unit(&self) -> f64 {
        fastrand::f64()
    }
}

/// A clock for tests: a sleep moves it at once and is recorded.
#[derive(Debug, Clone)]
pub struct ManualClock {
    state: Arc<Mutex<ManualState>>,
}

#[derive(Debug)]
struct ManualState {
    now: Duration,
    wall: SystemTime,
    sleeps: Vec<Duration>,
}

impl Default for ManualClock {
    fn default() -> Self {
        let state = ManualState { now: Duration::ZERO, wall: SystemTime::now(), sleeps: Vec::new() };
        ManualClock { state: Arc::new(Mutex::new(state)) }
    }
}

impl ManualClock {
    fn with<T>(&self, f: impl FnOnce(&mut ManualState) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        self.with(|s| {
            s.now += duration;
            s.wall += duration;
        });
    }
    /// Every sleep so far, in order.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.with(|s| s.sleeps.clone())
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.with(|s| s.now)
    }
    fn wall(&self) -> SystemTime {
        self.with(|s| s.wall)
    }
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.clone();
        Box::pin(async move {
            clock.with(|s| s.sleeps.push(duration));
            clock.advance(duration);
            tokio::task::yield_now().await;
        })
    }
}

/// Always the same number: exact delays in tests.
#[derive(Debug)]
pub struct FixedRng(pub f64);

impl Rng for FixedRng {
    fn unit(&self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_before_1970_is_none() {
        assert_eq!(timestamp("1970-01-01T00:00:02Z"), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(2)));
        for none in ["1012-09-09T18:15:12Z", "1969-12-31T23:59:59Z", "yesterday"] {
            assert_eq!(timestamp(none), None, "{none}");
        }
    }
}
