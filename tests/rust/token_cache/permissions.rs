//! Files and folders that are not this user's alone are not used.
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use super::*;

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// By a link to what was there.
fn replace_by_link(path: &Path) {
    let moved = path.with_extension("moved");
    std::fs::rename(path, &moved).unwrap();
    std::os::unix::fs::symlink(moved, path).unwrap();
}

#[tokio::test]
async fn folder_and_files_are_the_users_own() {
    let (_home, cache) = cache();
    let turn = cache.claim(lookup(&key(), None), &ManualClock::default()).await;
    assert!(matches!(turn, Claim::Fetch(_)));
    cache.store(&key(), &token("TOKEN-1"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(cache.folder()), mode(cache.folder().parent().unwrap())), (0o700, 0o700));
    assert_eq!(files(&cache, "").len(), 2);
    assert_eq!((mode(&files(&cache, ".json")[0]), mode(&files(&cache, ".lock")[0])), (0o600, 0o600));
    let text = std::fs::read_to_string(&files(&cache, ".json")[0]).unwrap();
    assert_eq!(
        text,
        r#"{"version":1,"base_url":"https://cloud.mongodb.com","client_id":"mdb_sa_id_1","secret_hash":"","access_token":"TOKEN-1","renew_at":4102444700,"expires_at":4102444800}"#
    );
}

/// Every fault: a warning that names it, once, and no token out of such a place.
#[tokio::test]
async fn what_is_not_private_is_not_used() {
    type Fault = fn(&FileCache);
    let faults: [(Fault, &str); 10] = [
        (|cache| replace_by_link(&files(cache, ".json")[0]), ".json is a symbolic link"),
        (|cache| replace_by_link(cache.folder()), "the folder is a symbolic link"),
        (|cache| set_mode(cache.folder().parent().unwrap(), 0o777), " above it is open to all users (mode 0777)"),
        (|cache| set_mode(cache.folder().parent().unwrap(), 0o702), " above it is open to all users (mode 0702)"),
        (|cache| set_mode(&files(cache, ".json")[0], 0o644), ".json is open to other users (mode 0644)"),
        (|cache| set_mode(&files(cache, ".json")[0], 0o660), ".json is open to other users (mode 0660)"),
        (|cache| set_mode(cache.folder(), 0o777), "the folder is open to other users (mode 0777)"),
        (
            |cache| {
                let path = files(cache, ".json").remove(0);
                std::fs::remove_file(&path).unwrap();
                std::fs::create_dir(&path).unwrap();
            },
            ".json: it is not a regular file",
        ),
        (
            |cache| {
                std::fs::remove_dir_all(cache.folder()).unwrap();
                std::fs::write(cache.folder(), "").unwrap();
            },
            "it is not a folder",
        ),
        (
            |cache| {
                std::fs::remove_dir_all(cache.folder().parent().unwrap()).unwrap();
                std::fs::write(cache.folder().parent().unwrap(), "").unwrap();
            },
            "the folder cannot be",
        ),
    ];
    for (fault, expected) in faults {
        let (_home, cache) = cache();
        cache.store(&key(), &token("TOKEN-MARK"));
        fault(&cache);
        for _ in 0..2 {
            assert_eq!(cache.load(&key(), 0), None);
            let turn = cache.claim(lookup(&key(), None), &ManualClock::default()).await;
            assert!(matches!(turn, Claim::FetchUnlocked));
            cache.store(&key(), &token("TOKEN-MARK"));
        }
        let warnings = warnings(&cache);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains(expected), "{warnings:?}");
        assert!(warnings[0].ends_with("tokens stay in memory"), "{warnings:?}");
        assert!(cache.is_disabled());
        assert!(!format!("{warnings:?} {cache:?}").contains("MARK"));
    }
}

/// Locking must not open, let alone create, what a link leads to.
#[tokio::test]
async fn a_link_in_place_of_a_lock_file_is_not_followed() {
    for target in ["victim", "absent"] {
        let (home, cache) = cache();
        drop(cache.claim(lookup(&key(), None), &ManualClock::default()).await);
        let (lock, target) = (files(&cache, "").remove(0), home.path().join(target));
        std::fs::write(home.path().join("victim"), "").unwrap();
        assert!(lock.exists());
        std::fs::remove_file(&lock).unwrap();
        std::os::unix::fs::symlink(&target, &lock).unwrap();
        let before = target.exists();
        let turn = cache.claim(lookup(&key(), None), &ManualClock::default()).await;
        assert!(matches!(turn, Claim::FetchUnlocked));
        assert!(warnings(&cache)[0].contains(".lock is a symbolic link"));
        assert_eq!(target.exists(), before);
    }
}

/// In a folder with the sticky bit, such as /tmp, nobody can move what is another user's.
#[test]
fn a_folder_below_one_with_the_sticky_bit_is_used() {
    let (_home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    set_mode(cache.folder().parent().unwrap(), 0o1777);
    assert!(cache.load(&key(), 0).is_some());
    assert!(warnings(&cache).is_empty());
}

/// Only root can give a folder away.
#[test]
fn a_folder_below_one_of_another_user_is_not_used() {
    let (home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    let parent = cache.folder().parent().unwrap();
    if home.path().metadata().unwrap().uid() == 0 {
        chown(parent, Some(4321), None).unwrap();
        assert_eq!(cache.load(&key(), 0), None);
        let said = format!("{} above it belongs to user 4321, neither to root nor to user 0", parent.display());
        assert!(warnings(&cache)[0].contains(&said));
    } else {
        assert!(cache.load(&key(), 0).is_some(), "what is above belongs to this user and to root");
    }
}

/// Who may write to a folder may put another one in the place of what is in it.
#[test]
fn a_folder_below_one_of_another_group_is_not_used() {
    let (home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    let parent = cache.folder().parent().unwrap();
    set_mode(parent, 0o770);
    let (user, group) = (parent.metadata().unwrap().uid(), parent.metadata().unwrap().gid());
    // Only root can give a folder away; the group of everybody else is their own, or one with others in it.
    if home.path().metadata().unwrap().uid() == 0 {
        assert!(cache.load(&key(), 0).is_some());
        chown(parent, None, Some(4321)).unwrap();
        assert_eq!(cache.load(&key(), 0), None);
        let said = format!("{} above it is open to the users of group 4321 (mode 0770)", parent.display());
        assert!(warnings(&cache)[0].contains(&said), "{:?}", warnings(&cache));
    } else {
        assert_eq!(cache.load(&key(), 0).is_some(), group == user || group == 0);
    }
}

#[test]
fn what_belongs_to_somebody_else_is_not_used() {
    let (home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    let me = home.path().metadata().unwrap().uid();
    // Only root can give a file away; for everybody else, what is root's is somebody else's.
    let cache = if me == 0 {
        chown(&files(&cache, ".json")[0], Some(4321), None).unwrap();
        cache
    } else {
        FileCache::new("/")
    };
    assert_eq!(cache.load(&key(), 0), None);
    let warnings = warnings(&cache);
    assert!(warnings[0].contains("belongs to user"), "{warnings:?}");
}

#[test]
fn a_pipe_in_place_of_an_entry_does_not_hang() {
    let (_home, cache) = cache();
    cache.store(&key(), &token("TOKEN-1"));
    let path = files(&cache, ".json").remove(0);
    std::fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
    assert_eq!(cache.load(&key(), 0), None);
    assert!(warnings(&cache)[0].contains("it is not a regular file"));
}
