//! Files that a user or the environment names. Only regular ones, up to a size: to open a pipe would wait for its other end,
//! and what a device has may have no end.
use std::fs::{File, OpenOptions};
use std::io::{self, Error, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// Opens a regular file. `flags` of the system beside those that `options` has; none on Windows.
pub(crate) fn open(options: &mut OpenOptions, flags: i32, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags | libc::O_NONBLOCK);
    #[cfg(not(unix))]
    let _ = flags;
    let file = options.open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

/// Opens a regular file of at most so many bytes to read it, and says how many it has.
pub(crate) fn open_up_to(limit: u64, path: &Path) -> io::Result<(impl Read + use<>, u64)> {
    let file = open(OpenOptions::new().read(true), 0, path)?;
    let length = file.metadata()?.len();
    check_length(length, limit)?;
    // It may grow meanwhile.
    Ok((file.take(limit), length))
}

/// What such a file has, in a buffer that never grows: that would leave copies behind that are not wiped.
pub(crate) fn read_up_to(limit: u64, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let (mut file, length) = open_up_to(limit, path)?;
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1));
    file.read_to_end(&mut content)?;
    Ok(content)
}

/// Fails for what is there and is neither such a file nor a folder. For paths that a library opens itself.
pub(crate) fn check_before_reading(limit: u64, path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(metadata) => check(&metadata).and_then(|()| check_length(metadata.len(), limit)),
        Err(_) => Ok(()),
    }
}

fn check(metadata: &std::fs::Metadata) -> io::Result<()> {
    if metadata.is_file() { Ok(()) } else { Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file")) }
}

fn check_length(length: u64, limit: u64) -> io::Result<()> {
    if length <= limit {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, format!("it is larger than {} MiB", limit >> 20)))
}
