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

/// What `@` in a value stands for, and half of it.
const SECRET: &str = "Vq2mY7cR4tKx9ZsW1hLd6eJp";
const PART: &str = "Vq2mY7cR4tKx";
/// Their values are shown: ids, and where the server is.
const SHOWN: [&[u8]; 9] = [
    b"auth_type",
    b"base_url",
    b"client_id",
    b"ops_manager_url",
    b"org_id",
    b"output",
    b"project_id",
    b"public_api_key",
    b"service",
];

/// The file with a secret in the place of `@`, in values that nothing may show.
fn with_secrets(file: &[u8]) -> Vec<u8> {
    // What looks like a line can be a part of an id.
    if file.windows(3).any(|quotes| [b"\"\"\"", b"'''"].contains(&quotes.try_into().unwrap())) {
        return file.to_vec();
    }
    let mut filled = Vec::new();
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        let equals = line.iter().position(|byte| *byte == b'=').unwrap_or(line.len());
        let (key, value) = line.split_at(equals);
        filled.extend_from_slice(key);
        let key = key.trim_ascii().to_ascii_lowercase();
        let is_plain = !key.is_empty() && key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        for byte in value {
            match byte {
                b'@' if is_plain && !SHOWN.contains(&key.as_slice()) => filled.extend_from_slice(SECRET.as_bytes()),
                byte => filled.push(*byte),
            }
        }
    }
    filled
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
    let report = discover_with_report(&options, &OneFile(&with_secrets(file)));
    let mut said = vec![format!("{report:?}"), report.explain()];
    said.extend(report.notices.iter().map(|notice| notice.message.clone()));
    said.extend(report.steps.iter().flat_map(|step| [step.looked_at.clone(), step.found.clone()]));
    match &report.result {
        Ok(found) => {
            assert!(found.base_url.starts_with("http"), "{}", found.base_url);
            assert!(!found.base_url.ends_with('/'));
            assert!(found.hint().len() > "used ".len());
            said.extend([found.hint(), found.source.clone(), found.base_url_source.clone(), found.explain()]);
            said.extend(found.expiry_hint().map(|(_, remedy)| remedy));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            said.extend([error.to_string(), format!("{error:?}")]);
        }
    }
    for said in &said {
        support::assert_printable(said);
        assert!(!support::has_secret(said.as_bytes(), "mdb_sa_sk_of_the_keyring"));
        assert!(!support::has_secret(said.as_bytes(), PART), "a secret in {said:?}");
    }
    Reached::accepted_if(report.result.is_ok())
}
