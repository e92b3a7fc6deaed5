//! Tokens shared by all processes of one user: a folder with one file for each base URL and client id.
//!
//! What goes wrong here never fails a call: the cache says so once, is left alone, and tokens stay in memory.
pub(crate) mod files;
pub mod location;
pub mod lock;

use std::borrow::Cow;
use std::fs;
use std::fs::File;
use std::io;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::core::error::{Notice, NoticeKind};
use crate::core::machine::{Machine, Platform};
use crate::core::secret::Secret;

/// An entry has about 2 KB; what is larger is something else.
const LARGEST_ENTRY: u64 = 16 << 10;
/// A file that a killed process left half written is removed after this time.
const LITTER: Duration = Duration::from_secs(600);

/// Which token: every base URL and client id has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    base_url: String,
    client_id: String,
    stem: String,
}

impl Key {
    /// For the token of a service account at a server.
    pub fn new(base_url: &str, client_id: &str) -> Self {
        let hash = Sha256::new().chain_update(base_url).chain_update([0]).chain_update(client_id).finalize();
        let stem = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { base_url: base_url.to_owned(), client_id: client_id.to_owned(), stem }
    }

    /// Scheme, host and port.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The service account.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
}

/// A token of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedToken {
    /// The token.
    pub token: Secret,
    /// Unix seconds from which on it should be renewed: shortly before its end.
    pub renew_at: u64,
    /// Unix seconds at which it ends.
    pub expires_at: u64,
}

/// What a file holds. The token is the only secret in it, borrowed so that it is not copied once more.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    version: u32,
    #[serde(borrow)]
    base_url: Cow<'a, str>,
    #[serde(borrow)]
    client_id: Cow<'a, str>,
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

/// A folder of tokens. Nothing is touched before the first use.
#[derive(Debug)]
pub struct FileCache {
    folder: PathBuf,
    unusable: AtomicBool,
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
    /// A cache in this folder, which is made when it is first needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), unusable: AtomicBool::new(false), notices: Mutex::default() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the cache was given up and tokens stay in memory.
    pub fn is_unusable(&self) -> bool {
        self.unusable.load(Ordering::Relaxed)
    }

    /// What the user should be warned of, once each.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.pending())
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Notice>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn warn(&self, message: String) {
        let notice = Notice { kind: NoticeKind::Credential, message };
        let mut pending = self.pending();
        if !pending.contains(&notice) {
            pending.push(notice);
        }
    }

    pub(crate) fn give_up(&self, why: &str) {
        if !self.unusable.swap(true, Ordering::Relaxed) {
            self.warn(format!("the token cache {} is not used: {why}; tokens stay in memory", self.folder.display()));
        }
    }

    /// The token of a key, if it need not be renewed yet; `now` in Unix seconds.
    pub fn load(&self, key: &Key, now: u64) -> Option<CachedToken> {
        if self.is_unusable() {
            return None;
        }
        let path = self.entry(key);
        let content = match self.read(&path) {
            Ok(content) => content?,
            Err(why) => {
                self.give_up(&why);
                return None;
            }
        };
        match parse(&content).filter(|entry| entry.base_url == key.base_url && entry.client_id == key.client_id) {
            Some(entry) if entry.renew_at.min(entry.expires_at) > now => Some(entry.token()),
            Some(_) => None,
            None => {
                self.drop_corrupt(&path);
                None
            }
        }
    }

    /// Keeps a token. The file is there whole or not at all, whenever this process is killed.
    pub fn store(&self, key: &Key, token: &CachedToken) {
        if self.is_unusable() {
            return;
        }
        if let Err(why) = self.try_store(key, token) {
            self.give_up(&why);
        }
    }

    /// Removes the entry if it still holds this token, which the server refused.
    pub fn drop_if_equal(&self, key: &Key, token: &Secret) {
        if self.load(key, 0).is_some_and(|cached| cached.token == *token) {
            self.remove(key);
        }
    }

    /// Removes the entry of a key; true if there was one.
    pub fn remove(&self, key: &Key) -> bool {
        fs::remove_file(self.entry(key)).is_ok()
    }

    /// Every readable entry, for logging out.
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

    fn entry(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.json", key.stem))
    }

    pub(crate) fn lock_file(&self, key: &Key) -> Result<File, String> {
        files::prepare(&self.folder)?;
        files::open_private(&self.folder.join(format!("{}.lock", key.stem)))
    }

    /// The content of an entry; `None` if there is none.
    fn read(&self, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        if !files::check_folder(&self.folder)? {
            return Ok(None);
        }
        let file = match files::open_to_read(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{} cannot be read ({error})", path.display())),
        };
        files::check_private(&file, path)?;
        // Room for all of it at once: growing would leave copies behind that are not wiped.
        let mut content = Zeroizing::new(Vec::with_capacity(LARGEST_ENTRY as usize));
        file.take(LARGEST_ENTRY)
            .read_to_end(&mut content)
            .map_err(|error| format!("{} cannot be read ({error})", path.display()))?;
        Ok(Some(content))
    }

    fn try_store(&self, key: &Key, token: &CachedToken) -> Result<(), String> {
        files::prepare(&self.folder)?;
        let unwritable = |error: io::Error| format!("it cannot be written ({error})");
        let entry = Entry {
            version: 1,
            base_url: key.base_url.as_str().into(),
            client_id: key.client_id.as_str().into(),
            access_token: token.token.expose().into(),
            renew_at: token.renew_at,
            expires_at: token.expires_at,
        };
        let mut content = Zeroizing::new(Vec::with_capacity(LARGEST_ENTRY as usize));
        serde_json::to_writer(&mut *content, &entry).map_err(|error| unwritable(error.into()))?;
        if content.len() as u64 >= LARGEST_ENTRY {
            return Err("the token is too long for it".to_owned());
        }
        // Its mode is 0600 from the first moment.
        let mut file =
            tempfile::Builder::new().prefix(".half-").suffix(".tmp").tempfile_in(&self.folder).map_err(unwritable)?;
        file.write_all(&content).map_err(unwritable)?;
        let file = file.persist(self.entry(key)).map_err(|failed| unwritable(failed.error))?;
        if let Ok(now) = file.metadata().and_then(|facts| facts.modified()) {
            self.sweep(now);
        }
        Ok(())
    }

    /// Removes what killed processes left half written.
    fn sweep(&self, now: SystemTime) {
        let Ok(folder) = fs::read_dir(&self.folder) else { return };
        for entry in folder.flatten() {
            let name = entry.file_name();
            let old = || {
                let age = now.duration_since(entry.metadata().ok()?.modified().ok()?).ok()?;
                Some(age > LITTER)
            };
            if name.to_string_lossy().starts_with(".half-") && old() == Some(true) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn drop_corrupt(&self, path: &Path) {
        let done = if fs::remove_file(path).is_ok() { "removed" } else { "passed over" };
        self.warn(format!("the token cache entry {} was damaged and has been {done}", path.display()));
    }
}

fn parse(content: &[u8]) -> Option<Entry<'_>> {
    let entry: Entry<'_> = serde_json::from_slice(content).ok()?;
    let token = &*entry.access_token;
    (entry.version == 1 && !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(entry)
}
