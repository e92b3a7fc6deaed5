//! Of many callers and processes, one fetches.
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use atlas_serverless::core::context::clock::SystemClock;

use super::*;

#[tokio::test]
async fn the_others_wait_for_the_one_who_fetches() {
    let (_home, cache) = cache();
    let (key, clock) = (key(), ManualClock::default());
    let Claim::Fetch(lock) = cache.claim(lookup(&key, None), &clock).await else { panic!() };
    let other = FileCache::new(cache.folder());
    let fetch = async {
        while clock.sleeps().len() < 7 {
            tokio::task::yield_now().await;
        }
        cache.store(&key, &token("TOKEN-1"));
    };
    let (turn, ()) = tokio::join!(other.claim(lookup(&key, None), &clock), fetch);
    // Not the end of the lock counts, but the token.
    assert!(matches!(turn, Claim::Cached(found) if found == token("TOKEN-1")));
    assert_eq!(clock.sleeps()[..7], [5, 10, 20, 40, 80, 100, 100].map(Duration::from_millis));
    drop(lock);
    assert!(warnings(&cache).is_empty());
    assert!(warnings(&other).is_empty());
}

#[tokio::test]
async fn a_fetch_that_fails_releases_the_lock() {
    let (_home, cache) = cache();
    let (key, clock) = (key(), ManualClock::default());
    let failed = cache.get_or_fetch(lookup(&key, None), &clock, async { Err::<Fetched, _>("refused") }).await;
    assert_eq!(failed, Err("refused"));
    let found = cache.get_or_fetch(lookup(&key, None), &clock, async { Ok::<_, ()>(fetched("TOKEN-1")) }).await;
    assert_eq!((found, clock.sleeps().len()), (Ok(fetched("TOKEN-1")), 0));
    // A future that is dropped half way also gives the lock back.
    cache.remove(&key);
    let never = cache.get_or_fetch(lookup(&key, None), &clock, std::future::pending::<Result<Fetched, ()>>());
    assert!(tokio::time::timeout(Duration::from_millis(1), never).await.is_err());
    assert!(matches!(cache.claim(lookup(&key, None), &clock).await, Claim::Fetch(_)));
}

#[tokio::test]
async fn a_fetch_that_hangs_does_not_hang_the_others() {
    let (_home, cache) = cache();
    let (key, clock) = (key(), ManualClock::default());
    let hanging = cache.claim(lookup(&key, None), &clock).await;
    let other = FileCache::new(cache.folder());
    let found = other.get_or_fetch(lookup(&key, None), &clock, async { Ok::<_, ()>(fetched("TOKEN-1")) }).await;
    assert_eq!(found, Ok(fetched("TOKEN-1")));
    let waited: Duration = clock.sleeps().iter().sum();
    assert!(waited >= MAX_WAIT, "{waited:?}");
    assert!(waited < MAX_WAIT + Duration::from_millis(101), "{waited:?}");
    assert!(warnings(&other)[0].contains("another process has been fetching the token of mdb_sa_id_1 for 20 s"));
    // What was fetched is there for the next, who does not wait any more.
    let next = FileCache::new(cache.folder()).claim(lookup(&key, None), &clock).await;
    assert!(matches!(next, Claim::Cached(_)));
    drop(hanging);
}

#[tokio::test]
async fn a_refused_token_is_removed_if_no_other_can_be_fetched() {
    let (_home, cache) = cache();
    let (key, clock) = (key(), ManualClock::default());
    cache.store(&key, &token("TOKEN-1"));
    let refused = "TOKEN-1".into();
    let failed = cache.get_or_fetch(lookup(&key, Some(&refused)), &clock, async { Err::<Fetched, _>("down") }).await;
    assert_eq!(failed, Err("down"));
    assert_eq!(cache.load(&key, 0), None);
    // Without the lock the entry stays: the process that has the lock may have stored it.
    cache.store(&key, &token("TOKEN-1"));
    let other = FileCache::new(cache.folder());
    let Claim::Fetch(lock) = other.claim(lookup(&key, Some(&refused)), &clock).await else { panic!() };
    let failed = cache.get_or_fetch(lookup(&key, Some(&refused)), &clock, async { Err::<Fetched, _>("down") }).await;
    assert_eq!(failed, Err("down"));
    assert_eq!(cache.load(&key, 0), Some(token("TOKEN-1")));
    drop(lock);
}

/// Runs `count` threads, each with a cache and a runtime of its own, that start together; returns the fetches.
fn fetches_of_threads(folder: &Path, count: usize, refused: Option<&'static str>) -> u32 {
    let (fetches, start) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(count)));
    let threads: Vec<_> = (0..count)
        .map(|_| {
            let (folder, fetches, start) = (folder.to_owned(), fetches.clone(), start.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                let (cache, key, refused) = (FileCache::new(folder), key(), refused.map(Secret::from));
                start.wait();
                let fetch = async {
                    let number = fetches.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok::<_, ()>(fetched(&format!("TOKEN-{}", number + 2)))
                };
                let wanted = lookup(&key, refused.as_ref());
                let token = runtime.block_on(cache.get_or_fetch(wanted, &SystemClock::default(), fetch)).unwrap();
                assert_eq!(cache.take_notices(), []);
                token
            })
        })
        .collect();
    let tokens: Vec<Fetched> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(tokens.iter().all(|got| *got == fetched("TOKEN-2")), "{tokens:?}");
    fetches.load(Ordering::SeqCst)
}

#[test]
fn of_many_that_start_together_one_fetches() {
    let (_home, cache) = cache();
    assert_eq!(fetches_of_threads(cache.folder(), 32, None), 1);
}

#[test]
fn of_many_whose_token_was_refused_one_fetches() {
    let (_home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    assert_eq!(fetches_of_threads(cache.folder(), 32, Some("TOKEN-1")), 1);
}
