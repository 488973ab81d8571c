//! What holds for every backend: in memory, in a folder, and in the remote stores of the `TEST_` variables.

use std::{
    env, fs,
    hash::{BuildHasher, RandomState},
    io,
    path::PathBuf,
};

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use sha2::{Digest, Sha256};

use super::*;
use crate::/*= module =*/::settings::Settings;

mod files;
//% if options.s3 or options.azure or options.gcs
mod remote;
//% endif
mod writers;

use self::writers::*;

type Health = crate::/*= module =*/::Health;

/// A storage of its own, and what goes with it.
struct Place {
    storage: Storage,
    /// The folder of the local backend; removed at the end.
    folder: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

async fn place(mut settings: StorageSettings) -> Place {
    let name = format!("test-{:x}", RandomState::new().hash_one(0));
    let folder = env::temp_dir().join(&name);
    settings.local_path = folder.to_str().unwrap().to_owned();
    let storage = Storage::start(&settings).await.unwrap();
    assert_eq!(storage.health().await, Health::Healthy);
    // Others use the same bucket.
    let storage = storage.within(&name).unwrap();
    Place { storage, folder }
}

fn settings(backend: &str) -> StorageSettings {
    let mut settings = Settings::default().storage;
    settings.backend = Some(backend.to_owned());
    settings
}

async fn memory() -> Place {
    place(settings("memory")).await
}

async fn local() -> Place {
    place(settings("local")).await
}

/// Makes a test of each function for each backend.
macro_rules! everywhere {
    ($($test:ident)+; $($strict:ident)+) => {
        everywhere! { @memory, super::memory, cfg(test); $($test)+ $($strict)+ }
        everywhere! { @local, super::local, cfg(test); $($test)+ $($strict)+ }
        //% if options.s3
        everywhere! {
            @s3, super::remote::s3, ignore = "needs TEST_S3_URL"; $($test)+ $($strict)+
        }
        //% endif
        //% if options.azure
        everywhere! {
            @azure, super::remote::azure, ignore = "needs TEST_AZURE_URL"; $($test)+ $($strict)+
        }
        //% endif
        //% if options.gcs
        // No emulator has both the interface and the conditions and copies of Google.
        everywhere! { @gcs, super::remote::gcs, ignore = "needs TEST_GCS_URL"; $($test)+ }
        //% endif
    };
    (@$backend:ident, $place:path, $mark:meta; $($test:ident)+) => {
        mod $backend {
            $(
                #[tokio::test]
                #[$mark]
                async fn $test() {
                    let place = $place().await;
                    super::$test(place.storage.clone()).await;
                }
            )+
        }
    };
}

everywhere! {
    objects_come_back_and_leave
    text_and_json_come_back
    ranges_are_cut_out
    an_upload_in_parts_comes_back
    what_is_not_completed_leaves_nothing
    listings_go_by_folders
    two_writers_never_mix
    a_wrong_checksum_stores_nothing
    keys_of_all_kinds_come_back
    keys_that_escape_are_refused
    a_folder_is_all_that_its_users_see
    ;
    types_are_kept_and_copied
    a_condition_decides
    one_of_many_creates
    one_of_many_replaces
}

fn unlike(left: u8) -> Bytes {
    let bytes = (0_u32..40_000).map(|n| n.wrapping_mul(u32::from(left) + 3).to_be_bytes()[2]);
    bytes.collect()
}

async fn objects_come_back_and_leave(storage: Storage) {
    assert!(!storage.exists("a/b").await.unwrap());
    let missing = storage.get("a/b").await.unwrap_err();
    assert!(matches!(missing, StorageError::NotFound { ref key } if key == "a/b"));
    let first = storage.put("a/b", "tea", Put::new()).await.unwrap();
    assert_eq!(storage.get("a/b").await.unwrap(), "tea");
    let object = storage.head("a/b").await.unwrap();
    assert_eq!((object.key.as_str(), object.size), ("a/b", 3));
    assert_eq!(object.version, first);
    assert!(object.modified.elapsed().unwrap_or_default() < Duration::from_secs(3_600));
    let second = storage.put("a/b", "", Put::new()).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(storage.get("a/b").await.unwrap(), "");
    storage.put("a/c", unlike(1), Put::new()).await.unwrap();
    storage.delete("a/b").await.unwrap();
    storage.delete("a/b").await.unwrap();
    assert!(!storage.exists("a/b").await.unwrap());
    assert_eq!(storage.get("a/c").await.unwrap(), unlike(1));
}

async fn types_are_kept_and_copied(storage: Storage) {
    let put = Put::new().content_type("image/png");
    storage.put("a.png", "picture", put).await.unwrap();
    storage.copy("a.png", "copies/b.png").await.unwrap();
    storage.put("a.png", "another", Put::new()).await.unwrap();
    let copy = storage.head("copies/b.png").await.unwrap();
    assert_eq!(copy.content_type.as_deref(), Some("image/png"));
    let content = storage.get_stream("copies/b.png").await.unwrap();
    assert_eq!(content.object, copy);
    assert_eq!(storage.get("copies/b.png").await.unwrap(), "picture");
    storage.copy("a.png", "copies/b.png").await.unwrap();
    assert_eq!(storage.get("copies/b.png").await.unwrap(), "another");
    let missing = storage.copy("none", "b").await.unwrap_err();
    assert!(
        matches!(missing, StorageError::NotFound { .. }),
        "{missing:?}"
    );
    let put = Put::new().content_type("image/png\r\nx-evil: 1");
    let refused = storage.put("a.png", "x", put).await.unwrap_err();
    assert!(matches!(refused, StorageError::Argument(_)));
}

async fn text_and_json_come_back(storage: Storage) {
    storage.write_text("tea.txt", "Grüße").await.unwrap();
    assert_eq!(storage.read_text("tea.txt").await.unwrap(), "Grüße");
    storage.write_json("n.json", &[1, 2, 3]).await.unwrap();
    let numbers: Vec<u8> = storage.read_json("n.json").await.unwrap();
    assert_eq!(numbers, [1, 2, 3]);
    let object = storage.head("n.json").await.unwrap();
    assert_eq!(object.content_type.as_deref(), Some("application/json"));
    let wrong = storage.read_json::<String>("n.json").await.unwrap_err();
    assert!(matches!(
        wrong,
        StorageError::Malformed { kind: "JSON", .. }
    ));
    storage.put("bytes", vec![0xff], Put::new()).await.unwrap();
    let wrong = storage.read_text("bytes").await.unwrap_err();
    assert!(matches!(
        wrong,
        StorageError::Malformed { kind: "text", .. }
    ));
}

async fn ranges_are_cut_out(storage: Storage) {
    storage.put("ten", "0123456789", Put::new()).await.unwrap();
    assert_eq!(storage.get_range("ten", 2..5).await.unwrap(), "234");
    assert_eq!(storage.get_range("ten", 7..).await.unwrap(), "789");
    assert_eq!(storage.get_range("ten", 8..100).await.unwrap(), "89");
    let end = storage.get_stream_range("ten", 6..=7).await.unwrap();
    assert_eq!((end.range.clone(), end.object.size), (6..8, 10));
    //% if options.azure
    // Azure has none that count from the end.
    if storage.backend.name != "azure" {
        let last = GetRange::Suffix(3);
        assert_eq!(storage.get_range("ten", last).await.unwrap(), "789");
    }
    //% else
    let last = GetRange::Suffix(3);
    assert_eq!(storage.get_range("ten", last).await.unwrap(), "789");
    //% endif
    let behind = storage.get_range("ten", 10..12).await.unwrap_err();
    assert!(
        matches!(behind, StorageError::Range { size: 10, .. }),
        "{behind:?}"
    );
    let empty = storage.get_range("ten", 3..3).await.unwrap_err();
    assert!(matches!(empty, StorageError::Argument(_)));
    let missing = storage.get_range("none", 1..2).await.unwrap_err();
    assert!(
        matches!(missing, StorageError::NotFound { .. }),
        "{missing:?}"
    );
}

/// So many bytes in pieces of uneven length, and their checksum.
fn pieces(bytes: usize) -> (Vec<Result<Bytes, io::Error>>, [u8; 32]) {
    let mut hash = Sha256::new();
    let (mut pieces, mut left) = (Vec::new(), bytes);
    while left > 0 {
        let piece = unlike((left % 251) as u8);
        let piece = piece.slice(..left.min(piece.len()));
        hash.update(&piece);
        left -= piece.len();
        pieces.push(Ok(piece));
    }
    (pieces, hash.finalize().into())
}

async fn an_upload_in_parts_comes_back(storage: Storage) {
    for bytes in [0, 1_000, PART, 2 * PART + 12_345] {
        let (content, sha256) = pieces(bytes);
        let put = Put::new().content_type("video/mp4").sha256(sha256);
        let content = stream::iter(content);
        let version = storage.put_stream("big.mp4", content, put).await.unwrap();
        let object = storage.head("big.mp4").await.unwrap();
        assert_eq!((object.size, object.version), (bytes as u64, version));
        assert_eq!(object.content_type.as_deref(), Some("video/mp4"));
        let mut hash = Sha256::new();
        let mut content = storage.get_stream("big.mp4").await.unwrap();
        while let Some(bytes) = content.next().await {
            hash.update(bytes.unwrap());
        }
        assert_eq!(hash.finalize(), sha256);
    }
    let whole = storage.get("big.mp4").await.unwrap();
    let (from, to) = (PART as u64 - 5, PART as u64 + 5);
    let range = storage.get_range("big.mp4", from..to).await.unwrap();
    assert_eq!(range, whole.slice(PART - 5..PART + 5));
}

async fn names(storage: &Storage, folder: &str) -> Vec<String> {
    let objects = storage.list(folder).unwrap().try_collect::<Vec<Object>>();
    let mut names: Vec<String> = objects.await.unwrap().into_iter().map(|o| o.key).collect();
    names.sort();
    names
}

async fn listings_go_by_folders(storage: Storage) {
    for key in ["a", "b/c", "b/d/e", "bc"] {
        storage.put(key, key.to_owned(), Put::new()).await.unwrap();
    }
    assert_eq!(names(&storage, "").await, ["a", "b/c", "b/d/e", "bc"]);
    assert_eq!(names(&storage, "b").await, ["b/c", "b/d/e"]);
    assert_eq!(names(&storage, "b/d/").await, ["b/d/e"]);
    assert_eq!(names(&storage, "a").await, [""; 0]);
    assert_eq!(names(&storage, "none").await, [""; 0]);
    let objects = storage.list("b/d").unwrap().try_collect::<Vec<Object>>();
    let (listed, found) = (
        &objects.await.unwrap()[0],
        storage.head("b/d/e").await.unwrap(),
    );
    assert_eq!((listed.size, &listed.version), (5, &found.version));
    assert!(storage.list("../").is_err());
    let puts = (0..1_100).map(|n| storage.put_owned(format!("many/{n}")));
    stream::iter(puts)
        .buffer_unordered(20)
        .collect::<Vec<()>>()
        .await;
    assert_eq!(names(&storage, "many").await.len(), 1_100);
    assert_eq!(storage.list("many").unwrap().take(7).count().await, 7);
}

impl Storage {
    async fn put_owned(&self, key: String) {
        self.put(&key, "x", Put::new()).await.unwrap();
    }
}

async fn keys_of_all_kinds_come_back(storage: Storage) {
    let long = ["ä".repeat(120), "b".repeat(255), "c".repeat(255)].join("/");
    for key in [
        "Größe und Gewicht/日本.txt",
        "a b/c+d&e=f;g,h@i!j$k'(l)",
        "-dash/.hidden/~tilde#1",
        "{x}[y]^z`",
        "file#12",
        &long,
    ] {
        storage.write_text(key, key).await.unwrap();
        assert_eq!(storage.read_text(key).await.unwrap(), key);
        assert_eq!(names(&storage, "").await, [key]);
        storage.delete(key).await.unwrap();
    }
}

async fn keys_that_escape_are_refused(storage: Storage) {
    let many = "k/".repeat(512) + "k";
    for key in [
        "",
        "../a",
        "a/../../b",
        "/a",
        "%2e%2e/a",
        "a\0",
        "C:a",
        "nul",
        &many,
    ] {
        let invalid = |error: StorageError| assert!(matches!(error, StorageError::Key { .. }));
        invalid(storage.put(key, "x", Put::new()).await.unwrap_err());
        let content = stream::iter([Ok::<_, io::Error>("x")]);
        invalid(
            storage
                .put_stream(key, content, Put::new())
                .await
                .unwrap_err(),
        );
        invalid(storage.get(key).await.unwrap_err());
        invalid(storage.head(key).await.unwrap_err());
        invalid(storage.delete(key).await.unwrap_err());
        invalid(storage.copy("a", key).await.unwrap_err());
        invalid(storage.copy(key, "a").await.unwrap_err());
        invalid(storage.url(key).unwrap_err());
        //% if options.s3 or options.azure or options.gcs
        let signed = storage.presign_get(key, Duration::from_secs(1));
        invalid(signed.await.unwrap_err());
        //% endif
        invalid(storage.within(key).unwrap_err());
    }
}

async fn a_folder_is_all_that_its_users_see(storage: Storage) {
    let tenant = storage.within("tenants/7").unwrap();
    tenant.write_text("a", "mine").await.unwrap();
    storage.write_text("tenants/77/a", "theirs").await.unwrap();
    assert_eq!(names(&tenant, "").await, ["a"]);
    assert_eq!(storage.read_text("tenants/7/a").await.unwrap(), "mine");
    assert!(tenant.get("../77/a").await.is_err());
}
