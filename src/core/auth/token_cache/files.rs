//! Creates and checks files and folders that are private to one user.
use std::fs::{File, OpenOptions};
use std::path::Path;

/// Creates a folder that only this user can open, or checks an existing one.
pub(crate) fn create_folder(folder: &Path) -> Result<(), String> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| format!("the folder cannot be made ({error})"))?;
    check_folder(folder).map(|_| ())
}

/// Fails if others can write to the folder; false if there is none.
pub(crate) fn check_folder(folder: &Path) -> Result<bool, String> {
    match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => check_owner(&metadata, 0o022, "the folder").map(|()| true),
        Ok(_) => Err("it is not a folder".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("the folder cannot be read ({error})")),
    }
}

/// Opens an entry.
pub(crate) fn open_to_read(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a pipe would wait for its writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

/// Opens a file for locking and creates it if there is none; nothing is written to it.
pub(crate) fn open_private(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| format!("{} cannot be opened ({error})", path.display()))
}

/// Fails if a file belongs to another user, if others can open it, or if it is not a regular file.
pub(crate) fn check_private(file: &File, path: &Path) -> Result<(), String> {
    let metadata = file.metadata().map_err(|error| format!("{} cannot be read ({error})", path.display()))?;
    if !metadata.is_file() {
        return Err(format!("{} is not a regular file", path.display()));
    }
    check_owner(&metadata, 0o077, &path.display().to_string())
}

#[cfg(unix)]
fn check_owner(metadata: &std::fs::Metadata, forbidden: u32, name: &str) -> Result<(), String> {
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

#[cfg(not(unix))]
fn check_owner(_: &std::fs::Metadata, _: u32, _: &str) -> Result<(), String> {
    // The user's cache folder inherits permissions that exclude other users.
    Ok(())
}
