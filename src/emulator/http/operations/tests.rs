use serde_json::Value;

use super::*;

/// The client's ids are checked against the same file, in `tests/rust/validate/fields.rs`.
#[test]
fn the_table_agrees_with_the_published_document() {
    let documents = [
        include_str!("../../../../tests/fixtures/openapi-subset.json"),
        include_str!("../../../../tests/fixtures/openapi-connect.json"),
    ];
    let documents = documents.map(|text| serde_json::from_str::<Value>(text).unwrap());
    let mut seen = 0;
    for (path, methods) in documents.iter().flat_map(|document| document["paths"].as_object().unwrap()) {
        for (method, published) in methods.as_object().unwrap() {
            let Some(id) = published["operationId"].as_str() else { continue };
            let operation = OPERATIONS.iter().find(|operation| operation.id() == id).unwrap();
            assert_eq!((operation.path, operation.method), (path.as_str(), method.to_uppercase().as_str()), "{id}");
            if let Some(other) = published["x-xgen-operation-id-override"].as_str() {
                assert_eq!(operation.ids, [id, other]);
            }
            let newest = operation.versions().last().unwrap();
            let media_type = format!("application/vnd.atlas.{newest}+json");
            let success =
                published["responses"].as_object().unwrap().iter().find(|(status, _)| status.starts_with('2'));
            let content = success.unwrap().1["content"].as_object().unwrap();
            assert!(content.contains_key(&media_type), "{id}: {content:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 32);
}

#[test]
fn an_id_names_one_operation() {
    let ids: Vec<&str> = OPERATIONS.iter().flat_map(|operation| operation.ids.iter().copied()).collect();
    for id in &ids {
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{id}");
    }
}

#[test]
fn only_changes_of_a_project_need_its_owner() {
    let writing = OPERATIONS.iter().filter(|operation| operation.writes()).map(|operation| operation.kind);
    let expected = [
        O::CreateServerless,
        O::UpdateServerless,
        O::DeleteServerless,
        O::CreateFlex,
        O::UpdateFlex,
        O::UpgradeFlex,
        O::DeleteFlex,
        O::CreateCluster,
        O::UpdateCluster,
        O::DeleteCluster,
        O::UpdateGroup,
        O::DeleteGroup,
        O::CreateDatabaseUser,
        O::UpdateDatabaseUser,
        O::DeleteDatabaseUser,
        O::CreateAccessListEntry,
        O::DeleteAccessListEntry,
        O::CreateRestoreJob,
    ];
    assert_eq!(writing.collect::<Vec<_>>(), expected);
}

#[test]
fn misspelt_names_are_refused_with_a_suggestion() {
    for (id, expected) in [
        ("creatFlexCluster", "There is no operation \"creatFlexCluster\". Did you mean \"createFlexCluster\"?"),
        (
            "createGroupFlexClusters",
            "There is no operation \"createGroupFlexClusters\". Did you mean \"createGroupFlexCluster\"?",
        ),
        ("listprojects", "There is no operation \"listprojects\". Did you mean \"listProjects\"?"),
        ("???", "There is no operation \"???\"."),
    ] {
        assert_eq!(check_id(id), Err(expected.to_owned()));
    }
    for (name, expected) in [
        ("serverles", "There is no endpoint \"serverles\". Did you mean \"serverless\"?"),
        ("ratelimits", "There is no endpoint \"ratelimits\". Did you mean \"rateLimits\"?"),
        ("tokens", "There is no endpoint \"tokens\". Did you mean \"token\"?"),
    ] {
        assert_eq!(check_endpoint(name), Err(expected.to_owned()));
    }
    for operation in &OPERATIONS {
        for id in operation.ids {
            assert_eq!(check_id(id), Ok(()));
            assert_eq!(check_endpoint(id), Ok(()), "an endpoint may be narrowed to one operation");
        }
        assert_eq!(check_endpoint(operation.endpoint.name()), Ok(()));
    }
    assert_eq!(check_endpoint(API), Ok(()));
}
