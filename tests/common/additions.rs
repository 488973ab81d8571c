//! The judge of what became of a user's files: additions only, but for the lines that may change.

use std::collections::BTreeMap;

use infra::lock::Fragment;

/// Files by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The lines of the user's that were lost without a reason, and files that were.
///
/// A line may change where the record has its old text: a dependency's features, the place that
/// serves, a service's image; and the last line may get an end.
pub fn unexplained(before: &Files, after: &Files) -> Vec<String> {
    let lock = super::lock_of(after);
    let mut wrong = Vec::new();
    for (path, old) in before {
        let Some(new) = after.get(path) else {
            wrong.push(format!("{path} is gone"));
            continue;
        };
        if old == new {
            continue;
        }
        let known: Vec<&Fragment> = lock
            .fragments
            .iter()
            .filter(|known| known.file.as_str() == path && is_allowed(path, known))
            .collect();
        let new = text(new);
        for line in lost(&text(old), &new) {
            // A last expression gets a name, and a semicolon of what comes behind it.
            let is_named = |head: &str| known.iter().any(|known| known.after.starts_with(head));
            let is_ended = |tail: &str| match tail {
                "" => true,
                ";" => known.iter().any(|known| known.after.contains(';')),
                _ => false,
            };
            let longer = path.ends_with(".rs")
                && new.lines().any(|new| {
                    let split = new.split_once(line.trim());
                    split.is_some_and(|(head, tail)| is_named(head.trim_start()) && is_ended(tail))
                });
            let explains = |known: &&Fragment| {
                let replaced = known.before.trim();
                let is_there = replaced.contains(line.trim()) || line.contains(replaced);
                !replaced.is_empty() && is_there
            };
            if !longer && !known.iter().any(explains) {
                wrong.push(format!("{path} lost {line:?}"));
            }
        }
    }
    wrong
}

/// Whether a fragment is of a kind that may change a line.
fn is_allowed(path: &str, known: &Fragment) -> bool {
    let is_image = known.pointer.starts_with("/services/") && known.pointer.ends_with("/image");
    path.ends_with("Cargo.toml") || path.ends_with(".rs") || is_image
}

/// The lines of a text that another one does not have in the same order, with their ends.
fn lost(old: &str, new: &str) -> Vec<String> {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let same = |(old, new): (&&str, &&str)| old == new;
    let head = old.iter().zip(&new).take_while(|pair| same(*pair)).count();
    let (old, new) = (&old[head..], &new[head..]);
    let back = old.iter().rev().zip(new.iter().rev());
    let tail = back.take_while(|pair| same(*pair)).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let kept = common(old, new);
    let is_end = |line: &str| {
        let ended = |new: &&str| new.trim_end_matches(['\r', '\n']) == line;
        !line.ends_with('\n') && new.iter().any(ended)
    };
    old.iter()
        .enumerate()
        .filter(|(at, line)| !kept.contains(at) && !is_end(line))
        .map(|(_, line)| (*line).to_owned())
        .collect()
}

/// Which lines of the first text a longest common subsequence keeps.
fn common(old: &[&str], new: &[&str]) -> Vec<usize> {
    let mut lengths = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i][j] = if old[i] == new[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut kept) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            kept.push(i);
            (i, j) = (i + 1, j + 1);
        } else if lengths[i + 1][j] >= lengths[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    kept
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
