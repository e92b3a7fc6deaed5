//! The token cache on real files: what it keeps, what it refuses, and that one of many fetches.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod killed;
mod lock;
#[cfg(unix)]
mod permissions;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use atlas_serverless::core::auth::token_cache::lock::{Cacheable, Claim, MAX_WAIT, TokenLookup};
use atlas_serverless::core::auth::token_cache::{CachedToken, FileCache, Key};
use atlas_serverless::core::context::clock::ManualClock;
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
        br#"[1,"https://cloud.mongodb.com","mdb_sa_id_1","","t",9,9]"#.to_vec(),
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
