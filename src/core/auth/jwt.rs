//! When a ready-made token expires. The signature is not verified: the time is only for messages.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The `exp` claim of a token that is a JWT, in Unix seconds.
pub fn expiry(token: &str) -> Option<u64> {
    let mut sections = token.split('.');
    let (_, payload, _, None) = (sections.next()?, sections.next()?, sections.next()?, sections.next()) else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let exp = claims.get("exp")?;
    exp.as_u64().or_else(|| exp.as_f64().filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64))
}

/// `2026-01-15T00:00:00Z`
pub(crate) fn utc(unix: u64) -> String {
    i64::try_from(unix)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(|| format!("Unix second {unix}"), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_read_where_there_is_one() {
        let token = |payload: &str| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload));
        for (text, expected) in [
            (token(r#"{"exp": 1768435200}"#), Some(1_768_435_200)),
            (token(r#"{"exp": 1768435200.7, "sub": "x"}"#), Some(1_768_435_200)),
            (token(r#"{"exp": -1}"#), None),
            (token(r#"{"exp": "soon"}"#), None),
            (token("{}"), None),
            (token("not json"), None),
            ("opaque-token".to_owned(), None),
            ("a.!!!.c".to_owned(), None),
            ("a.b.c.d".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(expiry(&text), expected, "{text}");
        }
        assert_eq!(utc(1_768_435_200), "2026-01-15T00:00:00Z");
        assert_eq!(utc(u64::MAX), format!("Unix second {}", u64::MAX));
    }
}
