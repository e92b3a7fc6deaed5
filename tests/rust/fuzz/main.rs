//! The fuzz targets without a fuzzer: every file of their corpora, and mutations of it, the same ones in the same order in every
//! run. `make fuzz` looks for new inputs by coverage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    unused
)]

mod dictionary;
mod mutated;
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutated::Mutated;
use targets::{Reached, TARGETS};

/// Mutated inputs of each target, and how long there are more of them.
const MUTATIONS: usize = 1500;
const SECONDS: u64 = 10;
/// Inputs of each corpus that the product accepts, and that it refuses.
const LEAST: usize = 5;

/// The time for each target: another one where everything takes longer, as under a sanitizer.
fn duration() -> Duration {
    let seconds = std::env::var("ATLAS_FUZZ_SECONDS").map_or(SECONDS, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

/// The inputs of a target, in the order of their names.
fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut inputs: Vec<(PathBuf, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("a target has a corpus")
        .map(|file| file.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

/// Runs an input; if it panics, the message has what it was.
fn run(target: targets::Target, input: &[u8], what: &str) -> Reached {
    let outcome = std::panic::catch_unwind(|| target(input));
    outcome.unwrap_or_else(|_| panic!("{what}: {:?}", String::from_utf8_lossy(input)))
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, TARGETS.map(|(name, _)| name));
}

/// How many inputs reached what.
#[derive(Debug, Default)]
struct Count {
    accepted: usize,
    refused: usize,
    unread: usize,
}

impl Count {
    fn add(&mut self, reached: Reached) {
        match reached {
            Reached::Accepted => self.accepted += 1,
            Reached::Refused => self.refused += 1,
            Reached::Nothing => self.unread += 1,
        }
    }
}

fn replay(name: &str) {
    let (target, corpus, began) = (targets::target(name), corpus(name), Instant::now());
    let (mut of_corpus, mut of_mutations) = (Count::default(), Count::default());
    let mut inputs = [Vec::new(), Vec::new()];
    for (path, input) in corpus {
        let reached = run(target, &input, &path.display().to_string());
        of_corpus.add(reached);
        inputs[usize::from(reached != Reached::Accepted)].push(input);
    }
    assert!(of_corpus.accepted >= LEAST, "{name}: {of_corpus:?}");
    assert!(of_corpus.refused >= LEAST, "{name}: {of_corpus:?}");
    let mut mutated = Mutated::new(inputs);
    let mut number = 0;
    while number < MUTATIONS || began.elapsed() < duration() {
        of_mutations.add(run(target, &mutated.next(), &format!("{name}, mutation {number}")));
        number += 1;
    }
    // Not by a macro: the output of a test that passes is not shown.
    let line = format!("{name}: corpus {of_corpus:?}, {number} mutations {of_mutations:?}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    assert!(of_mutations.accepted >= MUTATIONS / 100, "{line}");
}

macro_rules! replayed {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })*

        #[test]
        fn every_target_is_replayed() {
            assert_eq!([$(stringify!($name)),*], TARGETS.map(|(name, _)| name));
        }
    };
}

replayed! {
    challenges commands connect control_callers conversions create_sequences emulator_control emulator_requests errors headers
    journal pages profiles raw_http reconcile redaction replies settings specs token_cache
    token_replies
}
