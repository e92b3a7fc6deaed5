use serde_json::json;

use super::super::snapshot;
use super::*;
use crate::emulator::options::Options;

fn every() -> Value {
    let org = "a0123456789abcdef012345a";
    let project = "b0123456789abcdef012345b";
    json!({
        "organizations": [{"id": org, "name": "Shop", "requires_access_list": true}],
        "projects": [{
            "id": project,
            "name": "shop-test",
            "org_id": org,
            "created": "2025-01-02T03:04:05Z",
            "default_alerts": false,
            "tags": {"team": "shop"},
            "teams": [{"id": "e0123456789abcdef012345e", "roles": ["GROUP_READ_ONLY"]}],
            "database_users": [{
                "awsIAMType": "NONE",
                "databaseName": "admin",
                "deleteAfterDate": "2025-03-01T00:00:00Z",
                "description": "of the shop",
                "labels": [],
                "ldapAuthType": "NONE",
                "oidcAuthType": "NONE",
                "roles": [{"databaseName": "shop", "roleName": "readWrite"}],
                "scopes": [],
                "username": "app",
                "x509Type": "NONE",
            }],
            "access_list": [{"cidrBlock": "192.0.2.7/32", "comment": "office", "ipAddress": "192.0.2.7"}],
            "instances": [
                {
                    "id": "c0123456789abcdef012345c",
                    "name": "orders",
                    "kind": "serverless",
                    "provider": "GCP",
                    "region": "WESTERN_EUROPE",
                    "created": "2025-02-03T04:05:06Z",
                    "state": "UPDATING",
                    "due": {"at": "2025-02-03T04:05:07.250Z"},
                    "tags": {"z": "1", "a": "2"},
                    "termination_protection": true,
                    "continuous_backup": true,
                },
                {
                    "id": "d0123456789abcdef012345d",
                    "name": "carts",
                    "kind": "dedicated",
                    "provider": "AZURE",
                    "region": "US_EAST",
                    "created": "2025-02-03T04:05:06Z",
                    "state": "REPAIRING",
                    "due": {"reads": 3},
                    "tags": {},
                    "termination_protection": false,
                    "continuous_backup": false,
                },
            ],
        }],
        "identities": [
            {
                "kind": "api_key",
                "id": "abcdefgh",
                "secret": "00000000-0000-4000-8000-000000000000",
                "org_id": org,
                "org_roles": [],
                "project_roles": {},
                "access_list": null,
            },
            {
                "kind": "service_account",
                "id": "mdb_sa_id_1",
                "secret": "mdb_sa_sk_1",
                "org_id": org,
                "org_roles": ["ORG_MEMBER"],
                "project_roles": { project: ["GROUP_READ_ONLY", "GROUP_CLUSTER_MANAGER"] },
                "access_list": ["192.0.2.0/24", "2001:db8::1/128"],
            },
        ],
    })
}

fn store(seed: Value) -> Result<Store, String> {
    let mut store = Store::new(Options { seed: Some(seed), ..Options::default() });
    start(&mut store, None).map(|()| store)
}

#[test]
fn every_field_is_shown_as_it_was_seeded_and_kept_over_a_restart() {
    let first = store(every()).unwrap();
    assert_eq!(snapshot::of(&first), every());
    let folder = tempfile::tempdir().unwrap();
    snapshot::write(folder.path(), &snapshot::saved(&first)).unwrap();
    let saved = snapshot::read(folder.path()).unwrap();
    let mut second = Store::new(Options::default());
    start(&mut second, saved.as_ref()).unwrap();
    assert_eq!(snapshot::of(&second), every());
    second.reset();
    assert_eq!(snapshot::of(&second), every());
    assert_eq!(second.default_ids, first.default_ids);
}

#[test]
fn shorter_forms_are_read_too() {
    let project = "b0123456789abcdef012345b";
    let seed = json!({
        "organizations": [{"name": "Shop", "projects": [{
            "id": project,
            "tags": [{"key": "team", "value": "shop"}],
            "instances": [{"name_prefix": "n", "count": 2, "tags": null}],
        }]}],
        "service_accounts": [{"client_id": "one", "client_secret": "s", "role": "Read Only", "access_list": ["192.0.2.9"]}],
        "api_keys": [{"public_key": "two", "private_key": "p", "role": "Organization Owner"}],
    });
    let shown = snapshot::of(&store(seed).unwrap());
    assert_eq!(shown["projects"][0]["tags"], json!({"team": "shop"}));
    assert_eq!(shown["projects"][0]["instances"][1]["name"], "n2");
    assert_eq!(shown["projects"][0]["org_id"], shown["organizations"][0]["id"]);
    assert_eq!(shown["identities"][0]["project_roles"], json!({ project: ["GROUP_READ_ONLY"] }));
    assert_eq!(shown["identities"][0]["access_list"], json!(["192.0.2.9/32"]));
    assert_eq!(shown["identities"][1]["org_roles"], json!(["ORG_OWNER"]));
}

#[test]
fn a_role_holds_in_the_project_that_is_filled_in() {
    let account = json!({"client_id": "one", "client_secret": "s", "role": "Project Owner"});
    let key = json!({"public_key": "two", "private_key": "p", "role": "Project Read Only"});
    let shown = snapshot::of(&store(json!({"service_accounts": [account], "api_keys": [key]})).unwrap());
    let project = shown["projects"][0]["id"].as_str().unwrap();
    let roles = |at: usize| shown["identities"][at]["project_roles"].clone();
    assert_eq!((roles(0), roles(1)), (json!({ project: ["GROUP_OWNER"] }), json!({ project: ["GROUP_READ_ONLY"] })));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (seed, expected) in [
        (json!([7]), "The seed takes a JSON object."),
        (json!({"projct": []}), "The seed, projct: unknown field `projct`, expected one of `organizations`"),
        (
            json!({"projects": [{"instances": [{"nmae": "a"}]}]}),
            "The seed, projects[0].instances[0].nmae: unknown field `nmae`, expected one of",
        ),
        (
            json!({"projects": [{"instances": [{"name": "a", "state": "SLEEPING"}]}]}),
            "The seed, projects[0].instances[0].state: unknown variant `SLEEPING`, expected one of `CREATING`",
        ),
        (
            json!({"projects": [{"created": "soon"}]}),
            "The seed, projects[0].created: \"soon\" is not a time in ISO 8601, from 1970 to 9998.",
        ),
        (json!({"projects": [{"created": "+010000-01-01T00:00:00Z"}]}), "The seed, projects[0].created: \"+010000"),
        (
            json!({"projects": [{"instances": [{"name": "a", "due": {"at": "9999-12-31T00:00:00Z"}}]}]}),
            "The seed, projects[0].instances[0].due",
        ),
        (
            json!({"projects": [{"instances": [{"count": u64::MAX}]}]}),
            "count is 18446744073709551615, but only 1000000 instances can be made so.",
        ),
        (
            json!({"api_keys": [{"access_list": ["here"]}]}),
            "The seed, api_keys[0].access_list[0]: \"here\" is neither an address nor a CIDR block.",
        ),
        (
            json!({"api_keys": [{"role": "King"}]}),
            "The seed, api_keys[0].role: unknown variant `King`, expected one of `GROUP_OWNER`",
        ),
        (
            json!({"projects": [{"tags": {"a": 1}}]}),
            "The seed, projects[0].tags: tags are an object of texts, or a list of {key, value}.",
        ),
        (json!({"projects": [{"instances": [{}]}]}), "An instance needs a name."),
        (json!({"projects": [{"org_id": "x"}]}), "There is no organization x."),
        (json!({"projects": [{"id": "x"}, {"id": "x"}]}), "There is a project x already."),
        (json!({"identities": [{}]}), "An identity's kind is service_account or api_key."),
    ] {
        let refused = store(seed.clone()).map(|_| ()).unwrap_err();
        assert!(refused.starts_with(expected), "{seed}: {refused}");
    }
}
