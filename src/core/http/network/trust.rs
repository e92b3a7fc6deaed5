//! Which certificates are trusted.
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::core::error::Error;
use crate::core::machine::{Machine, Platform};
use crate::regular_files;

/// The certificates of all authorities have a quarter of a megabyte.
const MAX_FILE_SIZE: u64 = 16 << 20;

/// Certificates to trust in addition to the system's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedCertificates {
    /// PEM bundles.
    pub files: Vec<PathBuf>,
    /// Variables that name what replaces the system's certificates, and their values.
    pub replacing: Vec<(&'static str, String)>,
    /// In words: `the system's certificates and /ca.pem (REQUESTS_CA_BUNDLE)`.
    pub description: String,
}

/// The system's certificates, those of `ca_file`, and those that the environment variables of other tools name.
///
/// On Linux `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's: the platform verifier reads them itself.
pub fn trusted_certificates(ca_file: Option<&Path>, machine: &dyn Machine) -> Result<TrustedCertificates, Error> {
    let set = |name: &'static str| machine.var(name).filter(|value| !value.is_empty()).map(|value| (name, value));
    let mut replacing: Vec<(&'static str, String)> =
        ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter_map(set).collect();
    // requests looks at the second only if the first is not set.
    let bundle = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(set);
    let mut named: Vec<(String, PathBuf)> = ca_file.iter().map(|path| ("ca_file".into(), path.to_path_buf())).collect();
    named.extend(bundle.map(|(name, value)| (name.to_owned(), PathBuf::from(value))));
    let mut store = "the system's certificates".to_owned();
    if machine.platform() == Platform::Linux {
        let shown = |(name, value): &(&str, String)| {
            format!("{value} ({name}{})", if exists(value) { "" } else { ", which is not there" })
        };
        if !replacing.is_empty() {
            store = replacing.iter().map(shown).collect::<Vec<_>>().join(" and ");
        }
    } else {
        named.extend(replacing.drain(..).map(|(name, value)| (name.to_owned(), PathBuf::from(value))));
    }
    let mut files = Vec::new();
    let mut description = vec![store];
    for (name, path) in named {
        files.extend(bundles(&path, &name)?);
        description.push(format!("{} ({name})", path.display()));
    }
    Ok(TrustedCertificates { files, replacing, description: description.join(" and ") })
}

impl TrustedCertificates {
    /// Fails if what replaces the system's certificates is not there, or cannot be read to its end. Asked only for `https://`.
    pub fn check(&self) -> Result<(), Error> {
        for (name, value) in &self.replacing {
            for path in std::env::split_paths(value) {
                regular_files::check_before_reading(MAX_FILE_SIZE, &path)
                    .map_err(|error| Error::Configuration(format!("{name} is {}: {error}", path.display())))?;
            }
        }
        let missing = |(name, value): &(&str, String)| format!("{name} is {value}, which is not there");
        if self.replacing.is_empty() || self.replacing.iter().any(|(_, value)| exists(value)) {
            return Ok(());
        }
        let named: Vec<String> = self.replacing.iter().map(missing).collect();
        let advice = "name a file or folder of CA certificates, or unset it for the system's own";
        Err(Error::Configuration(format!("{}: {advice}", named.join(", and "))))
    }
}

/// Whether one of the paths is there: `SSL_CERT_DIR` can have several. A pipe or a device is none that can be read.
fn exists(value: &str) -> bool {
    std::env::split_paths(value).any(|path| path.is_file() || path.is_dir())
}

/// The file itself; of a folder, the files that contain certificates.
fn bundles(path: &Path, name: &str) -> Result<Vec<PathBuf>, Error> {
    if path.as_os_str().is_empty() {
        return Err(Error::Configuration(format!(
            "{name} is empty: leave it out, or name a file of certificates (PEM)"
        )));
    }
    let wrong = |why: String| Error::Configuration(format!("{name} is {}: {why}", path.display()));
    let facts = std::fs::metadata(path).map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    if !facts.is_dir() {
        regular_files::check_before_reading(MAX_FILE_SIZE, path).map_err(|error| wrong(error.to_string()))?;
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    let holds_certificates =
        |path: &PathBuf| read(path).is_ok_and(|content| contains(&content, b"-----BEGIN CERTIFICATE-----"));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(holds_certificates).collect();
    files.sort();
    if files.is_empty() { Err(wrong("the folder holds no certificate in PEM form".to_owned())) } else { Ok(files) }
}

/// What a file of certificates has.
pub(crate) fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    regular_files::read_up_to(MAX_FILE_SIZE, path)
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}
