//! The create by reqwest.
use std::sync::Arc;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use crate::auth::{Auth, MEDIA_TYPE, PATH, basic};
use crate::create::body;
use crate::{Err, Opts};

pub(crate) fn default_headers() -> HeaderMap {
    let mut h = HeaderMap::new();
    h.insert(ACCEPT, HeaderValue::from_static(MEDIA_TYPE));
    h.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    h
}

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: reqwest::Url,
    auth: Arc<Auth>,
}

impl Client {
    pub(crate) async fn new(o: &Opts) -> Result<Self, Err> {
        let mut b = reqwest::Client::builder()
            .default_headers(default_headers())
            .pool_max_idle_per_host(1024)
            .tcp_nodelay(true);
        if let Some(ca) = &o.ca {
            b = b.tls_certs_only([reqwest::Certificate::from_pem(&std::fs::read(ca)?)?]);
        }
        if o.h1 {
            b = b.http1_only();
        }
        let http = b.build()?;
        let auth = if o.digest {
            Auth::digest(o.naive)
        } else {
            let r = http
                .post(format!("{}/api/oauth/token", o.base))
                .header(AUTHORIZATION, basic())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials")
                .send()
                .await?
                .error_for_status()?;
            let v: Value = serde_json::from_slice(&r.bytes().await?)?;
            let t = v["access_token"].as_str().ok_or("no token")?;
            Auth::Bearer(HeaderValue::from_str(&format!("Bearer {t}"))?)
        };
        let url = format!("{}{PATH}", o.base).parse()?;
        Ok(Client { http, url, auth: Arc::new(auth) })
    }

    pub(crate) async fn create(&self, i: usize) -> Result<Value, Err> {
        let body = body(i);
        let mut req = self.http.post(self.url.clone()).body(body.clone());
        if let Some(h) = self.auth.header() {
            req = req.header(AUTHORIZATION, h);
        }
        let mut r = req.send().await?;
        if r.status() == 401 {
            let www = r.headers().get("www-authenticate").ok_or("no challenge")?.to_str()?.to_owned();
            let _ = r.bytes().await?;
            let h = self.auth.challenged(&www)?;
            r = self.http.post(self.url.clone()).body(body).header(AUTHORIZATION, h).send().await?;
        }
        if r.status() != 201 {
            return Err(format!("status {}", r.status()).into());
        }
        Ok(serde_json::from_slice(&r.bytes().await?)?)
    }
}
