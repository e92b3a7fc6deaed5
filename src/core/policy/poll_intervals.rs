//! How long a wait pauses between its polls.
use std::time::Duration;

/// The pauses of a wait without an `interval`: the first, and the one that they grow to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollIntervals {
    pub first: Duration,
    pub largest: Duration,
}

impl PollIntervals {
    /// For Atlas, which takes minutes to create a cluster.
    pub const SERVICE: PollIntervals =
        PollIntervals { first: Duration::from_secs(1), largest: Duration::from_secs(15) };
    /// For a server on this machine, which is an emulator or a mock: tests wait for it.
    pub const LOOPBACK: PollIntervals =
        PollIntervals { first: Duration::from_millis(10), largest: Duration::from_secs(1) };

    /// The pause after so many polls; `jitter` is in `[0, 1)`.
    pub fn after(self, polls: u32, jitter: f64) -> Duration {
        let grown = self.first.mul_f64(1.5f64.powi(polls.saturating_sub(1).min(16) as i32));
        // Up to a quarter more, so that many waiters do not poll at the same moment.
        grown.min(self.largest).mul_f64(1.0 + 0.25 * jitter).min(self.largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_largest_which_jitter_does_not_exceed() {
        let pauses = |intervals: PollIntervals, jitter| [1, 2, 3, 16, 400].map(|polls| intervals.after(polls, jitter));
        let ms = Duration::from_millis;
        assert_eq!(pauses(PollIntervals::SERVICE, 0.0), [1_000, 1_500, 2_250, 15_000, 15_000].map(ms));
        assert_eq!(PollIntervals::SERVICE.after(1, 0.5), ms(1_125));
        assert_eq!(PollIntervals::SERVICE.after(400, 0.99), ms(15_000));
        assert_eq!(PollIntervals::LOOPBACK.after(1, 0.0), ms(10));
        assert_eq!(PollIntervals::LOOPBACK.after(2, 0.0), ms(15));
        assert_eq!(PollIntervals::LOOPBACK.after(400, 0.5), ms(1_000));
    }
}
