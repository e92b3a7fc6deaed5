//! Query parameters and pages of lists.

use axum::http::Uri;
use serde_json::{Map, Value, json};

use super::replies::{ApiError, Reply};

/// A request's query, and the address that its links start with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    /// Such as `http://127.0.0.1:8080`.
    pub(crate) base: &'a str,
    pub(crate) path: &'a str,
    pub(crate) parameters: &'a [(String, String)],
}

/// Which part of a list was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    number: u64,
    items: u64,
    count: bool,
}

pub(crate) fn parameters(uri: &Uri) -> Vec<(String, String)> {
    uri.query().map(pairs).unwrap_or_default()
}

/// The decoded pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

impl Query<'_> {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn page(&self) -> Result<Page, ApiError> {
        let number = self.number("pageNum", 1, u64::from(u32::MAX))?;
        let items = self.number("itemsPerPage", 100, 500)?;
        Ok(Page { number, items, count: self.get("includeCount").is_none_or(|v| !v.eq_ignore_ascii_case("false")) })
    }

    fn number(&self, name: &str, default: u64, max: u64) -> Result<u64, ApiError> {
        let Some(text) = self.get(name) else { return Ok(default) };
        match text.parse::<u64>() {
            // As if absent: MongoDB's CLI and Terraform provider send it.
            Ok(0) => Ok(default),
            Ok(number) if number <= max => Ok(number),
            _ => {
                let detail = format!("Invalid query parameter {name} specified.");
                Err(ApiError::new(400, "INVALID_QUERY_PARAMETER", detail).with([json!(name)]))
            }
        }
    }

    /// The address of a page: what was asked for, with `pageNum` and `itemsPerPage` last, as recorded.
    fn address(&self, page: Page, number: u64) -> String {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let mut query: Vec<String> = self
            .parameters
            .iter()
            .filter(|(key, _)| key != "pageNum" && key != "itemsPerPage")
            .map(|(key, value)| format!("{key}={}", encode(value)))
            .collect();
        query.push(format!("pageNum={number}"));
        query.push(format!("itemsPerPage={}", page.items));
        format!("{}{}?{}", self.base, self.path, query.join("&"))
    }
}

impl Page {
    pub(crate) fn skip(self) -> usize {
        usize::try_from((self.number - 1).saturating_mul(self.items)).unwrap_or(usize::MAX)
    }

    pub(crate) fn take(self) -> usize {
        usize::try_from(self.items).unwrap_or(usize::MAX)
    }
}

/// A page of a list whose entries are all there.
pub(crate) fn page(query: &Query<'_>, all: Vec<Value>) -> Result<Reply, ApiError> {
    let page = query.page()?;
    let total = all.len();
    let results = all.into_iter().skip(page.skip()).take(page.take()).collect();
    Ok(reply(query, page, results, total))
}

/// A page whose entries the caller has selected.
pub(crate) fn reply(query: &Query<'_>, page: Page, results: Vec<Value>, total: usize) -> Reply {
    let mut links = vec![json!({"href": query.address(page, page.number), "rel": "self"})];
    if page.number > 1 {
        links.push(json!({"href": query.address(page, page.number - 1), "rel": "previous"}));
    }
    if page.skip().saturating_add(page.take()) < total {
        links.push(json!({"href": query.address(page, page.number + 1), "rel": "next"}));
    }
    let mut out = Map::new();
    out.insert("links".into(), Value::Array(links));
    out.insert("results".into(), Value::Array(results));
    if page.count {
        out.insert("totalCount".into(), json!(total));
    }
    Reply::list(Value::Object(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_link_to_their_neighbours() {
        let parameters = pairs("includeCount=true&itemsPerPage=2&pageNum=2");
        let query = Query { base: "http://h", path: "/p", parameters: &parameters };
        let reply = page(&query, (0..5).map(|n| json!(n)).collect()).unwrap();
        let text = String::from_utf8(reply.bytes(false, false).to_vec()).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"links":[{"href":"http://h/p?includeCount=true&pageNum=2&itemsPerPage=2","rel":"self"},"#,
                r#"{"href":"http://h/p?includeCount=true&pageNum=1&itemsPerPage=2","rel":"previous"},"#,
                r#"{"href":"http://h/p?includeCount=true&pageNum=3&itemsPerPage=2","rel":"next"}],"#,
                r#""results":[2,3],"totalCount":5}"#
            )
        );
        for wrong in ["pageNum=-1", "itemsPerPage=501", "itemsPerPage=x"] {
            let parameters = pairs(wrong);
            assert!(Query { base: "", path: "", parameters: &parameters }.page().is_err(), "{wrong}");
        }
        let parameters = pairs("pageNum=0&itemsPerPage=0");
        let page = Query { base: "", path: "", parameters: &parameters }.page().unwrap();
        assert_eq!((page.skip(), page.take()), (0, 100));
    }
}
