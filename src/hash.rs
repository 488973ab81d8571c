//! Hashes of texts that do not depend on their line endings.

use sha2::{Digest, Sha256};

/// The SHA-256 of a text in hexadecimal; `\r\n` counts as `\n`.
pub fn hash(text: &str) -> String {
    match text.contains('\r') {
        true => exact(&text.replace("\r\n", "\n")),
        false => exact(text),
    }
}

/// The SHA-256 of a text in hexadecimal, byte for byte.
pub fn exact(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_do_not_change_a_hash() {
        assert_eq!(hash("a\nb\n"), hash("a\r\nb\r\n"));
        assert_ne!(hash("a\nb\n"), hash("a\nc\n"));
    }
}
