//! What is fuzzed: each module has a function that takes any bytes and must return. A panic is a finding, and so is an
//! assertion that fails: most of them compare with another implementation or ask for a property of the result.
//!
//! `cargo fuzz` runs them by coverage (`make fuzz`); the test `fuzz` of the main package replays the corpus and mutations of
//! it (`make test`). Both change inputs by the rules of [`mutations`].

mod challenges;
mod commands;
mod connect;
mod control_callers;
mod conversions;
mod create_sequences;
mod emulator_control;
mod emulator_requests;
mod errors;
mod headers;
mod journal;
pub mod mutations;
mod pages;
mod profiles;
mod raw_http;
mod reconcile;
mod redaction;
mod replies;
mod settings;
mod specs;
mod support;
mod token_cache;
mod token_replies;

/// How far an input came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// The target could not read it, and the product was not asked.
    Nothing,
    /// The product was asked, and took nothing of it.
    Refused,
    /// The product took it: what follows was tried, too.
    Accepted,
}

impl Reached {
    fn accepted_if(accepted: bool) -> Self {
        if accepted { Self::Accepted } else { Self::Refused }
    }
}

/// A function that must return, whatever it is given.
pub type Target = fn(&[u8]) -> Reached;

/// All of them by their names, which are those of their corpora.
pub const TARGETS: [(&str, Target); 21] = [
    ("challenges", challenges::run),
    ("commands", commands::run),
    ("connect", connect::run),
    ("control_callers", control_callers::run),
    ("conversions", conversions::run),
    ("create_sequences", create_sequences::run),
    ("emulator_control", emulator_control::run),
    ("emulator_requests", emulator_requests::run),
    ("errors", errors::run),
    ("headers", headers::run),
    ("journal", journal::run),
    ("pages", pages::run),
    ("profiles", profiles::run),
    ("raw_http", raw_http::run),
    ("reconcile", reconcile::run),
    ("redaction", redaction::run),
    ("replies", replies::run),
    ("settings", settings::run),
    ("specs", specs::run),
    ("token_cache", token_cache::run),
    ("token_replies", token_replies::run),
];

/// The function of a target.
pub fn target(name: &str) -> Target {
    TARGETS.into_iter().find(|(known, _)| *known == name).map(|(_, target)| target).expect("a target of this name")
}

/// The entry of a fuzz binary. What the target cannot read is not kept, whatever code of the target's own it reaches.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| -> libfuzzer_sys::Corpus {
            match $crate::target($name)(data) {
                $crate::Reached::Nothing => libfuzzer_sys::Corpus::Reject,
                $crate::Reached::Refused | $crate::Reached::Accepted => libfuzzer_sys::Corpus::Keep,
            }
        });

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutations::in_place(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
        });
    };
}
