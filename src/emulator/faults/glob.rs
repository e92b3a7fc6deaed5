//! Patterns of paths and names.

/// `*` stands for any run of characters, `?` for one.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut star, mut retry, mut here) = (0, None, 0, 0);
    while here < text.len() {
        match (pattern.get(at), text.get(here)) {
            (Some('*'), _) => {
                star = Some(at);
                retry = here;
                at += 1;
            }
            (Some(p), Some(t)) if *p == '?' || p == t => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some(star) = star else { return false };
                retry += 1;
                at = star + 1;
                here = retry;
            }
        }
    }
    pattern.iter().skip(at).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("/api/*/serverless", "/api/atlas/v2/groups/x/serverless", true),
            ("/api/*/serverless", "/api/atlas/v2/groups/x/serverless/y", false),
            ("a?c*", "abcd", true),
            ("*-1", "x-1-1", true),
            ("abc", "ab", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
