//! Files that hold credentials, in folders that are private to one user: cached tokens, and the emulator's state.
//!
//! A folder or file that another user could have put there, or could replace, is refused, as is a symbolic link in place of
//! either. Each function says why in half a sentence; what cannot be used is for its caller to say.
use std::fs;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::regular_files;

#[cfg(unix)]
const NO_LINK: i32 = libc::O_NOFOLLOW;
#[cfg(not(unix))]
const NO_LINK: i32 = 0;
const TEMPORARY: &str = ".half-";
/// Attempts on a file that is in use, half a second in all. Many and short ones: what keeps it in use are others who read it
/// again and again, and any moment without them will do.
const ATTEMPTS: u32 = 250;
const PAUSE: Duration = Duration::from_millis(2);
/// A temporary file that a killed process has left is removed after this time.
const STALE_AFTER: Duration = Duration::from_secs(600);

/// Creates a folder that only this user can open, or checks an existing one. Nothing is made behind a link or in a folder of
/// a third user.
pub(crate) fn create_folder(folder: &Path) -> Result<(), String> {
    let written = std::path::absolute(folder).map_err(|error| format!("the folder cannot be made ({error})"))?;
    match written.ancestors().find(|parent| parent.symlink_metadata().is_ok()) {
        Some(existing) if existing != written => check_way(existing)?,
        _ => {}
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| format!("the folder cannot be made ({error})"))?;
    check_folder(folder).map(|_| ())
}

/// Fails if others can write to the folder or put another one in its place; false if there is none.
pub(crate) fn check_folder(folder: &Path) -> Result<bool, String> {
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_symlink() => Err("the folder is a symbolic link".to_owned()),
        Ok(metadata) if metadata.is_dir() => {
            check_owner(&metadata, 0o022, "the folder")?;
            check_parents(folder).map(|()| true)
        }
        Ok(_) => Err("it is not a folder".to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("the folder cannot be read ({error})")),
    }
}

/// Opens a file; `None` if there is none.
pub(crate) fn open_to_read(path: &Path) -> Result<Option<File>, String> {
    open(OpenOptions::new().read(true), path)
}

/// Opens a file for locking and creates it if there is none; nothing is written to it.
pub(crate) fn open_to_lock(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    open(&mut options, path)?.ok_or_else(|| format!("{} is gone", path.display()))
}

/// Puts a new file, which `write` fills, in the place of one of that name. It is complete or absent, whenever this process is
/// killed; a symbolic link is replaced, not followed.
pub(crate) fn replace(folder: &Path, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // The file has mode 0600 from the start.
    let mut file = tempfile::Builder::new().prefix(TEMPORARY).suffix(".tmp").tempfile_in(folder)?;
    write(file.as_file_mut())?;
    file.as_file_mut().flush()?;
    let place = folder.join(name);
    let mut attempts = ATTEMPTS;
    let file = loop {
        match file.persist(&place) {
            Ok(file) => break file,
            Err(failed) => {
                wait_if_in_use(failed.error, &mut attempts)?;
                file = failed.file;
            }
        }
    };
    if let Ok(now) = file.metadata().and_then(|metadata| metadata.modified()) {
        remove_stale(folder, now);
    }
    Ok(())
}

/// Waits for another attempt, or returns the error. Windows lets nobody replace a file while another process reads it, nor
/// open one that is just being replaced; both take microseconds.
fn wait_if_in_use(error: io::Error, attempts: &mut u32) -> io::Result<()> {
    const ACCESS_DENIED: i32 = 5;
    const SHARING_VIOLATION: i32 = 32;
    let in_use = cfg!(windows) && matches!(error.raw_os_error(), Some(ACCESS_DENIED | SHARING_VIOLATION));
    *attempts = attempts.saturating_sub(1);
    if !in_use || *attempts == 0 {
        return Err(error);
    }
    thread::sleep(PAUSE);
    Ok(())
}

/// Removes the temporary files of killed processes.
fn remove_stale(folder: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let old = || {
            let age = now.duration_since(entry.metadata().ok()?.modified().ok()?).ok()?;
            Some(age > STALE_AFTER)
        };
        if name.to_string_lossy().starts_with(TEMPORARY) && old() == Some(true) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn open(options: &mut OpenOptions, path: &Path) -> Result<Option<File>, String> {
    let mut attempts = ATTEMPTS;
    let error = loop {
        match regular_files::open(options, NO_LINK, path) {
            Ok(file) => return check_file(&file, path).map(|()| Some(file)),
            Err(error) => match wait_if_in_use(error, &mut attempts) {
                Ok(()) => {}
                Err(error) => break error,
            },
        }
    };
    match error.kind() {
        ErrorKind::NotFound => Ok(None),
        _ if path.is_symlink() => Err(format!("{} is a symbolic link", path.display())),
        ErrorKind::InvalidInput => Err(format!("{}: {error}", path.display())),
        _ => Err(format!("{} cannot be opened ({error})", path.display())),
    }
}

/// Fails if a file belongs to another user, or if others can open it.
fn check_file(file: &File, path: &Path) -> Result<(), String> {
    let metadata = file.metadata().map_err(|error| format!("{} cannot be read ({error})", path.display()))?;
    check_owner(&metadata, 0o077, &path.display().to_string())
}

#[cfg(unix)]
fn check_owner(metadata: &fs::Metadata, forbidden: u32, name: &str) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let me = rustix::process::geteuid().as_raw();
    if owner != me {
        return Err(format!("{name} belongs to user {owner}, not to user {me} who runs this"));
    }
    if mode & forbidden != 0 {
        return Err(format!("{name} is open to other users (mode {mode:04o})"));
    }
    Ok(())
}

/// Fails if a third user owns one of the folders above this one, or a link to one.
fn check_parents(folder: &Path) -> Result<(), String> {
    let written = std::path::absolute(folder).map_err(|error| format!("its path cannot be read ({error})"))?;
    written.parent().map_or(Ok(()), check_way)
}

/// Fails if a third user owns a folder or link on the way to this folder, or this one: it could be made to lead elsewhere at
/// any time. The path is looked at as it is written, and as it is without its links.
#[cfg(unix)]
fn check_way(folder: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("the folders above it cannot be read ({error})");
    let real = folder.canonicalize().map_err(failed)?;
    for parent in folder.ancestors().chain(real.ancestors()) {
        let (link, target) = (fs::symlink_metadata(parent), fs::metadata(parent));
        check_parent(parent, &link.map_err(failed)?)?;
        check_parent(parent, &target.map_err(failed)?)?;
    }
    Ok(())
}

#[cfg(unix)]
fn check_parent(path: &Path, metadata: &fs::Metadata) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let me = rustix::process::geteuid().as_raw();
    if owner != me && owner != 0 {
        let path = path.display();
        return Err(format!("{path} above it belongs to user {owner}, neither to root nor to user {me} who runs this"));
    }
    // With the sticky bit, as of /tmp, users can rename what is theirs only. The mode of a link says nothing.
    if !metadata.is_dir() || mode & 0o1000 != 0 {
        return Ok(());
    }
    if mode & 0o002 != 0 {
        return Err(format!("{} above it is open to all users (mode {mode:04o})", path.display()));
    }
    if mode & 0o020 != 0 && !is_own_group(metadata.gid()) {
        let (path, group) = (path.display(), metadata.gid());
        return Err(format!("{path} above it is open to the users of group {group} (mode {mode:04o})"));
    }
    Ok(())
}

/// Whether what a group may write is as safe as what its user may: the group is root's, or this user's own, which bears the
/// user's number. sshd refuses any group (`StrictModes`), but with a umask of 002 such folders are everywhere.
#[cfg(unix)]
fn is_own_group(group: u32) -> bool {
    let (user, own) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    group == 0 || (group == own && own == user)
}

#[cfg(not(unix))]
fn check_owner(_: &fs::Metadata, _: u32, _: &str) -> Result<(), String> {
    // A user's own folders inherit permissions that exclude other users.
    Ok(())
}

#[cfg(not(unix))]
fn check_way(_: &Path) -> Result<(), String> {
    Ok(())
}
