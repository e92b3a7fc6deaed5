//! The pieces of one create, each by itself: `make bench-pieces`.
use std::hint::black_box;
use std::time::Duration;

use atlas_serverless::core::auth::AfterUnauthorized;
use atlas_serverless::core::context::Context;
use atlas_serverless::core::http::transport::exchange::HttpResponse;
use atlas_serverless::core::policy::retry::{AttemptOutcome, RequestKind, RetryPolicy, RetryState};
use atlas_serverless::core::spec::compare::differences;
use atlas_serverless::core::spec::model::{Kind, Node};
use atlas_serverless::core::spec::validate;
use bench_pieces as samples;
use criterion::{Criterion, criterion_group, criterion_main};
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Method, Url};

const CHALLENGE: &str =
    r#"Digest realm="MMS Public API", domain="", nonce="2f7a9f", algorithm=MD5, qop="auth", stale=false"#;

fn validation(criterion: &mut Criterion) {
    for (name, spec) in [("full spec", samples::spec()), ("spec with 50 tags", samples::spec_with_tags(50))] {
        let node = Node::from(&spec);
        criterion.bench_function(&format!("validation of a {name}"), |b| {
            b.iter(|| validate::create(Kind::Serverless, samples::GROUP, black_box(&node), None));
        });
    }
}

fn comparison(criterion: &mut Criterion) {
    let body = samples::create().body;
    criterion.bench_function("reply compared with its request", |b| {
        b.iter(|| differences(black_box(&body), black_box(samples::REPLY.as_bytes())));
    });
}

fn retry(criterion: &mut Criterion) {
    let policy = RetryPolicy { max_retries: 5, max_retry_time: Duration::from_secs(180) };
    let state = RetryState { attempts: 1, left: Duration::from_secs(60) };
    criterion.bench_function("retry decision", |b| {
        b.iter(|| policy.decide(black_box(AttemptOutcome::Status(503, None)), RequestKind::Read, state, 0.5));
    });
}

fn digest(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (key, env) = (samples::api_key(), samples::env());
    let transport = samples::transport();
    let context = Context::new(&env, None, None);
    let url = Url::parse("http://127.0.0.1:1/api/atlas/v2/groups/32b6e34b3d91647abb20e7b8/serverless").unwrap();
    let auth = || runtime.block_on(key.request_auth(&transport, &env, &context, &Method::POST, &url)).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(WWW_AUTHENTICATE, CHALLENGE.parse().unwrap());
    let refusal = HttpResponse::new(401, headers, bytes::Bytes::new());
    let AfterUnauthorized::RetryWith(answer) = key.on_unauthorized(auth(), &refusal, &Method::POST, &url).unwrap()
    else {
        panic!("no answer")
    };
    key.on_success(answer, 201);
    criterion.bench_function("answer to a known challenge", |b| b.iter(&auth));
}

criterion_group!(pieces, validation, comparison, retry, digest);
criterion_main!(pieces);
