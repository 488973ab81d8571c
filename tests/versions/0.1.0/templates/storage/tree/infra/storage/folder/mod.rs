//! Objects as files below a folder, for [`ObjectStore`].
//!
//! The folder is opened once, and every path is looked up from there without ever leaving it: a link
//! that points outside is refused, whoever puts it there and whenever. Objects are plain files with
//! the names of their keys; links are none. What is written goes to a draft beside the target first
//! ([`draft`]), so that readers see the old content or the new.

mod attributes;
mod draft;
mod walk;

//% if edition < 2021
use std::convert::TryFrom;

//% endif
use std::{
    fmt, io,
    io::{Read, Seek, SeekFrom, Write},
    ops::Range,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use ::object_store::path::Path;
use ::object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use async_trait::async_trait;
use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use self::draft::{Draft, Upload};
use self::{attributes::describe, walk::Walk};

/// What one step of reading a file takes into memory.
const CHUNK: u64 = 512 * 1_024;

/// A folder of objects. Clones share it.
#[derive(Clone)]
pub(super) struct Folder(Arc<Inner>);

struct Inner {
    root: PathBuf,
    dir: OnceLock<Dir>,
}

impl Folder {
    /// Names a folder, which need not exist.
    pub(super) fn new(root: impl Into<PathBuf>) -> Self {
        let (root, dir) = (root.into(), OnceLock::new());
        Self(Arc::new(Inner { root, dir }))
    }

    /// Creates the folder if it is missing, and makes sure that it can be written to.
    pub(super) async fn prepare(&self) -> io::Result<()> {
        let folder = self.clone();
        blocking(move || {
            let dir = folder.writable()?;
            let (probe, _) = draft::create(dir, "probe".as_ref())?;
            dir.remove_file(probe)
        })
        .await
    }

    /// The folder, for reading. It is looked for again until it is there.
    fn dir(&self) -> io::Result<&Dir> {
        if let Some(dir) = self.0.dir.get() {
            return Ok(dir);
        }
        let dir = Dir::open_ambient_dir(&self.0.root, ambient_authority())?;
        Ok(self.0.dir.get_or_init(|| dir))
    }

    /// The folder, for writing.
    fn writable(&self) -> io::Result<&Dir> {
        match self.dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = std::fs::DirBuilder::new();
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.recursive(true).create(&self.0.root)?;
                self.dir()
            }
            dir => dir,
        }
    }

    /// Works with files on a thread that may wait for them.
    async fn work<T: Send + 'static>(
        &self,
        location: &Path,
        work: impl FnOnce(&Self, &std::path::Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (folder, path) = (self.clone(), PathBuf::from(location.as_ref()));
        let done = blocking(move || work(&folder, &path)).await;
        done.map_err(|error| failure(error, location))
    }
}

/// Runs what may wait for the disk on a thread for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// What an error of the file system means for an object.
fn failure(error: io::Error, location: &Path) -> Error {
    use io::ErrorKind::{AlreadyExists, NotADirectory, NotFound, PermissionDenied, ResourceBusy};
    let (path, source) = (location.to_string(), Box::new(error));
    match source.kind() {
        NotFound | NotADirectory => Error::NotFound { path, source },
        AlreadyExists => Error::AlreadyExists { path, source },
        // The word of `publish` for a version that is no longer there.
        ResourceBusy => Error::Precondition { path, source },
        PermissionDenied => Error::PermissionDenied { path, source },
        _ => Error::Generic {
            store: "local folder",
            source,
        },
    }
}

/// Opens an object. A link is none, nor is anything else that is not a file.
fn open(dir: &Dir, path: &std::path::Path) -> io::Result<File> {
    // Before it is opened, since opening a pipe waits for its other end.
    if !dir.symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    dir.open(path)
}

/// Removes an object, and the folders that it leaves empty.
fn remove(dir: &Dir, path: &std::path::Path) -> io::Result<()> {
    let held = draft::lock(dir)?;
    held.lock_shared()?;
    let removed = dir.remove_file(path);
    // The name of a folder is no object, whatever the system calls the mistake.
    if removed.is_err() && dir.symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        return Err(io::ErrorKind::NotFound.into());
    }
    removed?;
    drop(held);
    let mut parent = path.parent();
    while let Some(path) = parent {
        if path.as_os_str().is_empty() || dir.remove_dir(path).is_err() {
            break;
        }
        parent = path.parent();
    }
    draft::sync(dir, parent.unwrap_or("".as_ref()))
}

/// Reads on from where the file stands.
fn chunk(file: &mut File, left: u64) -> io::Result<Bytes> {
    let wanted = left.min(CHUNK);
    let mut buffer = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
    file.take(wanted).read_to_end(&mut buffer)?;
    if buffer.is_empty() {
        // Somebody cut it who does not know that files here are replaced, not changed.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(buffer.into())
}

/// The content of a range, the first part of which has been read.
fn content(
    file: File,
    first: Option<Bytes>,
    range: Range<u64>,
    location: Path,
) -> BoxStream<'static, Result<Bytes>> {
    let read = first.as_ref().map_or(0, |first| first.len() as u64);
    let left = range.end - range.start - read;
    let rest = stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        blocking(move || {
            let bytes = chunk(&mut file, left)?;
            let left = left - bytes.len() as u64;
            Ok(Some((bytes, (file, left))))
        })
        .await
    });
    let rest = rest.map_err(move |error| failure(error, &location));
    stream::iter(first.map(Ok)).chain(rest).boxed()
}

#[async_trait]
impl ObjectStore for Folder {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let write = move |folder: &Self, path: &std::path::Path| {
            let mut draft = Draft::new(folder, path)?;
            for bytes in &payload {
                draft.write_all(bytes)?;
            }
            draft.publish(&options.attributes, &options.mode)
        };
        self.work(location, write).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let draft = |folder: &Self, path: &std::path::Path| Draft::new(folder, path);
        let draft = self.work(location, draft).await?;
        let upload = Upload::new(draft, location.clone(), options.attributes);
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let place = location.clone();
        let (head, wanted) = (options.head, options.range.clone());
        let read = move |folder: &Self, path: &std::path::Path| {
            let mut file = open(folder.dir()?, path)?;
            let (meta, attributes) = describe(&file, place)?;
            let range = wanted.map_or(Ok(0..meta.size), |range| range.as_range(meta.size));
            let range = range.map_err(io::Error::other)?;
            let length = range.end - range.start;
            if range.start > 0 {
                file.seek(SeekFrom::Start(range.start))?;
            }
            // A small object costs one trip to the other thread, not two.
            let first = match length {
                0 => None,
                _ if head => None,
                length => Some(chunk(&mut file, length)?),
            };
            Ok((file, meta, attributes, range, first))
        };
        let (file, meta, attributes, range, first) = self.work(location, read).await?;
        options.check_preconditions(&meta)?;
        let payload = if head {
            stream::empty().boxed()
        } else {
            content(file, first, range.clone(), location.clone())
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(payload),
            meta,
            range,
            attributes,
            extensions: Default::default(),
        })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let folder = self.clone();
        let delete = move |location: Path| {
            let folder = folder.clone();
            async move {
                let remove = |folder: &Self, path: &std::path::Path| remove(folder.dir()?, path);
                folder.work(&location, remove).await?;
                Ok(location)
            }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.cloned().unwrap_or_default();
        let (folder, place) = (self.clone(), prefix.clone());
        let start = async move {
            blocking(move || match folder.dir() {
                Ok(dir) => Walk::new(dir, &prefix),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Walk::default()),
                Err(error) => Err(error),
            })
            .await
        };
        let pages = stream::once(start).map_ok(|walk| {
            stream::try_unfold(walk, |mut walk| async move {
                blocking(move || {
                    let page = walk.page()?;
                    Ok((!page.is_empty()).then_some((page, walk)))
                })
                .await
            })
        });
        let entries = pages
            .try_flatten()
            .map_ok(|page| stream::iter(page).map(Ok));
        let entries = entries.try_flatten();
        entries.map_err(move |error| failure(error, &place)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let place = prefix.cloned().unwrap_or_default();
        let mut listed = ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
            extensions: Default::default(),
        };
        let mut entries = self.list(prefix);
        while let Some(meta) = entries.try_next().await? {
            let mut parts = meta.location.prefix_match(&place).into_iter().flatten();
            let first = parts.next().map(|part| place.clone().join(part));
            match (first, parts.next().is_some()) {
                (Some(folder), true) => listed.common_prefixes.push(folder),
                _ => {
                    drop(parts);
                    listed.objects.push(meta);
                }
            }
        }
        listed.common_prefixes.sort();
        listed.common_prefixes.dedup();
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let source = PathBuf::from(from.as_ref());
        let open = move |folder: &Self, _: &std::path::Path| open(folder.dir()?, &source);
        let mut file = self.work(from, open).await?;
        let from = from.clone();
        let copy = move |folder: &Self, path: &std::path::Path| {
            let (_, attributes) = describe(&file, from)?;
            let mut draft = Draft::new(folder, path)?;
            io::copy(&mut file, &mut draft)?;
            let mode = match options.mode {
                CopyMode::Overwrite => PutMode::Overwrite,
                CopyMode::Create => PutMode::Create,
            };
            draft.publish(&attributes, &mode).map(drop)
        };
        self.work(to, copy).await
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Folder").field(&self.0.root).finish()
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder `{}`", self.0.root.display())
    }
}
