#![no_main]

atlas_serverless_fuzz::fuzz!("create_sequences");
