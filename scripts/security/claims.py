"""What docs/security.md promises: each with the threat, the tests that show it, the target that runs them, a figure.

A promise without a test has no row. `tests/python/test_security_page.py` asks whether each test is there and run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from security import figures

NETWORK = "tests/python/credentials/test_network.py"
SECRETS = "tests/python/credentials/test_secrets.py"
CACHE = "tests/python/credentials/test_token_cache.py"
REDACTED = "src/core/http/transport/redact/search.rs"
SUPPLY = "tests/python/test_supply_chain.py"


class Claim(NamedTuple):
    threat: str
    promise: str
    #: `file::test`, or the file that a target runs.
    tests: tuple[str, ...]
    target: str = "test"
    #: The number of cases of the tests, if there is nothing better to say.
    figure: Callable[[], str] | None = None

    def row(self) -> list[str]:
        figure = self.figure() if self.figure else figures.cases(self.tests)
        return [self.threat, self.promise, "<br>".join([f"`make {self.target}`", *self.by_file()]), figure]

    def by_file(self) -> list[str]:
        """The tests, each file named once."""
        names: dict[str, list[str]] = {}
        for file, _, name in (one.partition("::") for one in self.tests):
            names.setdefault(file, []).extend([f"`{name}`"] if name else [])
        return [f"`{file}`: {', '.join(of)}" if of else f"`{file}`" for file, of in names.items()]


CLAIMS = [
    Claim(
        "a secret in a log, repr, error, traceback, pickle or variable",
        "none is found in any of them, as it is or encoded",
        (
            f"{SECRETS}::test_arguments",
            f"{SECRETS}::test_environment",
            f"{SECRETS}::test_profile_and_keyring",
            f"{SECRETS}::test_a_token_that_was_fetched_and_one_of_the_cache",
            f"{SECRETS}::test_replies_of_the_token_endpoint",
            f"{SECRETS}::test_a_password_of_a_proxy",
            f"{SECRETS}::test_asynchronous",
            f"{SECRETS}::test_command_line",
        ),
    ),
    Claim(
        "a server or proxy that repeats a secret in its reply",
        "`******` in its place, in stacked encodings too, across lines, and where the reply is cut",
        (
            f"{REDACTED}::a_secret_is_found_in_a_stack_of_encodings",
            f"{REDACTED}::a_secret_is_found_across_lines_and_strings",
            f"{REDACTED}::a_part_of_a_long_secret_is_enough",
            f"{REDACTED}::a_secret_is_found_where_the_text_is_cut",
            "tests/python/test_hostile_replies.py::test_a_password_that_a_later_reply_shows_is_hidden",
        ),
    ),
    Claim(
        "another user who reads the token cache",
        "folder 0700, files 0600; what others can read or replace is not used",
        (
            f"{CACHE}::test_modes_and_content",
            "tests/rust/token_cache/permissions.rs::folder_and_files_are_the_users_own",
            "tests/rust/token_cache/permissions.rs::what_is_not_private_is_not_used",
            "tests/rust/token_cache/permissions.rs::a_link_in_place_of_a_lock_file_is_not_followed",
        ),
    ),
    Claim(
        "a cached token in the hands of who lacks its secret",
        "it is taken only with the secret that it was fetched with",
        (f"{CACHE}::test_a_cached_token_is_for_its_own_secret_only",),
    ),
    Claim(
        "credentials over plain http",
        "refused for another machine, unless `allow_insecure_http=True`",
        (
            f"{NETWORK}::test_plain_http_is_for_this_machine_only",
            "tests/rust/credentials/main.rs::plain_http_needs_allow_insecure_http",
        ),
    ),
    Claim(
        "a server that is not Atlas",
        "its certificate is checked, and the name in it",
        (
            f"{NETWORK}::test_an_authority_that_nobody_knows_is_refused_and_said",
            f"{NETWORK}::test_a_trusted_authority_does_not_make_another_name_good",
        ),
    ),
    Claim(
        "a redirect that leads credentials away",
        "not followed",
        (f"{NETWORK}::test_a_redirect_is_not_followed",),
    ),
    Claim(
        "credentials or data sent elsewhere",
        "only `base_url` and a proxy are asked, no other host stands in the code; a proxy's password goes to it alone",
        (
            f"{SUPPLY}::test_no_other_host_stands_in_the_code",
            "tests/rust/credentials/network.rs::the_next_hop_is_the_proxy",
            f"{NETWORK}::test_a_proxy_is_told_user_and_password_and_nobody_else_is",
        ),
    ),
    Claim(
        "a name or path that leads elsewhere (`../`)",
        "refused, or sent as one encoded part",
        (
            "tests/rust/resource/names.rs::a_path_is_asked_for_as_it_is_given_or_not_at_all",
            "tests/rust/resource/names.rs::a_name_that_is_not_checked_stays_in_its_place",
        ),
    ),
    Claim(
        "a reply without end",
        "a body has 16 MiB at most; interim replies and pages have their limits",
        (
            "tests/python/test_hostile_table.py::test_a_body_is_read_up_to_16_mib",
            "tests/python/test_endless_replies.py::test_interim_replies_without_end_hold_no_call",
            "tests/rust/resource/bodies.rs::a_list_takes_a_bounded_number_of_requests",
        ),
    ),
    Claim(
        "a hostile or broken reply, challenge, token, date, limit, journal or profile",
        "no panic, no wrong value, a sentence that can be shown",
        (
            "tests/rust/fuzz/main.rs::every_target_is_replayed",
            "tests/python/test_hostile_table.py::test_a_call_ends_with_a_value_or_an_error_of_ours",
        ),
        figure=figures.replayed,
    ),
    Claim(
        "the same, and inputs that nobody thought of",
        "the same, by coverage, under AddressSanitizer",
        ("scripts/fuzz.py",),
        "fuzz",
        figures.fuzz_in_short,
    ),
    Claim(
        "any object from Python: cycles, depth, strange keys",
        "sent, or refused with a sentence",
        (
            "tests/python/test_properties.py::test_a_body_arrives_as_it_was_given",
            "tests/python/test_properties.py::test_what_no_json_can_hold_is_refused_and_nothing_is_sent",
            "tests/python/test_properties.py::test_so_many_levels_are_sent_and_not_one_more",
            "tests/python/test_properties.py::test_a_spec_is_checked_whatever_it_is_made_of",
            "tests/python/test_arguments.py::test_no_argument_of_any_call_ends_or_hangs_the_process",
        ),
    ),
    Claim(
        "memory errors",
        "no `unsafe` in any room; core and emulator forbid it",
        (f"{SUPPLY}::test_the_compiler_refuses_unsafe_code", f"{SUPPLY}::test_no_room_allows_unsafe_code"),
    ),
    Claim(
        "memory errors in what core and emulator use",
        "AddressSanitizer reports nothing",
        ("scripts/sanitize.py",),
        "sanitize",
        figures.sanitizer_in_short("address"),
    ),
    Claim(
        "data races there",
        "ThreadSanitizer reports nothing",
        ("scripts/sanitize.py",),
        "sanitize",
        figures.sanitizer_in_short("thread"),
    ),
    Claim(
        "memory errors and leaks in the binding and in pyo3",
        "memcheck reports nothing in which `_core` has a part",
        ("scripts/sanitize.py",),
        "sanitize",
        figures.sanitizer_in_short("binding"),
    ),
    Claim(
        "Python objects that are released too often, or written past",
        "the interpreter's own checks report nothing",
        ("scripts/sanitize.py",),
        "sanitize",
        figures.sanitizer_in_short("python"),
    ),
    Claim(
        "objects that are never freed",
        "cycles through every class of the binding are collected, and none is left of 1,000",
        (
            "tests/python/test_garbage.py::test_every_class_is_covered",
            "tests/python/test_garbage.py::test_a_cycle_is_collected",
            "tests/python/test_garbage.py::test_nothing_stays_after_a_thousand_turns",
        ),
    ),
    Claim(
        "a create that is lost or made twice under faults",
        "what calls say is what is stored; memory, descriptors and threads stay",
        ("tests/soak/soak.py",),
        "soak",
        figures.soak_in_short,
    ),
    Claim(
        "another machine that reaches the emulator",
        "it listens on loopback only, and answers to no other name",
        (
            "tests/rust/emulator/control.rs::it_starts_on_loopback_and_stops_for_good",
            "tests/rust/emulator/control.rs::control_is_the_same_over_http_for_loopback_callers_only",
            "tests/python/test_emulator_origins.py::test_only_its_own_name_is_answered",
        ),
    ),
    Claim(
        "credentials of one emulator that are known",
        "they are new at every start, and open no other",
        ("tests/python/test_emulator.py::test_credentials_are_new_at_every_start",),
    ),
    Claim(
        "credentials in the emulator's request log or in its saved state",
        "the log has none; the state is its owner's alone",
        (
            "tests/rust/emulator/control.rs::the_request_log_shows_everything_but_secrets",
            "tests/python/test_emulator_state.py::test_it_is_private",
            "tests/python/test_emulator_state.py::test_what_others_can_change_is_not_used",
        ),
    ),
    Claim(
        "a crate with another licence, source or version",
        "refused, in the workspaces of fuzzing and benchmarks too",
        ("deny.toml",),
        "deny",
        figures.crates,
    ),
    Claim(
        "a crate or package with a known weakness",
        "said, and also what could not be looked up",
        ("scripts/audit.py",),
        "audit",
        figures.audit,
    ),
    Claim(
        "a wheel that was not built from its sources",
        "two builds of one commit are the same bytes",
        ("scripts/compare_builds.py",),
        "wheels-twice",
        figures.wheels_twice,
    ),
    Claim(
        "a wheel that hides what is in it, or tells of who built it",
        "a list of crates with versions and licences, without paths of the build",
        (
            "tests/python/test_packaging.py::test_every_crate_of_the_wheel_has_its_notice",
            "tests/python/test_packaging.py::test_no_path_of_the_machine_is_in_what_is_built",
            "tests/python/test_wheels.py::test_the_folder_of_the_build_is_taken_out_of_the_list_of_crates",
        ),
    ),
    Claim(
        "a workflow that gives away a key or a right",
        "none has a right that it does not name; publishing needs no stored key",
        (
            "tests/python/test_release.py::test_the_workflows_take_no_right_that_they_do_not_name",
            "tests/python/test_release.py::test_zizmor_finds_nothing_in_the_workflows",
        ),
    ),
]


def table() -> str:
    return figures.table(["threat", "promise", "test", "figure"], [claim.row() for claim in CLAIMS])
