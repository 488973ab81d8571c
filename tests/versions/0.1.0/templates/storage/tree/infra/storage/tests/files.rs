//! What holds for files: nobody leaves the folder, nobody else reads, nothing is seen half.

use super::*;

#[tokio::test]
async fn objects_are_plain_files_that_their_owner_alone_reads() {
    let place = local().await;
    let (storage, folder) = (&place.storage, place.folder.join(&place.storage.folder));
    storage.write_text("a/b.txt", "tea").await.unwrap();
    assert_eq!(fs::read_to_string(folder.join("a/b.txt")).unwrap(), "tea");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = |path: &str| {
            fs::metadata(folder.join(path))
                .unwrap()
                .permissions()
                .mode()
        };
        assert_eq!(mode("a/b.txt") & 0o777, 0o600);
        assert_eq!(mode("a") & 0o777, 0o700);
        assert_eq!(mode("..") & 0o777, 0o700);
    }
    // An emptied folder gives its name back.
    storage.delete("a/b.txt").await.unwrap();
    storage.write_text("a", "now a file").await.unwrap();
    let below = storage.write_text("a/b", "x").await;
    assert!(below.is_err());
    assert_eq!(storage.read_text("a").await.unwrap(), "now a file");
}

#[tokio::test]
async fn drafts_keep_the_extension_and_are_no_objects() {
    let place = local().await;
    let folder = place.folder.join(&place.storage.folder);
    let (content, _) = pieces(PART);
    let content = stream::iter(content).chain(stream::pending());
    let upload = place.storage.put_stream("film.mp4", content, Put::new());
    let seen = tokio::select! {
        _ = upload => false,
        () = drafts(&folder) => true,
    };
    assert!(seen);
    assert_eq!(names(&place.storage, "").await, [""; 0]);
    // Dropping the upload removes its draft.
    while fs::read_dir(&folder).unwrap().next().is_some() {
        time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits for a draft of a film.
async fn drafts(folder: &std::path::Path) {
    loop {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        if names.any(|name| name.starts_with(".tmp-") && name.ends_with(".mp4")) {
            return;
        }
        time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_a_killed_writer_left_is_removed_a_day_later() {
    let place = local().await;
    let folder = place.folder.join(&place.storage.folder);
    place.storage.write_text("a", "tea").await.unwrap();
    let (old, new) = (folder.join(".tmp-0123.txt"), folder.join(".tmp-4567.txt"));
    for path in [&old, &new] {
        fs::write(path, "half").unwrap();
    }
    let two_days = std::time::SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    let file = fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(two_days).unwrap();
    assert_eq!(names(&place.storage, "").await, ["a"]);
    assert!(!old.exists() && new.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_nowhere() {
    use std::os::unix::fs::symlink;

    let place = local().await;
    let (storage, folder) = (&place.storage, place.folder.join(&place.storage.folder));
    let outside = env::temp_dir().join(format!("outside-{:x}", RandomState::new().hash_one(0)));
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "hunter2").unwrap();
    storage.write_text("inside/file", "tea").await.unwrap();
    symlink(&outside, folder.join("out")).unwrap();
    symlink("../../..", folder.join("up")).unwrap();
    symlink(outside.join("secret"), folder.join("link")).unwrap();
    symlink("inside/file", folder.join("near")).unwrap();

    for key in ["out/secret", "link", "near", "up/secret"] {
        assert!(storage.get(key).await.is_err(), "{key}");
        assert!(!storage.exists(key).await.unwrap_or(false), "{key}");
        assert!(storage.copy(key, "copy").await.is_err(), "{key}");
    }
    for key in ["out/secret", "out/new", "up/new"] {
        assert!(storage.write_text(key, "x").await.is_err(), "{key}");
        storage.delete(key).await.ok();
    }
    let (content, _) = pieces(PART + 1);
    let content = stream::iter(content);
    let refused = storage.put_stream("out/new", content, Put::new()).await;
    assert!(refused.is_err());
    assert!(storage.list("out").unwrap().try_next().await.is_err());
    assert_eq!(names(storage, "").await, ["inside/file"]);
    // Writing replaces a link, and not what it points to.
    storage.write_text("link", "x").await.unwrap();
    storage.write_text("near", "x").await.unwrap();
    assert_eq!(storage.read_text("inside/file").await.unwrap(), "tea");
    assert_eq!(
        fs::read_to_string(outside.join("secret")).unwrap(),
        "hunter2"
    );
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    fs::remove_dir_all(&outside).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_becomes_a_link_in_between_is_not_followed() {
    use std::os::unix::fs::symlink;

    let place = local().await;
    let (storage, folder) = (&place.storage, place.folder.join(&place.storage.folder));
    let outside = env::temp_dir().join(format!("outside-{:x}", RandomState::new().hash_one(0)));
    fs::create_dir(&outside).unwrap();
    storage.write_text("a/keep", "tea").await.unwrap();
    let attack = {
        let (outside, folder) = (outside.clone(), folder.clone());
        tokio::task::spawn_blocking(move || {
            for _ in 0..500 {
                fs::rename(folder.join("a"), folder.join("b")).ok();
                symlink(&outside, folder.join("a")).ok();
                fs::remove_file(folder.join("a")).ok();
                fs::rename(folder.join("b"), folder.join("a")).ok();
            }
        })
    };
    while !attack.is_finished() {
        storage.write_text("a/file", "x").await.ok();
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    fs::remove_dir_all(&outside).unwrap();
}

#[tokio::test]
async fn a_pipe_or_a_folder_is_no_object() {
    let place = local().await;
    place
        .storage
        .write_text("folder/file", "tea")
        .await
        .unwrap();
    let folder = place.storage.get("folder").await.unwrap_err();
    assert!(
        matches!(folder, StorageError::NotFound { .. }),
        "{folder:?}"
    );
    place.storage.delete("folder").await.unwrap();
    assert!(place.storage.exists("folder/file").await.unwrap());
}

#[tokio::test]
async fn the_folder_is_created_by_writing_and_not_by_asking() {
    let mut settings = Settings::default().storage;
    let folder = env::temp_dir().join(format!("test-{:x}", RandomState::new().hash_one(0)));
    settings.local_path = folder.to_str().unwrap().to_owned();
    let storage = Storage::start(&settings).await.unwrap();
    assert_eq!(storage.health().await, Health::Healthy);
    assert!(!storage.exists("a").await.unwrap());
    assert_eq!(names(&storage, "").await, [""; 0]);
    assert!(!folder.exists());
    storage.write_text("a", "tea").await.unwrap();
    assert!(folder.join("a").exists());
    fs::remove_dir_all(&folder).unwrap();

    settings.backend = Some("local".to_owned());
    settings.local_path = "/dev/null/storage".to_owned();
    let error = Storage::start(&settings).await.unwrap_err();
    assert!(error.to_string().contains("STORAGE_LOCAL_PATH"), "{error}");
}

#[tokio::test]
async fn downloads_replace_a_file_at_once() {
    let place = local().await;
    place.storage.write_text("a.txt", "tea").await.unwrap();
    let target = place.folder.join("down/loaded.txt");
    place.storage.download_to("a.txt", &target).await.unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "tea");
    fs::write(&target, "mine").unwrap();
    let missing = place.storage.download_to("none", &target).await;
    assert!(matches!(missing, Err(StorageError::NotFound { .. })));
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
}

#[tokio::test]
async fn public_urls_begin_with_the_setting() {
    let place = local().await;
    let unsupported = place.storage.url("a").unwrap_err();
    assert!(unsupported.to_string().contains("STORAGE_PUBLIC_URL"));
    //% if options.s3 or options.azure or options.gcs
    let signed = place.storage.presign_get("a", Duration::from_secs(60));
    let signed = signed.await;
    assert!(matches!(signed, Err(StorageError::Unsupported { .. })));
    //% endif
    let mut settings = settings("memory");
    settings.public_url = Some("https://cdn.example/files/".to_owned());
    let storage = Storage::start(&settings).await.unwrap();
    let url = storage.url("a b/ü").unwrap();
    assert_eq!(url.as_str(), "https://cdn.example/files/a%20b/%C3%BC");
}

#[test]
fn a_backend_that_is_none_is_named_with_its_remedy() {
    assert!(check_backend("local").is_ok());
    assert!(check_backend("S3").unwrap_err().contains("must be"));
    assert!(unknown("azure").contains("--set storage.azure=true"));
    for url in ["", "cdn.example", "ftp://a", "https://"] {
        assert!(check_url(url).is_err(), "{url}");
    }
}
