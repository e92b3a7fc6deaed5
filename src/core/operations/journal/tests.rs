#![allow(clippy::unwrap_used)]
use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn entry(name: &str) -> Entry {
    Entry::new("32b6e34b3d91647abb20e7b8", name, &[b"flex", b"{}"])
}

/// Three were begun, the second ended, the third failed.
fn written(path: &Path) {
    let mut journal = Journal::open(path, "create").unwrap();
    for (number, name) in [(0, "a"), (1, "b"), (2, "c")] {
        journal.begin(number, entry(name)).unwrap();
    }
    journal.flush().unwrap();
    journal.end(1, None).unwrap();
    journal.end(2, Some("CODE".to_owned())).unwrap();
    journal.sync().unwrap();
}

#[test]
fn what_is_written_is_read_again() {
    let folder = folder();
    let path = folder.path().join("journal");
    written(&path);
    let mut journal = Journal::open(&path, "create").unwrap();
    assert_eq!(journal.begun(), 3);
    let succeeded = [(0, "a"), (1, "b"), (2, "c")].map(|(n, name)| journal.has_succeeded(n, &entry(name)).unwrap());
    assert_eq!(succeeded, [false, true, false]);
    journal.end(0, None).unwrap();
    journal.begin(3, entry("d")).unwrap();
    drop(journal);
    assert_eq!(Journal::open(&path, "create").unwrap().begun(), 4);
    let lines = std::fs::read_to_string(&path).unwrap();
    let expected = [
        r#"{"journal":1,"operations":"create"}"#.to_owned(),
        format!(r#"{{"begin":0,"key":"{}","group_id":"32b6e34b3d91647abb20e7b8","name":"a"}}"#, entry("a").key),
    ];
    assert_eq!(lines.lines().take(2).collect::<Vec<_>>(), expected);
    assert_eq!(lines.lines().filter(|line| line.starts_with(r#"{"end""#)).count(), 3);
}

#[test]
fn a_file_that_is_no_journal_is_left_as_it_is() {
    let folder = folder();
    let path = folder.path().join("journal");
    for content in [
        "a letter without an end of its last line",
        "a letter\nof two lines",
        "{\"journal\":1,\"operations\":\"create\"",
        "\u{0}",
        &"\u{0}".repeat(10_000),
        &"x".repeat(10_000),
        "\n{\"begin\":0",
        "[1,\"create\"]\n",
        "{\"journal\":1,\"operations\":\"update\"}\n{\"begin\":0",
    ] {
        std::fs::write(&path, content).unwrap();
        let opened = Journal::open(&path, "create");
        let is_torn = content.starts_with("{\"journal\":1,\"operations\":\"create\"") || content == "\u{0}";
        assert_eq!(opened.is_ok(), is_torn, "{content}");
        drop(opened);
        let left = std::fs::read_to_string(&path).unwrap();
        assert_eq!(left == content, !is_torn, "{content}");
    }
}

#[test]
fn a_line_without_end_is_not_read_to_its_end() {
    let folder = folder();
    let path = folder.path().join("journal");
    written(&path);
    let long = "x".repeat(MAX_LINE as usize + 10);
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{long}\n")).unwrap();
    let error = Journal::open(&path, "create").unwrap_err();
    assert_eq!(error.to_string(), "a line of it is too long, or is cut");
}

#[cfg(unix)]
#[test]
fn a_pipe_and_a_device_are_no_journal() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&pipe, Path::new("/dev/null"), Path::new("/dev/zero")] {
        let error = Journal::open(path, "create").unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
    }
}

#[test]
fn a_torn_last_line_is_cut_off() {
    for torn in [r#"{"end":0"#, "{", "\u{0}\u{0}\u{0}", &"x".repeat(10_000)] {
        let folder = folder();
        let path = folder.path().join("journal");
        written(&path);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole, torn.as_bytes()].concat()).unwrap();
        let mut journal = Journal::open(&path, "create").unwrap();
        assert!(!journal.has_succeeded(0, &entry("a")).unwrap());
        drop(journal);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
    let folder = folder();
    let path = folder.path().join("journal");
    std::fs::write(&path, r#"{"journal":1,"#).unwrap();
    assert_eq!(Journal::open(&path, "create").unwrap().begun(), 0);
}

#[test]
fn another_list_is_refused() {
    let folder = folder();
    let path = folder.path().join("journal");
    written(&path);
    let mut journal = Journal::open(&path, "create").unwrap();
    assert!(!journal.has_succeeded(0, &entry("a")).unwrap());
    let error = journal.has_succeeded(1, &entry("x")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let message = error.to_string();
    assert!(message.starts_with("operation 1 is \"x\" in project 32b6e34b3d91647abb20e7b8 ("), "{message}");
    assert!(message.contains("but the journal has \"b\" in project"), "{message}");
    drop(journal);
    let other = Journal::open(&path, "delete").unwrap_err();
    assert_eq!(other.to_string(), "it is of creates, not of deletes");
}

#[test]
fn what_something_else_wrote_is_shown_without_its_control_characters() {
    let folder = folder();
    let path = folder.path().join("journal");
    let begin = r#"{"begin":0,"key":"\u202e","group_id":"\u001b[2J","name":"\n"}"#;
    std::fs::write(&path, format!("{{\"journal\":1,\"operations\":\"create\"}}\n{begin}\n")).unwrap();
    let error = Journal::open(&path, "create").unwrap().has_succeeded(0, &entry("a")).unwrap_err().to_string();
    assert!(error.contains(r#"has "\n" in project \u{1b}[2J (\u{202e}): it is of another list"#), "{error}");
}

#[test]
fn what_is_no_journal_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("journal");
    let first = "{\"journal\":1,\"operations\":\"create\"}\n";
    for (text, expected) in [
        ("some file\n".to_owned(), "it is no journal of this version"),
        ("{\"journal\":2,\"operations\":\"create\"}\n".to_owned(), "it is no journal of this version"),
        (format!("{first}nonsense\n"), "line 2 is none of a journal"),
        (format!("{first}{{\"begin\":1,\"key\":\"k\"}}\n"), "line 2 is none of a journal"),
        // What never began has not succeeded.
        (format!("{first}{{\"begin\":0,\"key\":\"k\"}}\n{{\"end\":1}}\n"), "line 3 is none of a journal"),
        ("{\"journal\":1,\"operations\":\"\\u001b[2J\"}\n".to_owned(), "it is of \\u{1b}[2Js, not of creates"),
    ] {
        std::fs::write(&path, &text).unwrap();
        assert_eq!(Journal::open(&path, "create").unwrap_err().to_string(), expected);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn two_cannot_have_the_same_one() {
    let folder = folder();
    let path = folder.path().join("journal");
    let first = Journal::open(&path, "create").unwrap();
    assert_eq!(Journal::open(&path, "create").unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(first);
    assert_eq!(Journal::open(&path, "create").unwrap().begun(), 0);
}

#[test]
fn every_part_of_an_operation_is_in_its_key() {
    let keys: HashSet<String> = [
        Entry::new("g", "n", &[b"flex", b"{}"]),
        Entry::new("h", "n", &[b"flex", b"{}"]),
        Entry::new("g", "m", &[b"flex", b"{}"]),
        Entry::new("g", "n", &[b"flex{", b"}"]),
        Entry::invalid(),
    ]
    .map(|entry| entry.key)
    .into();
    assert_eq!(keys.len(), 5);
}

#[test]
fn a_million_numbers_that_come_almost_in_order_take_no_room() {
    let mut numbers = Numbers::default();
    let mut most = 0;
    for number in 0..1_000_000_u64 {
        numbers.insert(number ^ 31); // blocks of 32, each in reverse
        most = most.max(numbers.above.len());
    }
    assert_eq!((numbers.below, numbers.above.len(), most), (1_000_000, 0, 31));
    assert!(numbers.contains(999_999));
    assert!(!numbers.contains(1_000_000));
}
