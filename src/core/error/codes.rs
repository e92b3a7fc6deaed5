//! The documented error codes and what to do about them: one table, `codes.csv`, of which Python's classes are made too.
//!
//! Source: “Atlas Administration API Error Codes”, <https://www.mongodb.com/docs/atlas/reference/api-errors/>.
use std::borrow::Cow;

/// `error_code,http_status,basis,advice`. Read only when an error is made, line by line: a create that succeeds never
/// looks at it.
const TABLE: &str = include_str!("codes.csv");

/// What to do about a code under its own status: one clause, in which `{address}` stands for the caller's address.
/// None where the reply's own sentence says all there is, and under another status, whose meaning decides then.
pub(super) fn advice(code: &str, status: u16) -> Option<Cow<'static, str>> {
    let row = TABLE.lines().skip(1).find_map(|line| line.strip_prefix(code)?.strip_prefix(','))?;
    let mut cells = row.splitn(3, ','); // only the last cell, the advice, may be quoted and have commas
    let own = cells.next()?.parse() == Ok(status);
    let advice = cells.nth(1)?;
    (own && !advice.is_empty()).then(|| unquoted(advice))
}

/// A cell without the quotes of RFC 4180.
fn unquoted(cell: &'static str) -> Cow<'static, str> {
    match cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => Cow::Owned(quoted.replace("\"\"", "\"")),
        None => Cow::Borrowed(cell),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_code_with_its_status_and_basis() {
        let mut codes = HashSet::new();
        for line in TABLE.lines().skip(1) {
            let [code, status, basis, advice] = line.splitn(4, ',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'), "{line}");
            assert!(codes.insert(code), "{code} is there twice");
            let status: u16 = status.parse().unwrap();
            assert!((400..600).contains(&status), "{line}");
            assert!(["documented", "observed", "assumed"].contains(&basis), "{line}");
            let expected = Some(unquoted(advice)).filter(|advice| !advice.is_empty());
            assert_eq!(super::advice(code, status), expected, "{line}");
            assert_eq!(super::advice(code, status + 100), None, "{line}");
        }
        assert_eq!(codes.len(), 761);
    }

    #[test]
    fn an_advice_with_commas_and_quotes_is_read_whole() {
        let expected = "choose another name, or pass if_exists=\"return\"";
        assert_eq!(advice("DUPLICATE_CLUSTER_NAME", 400).as_deref(), Some(expected));
    }

    #[test]
    fn an_unknown_code_has_no_advice() {
        for code in ["NO_SUCH_CODE", "", "error_code"] {
            assert_eq!(advice(code, 400), None);
        }
    }
}
