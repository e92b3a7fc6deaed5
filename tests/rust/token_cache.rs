//! The token cache on real files: what it keeps, what it refuses, and that one of many fetches.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use atlas_serverless::core::auth::token_cache::lock::{Cacheable, Claim, MAX_WAIT, TokenLookup};
use atlas_serverless::core::auth::token_cache::{CachedToken, FileCache, Key};
use atlas_serverless::core::context::clock::{ManualClock, SystemClock};
use atlas_serverless::core::secret::Secret;
use tempfile::TempDir;

/// A moment that these tests will not see: 2100.
const FAR: u64 = 4_102_444_800;
const SERVER: &str = "https://cloud.mongodb.com";

fn key() -> Key {
    Key::new(SERVER, "mdb_sa_id_1")
}

fn token(text: &str) -> CachedToken {
    CachedToken { token: text.into(), renew_at: FAR - 100, expires_at: FAR }
}

fn cache() -> (TempDir, FileCache) {
    let home = TempDir::new().unwrap();
    let cache = FileCache::new(home.path().join("cache/tokens"));
    (home, cache)
}

/// A token as a caller of the cache has it.
#[derive(Debug, PartialEq)]
struct Fetched(CachedToken);

impl Cacheable for Fetched {
    fn from_cached(cached: &CachedToken, _now: u64) -> Option<Self> {
        Some(Fetched(cached.clone()))
    }

    fn to_cached(&self, _now: u64) -> CachedToken {
        self.0.clone()
    }
}

fn fetched(text: &str) -> Fetched {
    Fetched(token(text))
}

/// The files of a cache with this ending.
fn files(cache: &FileCache, ending: &str) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(cache.folder()).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

fn warnings(cache: &FileCache) -> Vec<String> {
    cache.take_notices().into_iter().map(|notice| notice.message).collect()
}

fn lookup<'a>(key: &'a Key, refused: Option<&'a Secret>) -> TokenLookup<'a> {
    TokenLookup { key, refused, max_wait: MAX_WAIT }
}

#[test]
fn a_token_is_kept_until_shortly_before_its_end() {
    let (_home, cache) = cache();
    assert_eq!(cache.load(&key(), 0), None);
    cache.store(&key(), &token("TOKEN-1"));
    assert_eq!(cache.load(&key(), FAR - 101), Some(token("TOKEN-1")));
    assert_eq!(cache.load(&key(), FAR - 100), None);
    // Another server, another account: another token.
    for other in [Key::new("https://cloud.mongodbgov.com", "mdb_sa_id_1"), Key::new(SERVER, "mdb_sa_id_2")] {
        assert_eq!(cache.load(&other, 0), None);
        cache.store(&other, &token("TOKEN-2"));
    }
    let listed: Vec<String> = cache
        .list()
        .iter()
        .map(|(key, token)| format!("{} {} {:?}", key.base_url(), key.client_id(), token.token))
        .collect();
    assert_eq!(
        listed,
        [
            "https://cloud.mongodb.com mdb_sa_id_1 ******",
            "https://cloud.mongodb.com mdb_sa_id_2 ******",
            "https://cloud.mongodbgov.com mdb_sa_id_1 ******"
        ]
    );
    assert!(cache.remove(&key()));
    assert!(!cache.remove(&key()));
    assert_eq!((cache.list().len(), warnings(&cache).len()), (2, 0));
}

#[test]
fn a_refused_token_is_dropped_only_if_it_is_still_the_one() {
    let (_home, cache) = cache();
    cache.store(&key(), &token("TOKEN-2"));
    cache.drop_if_equal(&key(), &"TOKEN-1".into());
    assert_eq!(cache.load(&key(), 0), Some(token("TOKEN-2")));
    cache.drop_if_equal(&key(), &"TOKEN-2".into());
    assert_eq!(cache.load(&key(), 0), None);
}

#[test]
fn an_entry_that_is_damaged_in_any_way_is_removed_with_a_warning() {
    let (_home, cache) = cache();
    cache.store(&key(), &token("TOKEN-MARK"));
    let path = files(&cache, ".json").remove(0);
    let whole = std::fs::read(&path).unwrap();
    let broken = (0..whole.len()).map(|end| whole[..end].to_vec());
    let others = [
        br#"{"version":2,"base_url":"https://cloud.mongodb.com","client_id":"mdb_sa_id_1","access_token":"t","renew_at":9,"expires_at":9}"#.to_vec(),
        br#"{"version":1,"base_url":"https://cloud.mongodb.com","client_id":"mdb_sa_id_1","access_token":"a\nb","renew_at":9,"expires_at":9}"#.to_vec(),
        br#"{"version":1,"base_url":"https://cloud.mongodb.com","client_id":"mdb_sa_id_1","access_token":"","renew_at":9,"expires_at":9}"#.to_vec(),
        br#"{"version":1,"base_url":"https://other.example","client_id":"mdb_sa_id_1","access_token":"t","renew_at":9,"expires_at":9}"#.to_vec(),
        vec![b'x'; 100_000],
        vec![0xff; 10],
    ];
    for content in broken.chain(others) {
        std::fs::write(&path, &content).unwrap();
        assert_eq!(cache.load(&key(), 0), None, "{}", String::from_utf8_lossy(&content));
        assert!(!path.exists());
        let warnings = warnings(&cache);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("was damaged and has been removed"), "{warnings:?}");
        assert!(!warnings[0].contains("MARK"));
        cache.store(&key(), &token("TOKEN-MARK"));
        assert_eq!(cache.load(&key(), 0), Some(token("TOKEN-MARK")));
    }
}

#[cfg(unix)]
mod permissions {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn folder_and_files_are_the_users_own() {
        let (_home, cache) = cache();
        let turn = cache.claim(lookup(&key(), None), &ManualClock::default()).await;
        assert!(matches!(turn, Claim::Fetch(_)));
        cache.store(&key(), &token("TOKEN-1"));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!((mode(cache.folder()), mode(cache.folder().parent().unwrap())), (0o700, 0o700));
        assert_eq!(files(&cache, "").len(), 2);
        assert_eq!((mode(&files(&cache, ".json")[0]), mode(&files(&cache, ".lock")[0])), (0o600, 0o600));
        let text = std::fs::read_to_string(&files(&cache, ".json")[0]).unwrap();
        assert_eq!(
            text,
            r#"{"version":1,"base_url":"https://cloud.mongodb.com","client_id":"mdb_sa_id_1","access_token":"TOKEN-1","renew_at":4102444700,"expires_at":4102444800}"#
        );
    }

    /// Every fault: a warning that names it, once, and no token out of such a place.
    #[tokio::test]
    async fn what_is_not_private_is_not_used() {
        type Fault = fn(&FileCache);
        let faults: [(Fault, &str); 6] = [
            (|cache| set_mode(&files(cache, ".json")[0], 0o644), ".json is open to other users (mode 0644)"),
            (|cache| set_mode(&files(cache, ".json")[0], 0o660), ".json is open to other users (mode 0660)"),
            (|cache| set_mode(cache.folder(), 0o777), "the folder is open to other users (mode 0777)"),
            (
                |cache| {
                    let path = files(cache, ".json").remove(0);
                    std::fs::remove_file(&path).unwrap();
                    std::fs::create_dir(&path).unwrap();
                },
                ".json is not a regular file",
            ),
            (
                |cache| {
                    std::fs::remove_dir_all(cache.folder()).unwrap();
                    std::fs::write(cache.folder(), "").unwrap();
                },
                "it is not a folder",
            ),
            (
                |cache| {
                    std::fs::remove_dir_all(cache.folder().parent().unwrap()).unwrap();
                    std::fs::write(cache.folder().parent().unwrap(), "").unwrap();
                },
                "the folder cannot be",
            ),
        ];
        for (fault, expected) in faults {
            let (_home, cache) = cache();
            cache.store(&key(), &token("TOKEN-MARK"));
            fault(&cache);
            for _ in 0..2 {
                assert_eq!(cache.load(&key(), 0), None);
                let turn = cache.claim(lookup(&key(), None), &ManualClock::default()).await;
                assert!(matches!(turn, Claim::FetchUnlocked));
                cache.store(&key(), &token("TOKEN-MARK"));
            }
            let warnings = warnings(&cache);
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            assert!(warnings[0].contains(expected), "{warnings:?}");
            assert!(warnings[0].ends_with("tokens stay in memory"), "{warnings:?}");
            assert!(cache.is_disabled());
            assert!(!format!("{warnings:?} {cache:?}").contains("MARK"));
        }
    }

    #[test]
    fn what_belongs_to_somebody_else_is_not_used() {
        let (home, cache) = cache();
        cache.store(&key(), &token("TOKEN-1"));
        let me = home.path().metadata().unwrap().uid();
        // Only root can give a file away; for everybody else, what is root's is somebody else's.
        let cache = if me == 0 {
            chown(&files(&cache, ".json")[0], Some(4321), None).unwrap();
            cache
        } else {
            FileCache::new("/")
        };
        assert_eq!(cache.load(&key(), 0), None);
        let warnings = warnings(&cache);
        assert!(warnings[0].contains("belongs to user"), "{warnings:?}");
    }

    #[test]
    fn a_pipe_in_place_of_an_entry_does_not_hang() {
        let (_home, cache) = cache();
        cache.store(&key(), &token("TOKEN-1"));
        let path = files(&cache, ".json").remove(0);
        std::fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
        assert_eq!(cache.load(&key(), 0), None);
        assert!(warnings(&cache)[0].contains("is not a regular file"));
    }
}

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
                assert!(cache.take_notices().is_empty());
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

const CHILD: &str = "ATLAS_SERVERLESS_TEST_WRITER";

/// What the other process of the next test does: it writes until it is killed.
fn write_until_killed(folder: String) -> ! {
    let (cache, key, clock) = (FileCache::new(folder), key(), ManualClock::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    loop {
        cache.remove(&key);
        runtime
            .block_on(cache.get_or_fetch(lookup(&key, None), &clock, async { Ok::<_, ()>(fetched(&"T".repeat(4000))) }))
            .unwrap();
    }
}

#[test]
fn a_process_killed_at_any_moment_leaves_a_whole_entry_or_none_and_no_lock() {
    if let Ok(folder) = std::env::var(CHILD) {
        write_until_killed(folder);
    }
    let (_home, cache) = cache();
    for round in 0..25 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_process_killed_at_any_moment_leaves_a_whole_entry_or_none_and_no_lock", "--nocapture"])
            .env(CHILD, cache.folder())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It writes by now; what it does when it is killed is left to chance.
        while cache.load(&key(), 0).is_none() {
            assert_eq!(child.try_wait().unwrap(), None, "the other process ended by itself");
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(97 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(found) = cache.load(&key(), 0) {
            assert_eq!(found, token(&"T".repeat(4000)));
        }
        cache.remove(&key());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let clock = ManualClock::default();
        assert!(matches!(runtime.block_on(cache.claim(lookup(&key(), None), &clock)), Claim::Fetch(_)));
        assert_eq!((warnings(&cache), clock.sleeps().len()), (vec![], 0));
    }
}

#[test]
fn what_killed_processes_left_half_written_is_removed_later() {
    let (_home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    let (old, new) = (cache.folder().join(".half-old.tmp"), cache.folder().join(".half-new.tmp"));
    for path in [&old, &new] {
        std::fs::write(path, "").unwrap();
    }
    let now = std::fs::metadata(&new).unwrap().modified().unwrap();
    std::fs::File::options().write(true).open(&old).unwrap().set_modified(now - Duration::from_secs(700)).unwrap();
    cache.store(&key(), &token("TOKEN-1"));
    assert!(!old.exists());
    assert!(new.exists());
}
