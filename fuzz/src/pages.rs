//! A list, page by page, of which the server says what it likes: it ends, and has each entry once.
use std::collections::HashSet;

use atlas_serverless::core::config::OnRetired;
use atlas_serverless::core::context::Context;
use atlas_serverless::core::context::clock::ManualClock;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::operations::list::{ListFilter, Pager};
use atlas_serverless::core::spec::model::Kind;
use serde_json::Value;

use super::support::loopback::{self, Action, Request, Server, reply};
use super::{Reached, support};

/// A number that chooses the list, then the bodies of its pages, a line each; after them the pages are empty.
pub fn run(data: &[u8]) -> Reached {
    let (choice, rest) = support::number(data);
    let pages: Vec<String> = rest
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .take(40)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    if pages.is_empty() {
        return Reached::Nothing;
    }
    let count = pages.len();
    let (kind, items) = (if choice % 2 == 0 { Kind::Serverless } else { Kind::Flex }, i64::from(choice / 2 % 4) + 1);
    let on_retired = if choice / 8 % 2 == 0 { OnRetired::Raise } else { OnRetired::Flex };
    let server = Pages { pages, asked: Vec::new(), sent: Vec::new() };
    let (server, (read, error)) = loopback::call(server, &ManualClock::default(), 1, async |client| {
        let mut pager = Pager::resources(kind, support::GROUP, items, true, ListFilter::default(), on_retired).unwrap();
        let mut context = Context::new(client.env(), None, None);
        let mut read = Vec::new();
        loop {
            match pager.next(&client, &mut context).await {
                Ok(Some(entries)) => read.push(entries.results.iter().map(|one| one.get().to_owned()).collect()),
                Ok(None) => return (read, None),
                Err(error) => return (read, Some(error)),
            }
        }
    });
    server.judge(&read, count);
    match error {
        None => Reached::accepted_if(read.len() > 1),
        Some(error) => {
            support::assert_printable(&error.to_string());
            assert!(matches!(error, Error::Transport(_) | Error::Api(_)), "{error}");
            Reached::Refused
        }
    }
}

struct Pages {
    pages: Vec<String>,
    /// The number of each page that was asked for.
    asked: Vec<u64>,
    sent: Vec<String>,
}

impl Server for Pages {
    fn answer(&mut self, request: &Request) -> Action {
        let number = request.target.split(['?', '&']).find_map(|part| part.strip_prefix("pageNum="));
        self.asked.push(number.expect("the number of a page").parse().unwrap());
        let page = if self.pages.is_empty() { r#"{"results":[]}"#.to_owned() } else { self.pages.remove(0) };
        self.sent.push(page.clone());
        Action::Reply(reply(200, "", &page))
    }
}

impl Pages {
    fn judge(&self, read: &[Vec<String>], count: usize) {
        // The empty page after the last is the end; one that cannot be read is asked for once more.
        assert!(self.asked.len() <= 2 * count + 2, "{:?}", self.asked);
        let id = |entry: &Value| entry.get("id").and_then(Value::as_str).map(str::to_owned);
        let entries = || read.iter().flatten();
        // An entry that names its id twice has none, and is not told from another.
        let named_once = entries().filter(|entry| entry.matches("\"id\"").count() < 2);
        let value = |entry: &String| serde_json::from_str::<Value>(entry).ok();
        let ids: Vec<String> = named_once.filter_map(|entry| id(&value(entry)?)).collect();
        let once: HashSet<&String> = ids.iter().collect();
        assert_eq!(once.len(), ids.len(), "an entry is there twice: {ids:?}");
        let all_ids: HashSet<String> = entries().filter_map(|entry| id(&value(entry)?)).collect();
        // A page is asked for again only if there are fewer entries than before.
        for pair in self.asked.windows(2) {
            assert!(pair[1] <= pair[0] + 1);
        }
        // What a page that was read has is returned. Which list counts if there are two is left open.
        let entries = |page: &String| serde_json::from_str::<Value>(page).ok()?.get("results")?.as_array().cloned();
        let pages = self.sent.iter().filter_map(|page| Some((page, entries(page)?))).take(read.len());
        let all = pages.filter(|(page, _)| page.matches("results").count() == 1).map(|(_, entries)| entries);
        for one in all.flatten().filter_map(|entry| id(&entry)) {
            assert!(all_ids.contains(&one), "{one} is missing: {:?}", self.sent);
        }
    }
}
