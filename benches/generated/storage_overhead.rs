//! Throughput of the generated storage against the raw `object_store` crate, in one run.
//!
//! An example of a generated package `shop` with storage, in release mode and without LTO:
//!
//!     cargo run --release --example storage_overhead
//!
//! It measures the local folder, against `LocalFileSystem` with its `fsync`, and memory; with `TEST_S3_URL`
//! (`http://access:secret@host:port/bucket`) also S3. Both sides take turns, so that a busy machine
//! disturbs both; what counts is the median of the ratios of neighbours.

use std::{io, sync::Arc, time::Instant};

use bytes::Bytes;
use futures_util::{TryStreamExt, future, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use shop::infra::settings::{Settings, StorageSettings};
use shop::infra::storage::{Put, Storage};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const KIB: usize = 1_024;
const MIB: usize = 1_024 * KIB;
/// Tasks that work at the same time, and parts of a raw upload.
const TASKS: usize = 16;
const PARTS: usize = 3;
const PART: usize = 8 * MIB;

/// One side of the comparison.
#[derive(Clone)]
enum Side {
    Ours(Storage),
    Raw(Arc<dyn ObjectStore>),
}

impl Side {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), Failed> {
        match self {
            Self::Ours(storage) => drop(storage.put(key, content, Put::new()).await?),
            Self::Raw(store) => drop(store.put(&Path::from(key), content.into()).await?),
        }
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Bytes, Failed> {
        Ok(match self {
            Self::Ours(storage) => storage.get(key).await?,
            Self::Raw(store) => store.get(&Path::from(key)).await?.bytes().await?,
        })
    }

    async fn delete(&self, key: &str) -> Result<(), Failed> {
        match self {
            Self::Ours(storage) => storage.delete(key).await?,
            Self::Raw(store) => store.delete(&Path::from(key)).await?,
        }
        Ok(())
    }

    async fn put_stream(&self, key: &str, size: usize) -> Result<(), Failed> {
        let piece = Bytes::from(vec![7; 64 * KIB]);
        let pieces = size / piece.len();
        match self {
            Self::Ours(storage) => {
                let pieces = (0..pieces).map(|_| Ok::<_, io::Error>(piece.clone()));
                storage
                    .put_stream(key, stream::iter(pieces), Put::new())
                    .await?;
            }
            Self::Raw(store) => {
                let upload = store.put_multipart(&Path::from(key)).await?;
                let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
                for _ in 0..pieces {
                    upload.wait_for_capacity(PARTS).await?;
                    upload.put(piece.clone());
                }
                upload.finish().await?;
            }
        }
        Ok(())
    }

    async fn get_stream(&self, key: &str) -> Result<usize, Failed> {
        let mut size = 0;
        match self {
            Self::Ours(storage) => {
                let mut content = storage.get_stream(key).await?;
                while let Some(bytes) = content.try_next().await? {
                    size += bytes.len();
                }
            }
            Self::Raw(store) => {
                let mut content = store.get(&Path::from(key)).await?.into_stream();
                while let Some(bytes) = content.try_next().await? {
                    size += bytes.len();
                }
            }
        }
        Ok(size)
    }

    /// Seconds that small objects take, each task its own: stored, read, deleted.
    async fn small(&self, prefix: &str, each: usize) -> Result<[f64; 3], Failed> {
        let content = Bytes::from(vec![7; 10 * KIB]);
        let mut seconds = [0.0; 3];
        for (step, seconds) in seconds.iter_mut().enumerate() {
            let begun = Instant::now();
            let tasks = (0..TASKS).map(|task| {
                let (side, content) = (self.clone(), content.clone());
                let prefix = format!("{prefix}/{task}");
                tokio::spawn(async move {
                    for n in 0..each {
                        let key = format!("{prefix}/{n}.bin");
                        match step {
                            0 => side.put(&key, content.clone()).await?,
                            1 => drop(side.get(&key).await?),
                            _ => side.delete(&key).await?,
                        }
                    }
                    Ok::<_, Failed>(())
                })
            });
            for done in future::join_all(tasks).await {
                done??;
            }
            *seconds = begun.elapsed().as_secs_f64();
        }
        Ok(seconds)
    }

    /// Seconds that a large object takes: stored, read.
    async fn large(&self, key: &str, size: usize) -> Result<[f64; 2], Failed> {
        let begun = Instant::now();
        self.put_stream(key, size).await?;
        let put = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        if self.get_stream(key).await? != size {
            return Err("another size came back".into());
        }
        let get = begun.elapsed().as_secs_f64();
        self.delete(key).await?;
        Ok([put, get])
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let folder = std::env::temp_dir().join(format!("storage-bench-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("raw"))?;
    let mut settings = Settings::default().storage;
    settings.local_path = folder.join("ours").to_str().ok_or("no text")?.to_owned();
    let raw = LocalFileSystem::new_with_prefix(folder.join("raw"))?;
    let raw = raw.with_fsync(true).with_automatic_cleanup(true);
    let measured = compare("local", settings.clone(), Arc::new(raw), 40, 256).await;
    std::fs::remove_dir_all(&folder)?;
    measured?;
    compare(
        "memory",
        settings.clone(),
        Arc::new(InMemory::new()),
        400,
        256,
    )
    .await?;
    if let Ok(url) = std::env::var("TEST_S3_URL") {
        let raw = s3(&mut settings, &url)?;
        compare("s3", settings, Arc::new(raw), 20, 64).await?;
    }
    Ok(())
}

/// Takes turns, and prints the medians of our throughput and of its ratio to the raw one.
async fn compare(
    name: &str,
    mut settings: StorageSettings,
    raw: Arc<dyn ObjectStore>,
    each: usize,
    mib: usize,
) -> Result<(), Failed> {
    const ROUNDS: usize = 15;
    settings.backend = Some(name.to_owned());
    let ours = Side::Ours(Storage::start(&settings).await?);
    let raw = Side::Raw(raw);
    let mut rounds: [Vec<(f64, f64)>; 5] = Default::default();
    for round in 0..=ROUNDS {
        // Whoever comes first changes, too.
        let order = if round % 2 == 0 {
            [&ours, &raw]
        } else {
            [&raw, &ours]
        };
        let mut seconds = Vec::new();
        for (place, side) in order.into_iter().enumerate() {
            let key = format!("bench-{}/{place}", std::process::id());
            let small = side.small(&key, each).await?;
            let large = side.large(&format!("{key}/large.bin"), mib * MIB).await?;
            seconds.push([small.as_slice(), &large].concat());
        }
        if round % 2 == 1 {
            seconds.reverse();
        }
        // The first round opens connections and files.
        for (step, kept) in rounds.iter_mut().enumerate().filter(|_| round > 0) {
            kept.push((seconds[0][step], seconds[1][step]));
        }
    }
    let steps = [
        "put 10 KiB",
        "get 10 KiB",
        "delete",
        "put stream",
        "get stream",
    ];
    for (step, (title, rounds)) in steps.into_iter().zip(rounds).enumerate() {
        let ratio = median(rounds.iter().map(|(ours, raw)| raw / ours));
        let ours = median(rounds.iter().map(|(ours, _)| *ours));
        let (amount, unit) = if step < 3 {
            ((TASKS * each) as f64, "a second")
        } else {
            (mib as f64, "MiB/s")
        };
        println!(
            "{name} {title}: throughput {ratio:.3} of the raw crate, {:.0} {unit}",
            amount / ours
        );
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn s3(settings: &mut StorageSettings, url: &str) -> Result<AmazonS3, Failed> {
    let parts = url
        .strip_prefix("http://")
        .and_then(|url| url.split_once('@'));
    let (credential, place) = parts.ok_or("no credential")?;
    let (access, secret) = credential.split_once(':').ok_or("no secret")?;
    let (host, bucket) = place.split_once('/').ok_or("no bucket")?;
    settings.s3_bucket = Some(bucket.to_owned());
    settings.s3_endpoint_url = Some(format!("http://{host}"));
    settings.s3_access_key = Some(access.into());
    settings.s3_secret_key = Some(secret.into());
    Ok(AmazonS3Builder::new()
        .with_endpoint(format!("http://{host}"))
        .with_allow_http(true)
        .with_bucket_name(bucket)
        .with_region("us-east-1")
        .with_access_key_id(access)
        .with_secret_access_key(secret)
        .build()?)
}
