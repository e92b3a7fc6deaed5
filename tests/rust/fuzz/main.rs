//! The fuzz targets without a fuzzer: every file of their corpora, and a fixed number of mutations of it, the same in every
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

mod mutations;
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

use std::path::{Path, PathBuf};

use mutations::Mutations;
use targets::TARGETS;

/// Mutated inputs of each target.
const MUTATIONS: usize = 1500;

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
fn run(target: targets::Target, input: &[u8], what: &str) {
    let outcome = std::panic::catch_unwind(|| target(input));
    assert!(outcome.is_ok(), "{what}: {:?}", String::from_utf8_lossy(input));
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, TARGETS.map(|(name, _)| name));
    for (name, _) in TARGETS {
        assert!(corpus(name).len() >= 5, "{name}");
    }
}

fn replay(name: &str) {
    let (target, corpus) = (targets::target(name), corpus(name));
    for (path, input) in &corpus {
        run(target, input, &path.display().to_string());
    }
    let mut mutations = Mutations::new(corpus.into_iter().map(|(_, input)| input).collect());
    for number in 0..MUTATIONS {
        run(target, &mutations.next(), &format!("{name}, mutation {number}"));
    }
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
    challenges commands connect conversions emulator_control emulator_requests errors headers journal profiles replies
    specs token_cache token_replies
}
