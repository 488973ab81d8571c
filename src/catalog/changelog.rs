//! The `CHANGELOG.md` of a component: a section `## VERSION` for each version, the newest first.

use semver::Version;

use super::Component;

const FILE: &str = "CHANGELOG.md";

impl Component {
    /// What changed after the version `old`, up to and with `new`: the text of each section, the newest
    /// first. Empty without a changelog.
    pub fn changes_between(&self, old: &Version, new: &Version) -> Vec<(Version, String)> {
        let text = self.texts.get(FILE).unwrap_or_default();
        let sections = sections(text).into_iter();
        sections
            .filter(|(version, _)| version > old && version <= new)
            .collect()
    }
}

/// The sections of a changelog by version, sorted from the newest.
pub(super) fn sections(text: &str) -> Vec<(Version, String)> {
    let mut sections: Vec<(Version, String)> = Vec::new();
    for part in format!("\n{text}").split("\n## ").skip(1) {
        let (title, body) = part.split_once('\n').unwrap_or((part, ""));
        let title = title.split_whitespace().next().unwrap_or_default();
        let version = title.trim_start_matches('[').trim_end_matches(']');
        if let Ok(version) = version.parse() {
            sections.push((version, body.trim().to_owned()));
        }
    }
    sections.sort_by(|(a, _), (b, _)| b.cmp(a));
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sections_after_the_old_version_up_to_the_new_one_are_shown() {
        let changelog = "# Changelog\n\n## Unreleased\n\n- Not yet.\n\n## 0.3.0\n\n- Third.\n\n## [0.2.0] (2026-11-30)\n\n- Second,\n  on two lines.\n- And more.\n\n## 0.1.0\n\n- First.\n";
        let files = [
            (
                "component.toml",
                "version = '0.3.0'\nsummary = 's'\ncategory = 'c'",
            ),
            (FILE, changelog),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let component = Component::parse("mail", files.into_iter().collect()).unwrap();
        let between = |old: &str, new: &str| {
            component.changes_between(&old.parse().unwrap(), &new.parse().unwrap())
        };
        let version = |text: &str| -> Version { text.parse().unwrap() };
        assert_eq!(
            between("0.1.0", "0.2.0"),
            [(
                version("0.2.0"),
                "- Second,\n  on two lines.\n- And more.".to_owned()
            )]
        );
        let all = between("0.1.0", "0.3.0");
        let versions: Vec<String> = all.iter().map(|(version, _)| version.to_string()).collect();
        assert_eq!(versions, ["0.3.0", "0.2.0"]);
        assert!(between("0.3.0", "0.3.0").is_empty());
    }
}
