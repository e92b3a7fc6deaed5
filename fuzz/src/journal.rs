//! The journal of many operations as something else has left it: it is refused, or goes on where it ends.
use std::path::Path;
use std::sync::OnceLock;

use atlas_serverless::core::operations::journal::{Entry, Journal};
use serde_json::Value;
use tempfile::TempDir;

use super::{Reached, support};

static FOLDER: OnceLock<TempDir> = OnceLock::new();

/// A number that chooses the operations and where the file is cut, then the file.
pub fn run(data: &[u8]) -> Reached {
    let (choice, file) = support::number(data);
    let operations = ["create", "update", "delete"][usize::from(choice) % 3];
    let folder = FOLDER.get_or_init(|| TempDir::new().unwrap());
    let path = folder.path().join(format!("{:?}", std::thread::current().id()));
    std::fs::write(&path, file).unwrap();
    let opened = Journal::open(&path, operations);
    let left = std::fs::read(&path).unwrap();
    // Nothing is lost of it but a last line without its end.
    let whole = file.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    assert!(left.starts_with(&file[..whole]));
    match opened {
        Ok(journal) => {
            assert_eq!(journal.begun(), begins(&left).unwrap_or(journal.begun()));
            go_on(&path, operations, journal, usize::from(choice));
            Reached::Accepted
        }
        Err(error) => {
            // A file that is no journal is left as it is.
            assert!(left.len() == whole || left == file);
            support::assert_printable(&error.to_string());
            Reached::Refused
        }
    }
}

/// How many whole lines of a journal begin an operation. `None` if one of them could also be the end of another.
fn begins(written: &[u8]) -> Option<u64> {
    let lines = written.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).skip(1);
    let lines: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap_or_default()).collect();
    let has = |line: &&Value, name: &str| line.get(name).is_some();
    let is_plain = lines.iter().all(|line| !(has(&line, "begin") && has(&line, "end")));
    is_plain.then(|| lines.iter().filter(|line| has(line, "begin")).count() as u64)
}

fn go_on(path: &Path, operations: &str, mut journal: Journal, choice: usize) {
    let begun = journal.begun();
    let mut earlier = Vec::new();
    for number in 0..begun {
        match journal.has_succeeded(number, &entry(number)) {
            Ok(succeeded) => earlier.push(succeeded),
            Err(error) => {
                support::assert_printable(&error.to_string());
                break;
            }
        }
    }
    journal.begin(begun, entry(begun)).unwrap();
    drop(journal);
    let mut journal = Journal::open(path, operations).expect("what was appended is read again");
    assert_eq!(journal.begun(), begun + 1);
    for (number, succeeded) in (0..).zip(&earlier) {
        assert_eq!(journal.has_succeeded(number, &entry(number)).unwrap(), *succeeded);
    }
    if u64::try_from(earlier.len()) == Ok(begun) {
        assert!(!journal.has_succeeded(begun, &entry(begun)).unwrap(), "it has not ended");
    }
    // What has succeeded counts as done, what has failed does not.
    journal.begin(begun + 1, entry(begun + 1)).unwrap();
    journal.end(begun, None).unwrap();
    journal.end(begun + 1, Some("refused".to_owned())).unwrap();
    journal.sync().unwrap();
    drop(journal);
    let mut journal = Journal::open(path, operations).expect("what was appended is read again");
    assert_eq!(journal.begun(), begun + 2);
    if u64::try_from(earlier.len()) == Ok(begun) {
        for number in 0..begun + 2 {
            let before = earlier.get(number as usize).copied();
            assert_eq!(journal.has_succeeded(number, &entry(number)).unwrap(), before.unwrap_or(number == begun));
        }
    }
    drop(journal);
    // What was on the disk when the machine stopped is a journal, too.
    let written = std::fs::read(path).unwrap();
    let written = &written[..choice % (written.len() + 1)];
    std::fs::write(path, written).unwrap();
    // A first line of another's, if it has lost its end, could be the start of any file.
    let first = format!("{{\"journal\":1,\"operations\":\"{operations}\"}}");
    if !written.contains(&b'\n') && !first.as_bytes().starts_with(written) {
        return;
    }
    let cut = Journal::open(path, operations).expect("a journal that was cut off is one");
    let begun = begins(written).unwrap_or(cut.begun());
    assert_eq!(cut.begun(), begun, "no operation is lost that was begun");
}

fn entry(number: u64) -> Entry {
    Entry::new(support::GROUP, &format!("c{number}"), &[b"flex"])
}
