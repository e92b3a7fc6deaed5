//! TLS configurations. They trust the system's certificates and those that the caller adds; verification cannot be turned off.
//!
//! The certificates are read only for `https://`, so that a machine without a certificate store can still use the emulator.
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::network::trust::{TrustedCertificates, read};
use crate::core::error::Error;

/// A configuration that trusts the system's certificates and further ones.
pub fn config(trust: &TrustedCertificates) -> Result<ClientConfig, Error> {
    trust.check()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut extra = Vec::new();
    for file in &trust.files {
        extra.extend(certificates(file)?);
    }
    let verifier = verifier(extra, &provider, &trust.description)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Configuration(format!("TLS cannot be set up: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// A configuration that trusts no certificate, for base URLs with `http://`.
pub fn no_trust() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Configuration(format!("TLS cannot be set up: {e}")))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

#[cfg(not(target_os = "android"))]
fn verifier(
    extra: Vec<CertificateDer<'static>>,
    provider: &Arc<rustls::crypto::CryptoProvider>,
    looked_at: &str,
) -> Result<Verifier, Error> {
    Verifier::new_with_extra_roots(extra, provider.clone()).map_err(|e| {
        Error::Configuration(format!(
            "No trusted certificates were found in {looked_at} ({e}); install the system's CA certificates or give a PEM bundle as ca_file"
        ))
    })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |why: String| Error::Configuration(format!("CA file {}: {why}", file.display()));
    let text = read(file).map_err(|error| wrong(format!("it cannot be read ({error})")))?;
    let found = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| wrong(format!("cannot be read as PEM ({e})")))?;
    if found.is_empty() {
        return Err(wrong("holds no certificate in PEM form".to_owned()));
    }
    Ok(found)
}
