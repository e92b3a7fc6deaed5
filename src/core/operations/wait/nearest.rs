//! The names that there are, where none has the one that is waited for.
use std::cmp::Reverse;

use serde::Deserialize;

use super::request::WaitRequest;
use crate::core::client::Client;
use crate::core::context::Context;
use crate::core::error::printable;
use crate::core::http::call::{Page, collection};

/// So many names are said, and so many are looked at.
const MOST: usize = 3;
const LOOKED_AT: u64 = 500;

#[derive(Deserialize)]
struct Names {
    results: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// The names in the project that are most like the wanted one; `None` if they cannot be had in one attempt.
pub(super) async fn names(client: &Client, request: &WaitRequest, context: &Context) -> Option<Vec<String>> {
    let page = Page { number: 1, items: LOOKED_AT, include_count: false };
    let call = collection(request.kind, &request.group_id).page(&page, &[]);
    let mut inner = context.sub_request_from_now(client.env());
    inner.attempts = 1;
    let reply = client.attempt(&call, &mut inner).await.ok()?;
    let names = serde_json::from_slice::<Names>(&reply.body).ok()?.results;
    Some(nearest(&request.name, names.into_iter().map(|entry| printable(&entry.name)).collect()))
}

fn nearest(wanted: &str, mut names: Vec<String>) -> Vec<String> {
    let lower = wanted.to_lowercase();
    // A list that has the name itself is out of step with the replies that it is absent.
    names.retain(|name| name != wanted);
    names.sort_by_cached_key(|name| Reverse((strsim::jaro_winkler(&lower, &name.to_lowercase()) * 1e6) as u64));
    names.truncate(MOST);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_come_first() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let there = names(&["billing", "Order", "orders", "orders-2", "carts"]);
        assert_eq!(nearest("orders", there), names(&["Order", "orders-2", "carts"]));
        assert_eq!(nearest("orders", Vec::new()), names(&[]));
    }
}
