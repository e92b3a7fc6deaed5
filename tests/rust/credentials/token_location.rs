//! Where tokens are kept, and what a panic would say of secrets.
use std::path::Path;

use atlas_serverless::core::auth::discovery::discover_with_report;
use atlas_serverless::core::auth::discovery::options::ExplicitOptions;
use atlas_serverless::core::auth::token_cache::CachedToken;
use atlas_serverless::core::auth::token_cache::location::{VARIABLE, resolve};
use atlas_serverless::core::error::Error;
use atlas_serverless::core::http::network::route::route;
use atlas_serverless::core::machine::Platform;

use super::fake_machine::{FakeMachine, path};

#[test]
fn tokens_are_kept_where_the_argument_or_the_environment_says() {
    let usual = path(&["/home/me", ".cache", "atlas-serverless", "tokens"]);
    let below_home = path(&["/home/me", "t"]);
    let given_folder = std::path::absolute("/var/t").unwrap();
    for (given, variable, folder, said_by) in [
        (None, None, None, ""),
        (None, Some(" "), None, ""),
        (Some("memory"), Some("file"), None, ""),
        (Some("file"), None, Some(&usual), "token_cache"),
        (None, Some("file"), Some(&usual), "ATLAS_SERVERLESS_TOKEN_CACHE"),
        (Some("/var/t"), Some("file"), Some(&given_folder), "token_cache"),
        (None, Some("~/t"), Some(&below_home), "ATLAS_SERVERLESS_TOKEN_CACHE"),
    ] {
        let described =
            folder.map_or_else(|| "in memory".to_owned(), |folder| format!("in {} ({said_by})", folder.display()));
        let variables: Vec<(&str, &str)> = variable.iter().map(|value| (VARIABLE, *value)).collect();
        let (place, notice) = resolve(given.map(Path::new), &FakeMachine::new(&variables)).unwrap();
        assert_eq!((place.folder, place.described), (folder.cloned(), described));
        assert_eq!(notice, None);
    }
    let here = std::env::current_dir().unwrap();
    let (relative, _) = resolve(Some(Path::new("./tokens")), &FakeMachine::default()).unwrap();
    assert_eq!(relative.folder, Some(here.join("tokens")));
}

#[test]
fn each_system_has_its_folder_for_what_can_be_made_anew() {
    for (platform, variables, folder) in [
        (Platform::Linux, &[("XDG_CACHE_HOME", "/cache")] as &[_], &["/cache"] as &[_]),
        (Platform::Linux, &[("XDG_CACHE_HOME", "relative")], &["/home/me", ".cache"]),
        (Platform::MacOs, &[("XDG_CACHE_HOME", "/cache")], &["/home/me", "Library/Caches"]),
        (Platform::Windows, &[("LocalAppData", "/Users/me/AppData")], &["/Users/me/AppData"]),
    ] {
        let machine = FakeMachine { platform, ..FakeMachine::new(variables) };
        let (place, _) = resolve(Some(Path::new("file")), &machine).unwrap();
        assert_eq!(place.folder, Some(path(&[folder, &["atlas-serverless", "tokens"]].concat())), "{platform:?}");
    }
}

#[test]
fn a_word_that_is_neither_is_refused_and_no_home_is_a_warning() {
    for word in ["flie", "File", "tokens", ""] {
        let Err(Error::Configuration(message)) = resolve(Some(Path::new(word)), &FakeMachine::default()) else {
            panic!("{word}");
        };
        assert!(message.starts_with("token_cache is “memory”, “file” or a folder"), "{message}");
    }
    let homeless = FakeMachine { home: None, ..FakeMachine::default() };
    let (place, notice) = resolve(Some(Path::new("file")), &homeless).unwrap();
    assert_eq!(place.folder, None);
    assert!(notice.unwrap().message.contains("no home folder is known: tokens stay in memory"));
}

#[test]
fn a_panic_that_prints_everything_prints_no_secret() {
    const MARK: &str = "SECRETMARK-7c1f93e2b8a04d56";
    let given = ExplicitOptions {
        client_id: Some("mdb_sa_id_1".into()),
        client_secret: Some(MARK.into()),
        ..ExplicitOptions::default()
    };
    let machine = FakeMachine::new(&[("MONGODB_ATLAS_ACCESS_TOKEN", MARK)]);
    let (of_arguments, of_environment) =
        (discover_with_report(&given, &machine), discover_with_report(&ExplicitOptions::default(), &machine));
    let proxy = format!("http://me:{MARK}@proxy.example:3128");
    let route = route(Some(&proxy), "https://cloud.mongodb.com", &machine).unwrap();
    let cached = CachedToken { token: MARK.into(), renew_at: 1, expires_at: 2 };
    let panicked = std::panic::catch_unwind(|| {
        panic!("{given:?} {of_arguments:?} {of_environment:?} {route:?} {cached:?}");
    });
    let message = *panicked.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("******"), "{message}");
    assert!(!message.contains(MARK), "{message}");
}
