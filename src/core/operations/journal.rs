//! The journal of many operations: a file of JSON lines with which they are taken up again after the process was killed.
//!
//! | line | what it says |
//! | --- | --- |
//! | `{"journal":1,"operations":"create"}` | the first line |
//! | `{"begin":7,"key":"9f86d081884c7d65","group_id":"…","name":"orders"}` | operation 7 is about to be sent; these lines are in order |
//! | `{"end":7}` | it succeeded |
//! | `{"end":7,"error":"…"}` | it failed, and is carried out again when the journal is taken up |
//!
//! What was begun and not ended may have been carried out. Begins reach the file before their request is sent, so that they
//! outlive the process; they and the ends reach the disk before a result is reported.
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::core::json::from_object;
use crate::regular_files;

const VERSION: u32 = 1;
const MAX_FIRST_LINE: u64 = 4 << 10;
/// A name that is not validated may be long.
const MAX_LINE: u64 = 16 << 20;

/// What an operation is, as far as the journal has to know it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    key: String,
    #[serde(default)]
    group_id: String,
    #[serde(default)]
    name: String,
}

impl Entry {
    /// `parts`: all that is sent.
    pub fn new(group_id: &str, name: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts.iter().copied().chain([group_id.as_bytes(), name.as_bytes()]) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let mut key = String::new();
        for byte in hash.finalize().iter().take(8) {
            let _ = write!(key, "{byte:02x}");
        }
        Entry { key, group_id: group_id.to_owned(), name: name.to_owned() }
    }

    /// An operation that cannot be sent.
    pub fn invalid() -> Self {
        Entry { key: "invalid".to_owned(), ..Entry::default() }
    }
}

#[derive(Serialize, Deserialize)]
struct Begin {
    begin: u64,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Serialize, Deserialize)]
struct End {
    end: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct First {
    journal: u32,
    operations: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Begin(Begin),
    End(End),
}

/// Numbers of operations: all below a limit and some above it, since results come almost in the order of the operations.
#[derive(Debug, Default)]
struct Numbers {
    below: u64,
    above: HashSet<u64>,
}

impl Numbers {
    fn insert(&mut self, number: u64) {
        if number >= self.below {
            self.above.insert(number);
        }
        while self.above.remove(&self.below) {
            self.below += 1;
        }
    }

    fn contains(&self, number: u64) -> bool {
        number < self.below || self.above.contains(&number)
    }
}

/// An open journal. Its file is locked: two processes that took up the same one would create twice as much.
pub struct Journal {
    path: PathBuf,
    file: File,
    lines: Vec<u8>,
    /// Lines were written that may not be on the disk yet.
    unsynced: bool,
    /// How many operations an earlier process had begun.
    begun: u64,
    succeeded: Numbers,
    /// The begins of the earlier process, in order.
    earlier: Box<dyn Iterator<Item = std::io::Result<Begin>> + Send>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Journal").field("path", &self.path).field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens a journal of operations of this kind, or begins one. A last line without its end is cut off: the process was
    /// killed while it wrote.
    pub fn open(path: &Path, operations: &str) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).create(true).truncate(false);
        // Windows cuts no file that was opened to append to it.
        if cfg!(windows) {
            options.write(true)
        } else {
            options.append(true)
        };
        let mut file = regular_files::open(&mut options, 0, path)?;
        if !file.try_lock_exclusive()? {
            return Err(Error::new(ErrorKind::WouldBlock, "it is in use by another process"));
        }
        check_start(&file, operations)?;
        cut_torn_line(&mut file)?;
        let mut lines = limited(Start::of(&file)?);
        let mut journal = Journal {
            path: path.to_owned(),
            file,
            lines: Vec::new(),
            unsynced: false,
            begun: 0,
            succeeded: Numbers::default(),
            earlier: Box::new(std::iter::empty()),
        };
        match lines.next().transpose()? {
            None => {
                journal.append(&First { journal: VERSION, operations: operations.to_owned() })?;
                journal.sync()?;
                return Ok(journal);
            }
            Some(line) => check_first(&line, operations)?,
        }
        for (number, line) in lines.enumerate() {
            match parsed(&line?, number)? {
                Line::Begin(begin) if begin.begin == journal.begun => journal.begun += 1,
                Line::Begin(_) => return Err(malformed(number)),
                // What is sent is begun first: this operation would count as done before it was sent.
                Line::End(end) if end.end >= journal.begun => return Err(malformed(number)),
                Line::End(end) if end.error.is_none() => journal.succeeded.insert(end.end),
                Line::End(_) => {}
            }
        }
        journal.earlier = Box::new(begins(&journal.file)?);
        Ok(journal)
    }

    /// How many operations were begun before this process: they are compared with the list before anything is sent.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Whether an operation that was begun earlier has succeeded. An error if it is another one. To be called in order.
    pub fn has_succeeded(&mut self, number: u64, entry: &Entry) -> std::io::Result<bool> {
        let Some(earlier) = self.earlier.next().transpose()? else {
            return Err(Error::new(ErrorKind::UnexpectedEof, "it became shorter while it was read"));
        };
        if earlier.begin != number || earlier.entry != *entry {
            let there = shown(&earlier.entry);
            let message =
                format!("operation {number} is {}, but the journal has {there}: it is of another list", shown(entry));
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(self.succeeded.contains(number))
    }

    /// Notes that an operation is about to be sent; [`Journal::flush`] before it is.
    pub fn begin(&mut self, number: u64, entry: Entry) -> std::io::Result<()> {
        self.append(&Begin { begin: number, entry })
    }

    /// Notes how an operation ended; [`Journal::sync`] before it is reported.
    pub fn end(&mut self, number: u64, error: Option<String>) -> std::io::Result<()> {
        self.append(&End { end: number, error })
    }

    /// Hands all lines to the operating system: they outlive this process.
    pub fn flush(&mut self) -> std::io::Result<()> {
        if !self.lines.is_empty() {
            if cfg!(windows) {
                self.file.seek(SeekFrom::End(0))?;
            }
            self.file.write_all(&self.lines)?;
            self.lines.clear();
            self.unsynced = true;
        }
        Ok(())
    }

    /// Waits until all lines are on the disk: they outlive the machine.
    pub fn sync(&mut self) -> std::io::Result<()> {
        self.flush()?;
        if std::mem::take(&mut self.unsynced) {
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn append(&mut self, line: &impl Serialize) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.lines, line)?;
        self.lines.push(b'\n');
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.flush();
        // Explicitly: closing the file would leave the lock to a forked child that has the same file open.
        let _ = FileExt::unlock(&self.file);
    }
}

/// Fails for a file that is no journal: nothing is cut off it. The first line may be torn itself.
fn check_start(file: &File, operations: &str) -> std::io::Result<()> {
    let first = serde_json::to_string(&First { journal: VERSION, operations: operations.to_owned() })?;
    let mut start = Vec::new();
    Start::of(file)?.take(MAX_FIRST_LINE).read_to_end(&mut start)?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_torn = line.len() == start.len();
    if is_torn && (first.as_bytes().starts_with(line) || (line.len() <= first.len() && line.iter().all(|b| *b == 0))) {
        return Ok(());
    }
    check_first(if is_torn { "" } else { std::str::from_utf8(line).unwrap_or_default() }, operations)
}

fn cut_torn_line(file: &mut File) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    let mut end = length;
    let mut block = [0_u8; 4096];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        file.seek(SeekFrom::Start(start))?;
        let read = file.take(end - start).read(&mut block)?;
        let newline = block.iter().take(read).rposition(|byte| *byte == b'\n');
        if let Some(newline) = newline {
            end = start + newline as u64 + 1;
            break;
        }
        end = start;
    }
    if end < length {
        file.set_len(end)?;
    }
    Ok(())
}

/// Reads a file from its start, wherever others are in it. It is not opened again for that: on Windows a lock keeps out
/// everyone who has opened the file for himself, this process included.
struct Start {
    file: File,
    position: u64,
}

impl Start {
    fn of(file: &File) -> std::io::Result<Self> {
        Ok(Self { file: file.try_clone()?, position: 0 })
    }
}

impl Read for Start {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&self.file, buffer, self.position)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&self.file, buffer, self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

/// Lines, of which none is longer than one of ours can be.
fn limited(file: impl Read + Send) -> impl Iterator<Item = std::io::Result<String>> + Send {
    let mut reader = BufReader::new(file);
    std::iter::from_fn(move || {
        let mut line = String::new();
        match reader.by_ref().take(MAX_LINE).read_line(&mut line) {
            Ok(0) => None,
            Ok(_) if line.pop() == Some('\n') => Some(Ok(line)),
            Ok(_) => Some(Err(Error::new(ErrorKind::InvalidData, "a line of it is too long, or is cut"))),
            Err(error) => Some(Err(error)),
        }
    })
}

/// The begins of a journal, as long as it is now.
fn begins(file: &File) -> std::io::Result<impl Iterator<Item = std::io::Result<Begin>> + Send + use<>> {
    let length = file.metadata()?.len();
    Ok(limited(Start::of(file)?.take(length)).skip(1).enumerate().filter_map(|(number, line)| {
        match line.and_then(|line| parsed(&line, number)) {
            Ok(Line::Begin(begin)) => Some(Ok(begin)),
            Ok(Line::End(_)) => None,
            Err(error) => Some(Err(error)),
        }
    }))
}

fn check_first(line: &str, operations: &str) -> std::io::Result<()> {
    match from_object::<First>(line.as_bytes()) {
        Ok(first) if first.journal == VERSION && first.operations == operations => Ok(()),
        Ok(first) if first.journal == VERSION => {
            let theirs = first.operations.escape_debug();
            Err(Error::new(ErrorKind::InvalidInput, format!("it is of {theirs}s, not of {operations}s")))
        }
        _ => Err(Error::new(ErrorKind::InvalidData, "it is no journal of this version")),
    }
}

/// `number`: of the line, from 0 after the first.
fn parsed(line: &str, number: usize) -> std::io::Result<Line> {
    from_object(line.as_bytes()).map_err(|_| malformed(number))
}

fn malformed(number: usize) -> Error {
    Error::new(ErrorKind::InvalidData, format!("line {} is none of a journal", number + 2))
}

/// For a sentence: a file that something else has written may have control characters in it.
fn shown(entry: &Entry) -> String {
    match entry {
        Entry { name, .. } if name.is_empty() => "one that cannot be sent".to_owned(),
        Entry { key, group_id, name } => {
            format!("{name:?} in project {} ({})", group_id.escape_debug(), key.escape_debug())
        }
    }
}

#[cfg(test)]
mod tests;
