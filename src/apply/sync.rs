//! What was written, synced so that it is on the disk.

use std::{
    fs::File,
    io,
    panic::resume_unwind,
    path::{Path, PathBuf},
    thread,
};

/// How many files or folders are synced at once. Linux has begun to write files before, and on ext4 one
/// after another then takes about as long, and little more than half the CPU time.
const AT_ONCE: usize = if cfg!(target_os = "linux") { 1 } else { 8 };

/// How files and folders are synced.
pub(super) enum Syncing {
    /// Each by itself.
    Alone,
    /// By one call for each file system.
    #[cfg(target_os = "linux")]
    Together(Vec<File>),
}

impl Syncing {
    /// Chooses for what is written below some folders that exist.
    pub(super) fn of<'a>(folders: impl Iterator<Item = &'a Path>) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(file_systems) = linux::file_systems(folders) {
            return Self::Together(file_systems);
        }
        #[cfg(not(target_os = "linux"))]
        drop(folders);
        Self::Alone
    }

    /// Has the kernel begin to write a file, where [`Self::end`] then finds it done or under way.
    pub(super) fn begin(&self, file: &File) {
        #[cfg(target_os = "linux")]
        if matches!(self, Self::Alone) {
            // This drops no page that is unwritten: it starts their writing. The sync is what counts.
            let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = file;
    }

    /// Syncs files or folders, each given with what names it in an error.
    pub(super) fn end<T: Copy + Send + Sync>(
        &self,
        all: &[(T, PathBuf)],
        open: impl Fn(&Path) -> io::Result<File> + Sync,
    ) -> Result<(), (T, io::Error)> {
        match (self, all.first()) {
            (_, None) => Ok(()),
            (Self::Alone, _) => each(all, AT_ONCE, open),
            #[cfg(target_os = "linux")]
            (Self::Together(file_systems), Some((first, _))) => file_systems
                .iter()
                .try_for_each(rustix::fs::syncfs)
                .map_err(|error| (*first, error.into())),
        }
    }
}

fn each<T: Copy + Send + Sync>(
    all: &[(T, PathBuf)],
    at_once: usize,
    open: impl Fn(&Path) -> io::Result<File> + Sync,
) -> Result<(), (T, io::Error)> {
    let share = all.len().div_ceil(at_once).max(1);
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

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, fs::File, os::unix::fs::MetadataExt, path::Path};

    /// ext2 to ext4, XFS and btrfs: syncing one of them whole is what syncing all of its files is.
    /// Others may hand a file to somebody who keeps it in memory: a network, the host of a container.
    const WHOLE: [u32; 3] = [0xef53, 0x5846_5342, 0x9123_683e];

    /// Of what others have written and the disk has not: more is not waited for, in KiB.
    const LITTLE: u64 = 16 * 1024;

    /// One file of each file system, where all of them can be synced whole and soon.
    pub(super) fn file_systems<'a>(folders: impl Iterator<Item = &'a Path>) -> Option<Vec<File>> {
        let written = fs::read_to_string("/proc/meminfo").ok()?;
        if unwritten(&written)? > LITTLE {
            return None;
        }
        let (mut devices, mut files) = (Vec::new(), Vec::new());
        let mut folders: Vec<&Path> = folders.collect();
        folders.dedup();
        for folder in folders {
            let device = fs::metadata(folder).ok()?.dev();
            if !devices.contains(&device) {
                devices.push(device);
                let file = File::open(folder).ok()?;
                let found = rustix::fs::fstatfs(&file).ok()?;
                if !WHOLE.contains(&(found.f_type as u32)) {
                    return None;
                }
                files.push(file);
            }
        }
        Some(files)
    }

    /// What waits to be written to disks, in KiB.
    pub(super) fn unwritten(meminfo: &str) -> Option<u64> {
        ["Dirty:", "Writeback:"].iter().try_fold(0, |sum, name| {
            let value = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
            let value: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(sum + value)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn files(folder: &Path) -> Vec<(usize, PathBuf)> {
        let files = (0..20).map(|number| (number, folder.join(number.to_string())));
        files
            .inspect(|(number, path)| fs::write(path, number.to_string()).unwrap())
            .collect()
    }

    #[test]
    fn the_file_that_cannot_be_synced_is_named_with_threads_and_without() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        for at_once in [1, 8, 100] {
            each(&files, at_once, |path| File::open(path)).unwrap();
        }
        Syncing::Alone.begin(&File::open(&files[0].1).unwrap());
        Syncing::Alone.end(&files, |path| File::open(path)).unwrap();
        fs::remove_file(&files[13].1).unwrap();
        for at_once in [1, 8, 100] {
            let (number, error) = each(&files, at_once, |path| File::open(path)).unwrap_err();
            assert_eq!((number, error.kind()), (13, io::ErrorKind::NotFound));
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_system_is_synced_whole_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let found = linux::file_systems([folder.path(), folder.path()].into_iter());
        // None is one of another kind, or on which somebody writes much.
        assert!(found.is_none_or(|found| found.len() == 1));
        let syncing = Syncing::Together(vec![File::open(folder.path()).unwrap()]);
        syncing
            .end(&files, |_| panic!("no file by itself"))
            .unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_waits_to_be_written_is_read_from_the_kernel() {
        let meminfo = "MemFree:  900 kB\nDirty:  120 kB\nWriteback:   8 kB\nWritebackTmp:  9 kB\n";
        assert_eq!(linux::unwritten(meminfo), Some(128));
        assert_eq!(linux::unwritten("MemFree:  900 kB\n"), None);
        assert!(linux::unwritten(&fs::read_to_string("/proc/meminfo").unwrap()).is_some());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_system_of_another_kind_is_synced_file_by_file() {
        assert!(linux::file_systems([Path::new("/proc")].into_iter()).is_none());
    }
}
