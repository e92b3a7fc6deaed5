//! The tables of fields beside the published API description, the recorded replies and the documentation.
use std::fmt::Write;

use atlas_serverless::core::spec::compare;
use atlas_serverless::core::spec::convert::conversion;
use atlas_serverless::core::spec::model::fields::{Access, Field, Object, Type};
use atlas_serverless::core::spec::model::{connect, suggestions};

use super::*;

const OPENAPI: &str = include_str!("../../fixtures/openapi-subset.json");

pub(crate) fn schema(name: &str) -> Value {
    let openapi: Value = serde_json::from_str(OPENAPI).unwrap();
    openapi["components"]["schemas"][name].clone()
}

fn body_of(recording: &str) -> Value {
    let start = recording.find("\n{").unwrap();
    serde_json::from_str(recording[start..].trim()).unwrap()
}

/// The name of the schema that a property refers to.
fn referred(property: &Value) -> Option<&str> {
    property["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

fn type_of(field: &Field) -> &'static str {
    match field.kind {
        Type::Name | Type::Enum(_) | Type::Region | Type::Text(_) => "string",
        Type::Bool => "boolean",
        Type::Tags | Type::List(_) => "array",
        Type::Object(_) | Type::ReadOnly => "object",
    }
}

/// What the request's schema says of each field is what the table says, and the other way round.
fn compare(object: &'static Object, schema_name: &str, access: fn(&Field) -> Access) {
    let schema = schema(schema_name);
    let properties = schema["properties"].as_object().unwrap();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in properties {
        let (_, field) = object.find(name).unwrap_or_else(|| panic!("{schema_name}.{name} is not in the table"));
        assert_eq!(field.name, name);
        // Published as read-only, yet the service takes it: MongoDB's own CLI always sends it.
        if schema_name.starts_with("FlexProviderSettings") && name == "providerName" {
            assert_eq!(access(field), Access::Optional, "{schema_name}.{name}");
            continue;
        }
        // This one property has its own schema, which says that it is read-only.
        if property["readOnly"] == true || name == "effectiveInstanceSizeName" {
            assert_eq!(access(field), Access::ReadOnly, "{schema_name}.{name}");
            continue;
        }
        let expected = if required.contains(&name.as_str()) { Access::Required } else { Access::Optional };
        let read_only_here = schema_name.starts_with("FlexProviderSettings") && field.create == Access::ReadOnly;
        assert!(access(field) == expected || read_only_here, "{schema_name}.{name}");
        match (field.kind, referred(property)) {
            (Type::Object(inner), Some(inner_schema)) => compare(inner, inner_schema, access),
            (_, None) => assert_eq!(property["type"], type_of(field), "{schema_name}.{name}"),
            _ => panic!("{schema_name}.{name}"),
        }
        if let Type::Enum(words) = field.kind {
            let listed = property["enum"]
                .as_array()
                .is_none_or(|listed| *listed == words.iter().map(|w| json!(w)).collect::<Vec<_>>());
            assert!(listed, "{schema_name}.{name}");
        }
        if let Some(default) = field.default {
            let text = property["default"].as_str().map_or_else(|| property["default"].to_string(), str::to_owned);
            assert_eq!(text, default, "{schema_name}.{name}");
        }
    }
    for field in object.fields.iter().filter(|field| !matches!(access(field), Access::ReadOnly | Access::Unchangeable))
    {
        assert!(properties.contains_key(field.name), "{schema_name} has no {}", field.name);
    }
}

#[test]
fn the_tables_say_what_the_api_description_says() {
    let (serverless, flex) = (Kind::Serverless.fields(), Kind::Flex.fields());
    compare(serverless, "ServerlessInstanceDescriptionCreate", |field| field.create);
    compare(serverless, "ServerlessInstanceDescriptionUpdate", |field| field.update);
    compare(flex, "FlexClusterDescriptionCreate20241113", |field| field.create);
    compare(flex, "FlexClusterDescriptionUpdate20241113", |field| field.update);
}

#[test]
fn every_field_of_a_reply_is_in_the_tables() {
    let known = |object: &'static Object, reply: &Value| {
        for (name, value) in reply.as_object().unwrap() {
            let (_, field) = object.find(name).unwrap_or_else(|| panic!("{name} is not in the table"));
            if let Type::Object(inner) = field.kind {
                for inner_name in value.as_object().unwrap().keys() {
                    assert!(inner.find(inner_name).is_some(), "{name}.{inner_name} is not in the table");
                }
            }
        }
    };
    known(
        Kind::Serverless.fields(),
        &body_of(include_str!("../../fixtures/recordings/serverless-create-201-2025.http")),
    );
    known(
        Kind::Serverless.fields(),
        &body_of(include_str!("../../fixtures/recordings/serverless-get-200-idle-2025.http")),
    );
    known(Kind::Flex.fields(), &body_of(include_str!("../../fixtures/recordings/flex-create-201.http")));
    known(Kind::Flex.fields(), &body_of(include_str!("../../fixtures/recordings/flex-get-200.http")));
    for (kind, name) in
        [(Kind::Serverless, "ServerlessInstanceDescription"), (Kind::Flex, "FlexClusterDescription20241113")]
    {
        for property in schema(name)["properties"].as_object().unwrap().keys() {
            assert!(kind.fields().find(property).is_some(), "{name}.{property}");
        }
    }
}

#[test]
fn operations_are_the_published_ones() {
    use atlas_serverless::core::spec::model::Operation::{Create, Delete, Get, List, Update};
    let openapi: Value = serde_json::from_str(OPENAPI).unwrap();
    for kind in Kind::ALL {
        let collection = format!("/api/atlas/v2/groups/{{groupId}}/{}", kind.path_segment());
        for (path, method, operation) in [
            (collection.clone(), "post", Create),
            (collection.clone(), "get", List),
            (format!("{collection}/{{name}}"), "get", Get),
            (format!("{collection}/{{name}}"), "patch", Update),
            (format!("{collection}/{{name}}"), "delete", Delete),
        ] {
            assert_eq!(openapi["paths"][&path][method]["operationId"], kind.operation_id(operation));
        }
    }
}

#[test]
fn recorded_replies_show_what_was_asked() {
    let asked = json!({
        "name": "cluster-743",
        "providerSettings": {"backingProviderName": "AWS", "regionName": "US_EAST_1", "providerName": "SERVERLESS"},
        "tags": [{"key": "env", "value": "test"}],
        "serverlessBackupOptions": {"serverlessContinuousBackupEnabled": true},
        "terminationProtectionEnabled": false,
    });
    let found = |asked: &Value, recording| -> Vec<(String, bool)> {
        let reply = body_of(recording).to_string();
        let differences = compare::differences(asked.to_string().as_bytes(), reply.as_bytes());
        differences.into_iter().map(|difference| (difference.path, difference.known_ignored)).collect()
    };
    let backup = ("serverlessBackupOptions.serverlessContinuousBackupEnabled".to_owned(), true);
    let serverless = include_str!("../../fixtures/recordings/serverless-create-201-2025.http");
    assert_eq!(found(&asked, serverless), [backup]);
    let flex = include_str!("../../fixtures/recordings/flex-create-201.http");
    let ignored = |path: &str| (path.to_owned(), true);
    assert_eq!(
        found(&asked, flex),
        [
            ("name".to_owned(), false),
            ignored("providerSettings.providerName"),
            ("tags".to_owned(), false),
            ignored("serverlessBackupOptions"),
        ]
    );
}

/// `docs/fields.md` is made of the tables; `UPDATE_DOCS=1 cargo test --test validate` writes it.
#[test]
fn the_documentation_is_made_of_the_tables() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fields.md");
    let text = documentation();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
        std::fs::write(file, &text).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == text, "docs/fields.md is old; write it with UPDATE_DOCS=1 cargo test --test validate");
}

fn documentation() -> String {
    let mut out = String::from(
        "# Fields\n\nMade of the tables in `src/core/spec/model`; `UPDATE_DOCS=1 cargo test --test validate` writes this page.\n\n\
         Both spellings of a field's name are taken, at every depth, but not both at once. None is never sent: leave a field \
         out instead. A field that is not listed is refused; `extra_fields` sends what this version does not know.\n",
    );
    for kind in Kind::ALL {
        for (path, object) in suggestions::objects(kind.fields()) {
            let _ = match path {
                "" => write!(out, "\n## A {}\n", kind.noun()),
                path => write!(out, "\n### `{path}` of a {}\n", kind.noun()),
            };
            table(object, &mut out);
        }
    }
    for (title, object) in connect::OBJECTS {
        let _ = write!(out, "\n## {title}\n");
        table(object, &mut out);
    }
    out.push_str("\n## Rules\n\nEach violation names the rule that it breaks.\n\n| rule | |\n| --- | --- |\n");
    for (rule, about) in validate::RULES {
        let _ = writeln!(out, "| `{rule}` | {about} |");
    }
    out.push_str("\n## What a Flex cluster lacks\n\n| field | |\n| --- | --- |\n");
    for (field, _, why) in conversion::LOST {
        let _ = writeln!(out, "| `{field}` | {why}. |");
    }
    out
}

fn table(object: &Object, out: &mut String) {
    out.push_str("\n| field | snake_case | create | update | default | |\n| --- | --- | --- | --- | --- | --- |\n");
    for field in object.fields {
        let default = field.default.map_or(String::new(), |default| format!("`{default}`"));
        let (create, update) = (word(field.create), word(field.update));
        let (name, snake, about) = (field.name, field.snake, field.about);
        let _ = writeln!(out, "| `{name}` | `{snake}` | {create} | {update} | {default} | {about} |");
    }
}

fn word(access: Access) -> &'static str {
    match access {
        Access::Required => "required",
        Access::Optional => "optional",
        Access::ReadOnly => "set by the service",
        Access::Unchangeable => "no",
    }
}
