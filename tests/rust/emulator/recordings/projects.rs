//! Projects, organizations and what belongs to them.
use super::*;

#[test]
fn a_project_is_created() {
    let name = "group-create-201.http";
    let recording = recorded(name);
    let shown = recording.json();
    let atlas = atlas(&recording, Calendar::Flex, "111111111111111111111111", json!([]));
    // It was stored two seconds after the reply's date.
    atlas.advance(2.0);
    let body = json!({"name": shown["name"], "orgId": shown["orgId"], "withDefaultAlertsSettings": true});
    let mut reply = request(&atlas, "POST", "/api/atlas/v2/groups", Some(body));
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    reply.body = reply.text().replace(&id, shown["id"].as_str().unwrap()).into_bytes();
    // Projects have rate limits since 2026.
    let except = Except { added: &["Ratelimit-Limit", "Ratelimit-Remaining"], values: &["Date"], new_id: true };
    same(name, &recording, &reply, &except);
}

/// How a project in a recording has to be seeded to be shown so again.
fn seeded_project(shown: &Value) -> Value {
    json!({
        "id": shown["id"],
        "name": shown["name"],
        "org_id": shown["orgId"],
        "created": shown["created"],
        "tags": shown["tags"],
    })
}

#[test]
fn a_project_is_read_changed_and_deleted() {
    let before = recorded("group-get-200.http").json();
    let tags = json!([{"key": "env", "value": "e2e"}, {"key": "app", "value": "cli"}]);
    for (name, method, body) in [
        ("group-get-200.http", "GET", None),
        ("group-update-200.http", "PATCH", Some(json!({"name": "e2e-proj-939-updated", "tags": tags}))),
        ("group-update-reset-tags-200.http", "PATCH", Some(json!({"name": "e2e-proj-939-updated", "tags": []}))),
        ("group-delete-202.http", "DELETE", None),
    ] {
        let recording = recorded(name);
        let project = seeded_project(&before);
        let atlas = with_projects(&recording, Calendar::Retired, json!([project]));
        same(
            name,
            &recording,
            &request(&atlas, method, &format!("/api/atlas/v2/groups/{}", atlas.group_id), body),
            &NOTHING,
        );
    }
}

#[test]
fn teams_and_settings_of_a_project() {
    let name = "group-teams-list-200.http";
    let recording = recorded(name);
    let team = &recording.json()["results"][0];
    let teams = json!([{"id": team["teamId"], "roles": team["roleNames"]}]);
    let projects = json!([{"id": "6a794012c0eb9e7a17719684", "name": "project", "teams": teams}]);
    let atlas = with_projects(&recording, Calendar::Retired, projects);
    let path = atlas.path("teams?includeCount=true&itemsPerPage=100&pageNum=1");
    same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);

    let name = "group-settings-200.http";
    let recording = recorded(name);
    let atlas = with_projects(&recording, Calendar::Retired, json!([{"name": "project"}]));
    same(name, &recording, &request(&atlas, "GET", &atlas.path("settings"), None), &NOTHING);
}

#[test]
fn organizations() {
    let start = |recording: &Recorded| {
        let date = httpdate::parse_http_date(recording.header("Date")).unwrap();
        let now = date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let seed = json!({"organizations": [{"id": "a0123456789abcdef012345a", "name": "Atlas CLI E2E"}]});
        let clock = atlas_serverless::emulator::ClockMode::Manual { start: Some(now) };
        Atlas::start(Options { calendar: Calendar::Retired, clock, seed: Some(seed), ..options() })
    };
    let name = "org-list-200.http";
    let recording = recorded(name);
    let path = "/api/atlas/v2/orgs?includeCount=true&itemsPerPage=100&name=&pageNum=1";
    same(name, &recording, &request(&start(&recording), "GET", path, None), &NOTHING);

    let name = "org-get-200.http";
    let recording = recorded(name);
    let path = "/api/atlas/v2/orgs/a0123456789abcdef012345a";
    // Atlas counts a read of one organization in another endpoint set.
    let except = Except { values: &["Ratelimit-Limit"], ..NOTHING };
    same(name, &recording, &request(&start(&recording), "GET", path, None), &except);
}

#[test]
fn the_regions_of_a_provider() {
    let name = "provider-regions-200.http";
    let recording = recorded(name);
    let projects = json!([{"id": "6a793f60c0eb9e7a17714c68", "name": "project"}]);
    let atlas = with_projects(&recording, Calendar::Retired, projects);
    let query = "includeCount=true&itemsPerPage=100&pageNum=1&providers=AWS&tier=M10";
    let path = atlas.path(&format!("clusters/provider/regions?{query}"));
    same(name, &recording, &request(&atlas, "GET", &path, None), &NOTHING);
}

#[test]
fn an_old_version_of_a_cluster_is_deprecated() {
    let name = "clusters-get-flex-old-version.http";
    let recording = recorded(name);
    let instances = json!([{"name": "cluster-83", "kind": "flex"}]);
    let atlas = atlas(&recording, Calendar::Retired, "b0123456789abcdef012345b", instances);
    let get = |version: &str| {
        let bearer = format!("Bearer {}", atlas.token);
        let accept = format!("application/vnd.atlas.{version}+json");
        let headers = [("Host", HOST), ("Authorization", bearer.as_str()), ("Accept", accept.as_str())];
        atlas.raw("GET", &atlas.path("clusters/cluster-83"), &headers, None).unwrap()
    };
    // Of two recorded refusals with status 400, this one alone has it.
    same(name, &recording, &get("2023-02-01"), &Except { added: &["Vary"], values: &["Vary"], ..NOTHING });
    assert_eq!(get("2024-08-05").header("Deprecation"), None);
}
