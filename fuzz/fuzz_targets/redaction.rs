#![no_main]

atlas_serverless_fuzz::fuzz!("redaction");
