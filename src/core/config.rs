//! The options of a client.
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

/// What to do if Atlas has retired the serverless endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRetired {
    /// Fail, and say what to use instead.
    #[default]
    Raise,
    /// Convert the request and use Flex clusters.
    Flex,
}

/// The options of a client.
#[derive(Clone)]
pub struct Config {
    /// A date: `2025-03-12`.
    pub api_version: String,
    /// Timeout for opening a connection.
    pub connect_timeout: Duration,
    /// Clock, random source, and the limits of attempts and retries.
    pub env: Env,
    /// Which certificates are trusted.
    pub trust: TrustedCertificates,
    /// How the server is reached: directly or through a proxy.
    pub route: Route,
    /// Where a service account's token is stored, and whether other processes share it.
    pub token_cache: TokenStoreLocation,
    /// The whole `User-Agent`.
    pub user_agent: String,
    /// Look up a create whose outcome is unknown.
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
            proxy: self.route.proxy.clone(),
            user_agent: HeaderValue::try_from(&self.user_agent).map_err(|_| {
                Error::Configuration("user_agent_suffix has characters that a header cannot carry".to_owned())
            })?,
            tls: if base.scheme() == "https" { tls::config(&self.trust)? } else { tls::no_trust()? },
            trust_description: self.trust.description.clone(),
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
