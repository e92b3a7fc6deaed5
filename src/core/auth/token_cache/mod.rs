//! Tokens shared by all processes of one user: a folder with a file for each base URL and client id.
//!
//! A failure of the cache never fails a call: there is one warning, the cache is disabled, and tokens stay in memory.
pub mod location;
pub mod lock;

use std::borrow::Cow;
use std::fs;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::core::error::{Notice, NoticeKind};
use crate::core::json::from_object;
use crate::core::machine::{Machine, Platform};
use crate::core::secret::Secret;
use crate::private_files;

/// An entry has about 2 KB.
const MAX_ENTRY_SIZE: u64 = 16 << 10;

/// Which token: each pair of base URL and client id has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    base_url: String,
    client_id: String,
    stem: String,
    /// A hash of the secret, keyed by server and account: a token is for those only who have the secret it was fetched with.
    secret_hash: String,
}

impl Key {
    pub fn new(base_url: &str, client_id: &str) -> Self {
        let hash = Sha256::new().chain_update(base_url).chain_update([0]).chain_update(client_id).finalize();
        let stem = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { base_url: base_url.to_owned(), client_id: client_id.to_owned(), stem, secret_hash: String::new() }
    }

    /// The key for tokens that are fetched with this secret.
    pub fn with_secret(self, secret: &Secret) -> Self {
        let mut hash = Sha256::new().chain_update("atlas-serverless token cache");
        for part in [&*self.base_url, &*self.client_id, secret.expose()] {
            hash.update([0]);
            hash.update(part);
        }
        Self { secret_hash: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), ..self }
    }

    /// Scheme, host and port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    fn entry_name(&self) -> String {
        format!("{}.json", self.stem)
    }
}

/// A token in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedToken {
    pub token: Secret,
    /// Unix seconds from which it should be renewed, shortly before its end.
    pub renew_at: u64,
    /// Unix seconds at which it ends.
    pub expires_at: u64,
}

/// The content of a file. The token is borrowed, so that no further copy of it has to be wiped.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    version: u32,
    #[serde(borrow)]
    base_url: Cow<'a, str>,
    #[serde(borrow)]
    client_id: Cow<'a, str>,
    /// Empty in entries of earlier versions, which no secret fits.
    #[serde(borrow, default)]
    secret_hash: Cow<'a, str>,
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    renew_at: u64,
    expires_at: u64,
}

impl Entry<'_> {
    fn token(&self) -> CachedToken {
        let token = Secret::from(&*self.access_token);
        CachedToken { token, renew_at: self.renew_at, expires_at: self.expires_at }
    }
}

/// A folder of tokens. Nothing is created before the first use.
#[derive(Debug)]
pub struct FileCache {
    folder: PathBuf,
    disabled: AtomicBool,
    notices: Mutex<Vec<Notice>>,
}

/// The folder that `token_cache="file"` means: `atlas-serverless/tokens` in the user's cache folder.
pub fn default_folder(machine: &dyn Machine) -> Option<PathBuf> {
    let home = |below: &str| Some(machine.home()?.join(below));
    let set = |name: &str| machine.var(name).map(PathBuf::from).filter(|folder| folder.has_root());
    let folder = match machine.platform() {
        Platform::MacOs => home("Library/Caches"),
        Platform::Windows => set("LocalAppData"),
        Platform::Linux => set("XDG_CACHE_HOME").or_else(|| home(".cache")),
    };
    folder.map(|folder| folder.join("atlas-serverless").join("tokens"))
}

impl FileCache {
    /// The folder is created when it is first needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), disabled: AtomicBool::new(false), notices: Mutex::default() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the cache has failed, so that tokens stay in memory.
    pub fn is_disabled(&self) -> bool {
        self.disabled.load(Ordering::Relaxed)
    }

    /// The warnings since the last call.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.pending())
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Notice>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn warn(&self, message: String) {
        let notice = Notice { kind: NoticeKind::Credential, message }.printable();
        let mut pending = self.pending();
        if !pending.contains(&notice) {
            pending.push(notice);
        }
    }

    pub(crate) fn disable(&self, why: &str) {
        if !self.disabled.swap(true, Ordering::Relaxed) {
            self.warn(format!("the token cache {} is not used: {why}; tokens stay in memory", self.folder.display()));
        }
    }

    /// The token of a key, unless it should be renewed; `now` in Unix seconds.
    pub fn load(&self, key: &Key, now: u64) -> Option<CachedToken> {
        self.load_of_any_secret(key, now).and_then(|(token, same_secret)| same_secret.then_some(token))
    }

    /// The token of a server and account, and whether it was fetched with the key's secret.
    pub fn load_of_any_secret(&self, key: &Key, now: u64) -> Option<(CachedToken, bool)> {
        if self.is_disabled() {
            return None;
        }
        let path = self.entry_path(key);
        let content = match self.read(&path) {
            Ok(content) => content?,
            Err(why) => {
                self.disable(&why);
                return None;
            }
        };
        match parse(&content).filter(|entry| entry.base_url == key.base_url && entry.client_id == key.client_id) {
            Some(entry) if entry.renew_at.min(entry.expires_at) > now => {
                Some((entry.token(), entry.secret_hash == key.secret_hash))
            }
            Some(_) => None,
            None => {
                self.remove_corrupt(&path);
                None
            }
        }
    }

    /// Stores a token. The file is complete or absent, whenever this process is killed.
    pub fn store(&self, key: &Key, token: &CachedToken) {
        if self.is_disabled() {
            return;
        }
        if let Err(why) = self.try_store(key, token) {
            self.disable(&why);
        }
    }

    /// Removes the entry if it still has this token.
    pub fn drop_if_equal(&self, key: &Key, token: &Secret) {
        if self.load(key, 0).is_some_and(|cached| cached.token == *token) {
            self.remove(key);
        }
    }

    /// Removes the entry of a key; true if there was one.
    pub fn remove(&self, key: &Key) -> bool {
        fs::remove_file(self.entry_path(key)).is_ok()
    }

    /// All readable entries.
    pub fn list(&self) -> Vec<(Key, CachedToken)> {
        let Ok(folder) = fs::read_dir(&self.folder) else { return Vec::new() };
        let paths = folder.filter_map(|entry| Some(entry.ok()?.path()));
        let mut entries: Vec<(Key, CachedToken)> = paths
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .filter_map(|path| {
                let content = self.read(&path).ok().flatten()?;
                let entry = parse(&content)?;
                Some((Key::new(&entry.base_url, &entry.client_id), entry.token()))
            })
            .collect();
        entries.sort_by(|(a, _), (b, _)| (&a.base_url, &a.client_id).cmp(&(&b.base_url, &b.client_id)));
        entries
    }

    fn entry_path(&self, key: &Key) -> PathBuf {
        self.folder.join(key.entry_name())
    }

    pub(crate) fn lock_file(&self, key: &Key) -> Result<File, String> {
        private_files::create_folder(&self.folder)?;
        private_files::open_to_lock(&self.folder.join(format!("{}.lock", key.stem)))
    }

    /// The content of an entry; `None` if there is none.
    fn read(&self, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        if !private_files::check_folder(&self.folder)? {
            return Ok(None);
        }
        let Some(file) = private_files::open_to_read(path)? else { return Ok(None) };
        // At full capacity: growing would leave copies behind that are not wiped.
        let mut content = Zeroizing::new(Vec::with_capacity(MAX_ENTRY_SIZE as usize));
        file.take(MAX_ENTRY_SIZE)
            .read_to_end(&mut content)
            .map_err(|error| format!("{} cannot be read ({error})", path.display()))?;
        Ok(Some(content))
    }

    fn try_store(&self, key: &Key, token: &CachedToken) -> Result<(), String> {
        private_files::create_folder(&self.folder)?;
        let write_error = |error| format!("it cannot be written ({error})");
        let entry = Entry {
            version: 1,
            base_url: key.base_url.as_str().into(),
            client_id: key.client_id.as_str().into(),
            secret_hash: key.secret_hash.as_str().into(),
            access_token: token.token.expose().into(),
            renew_at: token.renew_at,
            expires_at: token.expires_at,
        };
        let mut content = Zeroizing::new(Vec::with_capacity(MAX_ENTRY_SIZE as usize));
        serde_json::to_writer(&mut *content, &entry).map_err(|error| write_error(error.into()))?;
        if content.len() as u64 >= MAX_ENTRY_SIZE {
            return Err("the token is too long for it".to_owned());
        }
        private_files::replace(&self.folder, &key.entry_name(), |file| file.write_all(&content)).map_err(write_error)
    }

    fn remove_corrupt(&self, path: &Path) {
        let done = if fs::remove_file(path).is_ok() { "removed" } else { "passed over" };
        self.warn(format!("the token cache entry {} was damaged and has been {done}", path.display()));
    }
}

fn parse(content: &[u8]) -> Option<Entry<'_>> {
    let entry: Entry<'_> = from_object(content).ok()?;
    let token = &*entry.access_token;
    (entry.version == 1 && !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(entry)
}
