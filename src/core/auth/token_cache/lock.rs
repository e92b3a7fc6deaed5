//! If many processes need the same token at once, one fetches it and the others wait for its file.
use std::fs::File;
use std::future::Future;
use std::time::{Duration, UNIX_EPOCH};

use fs4::fs_std::FileExt;

use super::{CachedToken, FileCache, Key};
use crate::core::context::clock::Clock;
use crate::core::secret::Secret;

/// The pause between two reads of the file. It doubles; it begins short, since fetching takes a fraction of a second.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How long to wait for another process that fetches the token: [`TokenLookup::max_wait`].
pub const MAX_WAIT: Duration = Duration::from_secs(20);

/// Which token a caller needs.
#[derive(Debug, Clone, Copy)]
pub struct TokenLookup<'a> {
    pub key: &'a Key,
    /// The token that the server has just refused; it is not returned.
    pub refused: Option<&'a Secret>,
    /// How long another process may take to fetch the token. After that this caller fetches one too, so that a process
    /// that hangs does not block others.
    pub max_wait: Duration,
}

/// A token that can be stored in the cache.
pub trait Cacheable: Sized {
    /// `now` in Unix seconds; `None` if the token cannot be used.
    fn from_cached(cached: &CachedToken, now: u64) -> Option<Self>;
    /// `now` in Unix seconds.
    fn to_cached(&self, now: u64) -> CachedToken;
}

/// What a caller has to do for its token.
#[derive(Debug)]
pub enum Claim {
    /// Nothing: here it is.
    Cached(CachedToken),
    /// Fetch it and store it; no other process fetches it while the lock is held.
    Fetch(Lock),
    /// Fetch it without the lock, which cannot be had.
    FetchUnlocked,
}

/// The right to fetch. It ends when this is dropped, or the process is killed.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Explicitly: closing the file would leave the lock to a forked child that has the same file open.
        let _ = FileExt::unlock(&self.file);
    }
}

/// The wall clock in Unix seconds.
pub(crate) fn unix(clock: &dyn Clock) -> u64 {
    clock.wall().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl FileCache {
    /// A token, or the right to fetch one.
    pub async fn claim(&self, lookup: TokenLookup<'_>, clock: &dyn Clock) -> Claim {
        let mut file = None;
        let mut pause = FIRST_PAUSE;
        let started = clock.now();
        loop {
            if let Some(token) = self.find(lookup, clock) {
                return Claim::Cached(token);
            }
            if self.is_disabled() {
                return Claim::FetchUnlocked;
            }
            let opened = match file.take().map_or_else(|| self.lock_file(lookup.key), Ok) {
                Ok(opened) => opened,
                Err(why) => {
                    self.disable(&why);
                    return Claim::FetchUnlocked;
                }
            };
            match FileExt::try_lock_exclusive(&opened) {
                Ok(true) => return self.find_with_lock(Lock { file: opened }, lookup, clock),
                Ok(false) => file = Some(opened),
                Err(error) => {
                    self.disable(&format!("files cannot be locked there ({error})"));
                    return Claim::FetchUnlocked;
                }
            }
            if clock.now().saturating_sub(started) >= lookup.max_wait {
                self.warn(format!(
                    "another process has been fetching the token of {} for {} s; it was fetched without the token cache {}",
                    lookup.key.client_id(),
                    lookup.max_wait.as_secs(),
                    self.folder().display()
                ));
                return Claim::FetchUnlocked;
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A token from the cache, or one that `fetch` returns, which is then stored. If a fetch that replaces a refused token
    /// fails, the refused token is removed.
    pub async fn get_or_fetch<T: Cacheable, E>(
        &self,
        lookup: TokenLookup<'_>,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let claim = self.claim(lookup, clock).await;
        if let Claim::Cached(cached) = &claim
            && let Some(token) = T::from_cached(cached, unix(clock))
        {
            return Ok(token);
        }
        let fetched = fetch.await;
        match (&fetched, &claim, lookup.refused) {
            // Also without the lock: the token is of use to others, and the file is replaced as a whole.
            (Ok(token), _, _) => self.store(lookup.key, &token.to_cached(unix(clock))),
            // Only with the lock: without it, another process may have stored a newer token.
            (Err(_), Claim::Fetch(_), Some(refused)) => self.drop_if_equal(lookup.key, refused),
            _ => {}
        }
        fetched
    }

    fn find(&self, lookup: TokenLookup<'_>, clock: &dyn Clock) -> Option<CachedToken> {
        self.load(lookup.key, unix(clock)).filter(|cached| lookup.refused != Some(&cached.token))
    }

    /// Reads the file again: another process may have stored a token since the last read.
    fn find_with_lock(&self, lock: Lock, lookup: TokenLookup<'_>, clock: &dyn Clock) -> Claim {
        match self.find(lookup, clock) {
            Some(token) => Claim::Cached(token),
            None => Claim::Fetch(lock),
        }
    }
}
