//! Secrets of a profile in the system keyring, where recent versions of the Atlas CLI store them: under the service
//! `atlascli_<profile>`, with the name of the key as user.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::parts::{CredentialPart, CredentialValue};
use crate::core::machine::{KeyringTrouble, Machine, Platform};

/// Reads one value of a profile.
pub(crate) fn read(
    profile: &str,
    part: CredentialPart,
    machine: &dyn Machine,
) -> Result<Option<CredentialValue>, KeyringTrouble> {
    // The CLI writes profile names in lower case.
    let service = format!("atlascli_{}", profile.to_lowercase());
    let user = part.profile_key();
    let mut answer = machine.keyring(&service, user)?;
    if answer.is_none() && machine.platform() == Platform::Windows {
        // The CLI's library names an entry `service:user` there; Python's library looks for `service`.
        answer = machine.keyring(&format!("{service}:{user}"), user)?;
    }
    let Some(answer) = answer.map(Zeroizing::new) else { return Ok(None) };
    let field = CredentialValue::new(
        format!("{user} of profile {profile} in the keyring"),
        decode(&answer, machine.platform()),
    );
    Ok((!field.is_empty()).then_some(field))
}

/// Decodes what the CLI's library (go-keyring) encodes for the store of each system.
fn decode(value: &str, platform: Platform) -> String {
    let decoded = match (value.strip_prefix("go-keyring-base64:"), value.strip_prefix("go-keyring-encoded:")) {
        (Some(base64), _) => STANDARD.decode(base64).ok(),
        (_, Some(hex)) => from_hex(hex),
        // UTF-8 that Python's library has read as UTF-16.
        _ if platform == Platform::Windows && !value.is_empty() && value.chars().all(|c| u32::from(c) > 0xff) => {
            Some(value.encode_utf16().flat_map(u16::to_le_bytes).collect())
        }
        _ => None,
    };
    decoded
        .map(Zeroizing::new)
        .and_then(|bytes| std::str::from_utf8(&bytes).ok().map(str::to_owned))
        .unwrap_or_else(|| value.to_owned())
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<u32>>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_the_cli_stored_them() {
        let as_utf16: String =
            char::decode_utf16(b"mdb_sa_sk_1x".chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])))
                .map(Result::unwrap)
                .collect();
        for (stored, platform, expected) in [
            ("mdb_sa_sk_1x", Platform::Linux, "mdb_sa_sk_1x"),
            ("go-keyring-base64:bWRiX3NhX3NrXzF4", Platform::MacOs, "mdb_sa_sk_1x"),
            ("go-keyring-encoded:6d64625f73615f736b5f3178", Platform::MacOs, "mdb_sa_sk_1x"),
            ("go-keyring-encoded:6d6", Platform::MacOs, "go-keyring-encoded:6d6"),
            ("go-keyring-base64:!", Platform::MacOs, "go-keyring-base64:!"),
            (&as_utf16, Platform::Windows, "mdb_sa_sk_1x"),
            ("mdb_sa_sk_1x", Platform::Windows, "mdb_sa_sk_1x"),
            ("", Platform::Windows, ""),
        ] {
            assert_eq!(decode(stored, platform), expected);
        }
    }
}
