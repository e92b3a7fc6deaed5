//! Credentials in profiles of the Atlas CLI, on a faked machine: file, keyring, user login.
use std::io::ErrorKind;

use atlas_serverless::core::auth::discovery::discover_with_report;
use atlas_serverless::core::auth::discovery::options::{ExplicitOptions, Sources};
use atlas_serverless::core::auth::discovery::resolved::ResolvedCredentials;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::machine::{KeyringTrouble, Platform};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::fake_machine::{CONFIG, FakeMachine, path};

const TWO: &str = "
skip_update_check = true
version = 2
[default]
public_api_key = 'abcdefgh'
private_api_key = 'SECRETMARK-default'
project_id = '0123456789abcdef01234567'
org_id = 'aaaaaaaaaaaaaaaaaaaaaaaa'
output = 'json'
[Dev]
client_id = 'mdb_sa_id_dev'
client_secret = 'mdb_sa_sk_SECRETMARK'
";

fn named(profile: &str) -> ExplicitOptions {
    ExplicitOptions { profile: Some(profile.into()), ..ExplicitOptions::default() }
}

fn outcome(given: &ExplicitOptions, machine: &FakeMachine) -> Result<ResolvedCredentials, String> {
    let discovery = discover_with_report(given, machine);
    let text = format!("{discovery:?} {}", discovery.explain());
    assert!(!text.contains("SECRETMARK"), "{text}");
    discovery.result.map_err(|error| match error {
        Error::Configuration(message) => message,
        other => panic!("{other:?}"),
    })
}

fn token(exp: u64) -> String {
    format!("e30.{}.SECRETMARK", URL_SAFE_NO_PAD.encode(format!("{{\"exp\": {exp}}}")))
}

#[test]
fn the_profile_is_named_by_argument_environment_or_default() {
    for (given, variables, id, project) in [
        (ExplicitOptions::default(), &[] as &[_], "abcdefgh", Some("0123456789abcdef01234567")),
        (named("Dev"), &[], "mdb_sa_id_dev", None),
        (named("dev"), &[], "mdb_sa_id_dev", None),
        (ExplicitOptions::default(), &[("MONGODB_ATLAS_PROFILE", "dev")], "mdb_sa_id_dev", None),
        (ExplicitOptions::default(), &[("MCLI_PROFILE", "dev")], "mdb_sa_id_dev", None),
        (named("default"), &[("MONGODB_ATLAS_PROFILE", "dev")], "abcdefgh", Some("0123456789abcdef01234567")),
        (
            ExplicitOptions { sources: Sources::Profile, ..ExplicitOptions::default() },
            &[("MONGODB_ATLAS_ACCESS_TOKEN", "SECRETMARK")],
            "abcdefgh",
            Some("0123456789abcdef01234567"),
        ),
        (named("dev"), &[("MONGODB_ATLAS_ACCESS_TOKEN", "SECRETMARK")], "mdb_sa_id_dev", None),
        (
            named("dev"),
            &[("MONGODB_ATLAS_PROJECT_ID", "bbbbbbbbbbbbbbbbbbbbbbbb")],
            "mdb_sa_id_dev",
            Some("bbbbbbbbbbbbbbbbbbbbbbbb"),
        ),
    ] {
        let found = outcome(&given, &FakeMachine::new(variables).with_config(TWO)).unwrap();
        assert_eq!(found.credentials.id(), Some(id), "{given:?} {variables:?}");
        assert!(found.source.ends_with(&format!(" in {CONFIG}")), "{}", found.source);
        assert_eq!(found.group_id.as_deref(), project);
        assert!(found.notices.is_empty(), "{:?}", found.notices);
    }
}

#[test]
fn the_only_profile_is_the_default() {
    let machine = FakeMachine::default().with_config("[only]\nclient_id = 'mdb_sa_id_1'\nclient_secret = 'SECRETMARK'");
    assert_eq!(outcome(&ExplicitOptions::default(), &machine).unwrap().source, format!("profile only in {CONFIG}"));
}

#[test]
fn the_environment_goes_before_a_profile_and_the_profile_gives_the_server() {
    let variables = [("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_env"), ("MONGODB_ATLAS_CLIENT_SECRET", "SECRETMARK")];
    let machine = FakeMachine::new(&variables).with_config("[default]\nservice = 'cloudgov'\nproject_id = 'p'");
    let found = outcome(&ExplicitOptions::default(), &machine).unwrap();
    assert_eq!(
        (found.credentials.id(), found.base_url.as_str()),
        (Some("mdb_sa_id_env"), "https://cloud.mongodbgov.com")
    );
    assert_eq!(found.group_id.as_deref(), Some("p"));
    // What is wrong with a file that is not needed is a warning.
    let found = outcome(&ExplicitOptions::default(), &FakeMachine::new(&variables).with_config("SECRETMARK")).unwrap();
    assert!(found.notices[0].message.contains("is not valid TOML: see line 1"), "{:?}", found.notices);
    // And with `from_env` no file is read.
    let given = ExplicitOptions { sources: Sources::Environment, ..ExplicitOptions::default() };
    let found = outcome(&given, &FakeMachine::new(&variables).with_config("SECRETMARK")).unwrap();
    assert!(found.notices.is_empty());
}

#[test]
fn half_an_environment_is_passed_over_with_a_warning() {
    let machine = FakeMachine::new(&[("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_env")]).with_config(TWO);
    let found = outcome(&ExplicitOptions::default(), &machine).unwrap();
    assert_eq!(found.credentials.id(), Some("abcdefgh"));
    let expected = format!(
        "MONGODB_ATLAS_CLIENT_ID is set but MONGODB_ATLAS_CLIENT_SECRET is not, so the environment was passed over and profile default in {CONFIG} used"
    );
    assert_eq!(found.notices[0].message, expected);
}

#[test]
fn every_platform_has_its_folder() {
    let config = b"[default]\nclient_id = 'mdb_sa_id_1'\nclient_secret = 'SECRETMARK'";
    for (platform, variables, file) in [
        (Platform::Linux, &[("XDG_CONFIG_HOME", "/xdg")] as &[_], path(&["/xdg", "atlascli", "config.toml"])),
        (Platform::Linux, &[("XDG_CONFIG_HOME", "relative")], CONFIG.into()),
        (Platform::Linux, &[("XDG_CONFIG_HOME", "")], CONFIG.into()),
        (
            Platform::MacOs,
            &[("XDG_CONFIG_HOME", "/xdg")],
            path(&["/home/me", "Library/Application Support", "atlascli", "config.toml"]),
        ),
        (
            Platform::Windows,
            &[("AppData", "/Users/me/AppData")],
            path(&["/Users/me/AppData", "atlascli", "config.toml"]),
        ),
    ] {
        let machine = FakeMachine { platform, ..FakeMachine::new(variables) }.with_file(&file, config, 0o600);
        assert_eq!(
            outcome(&ExplicitOptions::default(), &machine).unwrap().source,
            format!("profile default in {}", file.display())
        );
    }
}

#[test]
fn files_that_cannot_be_used_are_named_and_never_quoted() {
    let good = FakeMachine::default().with_config(TWO);
    for (machine, given, expected) in [
        (
            FakeMachine::default().with_config("[default]\nclient_id = 'x'\nclient_secret = SECRETMARK\n"),
            named("default"),
            format!("{CONFIG} is not valid TOML: see line 3"),
        ),
        (
            FakeMachine::default().with_config("[default]\nSECRETMARK = 1\nSECRETMARK = 2\n"),
            ExplicitOptions::default(),
            format!("{CONFIG} is not valid TOML: see line 3"),
        ),
        (
            FakeMachine::default().with_file(CONFIG, b"[default]\n\xff\xfe", 0o600),
            ExplicitOptions::default(),
            "is not UTF-8 text (line 2)".to_owned(),
        ),
        (
            FakeMachine { unreadable: Some(ErrorKind::PermissionDenied), ..FakeMachine::default().with_config(TWO) },
            ExplicitOptions::default(),
            format!("{CONFIG} cannot be read: permission denied; it should belong to you and have mode 0600"),
        ),
        (
            FakeMachine::default().with_config("[default]\nclient_id = 7\nclient_secret = 'SECRETMARK'"),
            ExplicitOptions::default(),
            "client_id in profile default in".to_owned(),
        ),
        (
            good,
            named("prod"),
            format!("{CONFIG} has no profile “prod” (profiles there: Dev, default); it was asked for by profile="),
        ),
        (FakeMachine::default(), named("prod"), format!("there is no file {CONFIG}; it was asked for by profile=")),
        (
            FakeMachine::new(&[("MONGODB_ATLAS_PROFILE", "prod")]).with_config("[a]\n[b]\n"),
            ExplicitOptions::default(),
            "has no profile “prod” (profiles there: a, b); it was asked for by MONGODB_ATLAS_PROFILE".to_owned(),
        ),
        (
            FakeMachine::default().with_config("[a]\n[b]\n"),
            ExplicitOptions::default(),
            "has no profile “default” (profiles there: a, b)".to_owned(),
        ),
    ] {
        let message = outcome(&given, &machine).unwrap_err();
        assert!(message.contains(&expected), "{message}");
    }
}

/// What a file has in names and values is at no terminal as it is.
#[test]
fn a_file_moves_no_cursor() {
    const NAMES: &str = "['a\u{202e}b']\n[\"c\\u001b[2J\"]\n";
    let machine = FakeMachine::default().with_config(NAMES);
    assert_eq!(
        outcome(&named("x\u{1b}"), &machine).unwrap_err(),
        format!(
            r"{CONFIG} has no profile “x\u001b” (profiles there: a\u202eb, c\u001b[2J); it was asked for by profile="
        )
    );
    let machine = FakeMachine::default().with_config(
        "[\"c\\u001b\"]\nclient_id = \"a\"\nclient_secret = 'SECRETMARK'\nproject_id = \"\\u202e1\"\nservice = \"cloud\"",
    );
    let found = outcome(&ExplicitOptions::default(), &machine).unwrap();
    assert_eq!(
        found.hint(),
        format!(r"used service account a from profile c\u001b in {CONFIG} at https://cloud.mongodb.com")
    );
    let explained = found.explain();
    assert!(explained.contains(r"Project: \u202e1"), "{explained}");
    assert!(!explained.contains(['\u{1b}', '\u{202e}']), "{explained:?}");
    let machine = FakeMachine::default()
        .with_config("[default]\nservice = \"c\\u001b[2J\"\nclient_id = 'a'\nclient_secret = 'SECRETMARK'");
    let refused = outcome(&ExplicitOptions::default(), &machine).unwrap_err();
    assert_eq!(
        refused,
        format!(r"service in profile default in {CONFIG} is “c\u001b[2J”: Atlas is “cloud” or “cloudgov”")
    );
}

#[test]
fn a_file_that_others_can_read_is_a_warning() {
    for (mode, expected) in [(0o600, None), (0o400, None), (0o644, Some("0644")), (0o640, Some("0640"))] {
        let found = outcome(&named("dev"), &FakeMachine::default().with_file(CONFIG, TWO.as_bytes(), mode)).unwrap();
        match expected {
            None => assert!(found.notices.is_empty()),
            Some(mode) => assert_eq!(
                found.notices[0].message,
                format!(
                    "{CONFIG} holds secrets and is open to other users of this machine (mode {mode}): run chmod 600 '{CONFIG}'"
                )
            ),
        }
    }
    let machine =
        FakeMachine::default().with_file(CONFIG, b"[default]\nauth_type = 'service_account'", 0o644).with_keyring(&[
            ("atlascli_default", "client_id", "mdb_sa_id_1"),
            ("atlascli_default", "client_secret", "SECRETMARK"),
        ]);
    assert!(outcome(&ExplicitOptions::default(), &machine).unwrap().notices.is_empty());
}

#[test]
fn the_keyring_is_asked_only_for_what_the_profile_lacks() {
    let entries = [
        ("atlascli_dev", "client_id", "mdb_sa_id_ring"),
        ("atlascli_dev", "client_secret", "mdb_sa_sk_SECRETMARK"),
        ("atlascli_dev", "public_api_key", "ringring"),
        ("atlascli_dev", "private_api_key", "SECRETMARK"),
    ];
    for (config, id, asked) in [
        ("[Dev]\nclient_id = 'mdb_sa_id_1'\nclient_secret = 'SECRETMARK'", "mdb_sa_id_1", &[] as &[&str]),
        ("[Dev]\nclient_id = 'mdb_sa_id_1'", "mdb_sa_id_1", &["atlascli_dev client_secret"]),
        ("[Dev]\norg_id = 'x'", "mdb_sa_id_ring", &["atlascli_dev client_id", "atlascli_dev client_secret"]),
        ("[Dev]\nauth_type = 'api_keys'", "ringring", &["atlascli_dev public_api_key", "atlascli_dev private_api_key"]),
    ] {
        let machine = FakeMachine::default().with_config(config).with_keyring(&entries);
        let found = outcome(&named("dev"), &machine).unwrap();
        assert_eq!(found.credentials.id(), Some(id));
        assert_eq!(machine.asked(), asked, "{config}");
        assert_eq!(found.source.ends_with(", with secrets from the keyring"), !asked.is_empty());
    }
}

#[test]
fn windows_entries_are_found_under_the_name_their_library_gives_them() {
    let machine = FakeMachine { platform: Platform::Windows, ..FakeMachine::new(&[("AppData", "/a")]) }
        .with_file("/a/atlascli/config.toml", b"[default]\nauth_type = 'service_account'", 0)
        .with_keyring(&[
            ("atlascli_default:client_id", "client_id", "mdb_sa_id_1"),
            ("atlascli_default:client_secret", "client_secret", "SECRETMARK"),
        ]);
    assert_eq!(outcome(&ExplicitOptions::default(), &machine).unwrap().credentials.id(), Some("mdb_sa_id_1"));
}

#[test]
fn without_a_keyring_the_remedy_is_named() {
    for (keyring, expected) in [
        (
            KeyringTrouble::NoPackage,
            "the keyring package is not installed: run: pip install 'atlas-serverless[keyring]'",
        ),
        (KeyringTrouble::Failed("locked".into()), "the system keyring gave no answer (locked): unlock it"),
    ] {
        for config in ["[default]\nauth_type = 'service_account'", "[default]\nclient_id = 'mdb_sa_id_1'"] {
            for given in [ExplicitOptions::default(), named("default")] {
                let machine =
                    FakeMachine { keyring: Err(keyring.clone()), ..FakeMachine::default() }.with_config(config);
                let message = outcome(&given, &machine).unwrap_err();
                assert!(message.contains(expected), "{message}");
                assert_eq!(machine.asked().len(), 1);
            }
        }
    }
    let machine = FakeMachine::default().with_config("[default]\nclient_id = 'mdb_sa_id_1'").with_keyring(&[]);
    let message = outcome(&ExplicitOptions::default(), &machine).unwrap_err();
    assert!(
        message.contains("has client_id but no client_secret, neither in the file nor in the keyring"),
        "{message}"
    );
    let machine = FakeMachine::default().with_config("[default]\noutput = 'json'").with_keyring(&[]);
    let message = outcome(&ExplicitOptions::default(), &machine).unwrap_err();
    assert!(message.contains("has no credentials, neither in the file nor in the keyring"), "{message}");
}

#[test]
fn a_user_login_works_while_it_lasts() {
    let config = |exp: u64| {
        format!("[default]\nauth_type = 'user_account'\naccess_token = '{}'\nrefresh_token = 'SECRETMARK'", token(exp))
    };
    let machine = FakeMachine::default().with_config(&config(1_767_225_601));
    let found = outcome(&ExplicitOptions::default(), &machine).unwrap();
    assert_eq!((found.credentials.kind().name(), found.expires_at), ("access token", Some(1_767_225_601)));
    assert!(found.hint().starts_with("used access token ("), "{}", found.hint());
    let ended = "a login that ended at 2026-01-01T00:00:01Z: run “atlas auth login --profile default”".to_owned();
    assert_eq!(found.expiry_hint(), Some((1_767_225_601, ended)));

    let message =
        outcome(&ExplicitOptions::default(), &FakeMachine::default().with_config(&config(1_767_225_600))).unwrap_err();
    assert!(message.contains("ended at 2026-01-01T00:00:00Z: run “atlas auth login --profile default”"), "{message}");

    // Given by hand, the server decides.
    let given =
        ExplicitOptions { access_token: Some(token(1_767_225_600).as_str().into()), ..ExplicitOptions::default() };
    let found = outcome(&given, &FakeMachine::default()).unwrap();
    assert_eq!(
        found.notices[0].message,
        "the access token from arguments (access_token) ended at 2026-01-01T00:00:00Z, by this machine's clock"
    );
}

#[test]
fn of_several_kinds_in_a_profile_its_own_word_counts() {
    let all = "public_api_key = 'abcdefgh'\nprivate_api_key = 'SECRETMARK'\nclient_id = 'mdb_sa_id_1'\nclient_secret = 'SECRETMARK'";
    for (auth_type, kind, warnings) in [
        ("", "service account", 1),
        ("auth_type = 'api_keys'", "API key", 0),
        ("auth_type = 'service_account'", "service account", 0),
        ("auth_type = 'no_auth'", "service account", 0),
    ] {
        let machine = FakeMachine::default().with_config(&format!("[default]\n{auth_type}\n{all}"));
        let found = outcome(&ExplicitOptions::default(), &machine).unwrap();
        assert_eq!((found.credentials.kind().name(), found.notices.len()), (kind, warnings), "{auth_type}");
    }
}
