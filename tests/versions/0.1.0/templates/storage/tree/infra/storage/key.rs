//! What a key may be: the same on every backend and every system.

use ::object_store::path::Path;

use super::StorageError;

/// The longest key in bytes, which is that of S3.
const MAX_KEY: usize = 1_024;
/// The longest part between two `/` in bytes, which is that of most file systems.
const MAX_PART: usize = 255;
/// Begins what the local folder keeps beside the objects: drafts, and on some systems its lock.
pub(super) const RESERVED: &str = ".tmp-";
/// What Windows gives to devices, whatever extension follows.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Reads a key that comes from outside.
pub(super) fn parse(key: &str) -> Result<Path, StorageError> {
    let invalid = |why| StorageError::Key { why };
    if key.is_empty() {
        return Err(invalid("it is empty"));
    }
    if key.len() > MAX_KEY {
        return Err(invalid("it has more than 1024 bytes"));
    }
    for part in key.split('/') {
        check_part(part).map_err(invalid)?;
    }
    Path::parse(key).map_err(|_| invalid("the store does not take it"))
}

/// What is wrong with a part between two `/`.
fn check_part(part: &str) -> Result<(), &'static str> {
    if part.is_empty() {
        return Err("it begins or ends with `/`, or has `//`");
    }
    if part.len() > MAX_PART {
        return Err("it has more than 255 bytes between two `/`");
    }
    if part == "." || part == ".." {
        return Err("it has `.` or `..` in place of a name");
    }
    if part.chars().any(char::is_control) {
        return Err("it has a control character");
    }
    // `%` could become `/` or `..` where somebody decodes it; the others mean something to Windows.
    if part.contains(['%', '\\', ':', '<', '>', '"', '|', '?', '*']) {
        return Err("it has one of `%\\:<>\"|?*`");
    }
    if part.ends_with(['.', ' ']) || part.starts_with(' ') {
        return Err("a name in it begins with a space, or ends with one or a `.`");
    }
    let lower = part.to_ascii_lowercase();
    if lower.starts_with(RESERVED) {
        return Err("a name in it begins with `.tmp-`");
    }
    let stem = lower.split('.').next().unwrap_or_default().trim_end();
    if DEVICES.contains(&stem) || is_port(stem) {
        return Err("a name in it is that of a Windows device");
    }
    Ok(())
}

/// Whether this is `com0` to `lpt9`, with the superscript digits that Windows reads as digits.
fn is_port(stem: &str) -> bool {
    let number = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"));
    let mut digits = number.unwrap_or_default().chars();
    let first = digits.next();
    let digit = first.is_some_and(|c| c.is_ascii_digit() || "\u{b9}\u{b2}\u{b3}".contains(c));
    digit && digits.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_keys_are_taken_as_they_are() {
        let long = ["a".repeat(255), "b".repeat(255), "c".repeat(255)].join("/");
        for key in [
            "a",
            "a/b.tar.gz",
            "Größe und Gewicht/日本.txt",
            ".hidden/-dash",
            "console/communication/com10/lpt",
            "a#1/~tilde/{x}[y]^`&=+,;@!$'().b",
            &long,
        ] {
            assert_eq!(parse(key).unwrap().as_ref(), key);
        }
    }

    #[test]
    fn keys_that_try_to_escape_are_refused() {
        let long = format!("{}/{}", "a/".repeat(400), "b".repeat(224));
        assert_eq!(long.len(), 1_025);
        let refused = |key: &str| {
            let error = parse(key).err();
            assert!(matches!(error, Some(StorageError::Key { .. })), "{key:?}");
        };
        let around = "/\n/etc/passwd\na/\na//b\n.\n..\n../a\na/..\na/../b\n./a\na/./b";
        let encoded = "%2e%2e/a\na%2Fb\na%00\n%252e\n100%";
        let windows = "..\\a\na\\b\n\\\\host\\share\nC:\nC:\\a\nc:/a\nfile.txt:stream\na?b\na*\na<b\na|b\na\"";
        let devices = "nul\nNUL.txt\na/Con\naux.tar.gz\ncom1\nLPT9.x\nCOM\u{b9}\nprn .txt";
        let names = "a.\na /b\n a\na/.. \n.tmp-1\n.TMP-lock\na/.tmp-0123.png";
        for keys in [around, encoded, windows, devices, names] {
            keys.split('\n').for_each(refused);
        }
        let controls = ["a\0b", "a\nb", "a\u{7f}", "a\u{85}"];
        let many = "a".repeat(1_025);
        let sizes = ["", &long, &many[..256], &many];
        for key in controls.iter().chain(&sizes) {
            refused(key);
        }
    }
}
