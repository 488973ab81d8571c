//! Three-way merge of a generated file: the text that was installed, what the user made of it, and
//! the new version.

use proc_macro2::{TokenStream, TokenTree};
use similar::{ConflictStyle, TextMerge};

use crate::text::{to_lf, with_line_end};

/// A merge of the user's edits with a new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The text, with conflict markers where both changed the same lines.
    pub text: String,
    /// The number of conflicts.
    pub conflicts: usize,
}

/// Merges `ours` (the user's) and `theirs` (the new version), both made from `base` (the version
/// that was installed), as `git merge-file --diff3` does.
///
/// Both changed the line `b` of `a`, `b`, `c`:
///
/// ```text
/// a
/// <<<<<<< yours
/// mine
/// ||||||| installed version
/// b
/// =======
/// new
/// >>>>>>> new version
/// c
/// ```
///
/// The result has the line ends of `ours`.
#[must_use]
pub fn merge(base: &str, ours: &str, theirs: &str) -> Merged {
    let (from, to) = (to_lf(base), to_lf(theirs));
    let mine = to_lf(ours);
    let mut merge = TextMerge::from_lines(from.as_str(), mine.as_str(), to.as_str());
    merge
        .conflict_style(ConflictStyle::Diff3)
        .labels("installed version", "yours", "new version");
    Merged {
        text: with_line_end(&merge.to_string(), crate::line_end(ours)),
        conflicts: merge.conflict_count(),
    }
}

/// The line of the first conflict marker, counted from 1.
pub fn marker(text: &str) -> Option<usize> {
    text.lines()
        .position(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
        .map(|index| index + 1)
}

/// Whether a Rust text is another with only its layout changed, as by another rustfmt.
///
/// Comments count, white space and trailing commas do not; literals must be the same to the letter.
pub fn same_code(a: &str, b: &str) -> bool {
    if dense(a) != dense(b) {
        return false;
    }
    match (a.parse::<TokenStream>(), b.parse::<TokenStream>()) {
        (Ok(a), Ok(b)) => {
            let (mut left, mut right) = (Vec::new(), Vec::new());
            literals(a, &mut left);
            literals(b, &mut right);
            left == right
        }
        _ => false,
    }
}

fn dense(text: &str) -> String {
    let mut dense = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if matches!(c, ')' | ']' | '}' | '>') && dense.ends_with(',') {
            dense.pop();
        }
        dense.push(c);
    }
    dense
}

fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            TokenTree::Group(group) => literals(group.stream(), found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use insta::assert_snapshot;
    use pretty_assertions::assert_str_eq;

    use super::*;

    #[test]
    fn edits_in_different_places_survive() {
        let base = "a\nb\nc\nd\ne\n";
        let merged = merge(base, "a\nb\nc\nd\nmine\n", "new\nb\nc\nd\ne\n");
        assert_str_eq!(merged.text, "new\nb\nc\nd\nmine\n");
        assert_eq!(merged.conflicts, 0);
    }

    #[test]
    fn edits_of_the_same_line_are_marked() {
        let merged = merge("a\nb\nc\n", "a\nmine\nc\n", "a\nnew\nc\n");
        assert_eq!(merged.conflicts, 1);
        assert_eq!(marker(&merged.text), Some(2));
        assert_snapshot!(merged.text, @r"
        a
        <<<<<<< yours
        mine
        ||||||| installed version
        b
        =======
        new
        >>>>>>> new version
        c
        ");
    }

    #[test]
    fn a_file_with_crlf_keeps_it() {
        let merged = merge("a\nb\nc\n", "a\r\nb\r\nmine\r\n", "new\nb\nc\n");
        assert_str_eq!(merged.text, "new\r\nb\r\nmine\r\n");
        let marked = merge("a\n", "mine\r\n", "new\n");
        assert_eq!(marked.conflicts, 1);
        assert_str_eq!(with_line_end(&marked.text, "\r\n"), marked.text);
    }

    /// Numbers that look random and are the same in every run.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % limit
        }

        /// A text with a few lines removed, replaced and inserted. Two texts may get the same line.
        fn edited(&mut self, base: &[String]) -> Vec<String> {
            let mut lines = base.to_vec();
            for edit in 0..self.below(4) {
                let at = usize::try_from(self.below(lines.len() as u64 + 1)).unwrap();
                let line = format!("    // edit {edit} {}", self.below(3));
                match self.below(3) {
                    0 if at < lines.len() => drop(lines.remove(at)),
                    1 if at < lines.len() => lines[at] = line,
                    _ => lines.insert(at, line),
                }
            }
            lines
        }

        /// A base and two edits of it, each perhaps without a final newline. Lines of the base
        /// differ: where lines repeat, git and `similar` may pair them differently.
        fn triple(&mut self) -> [String; 3] {
            let length = 3 + self.below(16);
            let base: Vec<String> = (0..length)
                .map(|number| format!("    let {number} = 1;"))
                .collect();
            let (ours, theirs) = (self.edited(&base), self.edited(&base));
            [base, ours, theirs].map(|lines| {
                let end = if self.below(8) == 0 { "" } else { "\n" };
                lines.join("\n") + end
            })
        }
    }

    #[expect(clippy::disallowed_methods, reason = "git reads files")]
    fn git_merge(folder: &Path, texts: &[String; 3]) -> (String, i32) {
        let [base, ours, theirs] = ["base", "ours", "theirs"].map(|name| folder.join(name));
        for (path, text) in [&base, &ours, &theirs].into_iter().zip(texts) {
            std::fs::write(path, text).unwrap();
        }
        let output = Command::new("git")
            .args(["merge-file", "--diff3", "-p"])
            .args([
                "-L",
                "yours",
                "-L",
                "installed version",
                "-L",
                "new version",
            ])
            .args([&ours, &base, &theirs])
            .output()
            .unwrap();
        (
            String::from_utf8(output.stdout).unwrap(),
            output.status.code().unwrap(),
        )
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "git reads files")]
    fn merged_text_is_that_of_git() {
        let folder = std::env::temp_dir().join(format!("infra-edit-merge-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut random = Random(14);
        let mut conflicts = 0;
        for _ in 0..120 {
            let triple = random.triple();
            let [base, ours, theirs] = &triple;
            let (expected, count) = git_merge(&folder, &triple);
            let merged = merge(base, ours, theirs);
            assert_str_eq!(merged.text, expected, "{base}\n{ours}\n{theirs}");
            conflicts += count;
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert!((20..100).contains(&conflicts), "{conflicts}");
    }

    #[test]
    fn another_layout_is_the_same_code_and_another_comment_is_not() {
        let text = "fn f(a: u8, b: u8) {\n    // why\n    g(\"x y\", a, b)\n}\n";
        let other = "fn f(\n    a: u8,\n    b: u8,\n) {\n    // why\n    g(\"x y\", a, b)\n}\n";
        assert!(same_code(text, other));
        assert!(!same_code(text, &text.replace("why", "because")));
        assert!(!same_code(text, &text.replace("x y", "xy")));
    }
}
