//! A command line as a POSIX shell splits it: quotes, backslashes, continued lines. Nothing is expanded.

/// The words of `text`.
///
/// # Errors
/// What is wrong with it, to stand after its name.
pub(super) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("has a quote that is not closed"),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some('\n') => {}
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("has a quote that is not closed"),
                        },
                        Some(c) => word.push(c),
                        None => return Err("has a quote that is not closed"),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err("ends with a backslash"),
            },
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_as_a_shell_has_them() {
        for (text, words) in [
            ("", vec![]),
            ("  a  b\n", vec!["a", "b"]),
            ("a 'b c'd \"e \\\" $f\" ''", vec!["a", "b cd", "e \" $f", ""]),
            ("a \\\n  --b=c\\ d", vec!["a", "--b=c d"]),
            ("--tag \"a=\\b\"", vec!["--tag", "a=\\b"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        assert!(split("a 'b").is_err() && split("\"a").is_err() && split("a\\").is_err());
    }
}
