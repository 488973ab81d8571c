//! Compose files with random damage, and files that somebody edits between add and undo.

use std::path::Path;

use infra_edit::compose::Compose;
use infra_edit::{Edit, Outcome, UndoError};

use super::{Verdict, add_all, corpus, files, names, verdict};

/// Numbers that look random and are the same in every run.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

/// A text with a few lines deleted, doubled, moved in or out, joined, commented or cut.
fn mutate(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for _ in 0..=rng.below(3) {
        if lines.is_empty() {
            break;
        }
        let at = rng.below(lines.len());
        match rng.below(12) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => lines[at].insert(0, ' '),
            3 => lines[at].insert_str(0, "  "),
            4 => {
                lines[at] = lines[at]
                    .strip_prefix("  ")
                    .unwrap_or(&lines[at])
                    .to_owned()
            }
            5 => lines[at].insert_str(0, "# "),
            6 => lines[at] = lines[at].trim_end().to_owned(),
            7 => lines[at] = format!("{} # why\n", lines[at].trim_end()),
            8 => lines.truncate(at + 1),
            9 => lines[at] = format!("{}\r\n", lines[at].trim_end()),
            10 => lines.insert(at, "        # deep\n".to_owned()),
            _ => {
                let other = rng.below(lines.len());
                lines.swap(at, other);
            }
        }
    }
    let mut text = lines.concat();
    if rng.below(6) == 0 {
        text.truncate(text.trim_end().len());
    }
    text
}

/// Returns how many were edited, how many of these the independent parser could not judge, and how
/// many were refused.
fn expect_no_damage(files: &[(String, String)], rounds: usize) -> (usize, usize, usize) {
    let (mut edited, mut unjudged, mut refused) = (0, 0, 0);
    for (name, text) in files {
        let mut rng = Rng(text.len() as u64);
        for _ in 0..rounds {
            let text = mutate(text, &mut rng);
            if text == "\n" || text == "\r\n" {
                // Undone to an empty text: it cannot be told from one that was empty.
                continue;
            }
            match verdict(&text) {
                Verdict::Edited { judged, .. } => {
                    edited += 1;
                    unjudged += usize::from(!judged);
                }
                Verdict::Refused(_) => refused += 1,
                Verdict::Wrong(reason) => panic!("{name}: {reason}\nfrom:\n{text}"),
            }
        }
    }
    (edited, unjudged, refused)
}

#[test]
fn mutated_hostile_files_are_never_damaged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/compose");
    let (edited, unjudged, refused) = expect_no_damage(&files(&folder).unwrap(), 10);
    assert!(
        edited > refused && unjudged * 20 < edited,
        "{edited} edited, {unjudged} unjudged, {refused} refused"
    );
}

#[test]
#[ignore = "needs INFRA_CORPUS, a folder of real files, and a minute"]
fn mutated_real_files() {
    let (edited, unjudged, refused) = expect_no_damage(&files(&corpus().unwrap()).unwrap(), 50);
    println!(
        "mutated: {edited} edited and restored ({unjudged} not judged), {refused} refused, 0 wrong"
    );
}

/// Adds everything, lets somebody edit the result, and undoes what still can be undone; fails if
/// that takes a comment or a line that was not ours. Returns how many edits were undone.
fn undone_after_edits(name: &str, text: &str, rng: &mut Rng) -> Option<usize> {
    let mut compose = Compose::parse(text).ok()?;
    let names = names(text, &compose);
    let mut edits: Vec<Edit> = Vec::new();
    for outcome in add_all(&mut compose, &names).ok()? {
        if let Outcome::Added { edits: more, .. } = outcome {
            edits.extend(more);
        }
    }
    let edited = mutate(compose.text(), rng);
    let mut compose = Compose::parse(edited.as_str()).ok()?;
    let all = edits.clone();
    let mut undone = 0;
    for _ in 0..3 {
        edits.retain(|edit| match compose.undo(edit) {
            Ok(()) => {
                undone += 1;
                false
            }
            Err(kept) => kept == UndoError::NotEmpty,
        });
    }
    let left = compose.text();
    let context = || format!("{name}: from:\n{edited}\nto:\n{left}");
    assert_eq!(
        edited.matches('#').count(),
        left.matches('#').count(),
        "{}",
        context()
    );
    let whole_lines = |edit: &Edit| edit.before.is_empty() && edit.after.starts_with(['\r', '\n']);
    if all.iter().all(whole_lines) {
        let mut ours: Vec<&str> = all
            .iter()
            .flat_map(|edit| edit.after.lines().map(str::trim))
            .collect();
        let mut rest = left.lines();
        let mut next = rest.next();
        for line in edited.lines() {
            if next == Some(line) {
                next = rest.next();
            } else if !line.trim().is_empty() {
                let at = ours.iter().position(|own| *own == line.trim());
                ours.swap_remove(at.unwrap_or_else(|| panic!("lost {line:?} of {}", context())));
            }
        }
        assert_eq!(next, None, "{}", context());
    }
    Some(undone)
}

fn expect_edits_of_others_to_stay(files: &[(String, String)], rounds: usize) -> usize {
    let mut undone = 0;
    for (name, text) in files {
        let mut rng = Rng(text.len() as u64);
        for _ in 0..rounds {
            undone += undone_after_edits(name, text, &mut rng).unwrap_or(0);
        }
    }
    undone
}

#[test]
fn undo_never_takes_what_others_wrote() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/compose");
    let undone = expect_edits_of_others_to_stay(&files(&folder).unwrap(), 10);
    assert!(undone > 500, "only {undone}");
}

#[test]
#[ignore = "needs INFRA_CORPUS, a folder of real files, and a minute"]
fn undo_in_real_files_never_takes_what_others_wrote() {
    let undone = expect_edits_of_others_to_stay(&files(&corpus().unwrap()).unwrap(), 50);
    println!("{undone} edits undone after edits of others, nothing of theirs lost");
}
