//! Addresses of entries and items: JSON pointers (RFC 6901).

/// Writes a path as an address: `["services", "a/b", "image"]` as `/services/a~1b/image`.
#[must_use]
pub fn pointer(path: &[&str]) -> String {
    path.iter()
        .map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1")))
        .collect()
}

/// Reads a pointer; `None` if it does not begin with a slash.
pub(super) fn names(pointer: &str) -> Option<Vec<String>> {
    let names = pointer.strip_prefix('/')?.split('/');
    Some(
        names
            .map(|name| name.replace("~1", "/").replace("~0", "~"))
            .collect(),
    )
}
