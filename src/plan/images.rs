//! Images of services: which family they are of, and their switch to another one that a component
//! exists for.

use crate::{
    catalog::manifest::Switch,
    edit::{Outcome, compose::Service},
    path::ProjectPath,
    render::Rendering,
};

use super::{ManualStep, builder::PlanBuilder, services::escape};

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
fn successor(image: &str, switch: &Switch) -> Option<String> {
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

impl PlanBuilder<'_> {
    /// Switches images of services that other components brought or found. One of the user's own
    /// is switched only with consent; without it the step is left to the user.
    pub(super) fn switch_images(&mut self, rendering: &Rendering, replace: bool) {
        let spec = rendering.manifest.compose.clone().unwrap_or_default();
        for switch in &spec.switch {
            let Some((file, service)) = self.service_of(&rendering.manifest.requires, switch)
            else {
                continue;
            };
            let image = service.image.clone().unwrap_or_default();
            let id = rendering.id.as_str();
            let place = format!("/services/{}", escape(&service.name));
            let address = format!("{place}/image");
            let family = family(&image);
            if family == switch.to || switch.also.contains(&family) {
                // Another package may have switched it.
                if self.lock.fragment(&file, &address).is_some() {
                    self.put(&file, &address, &[id], "", |_| Ok(Outcome::AlreadyPresent));
                }
                continue;
            }
            let ours = self.lock.fragment(&file, &place);
            let is_ours = ours.is_some_and(|fragment| !fragment.found);
            let is_main = file == self.facts.compose;
            match successor(&image, switch) {
                Some(new) if is_main && (is_ours || replace) => {
                    let why = format!("image of `{}`: {image} becomes {new}", service.name);
                    self.put_compose(&file, &address, &[id], &why, |compose| {
                        compose.replace_scalar(&address, &new)
                    });
                }
                new => {
                    let new = new.filter(|_| is_main).ok_or(switch.to.as_str());
                    self.leave_image(id, (&file, &service), &image, new);
                }
            }
        }
    }

    fn leave_image(
        &mut self,
        id: &str,
        (file, service): (&ProjectPath, &Service),
        image: &str,
        new: Result<String, &str>,
    ) {
        let name = &service.name;
        let (why, line) = match &new {
            Ok(new) => (
                "an image of yours is replaced only with `--on-conflict replace`",
                format!("image: {new}"),
            ),
            Err(family) => (
                "choose one of the same major version on the same C library (alpine or not)",
                format!("image: {family}:TAG"),
            ),
        };
        let at = service.line.map(|line| format!(":{line}"));
        self.manual.push(ManualStep {
            what: format!(
                "give the service `{name}` an image that `{id}` can use, it has `{image}`: {why}"
            ),
            places: vec![format!("{file}{}", at.unwrap_or_default())],
            snippet: line,
        });
        if let Ok(new) = new {
            let what = format!("the image of `{name}` in {file}: {image} becomes {new}");
            self.replacements.push(what);
        }
    }

    /// The service that plays the switched role, brought or found by a required component.
    fn service_of(
        &mut self,
        requires: &[String],
        switch: &Switch,
    ) -> Option<(ProjectPath, Service)> {
        let owners: Vec<String> = requires.iter().map(|id| self.owner(id)).collect();
        let mut files = self.facts.compose_others.clone();
        files.insert(0, self.facts.compose.clone());
        let mut played = Vec::new();
        for file in files {
            let services = self.read_compose(&file).map(|found| found.services);
            for service in services.unwrap_or_default() {
                let address = format!("/services/{}", escape(&service.name));
                let fragment = self.lock.fragment(&file, &address);
                if fragment.is_some_and(|known| owners.iter().any(|by| known.by.contains(by))) {
                    played.push((file.clone(), service));
                }
            }
        }
        played.sort_by_key(|(_, service)| service.name != switch.service);
        played.into_iter().next()
    }
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
