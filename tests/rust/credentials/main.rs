//! Discovery of credentials, on a faked machine: every source, each incomplete form, each conflict.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod fake_machine;
mod network;
mod profiles;
mod token_location;

use atlas_serverless::core::auth::discovery::discover_with_report;
use atlas_serverless::core::auth::discovery::options::{ExplicitOptions, Sources};
use atlas_serverless::core::auth::discovery::resolved::{DiscoveryReport, ResolvedCredentials};
use atlas_serverless::core::error::Error;
use fake_machine::{CONFIG, FakeMachine};

const ID: &str = "mdb_sa_id_0123456789abcdef01234567";
const SECRET: &str = "mdb_sa_sk_SECRETMARK";
const PRIVATE: &str = "11111111-2222-3333-4444-SECRETMARK00";

fn service_account() -> ExplicitOptions {
    ExplicitOptions { client_id: Some(ID.into()), client_secret: Some(SECRET.into()), ..ExplicitOptions::default() }
}

fn found(given: &ExplicitOptions, machine: &FakeMachine) -> ResolvedCredentials {
    let discovery = checked(given, machine);
    discovery.result.unwrap_or_else(|error| panic!("{error}"))
}

fn refused(given: &ExplicitOptions, machine: &FakeMachine) -> String {
    match checked(given, machine).result {
        Err(Error::Configuration(message)) => message,
        other => panic!("{other:?}"),
    }
}

/// Every discovery report of these tests is also searched for secrets.
fn checked(given: &ExplicitOptions, machine: &FakeMachine) -> DiscoveryReport {
    let discovery = discover_with_report(given, machine);
    let text = format!("{discovery:?} {}", discovery.explain());
    assert!(!text.contains("SECRETMARK"), "{text}");
    discovery
}

fn warnings(found: &ResolvedCredentials) -> Vec<&str> {
    found.notices.iter().map(|notice| notice.message.as_str()).collect()
}

/// Variables that are set, kind and id that come of it, variables that are named as the source, warnings.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<&'a str>, &'a str, &'a [&'a str]);

#[test]
fn every_name_in_the_environment() {
    let rows: &[Row] = &[
        (
            &[("MONGODB_ATLAS_ACCESS_TOKEN", "SECRETMARKtk")],
            "access token",
            None,
            "environment (MONGODB_ATLAS_ACCESS_TOKEN)",
            &[],
        ),
        (&[("MCLI_ACCESS_TOKEN", "SECRETMARKtk")], "access token", None, "environment (MCLI_ACCESS_TOKEN)", &[]),
        (
            &[("MONGODB_ATLAS_CLIENT_ID", ID), ("MONGODB_ATLAS_CLIENT_SECRET", SECRET)],
            "service account",
            Some(ID),
            "environment (MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET)",
            &[],
        ),
        (
            &[("MCLI_CLIENT_ID", ID), ("MCLI_CLIENT_SECRET", SECRET)],
            "service account",
            Some(ID),
            "environment (MCLI_CLIENT_ID, MCLI_CLIENT_SECRET)",
            &[],
        ),
        (
            &[("MONGODB_ATLAS_PUBLIC_API_KEY", "abcdefgh"), ("MONGODB_ATLAS_PRIVATE_API_KEY", PRIVATE)],
            "API key",
            Some("abcdefgh"),
            "environment (MONGODB_ATLAS_PUBLIC_API_KEY, MONGODB_ATLAS_PRIVATE_API_KEY)",
            &[],
        ),
        (
            &[("MONGODB_ATLAS_PUBLIC_KEY", "abcdefgh"), ("MONGODB_ATLAS_PRIVATE_KEY", PRIVATE)],
            "API key",
            Some("abcdefgh"),
            "environment (MONGODB_ATLAS_PUBLIC_KEY, MONGODB_ATLAS_PRIVATE_KEY)",
            &[],
        ),
        (
            &[("MCLI_PUBLIC_API_KEY", "abcdefgh"), ("MCLI_PRIVATE_API_KEY", PRIVATE)],
            "API key",
            Some("abcdefgh"),
            "environment (MCLI_PUBLIC_API_KEY, MCLI_PRIVATE_API_KEY)",
            &[],
        ),
        // A whole pair goes before a pair of two tools' names.
        (
            &[
                ("MONGODB_ATLAS_PUBLIC_API_KEY", "zzzzzzzz"),
                ("MONGODB_ATLAS_PUBLIC_KEY", "abcdefgh"),
                ("MONGODB_ATLAS_PRIVATE_KEY", PRIVATE),
            ],
            "API key",
            Some("abcdefgh"),
            "environment (MONGODB_ATLAS_PUBLIC_KEY, MONGODB_ATLAS_PRIVATE_KEY)",
            &["MONGODB_ATLAS_PUBLIC_KEY and MONGODB_ATLAS_PUBLIC_API_KEY are both set and differ"],
        ),
        (
            &[("MONGODB_ATLAS_PUBLIC_API_KEY", "abcdefgh"), ("MCLI_PRIVATE_API_KEY", PRIVATE)],
            "API key",
            Some("abcdefgh"),
            "environment (MONGODB_ATLAS_PUBLIC_API_KEY, MCLI_PRIVATE_API_KEY)",
            &["names of different tools"],
        ),
        // Ours first; the same value twice is no conflict.
        (
            &[
                ("MCLI_CLIENT_ID", "mdb_sa_id_other"),
                ("MCLI_CLIENT_SECRET", SECRET),
                ("MONGODB_ATLAS_CLIENT_ID", ID),
                ("MONGODB_ATLAS_CLIENT_SECRET", SECRET),
            ],
            "service account",
            Some(ID),
            "environment (MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET)",
            &["MONGODB_ATLAS_CLIENT_ID and MCLI_CLIENT_ID are both set and differ; MONGODB_ATLAS_CLIENT_ID was used"],
        ),
        // Token before service account before API key.
        (
            &[
                ("MONGODB_ATLAS_PUBLIC_KEY", "abcdefgh"),
                ("MONGODB_ATLAS_PRIVATE_KEY", PRIVATE),
                ("MONGODB_ATLAS_CLIENT_ID", ID),
                ("MONGODB_ATLAS_CLIENT_SECRET", SECRET),
                ("MONGODB_ATLAS_ACCESS_TOKEN", "SECRETMARKtk"),
            ],
            "access token",
            None,
            "environment (MONGODB_ATLAS_ACCESS_TOKEN)",
            &[
                "the environment also holds a service account (MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET) and an API key",
            ],
        ),
        (
            &[
                ("MONGODB_ATLAS_CLIENT_ID", ID),
                ("MONGODB_ATLAS_PUBLIC_KEY", "abcdefgh"),
                ("MONGODB_ATLAS_PRIVATE_KEY", PRIVATE),
            ],
            "API key",
            Some("abcdefgh"),
            "environment (MONGODB_ATLAS_PUBLIC_KEY, MONGODB_ATLAS_PRIVATE_KEY)",
            &["MONGODB_ATLAS_CLIENT_ID is set but MONGODB_ATLAS_CLIENT_SECRET is not; the API key from"],
        ),
        (
            &[("MONGODB_ATLAS_CLIENT_ID", "  mdb_sa_id_1\n"), ("MONGODB_ATLAS_CLIENT_SECRET", SECRET)],
            "service account",
            Some("mdb_sa_id_1"),
            "environment (MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET)",
            &["MONGODB_ATLAS_CLIENT_ID has white space around it, which was removed"],
        ),
    ];
    for (variables, kind, id, source, expected) in rows {
        for sources in [Sources::All, Sources::Environment] {
            let found = found(&ExplicitOptions { sources, ..ExplicitOptions::default() }, &FakeMachine::new(variables));
            assert_eq!((found.credentials.kind().name(), found.credentials.id()), (*kind, *id), "{variables:?}");
            assert_eq!(&found.source, source);
            assert_eq!(found.notices.len(), expected.len(), "{:?}", found.notices);
            for (warning, expected) in warnings(&found).iter().zip(*expected) {
                assert!(warning.contains(expected), "{warning}");
            }
        }
    }
}

#[test]
fn incomplete_or_wrong_environments_are_named() {
    for (variables, expected) in [
        (
            &[("MONGODB_ATLAS_CLIENT_ID", ID)] as &[_],
            "incomplete: MONGODB_ATLAS_CLIENT_ID is set but MONGODB_ATLAS_CLIENT_SECRET is not",
        ),
        (&[("MCLI_CLIENT_SECRET", SECRET)], "MCLI_CLIENT_SECRET is set but MCLI_CLIENT_ID is not"),
        (
            &[("MONGODB_ATLAS_PRIVATE_KEY", PRIVATE)],
            "MONGODB_ATLAS_PRIVATE_KEY is set but MONGODB_ATLAS_PUBLIC_KEY is not",
        ),
        (
            &[("MONGODB_ATLAS_CLIENT_ID", ID), ("MONGODB_ATLAS_CLIENT_SECRET", " ")],
            "MONGODB_ATLAS_CLIENT_ID is set but MONGODB_ATLAS_CLIENT_SECRET is empty",
        ),
        (&[("MONGODB_ATLAS_ACCESS_TOKEN", "")], "MONGODB_ATLAS_ACCESS_TOKEN is set but empty"),
        (
            &[("MONGODB_ATLAS_CLIENT_ID", ""), ("MONGODB_ATLAS_CLIENT_SECRET", "")],
            "MONGODB_ATLAS_CLIENT_ID and MONGODB_ATLAS_CLIENT_SECRET are set but empty",
        ),
        (
            &[("MONGODB_ATLAS_PUBLIC_KEY", ID), ("MONGODB_ATLAS_PRIVATE_KEY", SECRET)],
            "MONGODB_ATLAS_PUBLIC_KEY holds the id of a service account (mdb_sa_id_…): give it as client_id",
        ),
        (
            &[("MONGODB_ATLAS_CLIENT_ID", SECRET), ("MONGODB_ATLAS_CLIENT_SECRET", ID)],
            "MONGODB_ATLAS_CLIENT_ID holds the secret of a service account",
        ),
        (&[("MONGODB_ATLAS_ACCESS_TOKEN", "SECRETMARK\u{1b}[0m")], "a character at position 11"),
    ] {
        for sources in [Sources::All, Sources::Environment] {
            let message =
                refused(&ExplicitOptions { sources, ..ExplicitOptions::default() }, &FakeMachine::new(variables));
            assert!(message.contains(expected), "{variables:?}: {message}");
        }
    }
}

#[test]
fn arguments_go_before_everything_and_are_never_mixed() {
    let machine = FakeMachine::new(&[
        ("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_env"),
        ("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_SECRETMARK_env"),
        ("MONGODB_ATLAS_PROJECT_ID", "0123456789abcdef01234567"),
    ])
    .with_config("not TOML, and not looked at");
    let found = found(&service_account(), &machine);
    assert_eq!((found.credentials.id(), found.source.as_str()), (Some(ID), "arguments (client_id, client_secret)"));
    assert_eq!(found.group_id.as_deref(), Some("0123456789abcdef01234567"));
    assert!(found.notices.is_empty());

    let two = ExplicitOptions { public_key: Some("abcdefgh".into()), ..service_account() };
    let with_profile = ExplicitOptions { profile: Some("dev".into()), ..service_account() };
    let from_env = ExplicitOptions { sources: Sources::Environment, ..service_account() };
    let empty = ExplicitOptions { client_secret: Some("".into()), ..service_account() };
    let wrong =
        ExplicitOptions { public_key: Some(ID.into()), private_key: Some(SECRET.into()), ..ExplicitOptions::default() };
    for (given, expected) in [
        (&two, "client_id, client_secret, public_key are for different kinds of credentials: give one kind only"),
        (&with_profile, "(client_id, client_secret) and asked of a profile: give one only"),
        (&from_env, "(client_id, client_secret) and asked of the environment: give one only"),
        (&empty, "client_secret is empty"),
        (&wrong, "public_key holds the id of a service account"),
        (
            &ExplicitOptions { client_id: Some(ID.into()), ..ExplicitOptions::default() },
            "the argument client_id is given without client_secret: give both (MONGODB_ATLAS_CLIENT_SECRET is set, but arguments and environment are never mixed)",
        ),
        (
            &ExplicitOptions { private_key: Some(PRIVATE.into()), ..ExplicitOptions::default() },
            "the argument private_key is given without public_key: give both",
        ),
    ] {
        let message = refused(given, &machine);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn with_nothing_anywhere_everything_that_was_looked_at_is_named() {
    let message = refused(&ExplicitOptions::default(), &FakeMachine::default());
    for expected in [
        "client_id and client_secret",
        "public_key and private_key",
        "access_token",
        "atlas auth login",
        "MONGODB_ATLAS_ACCESS_TOKEN",
        "MONGODB_ATLAS_PUBLIC_KEY",
        "MCLI_PRIVATE_API_KEY",
        CONFIG,
    ] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    let homeless = FakeMachine { home: None, ..FakeMachine::default() };
    assert!(refused(&ExplicitOptions::default(), &homeless).contains("no home folder is known"));
    let environment_only = ExplicitOptions { sources: Sources::Environment, ..ExplicitOptions::default() };
    assert!(!refused(&environment_only, &FakeMachine::default()).contains("config.toml"));
}

#[test]
fn the_base_url_is_found_in_the_same_order() {
    let profile = "[default]\nclient_id = 'mdb_sa_id_p'\nclient_secret = 'SECRETMARK'\n";
    for (variables, settings, expected, source) in [
        (&[] as &[_], "", "https://cloud.mongodb.com", "default"),
        (&[], "service = 'cloudgov'", "https://cloud.mongodbgov.com", "profile default in"),
        (&[], "service = 'cloud'", "https://cloud.mongodb.com", "profile default in"),
        (&[], "service = 'cloud'\nops_manager_url = 'https://a.example/'", "https://a.example", "profile default in"),
        (&[], "base_url = 'https://a.example'", "https://a.example", "profile default in"),
        (
            &[("MONGODB_ATLAS_BASE_URL", "https://b.example/")],
            "base_url = 'https://a.example'",
            "https://b.example",
            "environment (MONGODB_ATLAS_BASE_URL)",
        ),
        (
            &[("MONGODB_ATLAS_OPS_MANAGER_URL", "https://b.example"), ("MCLI_OPS_MANAGER_URL", "https://c.example")],
            "",
            "https://b.example",
            "environment (MONGODB_ATLAS_OPS_MANAGER_URL)",
        ),
        (
            &[("MCLI_OPS_MANAGER_URL", "http://localhost:8080/")],
            "",
            "http://localhost:8080",
            "environment (MCLI_OPS_MANAGER_URL)",
        ),
        (
            &[("MONGODB_ATLAS_SERVICE", "cloudgov")],
            "",
            "https://cloud.mongodbgov.com",
            "environment (MONGODB_ATLAS_SERVICE)",
        ),
    ] {
        let machine = FakeMachine::new(variables).with_config(&format!("{profile}{settings}"));
        let of_profile = found(&ExplicitOptions::default(), &machine);
        assert_eq!(of_profile.base_url, expected);
        assert!(of_profile.base_url_source.starts_with(source), "{}", of_profile.base_url_source);
        let given = ExplicitOptions { base_url: Some("https://z.example:444/".into()), ..ExplicitOptions::default() };
        let of_argument = found(&given, &machine);
        assert_eq!(
            (of_argument.base_url.as_str(), of_argument.base_url_source.as_str()),
            ("https://z.example:444", "arguments (base_url)")
        );
    }
    for (variables, settings, expected) in [
        (&[("MONGODB_ATLAS_BASE_URL", "http://b.example")] as &[_], "", "MONGODB_ATLAS_BASE_URL is http://b.example"),
        (&[("MONGODB_ATLAS_SERVICE", "ops-manager")], "", "MONGODB_ATLAS_SERVICE is “ops-manager”: Atlas is"),
        (&[], "service = 'cloud-manager'", "service in profile default in"),
        (&[], "ops_manager_url = 'https://me:SECRETMARK@a.example'", "ops_manager_url in profile default in"),
    ] {
        let machine = FakeMachine::new(variables).with_config(&format!("{profile}{settings}"));
        let message = refused(&ExplicitOptions::default(), &machine);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_base_url_that_overrules_another_is_a_warning() {
    let machine = FakeMachine::new(&[
        ("MONGODB_ATLAS_BASE_URL", "https://b.example"),
        ("MONGODB_ATLAS_OPS_MANAGER_URL", "https://c.example"),
        ("MCLI_OPS_MANAGER_URL", "https://b.example/"),
    ])
    .with_config("[default]\npublic_api_key = 'abcdefgh'\nprivate_api_key = 'SECRETMARK'\nservice = 'cloudgov'");
    let found = found(&ExplicitOptions::default(), &machine);
    assert_eq!(warnings(&found).len(), 2, "{:?}", found.notices);
    assert!(
        warnings(&found)[0]
            .contains("MONGODB_ATLAS_BASE_URL and MONGODB_ATLAS_OPS_MANAGER_URL are both set and differ")
    );
    assert!(warnings(&found)[1].contains("not https://cloud.mongodbgov.com of profile default"));
}

#[test]
fn plain_http_needs_allow_insecure_http() {
    let given = ExplicitOptions { base_url: Some("http://b.example".into()), ..service_account() };
    assert!(refused(&given, &FakeMachine::default()).contains("allow_insecure_http=True"));
    let given = ExplicitOptions { allow_insecure_http: true, ..given };
    assert_eq!(found(&given, &FakeMachine::default()).base_url, "http://b.example");
}
