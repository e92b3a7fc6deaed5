//! The tables of users, entries, projects and restores, and their operation ids, beside the published API description.
use atlas_serverless::core::http::call::{Call, ReplyFormat};
use atlas_serverless::core::http::entity::Entity;
use atlas_serverless::core::spec::model::Operation;
use atlas_serverless::core::spec::model::connect::{
    ACCESS_LIST_ENTRY, DATABASE_USER, LABEL, PROJECT, RESTORE_JOB, ROLE, SCOPE,
};
use atlas_serverless::core::spec::model::fields::{Access, Object, Type};
use atlas_serverless::core::spec::model::text_form::TextForm;
use serde_json::Value;

const OPENAPI: &str = include_str!("../../fixtures/openapi-connect.json");

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// The fields that a request names in its path, or that are read-only in its reply although the document does not say so.
const ELSEWHERE: [&str; 3] = ["username", "databaseName", "groupId"];

fn compare(object: &'static Object, schema_name: &str) {
    let document = document();
    let schema = &document["components"]["schemas"][schema_name];
    let properties = schema["properties"].as_object().unwrap();
    let required = |name: &str| schema["required"].as_array().into_iter().flatten().any(|it| it == name);
    for (name, property) in properties {
        let of_path = schema_name == "CloudDatabaseUser" && ELSEWHERE.contains(&name.as_str());
        let Some((_, field)) = object.find(name) else {
            assert!(of_path, "{schema_name}.{name} is not in the table");
            continue;
        };
        if property["readOnly"] == true || of_path {
            assert_eq!(field.create, Access::ReadOnly, "{schema_name}.{name}");
            continue;
        }
        // A label without one of the two means nothing, whatever the document leaves open.
        let expected =
            if required(name) || schema_name == "ComponentLabel" { Access::Required } else { Access::Optional };
        assert_eq!(field.create, expected, "{schema_name}.{name}");
        let kind = match field.kind {
            Type::Bool => "boolean",
            Type::Tags | Type::List(_) => "array",
            _ => "string",
        };
        assert_eq!(property["type"], kind, "{schema_name}.{name}");
        if let Type::Text(form) = field.kind {
            let bounds = (property["minLength"].as_u64(), property["maxLength"].as_u64());
            match form {
                TextForm::Secret { min } => assert_eq!(bounds, (Some(min as u64), None), "{schema_name}.{name}"),
                TextForm::Plain { max, .. } if bounds.1.is_some() => assert_eq!(bounds.1, Some(max as u64)),
                TextForm::Date => assert_eq!(property["format"], "date-time"),
                _ => {}
            }
        }
    }
    for field in object.fields {
        assert!(properties.contains_key(field.name), "{schema_name} has no {}", field.name);
    }
}

#[test]
fn the_tables_say_what_the_api_description_says() {
    compare(&DATABASE_USER, "CloudDatabaseUser");
    compare(&ROLE, "DatabaseUserRole");
    compare(&SCOPE, "UserScope");
    compare(&LABEL, "ComponentLabel");
    compare(&ACCESS_LIST_ENTRY, "NetworkPermissionEntry");
    compare(&PROJECT, "Group");
    compare(&RESTORE_JOB, "FlexBackupRestoreJobCreate20241113");
}

#[test]
fn operations_are_the_published_ones() {
    let text = |text: &str| text.to_owned();
    let group_id = "{groupId}";
    let project = Entity::Project { group_id: text(group_id) };
    let user = Entity::DatabaseUser {
        group_id: text(group_id),
        database_name: text("{databaseName}"),
        username: text("{username}"),
    };
    let entry = Entity::AccessListEntry { group_id: text(group_id), value: text("{entryValue}") };
    let (cluster, id) = (text("{name}"), text("{snapshotId}"));
    let snapshot = Entity::FlexBackupSnapshot { group_id: text(group_id), cluster, id };
    let (cluster, id) = (text("{name}"), text("{restoreJobId}"));
    let job = Entity::FlexRestoreJob { group_id: text(group_id), cluster, id };
    use Operation as O;
    let mut seen = 0;
    let document = document();
    for (entity, operations) in [
        (&project, &[O::Create, O::Update, O::Delete][..]),
        (&user, &[O::Create, O::Get, O::Update, O::Delete]),
        (&entry, &[O::Create, O::Get, O::Delete]),
        (&snapshot, &[O::Get]),
        (&job, &[O::Create, O::Get]),
    ] {
        for operation in operations {
            let call = Call::entity(entity, *operation, ReplyFormat::default(), None);
            check(&document, &call);
            seen += 1;
        }
    }
    for entity in [&user, &entry, &snapshot, &job] {
        check(&document, &Call::entities(entity));
        seen += 1;
    }
    check(&document, &Call::access_list_status(group_id, "{entryValue}", ReplyFormat::default()));
    assert_eq!(seen + 1, 18);
}

fn check(document: &Value, call: &Call) {
    let path = percent_encoding::percent_decode_str(&call.target).decode_utf8().unwrap().into_owned();
    let method = call.method.as_str().to_lowercase();
    assert_eq!(document["paths"][&path][&method]["operationId"], call.operation, "{method} {path}");
}

#[test]
fn a_path_is_encoded_part_by_part() {
    let user = Entity::DatabaseUser {
        group_id: "g".to_owned(),
        database_name: "$external".to_owned(),
        username: "CN=a/b, O=ü".to_owned(),
    };
    let call = Call::entity(&user, Operation::Get, ReplyFormat::default(), None);
    assert_eq!(call.target, "/api/atlas/v2/groups/g/databaseUsers/%24external/CN%3Da%2Fb%2C%20O%3D%C3%BC");
    let entry = Entity::AccessListEntry { group_id: "g".to_owned(), value: "192.0.2.0/24".to_owned() };
    let call = Call::entity(&entry, Operation::Delete, ReplyFormat::default(), None);
    assert_eq!(call.target, "/api/atlas/v2/groups/g/accessList/192.0.2.0%2F24");
}
