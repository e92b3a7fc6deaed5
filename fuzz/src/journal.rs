//! The journal of many operations as something else has left it: it is refused, or goes on where it ends.
use std::path::Path;
use std::sync::OnceLock;

use atlas_serverless::core::operations::journal::{Entry, Journal};
use tempfile::TempDir;

use super::support;

static FOLDER: OnceLock<TempDir> = OnceLock::new();

/// A number that chooses the operations and where the file is cut, then the file.
pub fn run(data: &[u8]) {
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
        Ok(journal) => go_on(&path, operations, journal, usize::from(choice)),
        Err(error) => {
            // A file that is no journal is left as it is.
            assert!(left.len() == whole || left == file);
            support::assert_printable(&error.to_string());
        }
    }
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
    drop(journal);
    // What was on the disk when the machine stopped is a journal, too.
    let written = std::fs::read(path).unwrap();
    std::fs::write(path, &written[..choice % (written.len() + 1)]).unwrap();
    let cut = Journal::open(path, operations).expect("a journal that was cut off is one");
    assert!(cut.begun() <= begun + 1);
}

fn entry(number: u64) -> Entry {
    Entry::new(support::GROUP, &format!("c{number}"), &[b"flex"])
}
