//! What is fuzzed: each module has a function that takes any bytes and must return. A panic is a finding, and so is an
//! assertion that fails: most of them compare with another implementation or ask for a property of the result.
//!
//! `cargo fuzz` runs them by coverage (`make fuzz`); the test `fuzz` of the main package replays the corpus and a fixed
//! number of mutations of it (`make test`).

mod challenges;
mod commands;
mod connect;
mod conversions;
mod emulator_control;
mod emulator_requests;
mod errors;
mod headers;
mod journal;
mod profiles;
mod replies;
mod specs;
mod support;
mod token_cache;
mod token_replies;

/// A function that must return, whatever it is given.
pub type Target = fn(&[u8]);

/// All of them by their names, which are those of their corpora.
pub const TARGETS: [(&str, Target); 14] = [
    ("challenges", challenges::run),
    ("commands", commands::run),
    ("connect", connect::run),
    ("conversions", conversions::run),
    ("emulator_control", emulator_control::run),
    ("emulator_requests", emulator_requests::run),
    ("errors", errors::run),
    ("headers", headers::run),
    ("journal", journal::run),
    ("profiles", profiles::run),
    ("replies", replies::run),
    ("specs", specs::run),
    ("token_cache", token_cache::run),
    ("token_replies", token_replies::run),
];

/// The function of a target.
pub fn target(name: &str) -> Target {
    TARGETS.into_iter().find(|(known, _)| *known == name).map(|(_, target)| target).expect("a target of this name")
}
