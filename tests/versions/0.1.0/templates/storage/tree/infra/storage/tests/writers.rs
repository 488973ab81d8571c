//! What holds when writers fail, stop, meet, or ask for a condition.

use super::*;

pub(super) async fn what_is_not_completed_leaves_nothing(storage: Storage) {
    let broken = || {
        let (content, _) = pieces(PART + 1_000);
        let end = Err(io::Error::other("the line is cut"));
        stream::iter(content.into_iter().chain([end]))
    };
    let error = storage
        .put_stream("cut", broken(), Put::new())
        .await
        .unwrap_err();
    assert!(matches!(error, StorageError::Content(_)), "{error:?}");
    let endless = broken().take_while(|piece| std::future::ready(piece.is_ok()));
    let endless = endless.chain(stream::pending());
    let dropped = storage.put_stream("cut", endless, Put::new());
    let dropped = time::timeout(Duration::from_millis(300), dropped).await;
    assert!(dropped.is_err());
    assert!(!storage.exists("cut").await.unwrap());
    assert_eq!(names(&storage, "").await, [""; 0]);
}

pub(super) async fn a_condition_decides(storage: Storage) {
    let create = || Put::new().create_only();
    let first = storage.put("key", "first", create()).await.unwrap();
    let again = storage.put("key", "again", create()).await.unwrap_err();
    assert!(
        matches!(again, StorageError::AlreadyExists { .. }),
        "{again:?}"
    );
    let replace = Put::new().if_match(first.clone());
    let second = storage.put("key", "second", replace).await.unwrap();
    let late = storage.put("key", "late", Put::new().if_match(first)).await;
    assert!(
        matches!(late, Err(StorageError::Changed { .. })),
        "{late:?}"
    );
    assert_eq!(storage.get("key").await.unwrap(), "second");
    storage.delete("key").await.unwrap();
    let late = storage
        .put("key", "late", Put::new().if_match(second))
        .await;
    assert!(late.is_err());
    assert!(!storage.exists("key").await.unwrap());
    let (small, _) = pieces(100);
    let small = storage
        .put_stream("key", stream::iter(small), create())
        .await;
    assert!(small.is_ok(), "{small:?}");
    let (large, _) = pieces(PART + 1);
    let large = storage
        .put_stream("key", stream::iter(large), create())
        .await;
    assert!(
        matches!(large, Err(StorageError::Unsupported { .. })),
        "{large:?}"
    );
}

pub(super) async fn one_of_many_creates(storage: Storage) {
    let attempts = (0..20).map(|n| storage.put("one", n.to_string(), Put::new().create_only()));
    let done = join_all(attempts).await;
    let winner = done.iter().position(Result::is_ok).unwrap();
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    assert_eq!(storage.get("one").await.unwrap(), winner.to_string());
}

pub(super) async fn one_of_many_replaces(storage: Storage) {
    let version = storage.put("one", "old", Put::new()).await.unwrap();
    let attempts = (0..20).map(|n| {
        let put = Put::new().if_match(version.clone());
        storage.put("one", n.to_string(), put)
    });
    let done = join_all(attempts).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    let winner = done.iter().position(Result::is_ok).unwrap();
    assert_eq!(storage.get("one").await.unwrap(), winner.to_string());
}

pub(super) async fn two_writers_never_mix(storage: Storage) {
    let write = |n: u8| {
        let storage = storage.clone();
        async move {
            let content = vec![n; PART + 4_096 * usize::from(n)];
            let pieces = content.chunks(100_000).map(Bytes::copy_from_slice);
            let pieces = stream::iter(pieces.map(Ok::<_, io::Error>).collect::<Vec<_>>());
            storage.put_stream("both", pieces, Put::new()).await
        }
    };
    write(0).await.unwrap();
    let writers = join_all((1..4).map(|n| tokio::spawn(write(n))));
    let reader = async {
        for _ in 0..6 {
            whole(&storage.get("both").await.unwrap());
        }
    };
    let (writers, ()) = tokio::join!(writers, reader);
    let mut done = writers.into_iter().map(Result::unwrap);
    //% if options.azure
    // There the first to complete wins, and the others are told.
    let lost = |done: &_| matches!(done, Err(StorageError::Changed { .. }));
    let azure = storage.backend.name == "azure";
    assert!(done.all(|done| done.is_ok() || azure && lost(&done)));
    //% else
    assert!(done.all(|done| done.is_ok()));
    //% endif
    whole(&storage.get("both").await.unwrap());
}

/// Whether this is what one writer wrote, and all of it.
#[track_caller]
fn whole(content: &Bytes) {
    let n = content[0];
    assert_eq!(content.len(), PART + 4_096 * usize::from(n));
    assert!(content.iter().all(|byte| *byte == n));
}

pub(super) async fn a_wrong_checksum_stores_nothing(storage: Storage) {
    let sha256: [u8; 32] = Sha256::digest("tea").into();
    let put = || Put::new().sha256(sha256);
    storage.put("tea", "tea", put()).await.unwrap();
    let wrong = storage.put("tea", "coffee", put()).await.unwrap_err();
    assert!(matches!(wrong, StorageError::Checksum { .. }));
    let (content, _) = pieces(PART + 1_000);
    let wrong = storage
        .put_stream("tea", stream::iter(content), put())
        .await;
    assert!(
        matches!(wrong, Err(StorageError::Checksum { .. })),
        "{wrong:?}"
    );
    assert_eq!(storage.get("tea").await.unwrap(), "tea");
}
