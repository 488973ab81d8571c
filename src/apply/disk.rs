//! Files and folders, written so that they are on the disk.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// The permissions of a file that is there.
pub(super) fn mode(file: &Path) -> Option<fs::Permissions> {
    fs::metadata(file).map(|found| found.permissions()).ok()
}

#[cfg(unix)]
pub(super) fn owner_only() -> Option<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;

    Some(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
pub(super) fn owner_only() -> Option<fs::Permissions> {
    None
}

/// Writes a file that must not be there.
pub(super) fn create(path: &Path, bytes: &[u8], mode: Option<fs::Permissions>) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    if let Some(mode) = mode {
        file.set_permissions(mode)?;
    }
    file.write_all(bytes)?;
    Ok(file)
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

/// Whether folders can be synced.
pub(super) const SYNCS_FOLDERS: bool = cfg!(unix);

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if SYNCS_FOLDERS {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Opens a file or a folder for being synced.
pub(super) fn open_to_sync(path: &Path) -> io::Result<File> {
    // Some systems sync only what is opened for writing, which a folder cannot be.
    OpenOptions::new()
        .write(!path.is_dir())
        .read(true)
        .open(path)
}
