//! A command line over the storage of a generated package `shop`, for tests that measure and kill whole
//! processes. Settings come from the environment (`STORAGE_BACKEND`, ..).
//!
//! | command | does | last line of output |
//! |---|---|---|
//! | `stream KEY MIB` | stores so much as a stream, reads it back, compares and deletes it | `put SECONDS get SECONDS peak KIB`, peak being the most memory that the process ever had |
//! | `count KEY KIB` | stores 1, 2, 3 .. under one key, each as so much of its repetition, until it is killed | the last number that was acknowledged |
//! | `number KEY` | reads what `count` stored | the number, or `none` or `mixed` |
//! | `names` | lists everything | the keys, with spaces between |

use std::{
    io::{self, Write},
    time::Instant,
};

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use shop::infra::settings::Settings;
use shop::infra::storage::{Object, Put, Storage, StorageError};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const MIB: usize = 1_024 * 1_024;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let storage = Storage::start(&Settings::load()?.storage).await?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["stream", key, size] => stream(&storage, key, size.parse()?).await,
        ["count", key, size] => count(&storage, key, size.parse()?).await,
        ["number", key] => number(&storage, key).await,
        ["names"] => names(&storage).await,
        _ => Err("unknown command".into()),
    }
}

async fn stream(storage: &Storage, key: &str, size: usize) -> Result<(), Failed> {
    let begun = Instant::now();
    let content = stream::iter((0..size).map(|n| Ok::<_, io::Error>(block(n))));
    storage.put_stream(key, content, Put::new()).await?;
    let put = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let mut content = storage.get_stream(key).await?;
    let (mut expected, mut blocks) = (block(0), 1);
    while let Some(mut bytes) = content.try_next().await? {
        while !bytes.is_empty() {
            if expected.is_empty() {
                expected = block(blocks);
                blocks += 1;
            }
            let length = bytes.len().min(expected.len());
            if bytes.split_to(length) != expected.split_to(length) {
                return Err(format!("block {} is another one", blocks - 1).into());
            }
        }
    }
    if blocks != size || !expected.is_empty() {
        return Err(format!("{blocks} blocks came back").into());
    }
    let get = begun.elapsed().as_secs_f64();
    storage.delete(key).await?;
    println!("put {put:.1} get {get:.1} peak {}", peak()?);
    Ok(())
}

/// A MiB that is like no other one.
fn block(n: usize) -> Bytes {
    let mut block = vec![n as u8; MIB];
    block[..8].copy_from_slice(&(n as u64).to_be_bytes());
    block.into()
}

/// The most memory that this process ever had, in KiB.
fn peak() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix("kB"));
    Ok(peak.ok_or("the system does not tell the peak")?.trim().parse()?)
}

async fn count(storage: &Storage, key: &str, size: usize) -> Result<(), Failed> {
    let first = read(storage, key).await?.unwrap_or_default();
    for n in first + 1.. {
        let content = n.to_be_bytes().repeat(size * 128);
        if n % 2 == 0 {
            storage.put(key, content, Put::new()).await?;
        } else {
            let pieces = content.chunks(100_000).map(Bytes::copy_from_slice);
            let pieces: Vec<_> = pieces.map(Ok::<_, io::Error>).collect();
            storage.put_stream(key, stream::iter(pieces), Put::new()).await?;
        }
        println!("{n}");
        io::stdout().flush()?;
    }
    Ok(())
}

async fn number(storage: &Storage, key: &str) -> Result<(), Failed> {
    match read(storage, key).await {
        Ok(Some(n)) => println!("{n}"),
        Ok(None) => println!("none"),
        Err(_) => println!("mixed"),
    }
    Ok(())
}

async fn read(storage: &Storage, key: &str) -> Result<Option<u64>, Failed> {
    let content = match storage.get(key).await {
        Ok(content) => content,
        Err(StorageError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (first, rest) = content.split_first_chunk().ok_or("it is too short")?;
    if content.len() % 1_024 != 0 || rest.chunks(8).any(|chunk| chunk != first) {
        return Err("it is not of one writer".into());
    }
    Ok(Some(u64::from_be_bytes(*first)))
}

async fn names(storage: &Storage) -> Result<(), Failed> {
    let objects: Vec<Object> = storage.list("")?.try_collect().await?;
    let names: Vec<String> = objects.into_iter().map(|object| object.key).collect();
    println!("{}", names.join(" "));
    Ok(())
}
