#![no_main]

atlas_serverless_fuzz::fuzz!("emulator_requests");
