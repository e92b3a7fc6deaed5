//! Challenges of a server to an API key: what is sent for them is what RFC 7616 says, computed here a second time, and never
//! has the key in it.
use std::collections::{BTreeMap, HashSet};

use atlas_serverless::core::auth::credentials::Credentials;
use atlas_serverless::core::auth::{AfterUnauthorized, Authenticator};
use atlas_serverless::core::context::Context;
use atlas_serverless::core::http::tls;
use atlas_serverless::core::http::transport::Transport;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use atlas_serverless::core::http::transport::options::TransportOptions;
use bytes::Bytes;
use http_auth::parser::ChallengeParser;
use md5::Md5;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Url};
use sha2::{Digest, Sha256, Sha512_256};

use super::{Reached, support};

const PUBLIC_KEY: &str = "abcdefgh";
const PRIVATE_KEY: &str = "b90d4c17-private-key-52fa";
const TARGET: &str = "/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/flexClusters?a=b";

thread_local! {
    /// Made once: nothing is sent by it.
    static SHARED: (tokio::runtime::Runtime, Transport) = (
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        Transport::new(&TransportOptions {
            server: "http://127.0.0.1:1".parse().unwrap(),
            connect_timeout: std::time::Duration::from_secs(1),
            proxy: Default::default(),
            user_agent: HeaderValue::from_static("fuzz"),
            tls: tls::no_trust().unwrap(),
            trust_description: String::new(),
        })
        .unwrap(),
    );
}

/// The challenges of one 401 after another, a line for each; `+` at the beginning: beside the one before.
pub fn run(data: &[u8]) -> Reached {
    SHARED.with(|(runtime, transport)| runtime.block_on(answers(data, transport)))
}

async fn answers(data: &[u8], transport: &Transport) -> Reached {
    let credentials =
        Credentials::ApiKey { public_key: PUBLIC_KEY.to_owned(), private_key: PRIVATE_KEY.to_owned().into() };
    let authenticator = Authenticator::new(&credentials, "http://127.0.0.1:1").unwrap();
    let env = support::env();
    let url = Url::parse(&format!("http://127.0.0.1:1{TARGET}")).unwrap();
    let context = Context::new(&env, None, None);
    let replies = replies(data);
    if replies.is_empty() {
        return Reached::Nothing;
    }
    let mut judge = Judge::default();
    for headers in replies {
        judge.offered.extend(offers(&headers));
        let Ok(used) = authenticator.request_auth(transport, &env, &context, &Method::POST, &url).await else {
            continue;
        };
        judge.check(used.header(), "POST");
        let reply = HttpResponse::new(401, headers, Bytes::new());
        match authenticator.on_unauthorized(used, &reply, &Method::POST, &url) {
            Ok(AfterUnauthorized::RetryWith(next)) => {
                judge.check(next.header(), "POST");
                authenticator.on_success(next, 200);
                // The next request of another method answers the same challenge.
                let again = authenticator.request_auth(transport, &env, &context, &Method::GET, &url).await.unwrap();
                judge.check(again.header(), "GET");
                authenticator.on_success(again, 200);
            }
            Ok(AfterUnauthorized::Stop | AfterUnauthorized::Retry) => {}
            Err(error) => support::assert_printable(&error.to_string()),
        }
    }
    Reached::accepted_if(!judge.answers.is_empty())
}

fn replies(data: &[u8]) -> Vec<HeaderMap> {
    let mut replies: Vec<HeaderMap> = Vec::new();
    for line in data.split(|byte| *byte == b'\n').take(20) {
        let (beside, value) = line.strip_prefix(b"+").map_or((false, line), |value| (true, value));
        let Ok(value) = HeaderValue::from_bytes(value) else { continue };
        match replies.last_mut().filter(|_| beside) {
            Some(headers) => drop(headers.append(WWW_AUTHENTICATE, value)),
            None => replies.push(HeaderMap::from_iter([(WWW_AUTHENTICATE, value)])),
        }
    }
    replies
}

/// A Digest challenge: the values of each of its parameters, of which a server may send several.
type Offer = BTreeMap<String, Vec<String>>;

fn offers(headers: &HeaderMap) -> Vec<Offer> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let challenges = texts.flat_map(ChallengeParser::new).flatten();
    let digests = challenges.filter(|challenge| challenge.scheme.eq_ignore_ascii_case("digest"));
    digests
        .map(|challenge| {
            let mut offer = Offer::new();
            for (name, value) in &challenge.params {
                offer.entry(name.to_ascii_lowercase()).or_default().push(value.to_unescaped());
            }
            offer
        })
        .collect()
}

#[derive(Default)]
struct Judge {
    offered: Vec<Offer>,
    /// Nonce and client nonce of all answers.
    answers: HashSet<(String, String)>,
}

impl Judge {
    fn check(&mut self, header: Option<&HeaderValue>, method: &str) {
        let Some(header) = header else { return };
        assert!(header.is_sensitive());
        assert!(!support::has_secret(header.as_bytes(), PRIVATE_KEY));
        let text = header.to_str().unwrap();
        let answer = parameters(text.strip_prefix("Digest ").expect("a Digest answer"));
        let get = |name: &str| answer.get(name).map(String::as_str);
        assert_eq!(get("uri"), Some(TARGET));
        let (realm, nonce) = (get("realm").unwrap(), get("nonce").unwrap());
        // It answers one of the challenges, with the quality of protection that this asks for.
        let answers = |offer: &&Offer| {
            let said = |name: &str| offer.get(name).and_then(|values| values.first()).map(String::as_str);
            said("realm") == Some(realm)
                && said("nonce") == Some(nonce)
                && said("opaque").filter(|opaque| !opaque.is_empty()) == get("opaque")
                && said("qop").is_some() == get("qop").is_some()
        };
        let offers: Vec<&Offer> = self.offered.iter().filter(answers).collect();
        assert!(!offers.is_empty(), "{text} {:?}", self.offered);
        let algorithms: Vec<&str> = match get("algorithm") {
            Some(algorithm) => vec![algorithm],
            // An answer without `qop` does not say the algorithm.
            None => {
                let named = offers.iter().filter_map(|offer| offer.get("algorithm")).flatten().map(String::as_str);
                named.chain(["MD5"]).collect()
            }
        };
        let response = get("response");
        let right = algorithms.iter().any(|name| Some(&*response_to(name, &answer, method)) == response);
        assert!(right, "{text} of {algorithms:?}");
        let user = get("username").unwrap();
        match get("userhash") {
            Some(flag) => {
                assert_eq!(flag, "true");
                let hashes = algorithms.iter().map(|name| hash(name, &format!("{PUBLIC_KEY}:{realm}")));
                assert!(hashes.into_iter().any(|hash| hash == user), "{text}");
            }
            None => assert_eq!(user, PUBLIC_KEY),
        }
        if let Some(qop) = get("qop") {
            assert_eq!(qop, "auth");
            let (count, client_nonce) = (get("nc").unwrap(), get("cnonce").unwrap());
            assert_eq!(count.len(), 8);
            assert!(u32::from_str_radix(count, 16).unwrap() > 0);
            assert!(self.answers.insert((nonce.to_owned(), client_nonce.to_owned())), "the same twice: {text}");
        } else {
            self.answers.insert((nonce.to_owned(), String::new()));
        }
    }
}

/// RFC 7616, 3.4.1, and RFC 2617, 3.2.2.1, where there is no `qop`.
fn response_to(algorithm: &str, answer: &BTreeMap<String, String>, method: &str) -> String {
    let get = |name: &str| answer.get(name).map(String::as_str).unwrap_or_default();
    let mut a1 = hash(algorithm, &format!("{PUBLIC_KEY}:{}:{PRIVATE_KEY}", get("realm")));
    if algorithm.ends_with("-sess") {
        a1 = hash(algorithm, &format!("{a1}:{}:{}", get("nonce"), get("cnonce")));
    }
    let a2 = hash(algorithm, &format!("{method}:{}", get("uri")));
    let between = match answer.get("qop") {
        Some(qop) => format!("{}:{}:{}:{qop}", get("nonce"), get("nc"), get("cnonce")),
        None => get("nonce").to_owned(),
    };
    hash(algorithm, &format!("{a1}:{between}:{a2}"))
}

fn hash(algorithm: &str, text: &str) -> String {
    let digest = match algorithm.trim_end_matches("-sess") {
        "MD5" => Md5::digest(text).to_vec(),
        "SHA-256" => Sha256::digest(text).to_vec(),
        "SHA-512-256" => Sha512_256::digest(text).to_vec(),
        _ => return String::new(),
    };
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `name=value, name="value"`, each name once.
fn parameters(mut text: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    while let Some((name, rest)) = text.split_once('=') {
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                rest.split_at_checked(rest.find(',').unwrap_or(rest.len())).map(|(v, r)| (v.to_owned(), r)).unwrap()
            }
        };
        assert!(parameters.insert(name.to_ascii_lowercase(), value).is_none(), "{name} is there twice");
        text = rest.strip_prefix(", ").unwrap_or(rest);
    }
    assert_eq!(text, "");
    parameters
}

/// The text up to the closing quotation mark, and what follows that.
fn unquoted(text: &str) -> (String, &str) {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(characters.next().expect("a character that is escaped").1),
            other => value.push(other),
        }
    }
    panic!("no end of {text}")
}
