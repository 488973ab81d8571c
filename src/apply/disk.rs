//! Files and folders, written so that they are on the disk.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
};

use super::journal;

/// How many files or folders are synced at once. Linux has begun to write files before, and on ext4 one
/// after another then takes about as long, and little more than half the CPU time.
const AT_ONCE: usize = if cfg!(target_os = "linux") { 1 } else { 8 };

/// The permissions that a file keeps or gets; `None` leaves them to the umask.
pub(super) fn mode(target: &Path, private: bool) -> Option<fs::Permissions> {
    match fs::metadata(target) {
        Ok(found) => Some(found.permissions()),
        Err(_) if private => owner_only(),
        Err(_) => None,
    }
}

#[cfg(unix)]
fn owner_only() -> Option<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;

    Some(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn owner_only() -> Option<fs::Permissions> {
    None
}

pub(super) fn write(path: &Path, bytes: &[u8], mode: Option<fs::Permissions>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    if path
        .file_name()
        .is_some_and(|name| journal::is_temporary(&name.to_string_lossy()))
    {
        options.create_new(true);
    } else {
        options.create(true).truncate(true);
    }
    let mut file = options.open(path)?;
    if let Some(mode) = mode {
        file.set_permissions(mode)?;
    }
    file.write_all(bytes)?;
    Ok(file)
}

/// Has the kernel begin to write a file to the disk, so that a later sync finds it done or under way.
#[cfg(target_os = "linux")]
pub(super) fn begin_sync(file: &File) {
    // This drops no page that is unwritten: it starts their writing. The sync is what counts.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn begin_sync(_: &File) {}

/// Syncs files or folders.
pub(super) fn sync_all<T: Copy + Send + Sync>(
    all: &[(T, PathBuf)],
    open: impl Fn(&Path) -> io::Result<File> + Sync,
) -> Result<(), (T, io::Error)> {
    let share = all.len().div_ceil(AT_ONCE).max(1);
    let sync = |(name, path): &(T, PathBuf)| {
        let synced = open(path).and_then(|file| file.sync_all());
        synced.map_err(|error| (*name, error))
    };
    if all.len() <= share {
        return all.iter().try_for_each(sync);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = all
            .chunks(share)
            .map(|share| scope.spawn(|| share.iter().try_for_each(sync)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Puts a temporary file in the place of its target.
pub(super) fn replace(temporary: &Path, target: &Path) -> io::Result<()> {
    match fs::rename(temporary, target) {
        // A file that is a mount of its own can only be written in place.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
            ) =>
        {
            let text = fs::read(temporary)?;
            let mut file = OpenOptions::new().write(true).truncate(true).open(target)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::remove_file(temporary)
        }
        done => done,
    }
}

/// Removes a file and the folders that it leaves empty, up to the root.
pub(super) fn delete(root: &Path, target: &Path) -> io::Result<()> {
    match fs::remove_file(target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in target.ancestors().skip(1) {
        if folder == root || !folder.starts_with(root) || fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
