//! Chooses a challenge of a 401 that can be answered.
use http_auth::parser::ChallengeParser;
use http_auth::{ChallengeRef, DigestClient};
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

use crate::core::error::{AuthenticationError, Error, printable};

/// A Digest challenge that can be answered.
pub(super) struct Challenge {
    pub(super) client: DigestClient,
    // `DigestClient` knows these too, but does not say them.
    pub(super) algorithm: String,
    /// The server wants a hash instead of the user's name.
    pub(super) userhash: bool,
}

/// The strongest challenge that can be answered. `None` if there is no challenge at all; an error if there are
/// challenges and none can be answered.
pub(super) fn choose(reply: &HeaderMap) -> Result<Option<Challenge>, Error> {
    let mut best: Option<Challenge> = None;
    let mut problem: Option<String> = None;
    let headers = reply.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    for parsed in headers.flat_map(ChallengeParser::new) {
        match parsed.map_err(|error| format!("it is malformed: {error}")).and_then(|challenge| usable(&challenge)) {
            Ok(challenge) => {
                if best.as_ref().is_none_or(|best| strength(&challenge) > strength(best)) {
                    best = Some(challenge);
                }
            }
            Err(why) => problem = Some(why),
        }
    }
    match (best, problem) {
        (Some(best), _) => Ok(Some(best)),
        (None, Some(why)) => Err(unanswerable(&why)),
        (None, None) => Ok(None),
    }
}

fn usable(challenge: &ChallengeRef<'_>) -> Result<Challenge, String> {
    if !challenge.scheme.eq_ignore_ascii_case("digest") {
        return Err(format!("it asks for {}, not Digest", challenge.scheme));
    }
    let param = |name: &str| {
        let mut params = challenge.params.iter();
        params.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_unescaped())
    };
    let client = DigestClient::try_from(challenge).map_err(|error| match param("algorithm") {
        Some(algorithm) if error.contains("algorithm") => format!("its algorithm is {algorithm}"),
        _ if error.contains("qop") => "its qop is not auth".to_owned(),
        _ => format!("it is malformed: {error}"),
    })?;
    // Such an answer is computed with a client nonce, which it has no place for.
    if client.session() && client.rfc2069_compat() {
        return Err("its algorithm needs a qop, and it has none".to_owned());
    }
    let has_auth = |qop: String| qop.split(',').any(|word| word.trim().eq_ignore_ascii_case("auth"));
    if !param("qop").is_none_or(has_auth) {
        return Err("its qop is not auth".to_owned());
    }
    let userhash = param("userhash").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(Challenge { client, algorithm: param("algorithm").unwrap_or_else(|| "MD5".to_owned()), userhash })
}

fn strength(challenge: &Challenge) -> u8 {
    match challenge.algorithm.trim_end_matches("-sess") {
        "MD5" => 0,
        "SHA-256" => 1,
        _ => 2,
    }
}

pub(super) fn unanswerable(why: &str) -> Error {
    // Parts of the challenge may be in it.
    let why = printable(why);
    Error::Authentication(Box::new(AuthenticationError {
        message: format!(
            "The server's challenge cannot be answered: {why}. An API key needs HTTP Digest with MD5 or SHA-256 and qop auth"
        ),
        status: Some(401),
        ..AuthenticationError::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(headers: &[&str]) -> Result<Option<String>, String> {
        let mut reply = HeaderMap::new();
        for header in headers {
            reply.append(WWW_AUTHENTICATE, header.parse().unwrap());
        }
        match choose(&reply) {
            Ok(challenge) => Ok(challenge.map(|challenge| challenge.client.nonce().to_owned())),
            Err(Error::Authentication(error)) => Err(error.message),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn the_strongest_of_several_is_chosen() {
        const MD5: &str = r#"Digest realm="r", nonce="md5", qop="auth", algorithm=MD5"#;
        const SHA: &str = r#"Digest realm="r", nonce="sha", qop="auth,auth-int", algorithm=SHA-256"#;
        for (headers, nonce) in [
            (vec![MD5], Some("md5")),
            (vec![MD5, SHA], Some("sha")),
            (vec![SHA, MD5], Some("sha")),
            (vec![r#"Basic realm="r""#, MD5], Some("md5")),
            (vec!["Digest nonsense", MD5], Some("md5")),
            (vec![r#"digest realm="a, Digest b", nonce="quoted", qop=auth"#], Some("quoted")),
            (vec![], None),
        ] {
            assert_eq!(chosen(&headers), Ok(nonce.map(str::to_owned)), "{headers:?}");
        }
        let together = format!("{MD5}, {SHA}");
        assert_eq!(chosen(&[&together]), Ok(Some("sha".to_owned())));
        let together = format!(r#"Basic realm="r", {MD5}"#);
        assert_eq!(chosen(&[&together]), Ok(Some("md5".to_owned())));
    }

    #[test]
    fn the_error_says_why_none_can_be_answered() {
        for (header, why) in [
            (r#"Basic realm="r""#, "it asks for Basic, not Digest"),
            (r#"Digest realm="r", nonce="n", algorithm=SHA-1"#, "its algorithm is SHA-1"),
            (r#"Digest realm="r", nonce="n", qop="auth-int""#, "its qop is not auth"),
            (r#"Digest realm="r", nonce="n", algorithm=MD5-sess"#, "its algorithm needs a qop, and it has none"),
            (r#"Digest realm="r", nonce="n", qop="token""#, "its qop is not auth"),
            (r#"Digest realm="r", qop="auth""#, "it is malformed: missing required parameter nonce"),
        ] {
            let message = chosen(&[header]).unwrap_err();
            assert_eq!(
                message,
                format!(
                    "The server's challenge cannot be answered: {why}. An API key needs HTTP Digest with MD5 or SHA-256 and qop auth"
                )
            );
        }
    }
}
