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
        #[cfg(target_os = "linux")]
        if let Self::Together(file_systems) = self
            // The error may concern a file of another program; then each written file is synced by itself.
            && file_systems.iter().try_for_each(rustix::fs::syncfs).is_ok()
        {
            return Ok(());
        }
        each(all, AT_ONCE, open)
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

    /// The kernel from which on a sync of a whole file system tells of all errors that the sync of a
    /// file does: of writing since 5.8, of its journal since 5.17.
    const TELLS: (u32, u32) = (5, 17);

    /// ext4, XFS and btrfs: syncing one of them whole is what syncing all of its files is. Others may
    /// hand a file to somebody who keeps it in memory: a network, the host of a container.
    const WHOLE: [u32; 3] = [0xef53, 0x5846_5342, 0x9123_683e];

    /// Of what others have written and the disk has not: more is not waited for, in KiB.
    const LITTLE: u64 = 16 * 1024;

    /// One file of each file system, where all of them can be synced whole and soon.
    pub(super) fn file_systems<'a>(folders: impl Iterator<Item = &'a Path>) -> Option<Vec<File>> {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
        let memory = fs::read_to_string("/proc/meminfo").ok()?;
        if !tells(&kernel) || !is_little(&memory) {
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
                if !is_whole(found.f_type as u32) {
                    return None;
                }
                files.push(file);
            }
        }
        Some(files)
    }

    /// Whether a kernel of this release tells of all errors.
    pub(super) fn tells(release: &str) -> bool {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        let mut number = || numbers.next()?.parse::<u32>().ok();
        number().zip(number()).is_some_and(|found| found >= TELLS)
    }

    /// Whether little waits to be written to disks.
    pub(super) fn is_little(meminfo: &str) -> bool {
        let waits = ["Dirty:", "Writeback:"].iter().try_fold(0, |sum, name| {
            let value = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
            let value: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(sum + value)
        });
        waits.is_some_and(|waits| waits <= LITTLE)
    }

    /// Whether a kind of file system is one that can be synced whole.
    pub(super) fn is_whole(kind: u32) -> bool {
        WHOLE.contains(&kind)
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
        // A file that is no more is nothing to a file system.
        fs::remove_file(&files[3].1).unwrap();
        syncing.end(&files, |path| File::open(path)).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_system_is_synced_whole_where_that_is_soon_and_tells_of_errors() {
        let waits = |dirty: u64, writeback: u64| {
            linux::is_little(&format!(
                "MemFree:  900 kB\nDirty:  {dirty} kB\nWriteback:   {writeback} kB\nWritebackTmp:  9 kB\n"
            ))
        };
        assert!(waits(120, 8) && waits(16_384, 0));
        assert!(!waits(16_384, 1) && !waits(1, 16_384));
        assert!(!linux::is_little("MemFree:  900 kB\n"));
        for (release, tells) in [
            ("6.18.44-1", true),
            ("5.17.0", true),
            ("5.16.9", false),
            ("4.18.0-553.el8", false),
            ("", false),
        ] {
            assert_eq!(linux::tells(release), tells, "{release}");
        }
        let (ext4, tmpfs, nfs) = (0xef53, 0x0102_1994, 0x6969);
        assert!(linux::is_whole(ext4) && !linux::is_whole(tmpfs) && !linux::is_whole(nfs));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_system_of_another_kind_is_synced_file_by_file() {
        assert!(linux::file_systems([Path::new("/proc")].into_iter()).is_none());
    }
}
