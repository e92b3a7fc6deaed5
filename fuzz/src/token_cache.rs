//! A file of the token cache that something else has written.
use std::sync::OnceLock;

use atlas_serverless::core::auth::token_cache::{FileCache, Key};
use atlas_serverless::core::secret::Secret;
use tempfile::TempDir;

static FOLDER: OnceLock<TempDir> = OnceLock::new();

/// The content of the entry.
pub fn run(data: &[u8]) {
    let folder = FOLDER.get_or_init(|| TempDir::new().unwrap());
    let own = folder.path().join(format!("{:?}", std::thread::current().id()));
    let cache = FileCache::new(&own);
    let key = Key::new("https://cloud.mongodb.com", "mdb_sa_id_1").with_secret(&Secret::new("mdb_sa_sk_1".to_owned()));
    let entry = entry(&own, &cache, &key);
    std::fs::write(&entry, data).unwrap();
    for (_, token) in cache.list() {
        assert!(token.token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
    }
    // Either it is a token, or the damaged file is removed.
    if let Some(token) = cache.load(&key, 1_767_225_600) {
        assert!(token.renew_at > 1_767_225_600);
        assert!(!token.token.expose().is_empty());
    }
    for notice in cache.take_notices() {
        super::support::assert_printable(&notice.message);
    }
    assert!(!cache.is_disabled());
}

/// The path of the key's entry, in a folder that only its owner can read.
fn entry(folder: &std::path::Path, cache: &FileCache, key: &Key) -> std::path::PathBuf {
    use atlas_serverless::core::auth::token_cache::CachedToken;
    let token = CachedToken { token: Secret::new("a".to_owned()), renew_at: u64::MAX, expires_at: u64::MAX };
    let find = || {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
        files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "json"))
    };
    find().unwrap_or_else(|| {
        cache.store(key, &token);
        find().expect("the entry was stored")
    })
}
