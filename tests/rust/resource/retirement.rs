use atlas_serverless::core::config::OnRetired;
use atlas_serverless::core::error::{Error, NoticeKind};
use atlas_serverless::core::http::call::ReplyFormat;
use atlas_serverless::core::operations::create::request::{CreateRequest, IfExists};
use atlas_serverless::core::operations::resource::ResourceRequest;
use atlas_serverless::core::spec::model::{Kind, Operation};

use crate::{GROUP, TestClient, asked, both, canned, entity, refusal};

fn create(on_retired: OnRetired) -> CreateRequest {
    let body = r#"{"name":"orders","providerSettings":{"backingProviderName":"AWS","regionName":"US_EAST_1"},"serverlessBackupOptions":{"serverlessContinuousBackupEnabled":true},"new":1}"#;
    CreateRequest {
        kind: Kind::Serverless,
        group_id: GROUP.to_owned(),
        name: "orders".to_owned(),
        body: body.into(),
        region_notice: None,
        reply_format: ReplyFormat::default(),
        if_exists: IfExists::Error,
        on_timeout: Default::default(),
        on_retired,
        wait: None,
    }
}

fn gone() -> String {
    refusal(410, "VERSION_GONE", "Gone.")
}

#[tokio::test]
async fn the_old_path_is_asked_once() {
    for on_retired in both() {
        let server = canned(vec![gone(), entity("a", "CREATING")]);
        let test = TestClient::new(&server.url);
        for round in 0..2 {
            let mut context = test.context(60);
            let created = test.client.create(create(on_retired), &mut context).await;
            match on_retired {
                OnRetired::Flex => {
                    let kinds: Vec<_> = created.unwrap().notices.iter().map(|notice| notice.kind).collect();
                    assert_eq!(kinds[..2], [NoticeKind::EndpointDeprecated, NoticeKind::Conversion]);
                }
                OnRetired::Raise => {
                    let Err(Error::Api(error)) = created else { panic!() };
                    assert!(error.endpoint_retired);
                    assert_eq!(error.attempts, 1 - round);
                }
            }
        }
        let expected: &[&str] = match on_retired {
            OnRetired::Flex => &["POST serverless", "POST flexClusters", "POST flexClusters"],
            OnRetired::Raise => &["POST serverless"],
        };
        assert_eq!(asked(&server), expected);
    }
}

#[tokio::test]
async fn what_is_left_of_an_update_goes_to_the_flex_cluster() {
    for (body, method) in [
        (r#"{"tags":[],"serverlessBackupOptions":{"serverlessContinuousBackupEnabled":true}}"#, "PATCH"),
        (r#"{"serverlessBackupOptions":{"serverlessContinuousBackupEnabled":true}}"#, "GET"),
    ] {
        let server = canned(vec![gone(), entity("a", "IDLE")]);
        let test = TestClient::new(&server.url);
        let one = ResourceRequest::new(Kind::Serverless, Operation::Update, GROUP.to_owned(), "orders".to_owned());
        let one = ResourceRequest { body: Some(body.into()), on_retired: OnRetired::Flex, ..one };
        test.client.resource(one, &mut test.context(60)).await.unwrap();
        assert_eq!(asked(&server), ["PATCH serverless/orders".to_owned(), format!("{method} flexClusters/orders")]);
    }
}
