//! Of many processes that need the same token at once, one fetches it and the others wait for the file.
use std::fs::File;
use std::future::Future;
use std::time::{Duration, UNIX_EPOCH};

use fs4::fs_std::FileExt;

use super::{CachedToken, FileCache, Key};
use crate::core::context::clock::Clock;
use crate::core::secret::Secret;

/// The pause between two looks: it begins short, since a token takes a fraction of a second, and doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How long another process may usually take to fetch a token: [`Wanted::patience`].
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked of the cache.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which token.
    pub key: &'a Key,
    /// The token that the server has just refused: as good as none.
    pub refused: Option<&'a Secret>,
    /// How long another process may take to fetch it. After that this one goes its own way: a process that hangs
    /// must not hang others.
    pub patience: Duration,
}

/// Where the caller stands.
#[derive(Debug)]
pub enum Turn {
    /// There is a token.
    Token(CachedToken),
    /// This caller fetches and stores it; nobody else does while this lives.
    Fetch(Lock),
    /// The cache is of no use now: fetch without it.
    Alone,
}

/// The right to fetch; given back when dropped, also by a process that is killed.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // By name, since closing alone leaves it to a forked child that has the same file open.
        let _ = FileExt::unlock(&self.file);
    }
}

/// The calendar's time in seconds since 1970.
pub(crate) fn unix(clock: &dyn Clock) -> u64 {
    clock.wall().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl FileCache {
    /// A token, or the right to fetch one.
    pub async fn turn(&self, wanted: Wanted<'_>, clock: &dyn Clock) -> Turn {
        let mut file = None;
        let mut pause = FIRST_PAUSE;
        let begun = clock.now();
        loop {
            if let Some(token) = self.look(wanted, clock) {
                return Turn::Token(token);
            }
            if self.is_unusable() {
                return Turn::Alone;
            }
            let opened = match file.take().map_or_else(|| self.lock_file(wanted.key), Ok) {
                Ok(opened) => opened,
                Err(why) => {
                    self.give_up(&why);
                    return Turn::Alone;
                }
            };
            match FileExt::try_lock_exclusive(&opened) {
                Ok(true) => return self.first_in_line(Lock { file: opened }, wanted, clock),
                Ok(false) => file = Some(opened),
                Err(error) => {
                    self.give_up(&format!("files cannot be locked there ({error})"));
                    return Turn::Alone;
                }
            }
            if clock.now().saturating_sub(begun) >= wanted.patience {
                self.warn(format!(
                    "another process has been fetching the token of {} for {} s; it was fetched without the token cache {}",
                    wanted.key.client_id(),
                    wanted.patience.as_secs(),
                    self.folder().display()
                ));
                return Turn::Alone;
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// [`FileCache::turn`] and all that follows: looks, waits, fetches if it must, and keeps what it fetched.
    pub async fn token_or_fetch<E>(
        &self,
        wanted: Wanted<'_>,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<CachedToken, E>>,
    ) -> Result<CachedToken, E> {
        let turn = self.turn(wanted, clock).await;
        if let Turn::Token(token) = turn {
            return Ok(token);
        }
        let token = fetch.await?;
        // Also without the right to fetch: it is good for others, and the file is replaced whole.
        self.store(wanted.key, &token);
        drop(turn);
        Ok(token)
    }

    fn look(&self, wanted: Wanted<'_>, clock: &dyn Clock) -> Option<CachedToken> {
        self.load(wanted.key, unix(clock)).filter(|cached| wanted.refused != Some(&cached.token))
    }

    /// Another process may have stored a token between the last look and the lock.
    fn first_in_line(&self, lock: Lock, wanted: Wanted<'_>, clock: &dyn Clock) -> Turn {
        match self.look(wanted, clock) {
            Some(token) => Turn::Token(token),
            None => Turn::Fetch(lock),
        }
    }
}
