//% if options.s3 or options.azure or options.gcs
//! What only remote stores do: signed and public URLs, refusing credentials, being away.

use super::*;

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}
//% if options.s3

fn s3_settings() -> StorageSettings {
    let mut url = Url::parse(&variable("TEST_S3_URL")).unwrap();
    let mut settings = settings("s3");
    settings.s3_bucket = Some(url.path().trim_matches('/').to_owned());
    settings.s3_access_key = Some(url.username().to_owned().into());
    settings.s3_secret_key = Some(url.password().unwrap().to_owned().into());
    url.set_path("");
    url.set_username("").unwrap();
    url.set_password(None).unwrap();
    settings.s3_endpoint_url = Some(url.into());
    settings
}

pub(super) async fn s3() -> Place {
    place(s3_settings()).await
}
//% endif
//% if options.azure

fn azure_settings() -> StorageSettings {
    let mut settings = settings("azure");
    settings.azure_container = Some("storage".to_owned());
    settings.azure_connection_string = Some(variable("TEST_AZURE_URL").into());
    settings
}

pub(super) async fn azure() -> Place {
    place(azure_settings()).await
}
//% endif
//% if options.gcs

fn gcs_settings() -> StorageSettings {
    let url = variable("TEST_GCS_URL");
    let (endpoint, bucket) = url.rsplit_once('/').unwrap();
    let mut settings = settings("gcs");
    settings.gcs_bucket = Some(bucket.to_owned());
    settings.gcs_endpoint_url = Some(endpoint.to_owned());
    settings
}

pub(super) async fn gcs() -> Place {
    place(gcs_settings()).await
}
//% endif
//% if options.s3

#[tokio::test]
#[ignore = "needs TEST_S3_URL"]
async fn signed_urls_of_s3_work_by_plain_http() {
    signed_urls_work_by_plain_http(&s3().await.storage, "a b/ü#1.txt").await;
}
//% endif
//% if options.azure

#[tokio::test]
#[ignore = "needs TEST_AZURE_URL"]
async fn signed_urls_of_azure_work_by_plain_http() {
    let place = azure().await;
    signed_urls_work_by_plain_http(&place.storage, "a/b-1.txt").await;
    let minute = Duration::from_secs(60);
    let refused = place.storage.presign_get("a b", minute).await;
    assert!(matches!(refused, Err(StorageError::Unsupported { .. })));
}
//% endif
//% if options.s3 or options.azure

async fn signed_urls_work_by_plain_http(storage: &Storage, key: &str) {
    let minute = Duration::from_secs(60);
    let upload = storage
        .presign_put(key, "text/plain", minute)
        .await
        .unwrap();
    let client = reqwest::Client::new();
    let request = |upload: &Upload| {
        let request = client.put(upload.url.as_str()).body("tea");
        let headers = upload.headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.header(*name, value)
        })
    };
    let answer = request(&upload).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    let object = storage.head(key).await.unwrap();
    assert_eq!(object.content_type.as_deref(), Some("text/plain"));

    let url = storage.presign_get(key, minute).await.unwrap();
    let answer = client.get(url.as_str()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "tea");
    // It is signed for this object, for reading, and for so long.
    let other = url.as_str().replacen(".txt", ".png", 1);
    for request in [client.get(other), client.put(url.as_str()).body("x")] {
        let status = request.send().await.unwrap().status();
        assert!(status.is_client_error(), "{status}");
    }
    assert_eq!(storage.read_text(key).await.unwrap(), "tea");
    let short = storage
        .presign_get(key, Duration::from_secs(1))
        .await
        .unwrap();
    time::sleep(Duration::from_millis(2_500)).await;
    let status = client.get(short.as_str()).send().await.unwrap().status();
    assert!(status.is_client_error(), "{status}");
    for validity in [Duration::ZERO, Duration::from_secs(8 * 24 * 60 * 60)] {
        let refused = storage.presign_get(key, validity).await;
        assert!(matches!(refused, Err(StorageError::Argument(_))));
    }
    let shown = format!("{upload:?}");
    assert!(!shown.to_lowercase().contains("sig"), "{shown}");
    let public = storage.url(key).unwrap();
    assert_eq!(url.path(), public.path());
}
//% endif
//% if options.s3

#[tokio::test]
#[ignore = "needs TEST_S3_URL"]
async fn a_wrong_credential_or_bucket_is_unhealthy_and_typed() {
    let mut settings = s3_settings();
    settings.s3_secret_key = Some("hunter2".to_owned().into());
    let storage = Storage::start(&settings).await.unwrap();
    let error = storage.get("a").await.unwrap_err();
    assert!(matches!(error, StorageError::Denied(_)), "{error:?}");
    assert!(!format!("{error:?} {storage:?} {settings:?}").contains("hunter2"));
    assert!(matches!(storage.health().await, Health::Unhealthy(_)));

    let mut settings = s3_settings();
    let name = format!("none-{:x}", RandomState::new().hash_one(0));
    settings.s3_bucket = Some(name);
    let storage = Storage::start(&settings).await.unwrap();
    assert!(matches!(storage.health().await, Health::Unhealthy(_)));
}

#[tokio::test]
async fn a_store_that_is_away_or_silent_costs_the_time_limit() {
    use tokio::{io::AsyncReadExt, net::TcpListener};

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut line, _) = silent.accept().await.unwrap();
            tokio::spawn(async move { line.read_to_end(&mut Vec::new()).await });
        }
    });
    for endpoint in [format!("http://{address}"), "http://127.0.0.1:1".to_owned()] {
        let mut settings = settings("s3");
        settings.s3_bucket = Some("bucket".to_owned());
        settings.s3_access_key = Some("user".to_owned().into());
        settings.s3_secret_key = Some("hunter2".to_owned().into());
        settings.s3_endpoint_url = Some(endpoint);
        settings.timeout = Duration::from_millis(500);
        let begun = Instant::now();
        let storage = Storage::start(&settings).await.unwrap();
        assert!(begun.elapsed() < Duration::from_millis(400));
        let mut objects = storage.list("").unwrap();
        let (get, put, list, health) = tokio::join!(
            storage.get("a"),
            storage.put("a", "x", Put::new()),
            objects.try_next(),
            storage.health()
        );
        for error in [get.map(drop), put.map(drop), list.map(drop)] {
            let error = error.unwrap_err();
            assert!(error.is_transient(), "{error:?}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        assert!(matches!(health, Health::Unhealthy(_)));
        assert!(begun.elapsed() < Duration::from_millis(1_500));
    }
}

#[tokio::test]
async fn missing_settings_are_all_named_at_once() {
    let mut settings = settings("s3");
    settings.s3_access_key = Some("user".to_owned().into());
    let error = Storage::start(&settings).await.unwrap_err().to_string();
    for name in ["STORAGE_S3_BUCKET", "STORAGE_S3_SECRET_KEY"] {
        assert!(error.contains(name), "{error}");
    }
}
//% if options.mirror

#[tokio::test]
#[ignore = "needs TEST_S3_URL"]
async fn a_mirror_writes_to_both_sides() {
    let place = s3().await;
    let mirror = place.storage.mirror();
    mirror.write_text("notes/tea.txt", "tea").await.unwrap();
    mirror.write_json("n.json", &7).await.unwrap();
    let (content, sha256) = pieces(PART + 10);
    let content = stream::iter(content);
    let put = Put::new().sha256(sha256);
    mirror.put_stream("big", content, put).await.unwrap();
    for side in [mirror.local(), &place.storage] {
        assert_eq!(side.read_text("notes/tea.txt").await.unwrap(), "tea");
        assert_eq!(side.read_json::<u8>("n.json").await.unwrap(), 7);
        assert_eq!(Sha256::digest(side.get("big").await.unwrap()), sha256);
    }
    // Mirrors keep the folder of the storage that they were made of.
    assert!(place.storage.folder.starts_with("test-"));
    assert_eq!(
        names(mirror.local(), "").await,
        names(&place.storage, "").await
    );
}

#[tokio::test]
async fn a_mirror_whose_store_is_away_keeps_the_file() {
    let mut settings = settings("s3");
    settings.s3_bucket = Some("bucket".to_owned());
    settings.s3_access_key = Some("user".to_owned().into());
    settings.s3_secret_key = Some("secret".to_owned().into());
    settings.s3_endpoint_url = Some("http://127.0.0.1:1".to_owned());
    settings.timeout = Duration::from_millis(200);
    let folder = env::temp_dir().join(format!("test-{:x}", RandomState::new().hash_one(0)));
    settings.local_path = folder.to_str().unwrap().to_owned();
    let mirror = Storage::start(&settings).await.unwrap().mirror();
    assert!(mirror.write_text("a", "first").await.is_err());
    assert_eq!(mirror.local().read_text("a").await.unwrap(), "first");
    let mirror = mirror.swallow_errors();
    mirror.write_text("a", "second").await.unwrap();
    assert_eq!(mirror.local().read_text("a").await.unwrap(), "second");
    assert!(mirror.write_text("../a", "x").await.is_err());
    fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_mirror_of_no_remote_store_is_that_store() {
    let place = memory().await;
    let mirror = place.storage.mirror();
    mirror.write_text("a", "tea").await.unwrap();
    assert_eq!(place.storage.read_text("a").await.unwrap(), "tea");
}
//% endif
//% endif
//% endif
