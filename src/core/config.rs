//! How a client behaves, as its caller said.
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::core::auth::discovery::explain::ConnectionSummary;
use crate::core::auth::token_cache::location::TokenStoreLocation;
use crate::core::context::Env;
use crate::core::error::Error;
use crate::core::http::network::route::Route;
use crate::core::http::network::trust::TrustedCertificates;
use crate::core::http::tls;
use crate::core::http::transport::options::TransportOptions;
use crate::core::secret::Secret;

/// What to do where Atlas has retired the serverless endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRetired {
    /// An error that says how to go on.
    #[default]
    Raise,
    /// Convert, and create a Flex cluster.
    Flex,
}

/// How a client behaves.
#[derive(Clone)]
pub struct Config {
    /// `2025-03-12`.
    pub api_version: String,
    /// Time to open a connection.
    pub connect_timeout: Duration,
    /// Bounds of attempts and retries, time and chance.
    pub env: Env,
    /// A proxy URL; without one, the environment's.
    pub proxy: Option<Secret>,
    /// Certificates to trust beside the platform's store.
    pub trust: TrustedCertificates,
    /// The way to the server: straight, or by a proxy.
    pub route: Route,
    /// Where a service account's token is kept, and whether other processes share it.
    pub token_cache: TokenStoreLocation,
    /// What comes before the version in `User-Agent`, and after.
    pub user_agent: String,
    /// Look up the outcome of a create that is unknown.
    pub reconcile: bool,
}

impl Config {
    /// What a connection pool needs to know.
    pub(crate) fn connection(&self, base_url: &str) -> Result<TransportOptions, Error> {
        let base = Url::parse(base_url)
            .map_err(|e| Error::Configuration(format!("base_url {base_url} is not a URL ({e})")))?;
        Ok(TransportOptions {
            server: base_url
                .parse()
                .map_err(|e| Error::Configuration(format!("base_url {base_url} cannot be asked ({e})")))?,
            connect_timeout: self.connect_timeout,
            proxy: self.proxy.clone(),
            proxied: self.route.proxied,
            user_agent: HeaderValue::try_from(&self.user_agent).map_err(|_| {
                Error::Configuration("user_agent_suffix has characters that a header cannot carry".to_owned())
            })?,
            tls: if base.scheme() == "https" { tls::config(&self.trust.files)? } else { tls::no_trust()? },
            trust_description: self.trust.description.clone(),
            via_proxy: self.route.proxy.clone(),
        })
    }

    /// How the client connects, in words.
    pub fn connection_summary(&self, base_url: &str) -> ConnectionSummary {
        ConnectionSummary {
            tokens: Some(self.token_cache.described.clone()),
            certificates: base_url.starts_with("https:").then(|| self.trust.description.clone()),
            proxy: Some(self.route.description.clone()),
        }
    }
}
