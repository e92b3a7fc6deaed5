//! A file of the token cache that something else has written.
use std::path::PathBuf;

use atlas_serverless::core::auth::token_cache::{CachedToken, FileCache, Key};
use atlas_serverless::core::secret::Secret;
use serde_json::Value;
use tempfile::TempDir;

use super::{Reached, support};

/// In Unix seconds.
const NOW: u64 = 1_767_225_600;

thread_local! {
    static ENTRY: Entry = Entry::new();
}

/// The content of the entry. `{hash}` is the hash of the secret with which the key is made.
pub fn run(data: &[u8]) -> Reached {
    ENTRY.with(|entry| entry.check(data))
}

/// The place of one entry, and two keys for it, which are made with different secrets.
struct Entry {
    folder: PathBuf,
    path: PathBuf,
    keys: [(Key, String); 2],
    _folder: TempDir,
}

impl Entry {
    fn new() -> Self {
        let parent = TempDir::new().unwrap();
        // Only its owner can read it.
        let folder = parent.path().join("tokens");
        let cache = FileCache::new(&folder);
        let mut path = PathBuf::new();
        let keys = ["mdb_sa_sk_1", "mdb_sa_sk_2"].map(|secret| {
            let key = Key::new("https://cloud.mongodb.com", "mdb_sa_id_1").with_secret(&Secret::from(secret));
            cache.store(&key, &token("a", u64::MAX));
            let mut files = std::fs::read_dir(&folder).unwrap().flatten().map(|file| file.path());
            path = files.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (key, file["secret_hash"].as_str().unwrap().to_owned())
        });
        Self { folder, path, keys, _folder: parent }
    }

    fn check(&self, data: &[u8]) -> Reached {
        let [(key, hash), _] = &self.keys;
        let content = support::replaced(data, "{hash}", hash.as_bytes());
        let cache = FileCache::new(&self.folder);
        if !self.path.exists() {
            cache.store(key, &token("a", u64::MAX));
        }
        std::fs::write(&self.path, &content).unwrap();
        let file = serde_json::from_slice(&content).unwrap_or(Value::Null);
        for (_, token) in cache.list() {
            assert!(token.token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
        let loaded = self.keys.each_ref().map(|(key, hash)| {
            let loaded = cache.load(key, NOW);
            if let Some(token) = &loaded {
                assert_eq!(file["secret_hash"], **hash);
                check_token(&cache, key, &file, token);
            }
            loaded
        });
        assert!(loaded.iter().flatten().count() < 2);
        // Either it is a token, or the damaged file is removed.
        for notice in cache.take_notices() {
            support::assert_printable(&notice.message);
        }
        if let [Some(token), _] = &loaded {
            self.check_removal(&cache, token);
        }
        self.check_storing(&cache, &file);
        assert!(!cache.is_disabled());
        Reached::accepted_if(loaded[0].is_some())
    }

    /// An entry is removed by who knows its token.
    fn check_removal(&self, cache: &FileCache, token: &CachedToken) {
        let [(key, _), (other, _)] = &self.keys;
        cache.drop_if_equal(key, &Secret::new(format!("{}x", token.token.expose())));
        cache.drop_if_equal(other, &token.token);
        assert_eq!(cache.load(key, NOW).as_ref(), Some(token));
        cache.drop_if_equal(key, &token.token);
        assert!(!self.path.exists());
    }

    /// What is stored is loaded again, if it is a token that has time left, for the same secret only.
    fn check_storing(&self, cache: &FileCache, file: &Value) {
        let [(key, _), (other, _)] = &self.keys;
        let (Some(text), Some(end)) = (file["access_token"].as_str(), file["expires_at"].as_u64()) else { return };
        if text.len() > 8 << 10 {
            return;
        }
        let stored = token(text, end);
        cache.store(key, &stored);
        let usable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        assert_eq!(cache.load(other, NOW), None);
        assert_eq!(cache.load(key, NOW), (usable && end > NOW).then_some(stored));
    }
}

/// What was loaded is what the file says, until its end.
fn check_token(cache: &FileCache, key: &Key, file: &Value, token: &CachedToken) {
    assert_eq!(file["access_token"], token.token.expose());
    assert_eq!((&file["renew_at"], &file["expires_at"]), (&token.renew_at.into(), &token.expires_at.into()));
    assert_eq!((&file["base_url"], &file["client_id"]), (&key.base_url().into(), &key.client_id().into()));
    let end = token.renew_at.min(token.expires_at);
    assert!(end > NOW);
    assert_eq!(cache.load(key, end), None);
    assert_eq!(cache.load(key, end - 1).as_ref(), Some(token));
}

fn token(text: &str, end: u64) -> CachedToken {
    CachedToken { token: Secret::from(text), renew_at: end, expires_at: end }
}
