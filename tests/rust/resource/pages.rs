use atlas_serverless::core::config::OnRetired;
use atlas_serverless::core::error::Error;
use atlas_serverless::core::operations::list::{ListFilter, Pager};
use atlas_serverless::core::spec::model::Kind;

use crate::canned::{Canned, reply};
use crate::{GROUP, TestClient, asked, canned};

fn page(ids: &[&str], total: usize, next: bool) -> String {
    let results: Vec<String> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    let links = if next { r#"[{"rel":"self"},{"rel":"next"}]"# } else { r#"[{"rel":"self"}]"# };
    reply(200, &format!(r#"{{"links":{links},"results":[{}],"totalCount":{total}}}"#, results.join(",")))
}

async fn read(server: &Canned, items: i64) -> Result<Vec<String>, Error> {
    let test = TestClient::new(&server.url);
    let filter = ListFilter::default();
    let mut pager = Pager::resources(Kind::Flex, GROUP, items, true, filter, OnRetired::Raise)?;
    let mut found = Vec::new();
    while let Some(entries) = pager.next(&test.client, &mut test.context(60)).await? {
        found.extend(entries.results.iter().map(|entry| entry.get().to_owned()));
    }
    Ok(found)
}

#[tokio::test]
async fn pages_before_a_deletion_are_read_again() {
    // "a" goes after the first page was read: "c" is on it now.
    let pages = vec![
        page(&["a", "b"], 5, true),
        page(&["d", "e"], 4, false),
        page(&["b", "c"], 4, true),
        page(&["d", "e"], 4, false),
    ];
    let server = canned(pages);
    let found = read(&server, 2).await.unwrap();
    assert_eq!(found, [r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"d"}"#, r#"{"id":"e"}"#, r#"{"id":"c"}"#]);
    let numbers: Vec<_> = asked(&server).iter().map(|line| line.split('&').next().unwrap().to_owned()).collect();
    let page = |number: u32| format!("GET flexClusters?pageNum={number}");
    assert_eq!(numbers, [page(1), page(2), page(1), page(2)]);
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_an_error() {
    let server = canned(vec![page(&["a"; 100], 100, true)]);
    let Err(Error::Transport(error)) = read(&server, 100).await else { panic!() };
    assert!(error.message.starts_with("the list does not end"), "{}", error.message);
}
