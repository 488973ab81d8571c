//! Names of images: their family, and the image that takes the place of another one.

use crate::catalog::manifest::Switch;

/// An image without registry, tag and digest: `docker.io/library/redis:8` is `redis`.
pub(super) fn family(image: &str) -> String {
    let image = image.split('@').next().unwrap_or(image);
    let mut names: Vec<&str> = image[..tag_start(image)].split('/').collect();
    let is_registry = |name: &str| name.contains(['.', ':']) || name == "localhost";
    if names.len() > 1 && is_registry(names[0]) {
        names.remove(0);
    }
    if names.len() > 1 && names[0] == "library" {
        names.remove(0);
    }
    names.join("/")
}

/// Where the colon of the tag is, or the end.
fn tag_start(image: &str) -> usize {
    let start = image.rfind('/').map_or(0, |slash| slash + 1);
    let colon = image[start..].find(':');
    colon.map_or(image.len(), |colon| start + colon)
}

/// The image that takes the place of one from the public registry, with the same major version on
/// the same C library, as collations in a database's volume ask for.
pub(super) fn successor(image: &str, switch: &Switch) -> Option<String> {
    let (name, tag) = image.split_at(tag_start(image));
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    let name = name.strip_prefix("library/").unwrap_or(name);
    if !switch.from.iter().any(|from| from == name) || tag.contains('$') || tag.contains('@') {
        return None;
    }
    // The tags of official images: a version, then what it is built on.
    let (version, variant) = tag
        .strip_prefix(':')?
        .split_once('-')
        .unwrap_or((&tag[1..], ""));
    let major = version.split('.').next()?;
    // Alpine has one C library in all its releases; those of Debian have one each.
    let base = match variant {
        "" => String::new(),
        alpine if alpine.starts_with("alpine") => "-alpine".to_owned(),
        release => format!("-{release}"),
    };
    let new = switch.tags.get(&format!("{major}{base}"))?;
    Some(format!("{}:{new}", switch.to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_of_its_family_from_any_registry() {
        for image in [
            "redis",
            "redis:8",
            "docker.io/library/redis:8-alpine",
            "redis@sha256:00",
        ] {
            assert_eq!(family(image), "redis", "{image}");
        }
        assert_eq!(family("localhost:5000/valkey/valkey:9"), "valkey/valkey");
        assert_eq!(family("redis/redis-stack"), "redis/redis-stack");
    }

    #[test]
    fn the_successor_has_the_same_major_version_and_c_library() {
        let switch = Switch {
            service: "db".to_owned(),
            from: vec!["db".to_owned()],
            to: "maps/db".to_owned(),
            also: Vec::new(),
            tags: [("17", "17-3"), ("17-alpine", "17-3-alpine")]
                .into_iter()
                .map(|(old, new)| (old.to_owned(), new.to_owned()))
                .collect(),
        };
        let new = |image| successor(image, &switch);
        for image in ["db:17", "db:17.2", "docker.io/library/db:17"] {
            assert_eq!(new(image).as_deref(), Some("maps/db:17-3"), "{image}");
        }
        for image in ["db:17-alpine", "db:17.2-alpine3.20"] {
            assert_eq!(
                new(image).as_deref(),
                Some("maps/db:17-3-alpine"),
                "{image}"
            );
        }
        for image in [
            "db",
            "db:latest",
            "db:9.6",
            "db:17-bookworm",
            "db:${VERSION:-17}",
            "db:17@sha256:00",
            "mirror.example.com/db:17",
            "bitnami/db:17",
        ] {
            assert_eq!(new(image), None, "{image}");
        }
    }
}
