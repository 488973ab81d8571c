//! Drafts: files beside their targets that nobody sees until they are complete.
//!
//! A draft has a random name, is readable by its owner only and ends as its target does (the
//! extension tells some programs what a file is). It is written, brought to the disk and renamed over
//! the target. A process that is killed before leaves the target as it was, and a draft that listings
//! remove a day later.

use std::{
    ffi::OsStr,
    fmt, io,
    io::Write,
    mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ::object_store::path::Path as Location;
use ::object_store::{
    Attributes, Error, MultipartUpload, PutMode, PutPayload, PutResult, Result, UploadPart,
};
use async_trait::async_trait;
use cap_std::fs::{Dir, File, OpenOptions};

use super::super::key::RESERVED;
use super::attributes::{describe, mark, random};
use super::{blocking, failure, open};

/// How often a folder may vanish between its creation and its use: deleting removes empty ones.
const ATTEMPTS: u32 = 100;

/// A file that is being written. Dropped before it is published, it is removed.
pub(super) struct Draft {
    folder: super::Folder,
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    pub(super) fn new(folder: &super::Folder, target: &Path) -> io::Result<Self> {
        let (path, file) = create(folder.writable()?, target)?;
        Ok(Self {
            folder: folder.clone(),
            file,
            path,
            target: target.to_owned(),
        })
    }

    /// Puts the file in the place of the target, if `mode` still permits it.
    pub(super) fn publish(self, attributes: &Attributes, mode: &PutMode) -> io::Result<PutResult> {
        let dir = self.folder.dir()?;
        mark(&self.file, attributes)?;
        self.file.sync_all()?;
        // Whoever compares versions holds everybody off from looking to renaming.
        let held = lock(dir)?;
        match mode {
            PutMode::Update(_) => held.lock()?,
            PutMode::Overwrite | PutMode::Create => held.lock_shared()?,
        }
        match mode {
            PutMode::Overwrite => dir.rename(&self.path, dir, &self.target)?,
            // Unlike renaming, linking refuses to replace.
            PutMode::Create => dir.hard_link(&self.path, dir, &self.target)?,
            PutMode::Update(version) => {
                let location = Location::default();
                let now = open(dir, &self.target).and_then(|file| describe(&file, location));
                let now = now.ok().and_then(|(meta, _)| meta.e_tag);
                if now.is_none() || now != version.e_tag {
                    return Err(io::ErrorKind::ResourceBusy.into());
                }
                dir.rename(&self.path, dir, &self.target)?;
            }
        }
        drop(held);
        sync(dir, parent(&self.target))?;
        let (meta, _) = describe(&self.file, Location::default())?;
        Ok(PutResult {
            e_tag: meta.e_tag,
            version: None,
            extensions: Default::default(),
        })
    }
}

impl Write for Draft {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing left of this name.
        if let Ok(dir) = self.folder.dir() {
            dir.remove_file(&self.path).ok();
        }
    }
}

/// Creates an empty draft, and the folders that it is in.
pub(super) fn create(dir: &Dir, target: &Path) -> io::Result<(PathBuf, File)> {
    let mut name = format!("{RESERVED}{:016x}", random());
    // A long one would make the name longer than a file system takes.
    let extension = target.extension().and_then(OsStr::to_str);
    if let Some(extension) = extension.filter(|extension| extension.len() <= 32) {
        name = format!("{name}.{extension}");
    }
    let path = target.with_file_name(name);
    let mut options = options();
    options.create_new(true);
    let mut attempts = 0;
    loop {
        match dir.open_with(&path, &options) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && attempts < ATTEMPTS => {
                create_folders(dir, parent(&path))?;
                attempts += 1;
            }
            file => return Ok((path, file?)),
        }
    }
}

fn create_folders(dir: &Dir, path: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = cap_std::fs::DirBuilder::new();
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let ancestors: Vec<&Path> = path.ancestors().collect();
    for folder in ancestors.into_iter().rev().skip(1) {
        match dir.create_dir_with(folder, &builder) {
            Ok(()) => sync(dir, parent(folder))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            // Somebody has removed the one before, and the next attempt creates it again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens what writers lock while they rename: the folder itself, or a file in it where folders cannot
/// be locked. The lock ends with the value, or the process.
pub(super) fn lock(dir: &Dir) -> io::Result<std::fs::File> {
    #[cfg(unix)]
    let file = dir.open(".")?;
    #[cfg(not(unix))]
    let file = dir.open_with(format!("{RESERVED}lock"), options().create(true))?;
    Ok(file.into_std())
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or("".as_ref())
}

/// Brings the entries of a folder to the disk, where the system lets one do that.
pub(super) fn sync(dir: &Dir, folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    // Never empty, which would be no path.
    match dir.open(Path::new(".").join(folder)) {
        Ok(folder) => folder.sync_all(),
        // It was left empty and removed, and with it what was to be kept.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A draft that comes in parts.
pub(super) struct Upload {
    draft: Arc<Mutex<Option<Draft>>>,
    location: Location,
    attributes: Attributes,
    offset: u64,
}

impl Upload {
    pub(super) fn new(draft: Draft, location: Location, attributes: Attributes) -> Self {
        Self {
            draft: Arc::new(Mutex::new(Some(draft))),
            location,
            attributes,
            offset: 0,
        }
    }

    /// Works with the draft, unless it is gone.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Option<Draft>) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let draft = Arc::clone(&self.draft);
        let done = blocking(move || {
            let mut draft = draft.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut draft)
        });
        done.await.map_err(|error| failure(error, &self.location))
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        let (draft, location) = (Arc::clone(&self.draft), self.location.clone());
        let offset = self.offset;
        self.offset += part.content_length() as u64;
        Box::pin(async move {
            let written = blocking(move || {
                use std::io::{Seek, SeekFrom};

                let mut draft = draft.lock().unwrap_or_else(PoisonError::into_inner);
                let draft = draft.as_mut().ok_or_else(gone)?;
                draft.file.seek(SeekFrom::Start(offset))?;
                part.iter().try_for_each(|bytes| draft.write_all(bytes))
            });
            written.await.map_err(|error| failure(error, &location))
        })
    }

    async fn complete(&mut self) -> Result<PutResult, Error> {
        let attributes = mem::take(&mut self.attributes);
        let publish = move |draft: &mut Option<Draft>| {
            let draft = draft.take().ok_or_else(gone)?;
            draft.publish(&attributes, &PutMode::Overwrite)
        };
        self.work(publish).await
    }

    async fn abort(&mut self) -> Result<()> {
        let end = |draft: &mut Option<Draft>| {
            draft.take();
            Ok(())
        };
        self.work(end).await
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upload").field(&self.location).finish()
    }
}

fn gone() -> io::Error {
    io::Error::other("the upload has ended")
}
