//! The Atlas CLI's config.toml: what is found in it, and what is said of it.
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use atlas_serverless::core::auth::discovery::discover_with_report;
use atlas_serverless::core::auth::discovery::options::{ExplicitOptions, Sources};
use atlas_serverless::core::machine::{KeyringTrouble, Machine, Platform};
use zeroize::Zeroizing;

use super::{Reached, support};

/// A machine that has this file, a keyring with one secret, and no environment.
struct OneFile<'a>(&'a [u8]);

impl Machine for OneFile<'_> {
    fn var(&self, _name: &str) -> Option<String> {
        None
    }

    fn platform(&self) -> Platform {
        Platform::Linux
    }

    fn home(&self) -> Option<PathBuf> {
        Some("/home/me".into())
    }

    fn read(&self, path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
        if path.ends_with("config.toml") {
            Ok(Zeroizing::new(self.0.to_vec()))
        } else {
            Err(ErrorKind::NotFound.into())
        }
    }

    fn mode(&self, _path: &Path) -> Option<u32> {
        Some(0o600)
    }

    fn keyring(&self, _service: &str, user: &str) -> Result<Option<String>, KeyringTrouble> {
        Ok(user.ends_with("secret").then(|| "mdb_sa_sk_of_the_keyring".to_owned()))
    }

    fn now(&self) -> u64 {
        1_767_225_600
    }
}

/// The name of a profile, or an empty line for the default; then the file.
pub fn run(data: &[u8]) -> Reached {
    let (name, file) = support::line(data);
    let name = String::from_utf8_lossy(name).into_owned();
    let options = ExplicitOptions {
        profile: (!name.is_empty()).then_some(name),
        sources: Sources::Profile,
        ..ExplicitOptions::default()
    };
    let report = discover_with_report(&options, &OneFile(file));
    let said = format!("{report:?} {}", report.explain());
    assert!(!support::has_secret(said.as_bytes(), "mdb_sa_sk_of_the_keyring"));
    match &report.result {
        Ok(found) => {
            assert!(!found.hint().is_empty());
            assert!(found.base_url.starts_with("http"), "{}", found.base_url);
            assert!(!found.base_url.ends_with('/'));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    Reached::accepted_if(report.result.is_ok())
}
