//! HTTP Digest (RFC 7616): the challenge is kept and its nonce reused with a growing count, so that only the first
//! call of a client costs a second round trip. The arithmetic is `digest_auth`'s, but for the [`cached_responder`] challenge.
mod cached_responder;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use digest_auth::{AlgorithmType, AuthContext, HttpMethod, Qop, WwwAuthenticateHeader};
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Url};
use tokio::sync::OwnedMutexGuard;

use self::cached_responder::CachedResponder;
use crate::core::error::{AuthenticationError, Error};
use crate::core::secret::Secret;

/// Answers challenges for one API key.
pub struct Digest {
    public_key: String,
    private_key: Secret,
    challenge: Mutex<Known>,
    /// Held by the one caller whose request asks for the first challenge; the others wait for it.
    asking: Arc<tokio::sync::Mutex<()>>,
}

enum Known {
    /// Nothing is known: the next request goes out alone and without credentials.
    Nothing,
    /// The server answered without asking who we are.
    NotAsked,
    /// The challenge in use; it counts its own answers.
    Challenge(Box<Kept>),
}

/// A challenge, and how it is answered where it is a usual one.
struct Kept {
    challenge: WwwAuthenticateHeader,
    cached_responder: Option<CachedResponder>,
}

/// What one request carries.
pub struct Answer {
    /// `Authorization: Digest …`; none on the request that asks for a challenge.
    pub header: Option<HeaderValue>,
    /// The nonce that was answered, and how often it had been before.
    nonce: Option<(String, u32)>,
    asking: Option<OwnedMutexGuard<()>>,
}

impl Digest {
    /// For a public and private key.
    pub fn new(public_key: &str, private_key: Secret) -> Self {
        Digest {
            public_key: public_key.to_owned(),
            private_key,
            challenge: Mutex::new(Known::Nothing),
            asking: Arc::default(),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.challenge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer for the next request. While another caller fetches the first challenge it is waited for, but not
    /// longer than `patience`: then this caller asks for itself.
    pub(super) async fn answer(&self, method: &Method, url: &Url, patience: Duration) -> Result<Answer, Error> {
        if let Some(answer) = self.answer_known(method, url)? {
            return Ok(answer);
        }
        // Another caller's exchange takes real time, whatever clock the client was given.
        let asking = Box::pin(tokio::time::timeout(patience, self.asking.clone().lock_owned())).await.ok();
        if let Some(answer) = self.answer_known(method, url)? {
            return Ok(answer);
        }
        Ok(Answer { header: None, nonce: None, asking })
    }

    fn answer_known(&self, method: &Method, url: &Url) -> Result<Option<Answer>, Error> {
        let mut known = self.known();
        match &mut *known {
            Known::Nothing => Ok(None),
            Known::NotAsked => Ok(Some(Answer { header: None, nonce: None, asking: None })),
            Known::Challenge(challenge) => self.respond(challenge, method, url).map(Some),
        }
    }

    fn keep(&self, challenge: WwwAuthenticateHeader) -> Box<Kept> {
        let cached_responder = CachedResponder::new(&challenge, &self.public_key, &self.private_key);
        Box::new(Kept { challenge, cached_responder })
    }

    fn respond(&self, kept: &mut Kept, method: &Method, url: &Url) -> Result<Answer, Error> {
        let challenge = &mut kept.challenge;
        let used = challenge.nc;
        let header = match &mut kept.cached_responder {
            Some(cached_responder) => {
                challenge.nc += 1;
                Some(cached_responder.answer(method.as_str(), &target(url), challenge.nc))
            }
            None => {
                let method = HttpMethod::from(method.as_str());
                let (key, target) = (self.private_key.expose(), target(url));
                let secrets =
                    AuthContext::new_with_method(self.public_key.as_str(), key, target, None::<&[u8]>, method);
                challenge.respond(&secrets).ok().map(|answer| answer.to_string())
            }
        };
        let header = header
            .and_then(|header| HeaderValue::try_from(header).ok())
            .ok_or_else(|| unanswerable("it is malformed"))?;
        Ok(Answer { header: Some(header), nonce: Some((challenge.nonce.clone(), used)), asking: None })
    }

    /// The request succeeded: if it carried nothing, the server does not ask.
    pub(super) fn accepted(&self, answer: Answer) {
        if answer.asking.is_some() {
            let mut known = self.known();
            if matches!(*known, Known::Nothing) {
                *known = Known::NotAsked;
            }
        }
    }

    /// A 401: what the same request should carry now, or nothing if no answer can succeed. The answer is to the challenge
    /// that came with the refusal, so that it is fresh however many callers are refused at once.
    pub(super) fn refused(
        &self,
        answer: Answer,
        reply: &HeaderMap,
        method: &Method,
        url: &Url,
    ) -> Result<Option<Answer>, Error> {
        let Some(offered) = choose(reply)? else { return Ok(None) };
        let again = match &answer.nonce {
            None => true,
            // Fresh and still refused: the key is wrong. Used before or called stale: it aged.
            Some((nonce, used)) => offered.stale || (*used > 0 && *nonce != offered.nonce),
        };
        if !again {
            return Ok(None);
        }
        let mut offered = self.keep(offered);
        let next = self.respond(&mut offered, method, url)?;
        let mut known = self.known();
        let replaced_meanwhile = match (&*known, &answer.nonce) {
            (Known::Challenge(current), Some((nonce, _))) => current.challenge.nonce != *nonce,
            (Known::Challenge(_), None) => true,
            _ => false,
        };
        // A caller that was refused with an old nonce must not throw away what another one has just got.
        if !replaced_meanwhile {
            *known = Known::Challenge(offered);
        }
        Ok(Some(next))
    }
}

/// The request target: path and query.
fn target(url: &Url) -> std::borrow::Cow<'_, str> {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()).into(),
        None => url.path().into(),
    }
}

/// The strongest challenge that can be answered. None if there is no challenge at all; an error if there are
/// challenges and none can be answered.
fn choose(reply: &HeaderMap) -> Result<Option<WwwAuthenticateHeader>, Error> {
    let mut best: Option<WwwAuthenticateHeader> = None;
    let mut refused: Option<String> = None;
    for challenge in reply.get_all(WWW_AUTHENTICATE).iter().filter_map(|v| v.to_str().ok()).flat_map(split) {
        match usable(challenge) {
            Ok(parsed) => {
                let stronger = best.as_ref().is_none_or(|b| strength(&parsed) > strength(b));
                if stronger {
                    best = Some(parsed);
                }
            }
            Err(why) => refused = Some(why),
        }
    }
    match (best, refused) {
        (Some(best), _) => Ok(Some(best)),
        (None, Some(why)) => Err(unanswerable(&why)),
        (None, None) => Ok(None),
    }
}

/// Splits a header that carries several challenges.
fn split(header: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut quoted = false;
    let bytes = header.as_bytes();
    for (i, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            _ => {
                let boundary = i == 0 || matches!(bytes.get(i - 1), Some(b' ' | b','));
                let scheme = header.get(i..i + 7).is_some_and(|s| s.eq_ignore_ascii_case("digest "));
                if boundary && scheme {
                    starts.push(i);
                }
            }
        }
    }
    if starts.is_empty() {
        return vec![header];
    }
    let ends = starts.iter().skip(1).copied().chain([header.len()]);
    starts.iter().zip(ends).filter_map(|(s, e)| header.get(*s..e)).map(|c| c.trim_end_matches([' ', ','])).collect()
}

fn usable(challenge: &str) -> Result<WwwAuthenticateHeader, String> {
    let scheme = challenge.split_whitespace().next().unwrap_or_default().to_owned();
    if !scheme.eq_ignore_ascii_case("digest") {
        return Err(format!("it asks for {scheme}, not Digest"));
    }
    let mut parsed = digest_auth::parse(challenge).map_err(|e| match e {
        digest_auth::Error::UnknownAlgorithm(algorithm) => format!("its algorithm is {algorithm}"),
        other => format!("it is malformed: {other}"),
    })?;
    if let Some(offered) = &mut parsed.qop {
        offered.retain(|q| *q == Qop::AUTH);
        if offered.is_empty() {
            return Err("its qop is not auth".to_owned());
        }
    }
    Ok(parsed)
}

fn strength(challenge: &WwwAuthenticateHeader) -> u8 {
    match challenge.algorithm.algo {
        AlgorithmType::MD5 => 0,
        AlgorithmType::SHA2_256 => 1,
        AlgorithmType::SHA2_512_256 => 2,
    }
}

fn unanswerable(why: &str) -> Error {
    Error::Authentication(Box::new(AuthenticationError {
        message: format!(
            "The server's challenge cannot be answered: {why}. An API key needs HTTP Digest with MD5 or SHA-256 and qop auth"
        ),
        status: Some(401),
        ..AuthenticationError::default()
    }))
}
