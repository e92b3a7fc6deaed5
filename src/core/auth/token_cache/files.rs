//! Files and folders that belong to one user and nobody else.
use std::fs::{File, OpenOptions};
use std::path::Path;

/// Makes a folder that only this user can enter, or checks one that is there.
pub(crate) fn prepare(folder: &Path) -> Result<(), String> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| format!("the folder cannot be made ({error})"))?;
    check_folder(folder).map(|_| ())
}

/// Refuses a folder into which others can write; false if there is none.
pub(crate) fn check_folder(folder: &Path) -> Result<bool, String> {
    match std::fs::metadata(folder) {
        Ok(facts) if facts.is_dir() => ours(&facts, 0o022, "the folder").map(|()| true),
        Ok(_) => Err("it is not a folder".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("the folder cannot be read ({error})")),
    }
}

/// Opens a file that should hold an entry.
pub(crate) fn open_to_read(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // A pipe in its place would wait for its writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

/// Opens a file for locking, made if it is not there; nothing is written to it.
pub(crate) fn open_private(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| format!("{} cannot be opened ({error})", path.display()))
}

/// Refuses a file that is not this user's, that others can open, or that is no file.
pub(crate) fn check_private(file: &File, path: &Path) -> Result<(), String> {
    let facts = file.metadata().map_err(|error| format!("{} cannot be read ({error})", path.display()))?;
    if !facts.is_file() {
        return Err(format!("{} is not a regular file", path.display()));
    }
    ours(&facts, 0o077, &path.display().to_string())
}

#[cfg(unix)]
fn ours(facts: &std::fs::Metadata, closed: u32, name: &str) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let (owner, mode) = (facts.uid(), facts.mode() & 0o7777);
    let me = rustix::process::geteuid().as_raw();
    if owner != me {
        return Err(format!("{name} belongs to user {owner}, not to user {me} who runs this"));
    }
    if mode & closed != 0 {
        return Err(format!("{name} is open to other users (mode {mode:04o})"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn ours(_: &std::fs::Metadata, _: u32, _: &str) -> Result<(), String> {
    // The user's own cache folder is closed to others by what it inherits.
    Ok(())
}
