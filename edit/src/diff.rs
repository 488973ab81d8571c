//! Differences as people and `git apply` read them.

use similar::TextDiff;

/// A unified diff of two texts under these names; empty if they are equal.
#[must_use]
pub fn unified(names: (&str, &str), before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .header(names.0, names.1)
        .to_string()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn a_diff_has_three_lines_of_context_and_tells_of_a_missing_newline() {
        let before = "a\nb\nc\nd\ne\n";
        assert_eq!(unified(("a", "b"), before, before), "");
        assert_snapshot!(unified(("a/x", "b/x"), before, "a\nb\nc\nd\nE"), @r"
        --- a/x
        +++ b/x
        @@ -2,4 +2,4 @@
         b
         c
         d
        -e
        +E
        \ No newline at end of file
        ");
    }
}
