//! The documented error codes: one table, `error_codes.csv`, that Python's classes are made from too.
use std::collections::HashMap;
use std::sync::OnceLock;

/// One error code of the Atlas Administration API.
///
/// Source: “Atlas Administration API Error Codes”, <https://www.mongodb.com/docs/atlas/reference/api-errors/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// As the API sends it: `NO_GROUP_SSH_KEY`.
    pub code: &'static str,
    /// The HTTP status that it belongs to. Replies exist that carry it under another one.
    pub status: u16,
    /// How the status is known: `documented`, `observed` or `assumed`.
    pub basis: &'static str,
    /// Python's class: `NoGroupSshKey`.
    pub class_name: String,
}

struct Table {
    codes: Vec<ErrorCode>,
    by_code: HashMap<&'static str, usize>,
}

/// The code, if it is a known one.
pub fn lookup(code: &str) -> Option<&'static ErrorCode> {
    let table = table();
    table.by_code.get(code).and_then(|at| table.codes.get(*at))
}

/// Every known code, in the order of the table.
pub fn all() -> &'static [ErrorCode] {
    &table().codes
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let codes: Vec<_> = include_str!("error/codes.csv").lines().skip(1).filter_map(parse).collect();
        let by_code = codes.iter().enumerate().map(|(at, code)| (code.code, at)).collect();
        Table { codes, by_code }
    })
}

/// `NO_GROUP_SSH_KEY,409,documented`; a test sees to it that no line is dropped here.
fn parse(line: &'static str) -> Option<ErrorCode> {
    let mut cells = line.split(',');
    let (code, status, basis) = (cells.next()?, cells.next()?.parse().ok()?, cells.next()?);
    Some(ErrorCode { code, status, basis, class_name: class_name(code) })
}

/// The parts of the code, each capitalised. `ValidationError` is taken: it is what is refused before the network.
fn class_name(code: &str) -> String {
    if code == "VALIDATION_ERROR" {
        return "ServerValidationError".to_owned();
    }
    let capitalised = |part: &str| {
        let mut letters = part.chars();
        letters.next().into_iter().chain(letters.flat_map(char::to_lowercase)).collect::<String>()
    };
    code.split('_').map(capitalised).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_code() {
        assert_eq!(all().len(), include_str!("error/codes.csv").lines().count() - 1);
        assert_eq!(all().len(), 761);
        for code in all() {
            assert!((400..600).contains(&code.status), "{code:?}");
            assert!(["documented", "observed", "assumed"].contains(&code.basis), "{code:?}");
            assert!(code.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'), "{code:?}");
            assert_eq!(lookup(code.code), Some(code));
        }
    }

    #[test]
    fn no_two_codes_share_a_class() {
        let names: HashSet<_> = all().iter().map(|code| code.class_name.as_str()).collect();
        assert_eq!(names.len(), all().len());
        assert!(!names.contains("ValidationError"));
    }

    #[test]
    fn a_class_is_the_parts_capitalised() {
        let named = |code: &str| lookup(code).map(|found| (found.class_name.as_str(), found.status));
        assert_eq!(named("NO_GROUP_SSH_KEY"), Some(("NoGroupSshKey", 409)));
        assert_eq!(named("DUPLICATE_CLUSTER_NAME"), Some(("DuplicateClusterName", 400)));
        assert_eq!(named("BACKUP_S3_TOS_NOT_ACCEPTED"), Some(("BackupS3TosNotAccepted", 409)));
        assert_eq!(named("VALIDATION_ERROR"), Some(("ServerValidationError", 400)));
        assert_eq!(named("UNEXPECTED_ERROR"), Some(("UnexpectedError", 500)));
    }

    #[test]
    fn an_unknown_code_is_none() {
        assert_eq!(lookup("NO_SUCH_CODE"), None);
        assert_eq!(lookup(""), None);
        assert_eq!(lookup("error_code"), None);
    }
}
