//! What a process that is killed leaves behind.
use std::process::Stdio;

use super::*;

const CHILD: &str = "ATLAS_SERVERLESS_TEST_WRITER";

/// What the other process of the next test does: it writes until it is killed.
fn write_until_killed(folder: String) -> ! {
    let (cache, key, clock) = (FileCache::new(folder), key(), ManualClock::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    loop {
        cache.remove(&key);
        runtime
            .block_on(cache.get_or_fetch(lookup(&key, None), &clock, async { Ok::<_, ()>(fetched(&"T".repeat(4000))) }))
            .unwrap();
    }
}

#[test]
fn a_process_killed_at_any_moment_leaves_a_whole_entry_or_none_and_no_lock() {
    if let Ok(folder) = std::env::var(CHILD) {
        write_until_killed(folder);
    }
    let (_home, cache) = cache();
    for round in 0..25 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "killed::a_process_killed_at_any_moment_leaves_a_whole_entry_or_none_and_no_lock",
                "--nocapture",
            ])
            .env(CHILD, cache.folder())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It writes by now; what it does when it is killed is left to chance.
        while cache.load(&key(), 0).is_none() {
            assert_eq!(child.try_wait().unwrap(), None, "the other process ended by itself");
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(97 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(found) = cache.load(&key(), 0) {
            assert_eq!(found, token(&"T".repeat(4000)));
        }
        cache.remove(&key());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let clock = ManualClock::default();
        assert!(matches!(runtime.block_on(cache.claim(lookup(&key(), None), &clock)), Claim::Fetch(_)));
        assert_eq!((warnings(&cache), clock.sleeps().len()), (vec![], 0));
    }
}

#[test]
fn what_killed_processes_left_half_written_is_removed_later() {
    let (_home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    let (old, new) = (cache.folder().join(".half-old.tmp"), cache.folder().join(".half-new.tmp"));
    for path in [&old, &new] {
        std::fs::write(path, "").unwrap();
    }
    let now = std::fs::metadata(&new).unwrap().modified().unwrap();
    std::fs::File::options().write(true).open(&old).unwrap().set_modified(now - Duration::from_secs(700)).unwrap();
    cache.store(&key(), &token("TOKEN-1"));
    assert!(!old.exists());
    assert!(new.exists());
}
