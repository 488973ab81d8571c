//! Port mappings of services, as far as variables can be known.

use std::ops::RangeInclusive;

use infra_edit::compose::Value;

/// The short port mappings of a service.
pub(super) fn ports_of(service: &mut Value) -> impl Iterator<Item = &mut String> {
    texts_of(service, "ports")
}

/// The short mounts of a service.
pub(super) fn volumes_of(service: &mut Value) -> impl Iterator<Item = &mut String> {
    texts_of(service, "volumes")
}

/// The `environment` of a service, where it is a mapping.
pub(super) fn environment_of(service: &Value) -> Vec<(String, String)> {
    let Value::Map(entries) = service else {
        return Vec::new();
    };
    let found = entries.iter().find(|(key, _)| key == "environment");
    let pairs = match found {
        Some((_, Value::Map(pairs))) => pairs.as_slice(),
        _ => &[],
    };
    let text = |(key, value): &(String, Value)| match value {
        Value::Scalar { text, .. } => Some((key.clone(), text.clone())),
        _ => None,
    };
    pairs.iter().filter_map(text).collect()
}

fn texts_of<'v>(service: &'v mut Value, list: &str) -> impl Iterator<Item = &'v mut String> {
    let entries = match service {
        Value::Map(entries) => entries.as_mut_slice(),
        _ => &mut [],
    };
    let found = entries.iter_mut().find(|(key, _)| key == list);
    let items = match found {
        Some((_, Value::List { items, .. })) => items.as_mut_slice(),
        _ => &mut [],
    };
    items.iter_mut().filter_map(|item| match item {
        Value::Scalar { text, .. } => Some(text),
        _ => None,
    })
}

/// The host port of `[ip:]host:container[/protocol]`, with variables resolved; it may be a range.
pub(super) fn host_port(
    mapping: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let resolved = substitute(mapping, variable);
    let parts: Vec<&str> = resolved.split(':').collect();
    match parts.as_slice() {
        [_] => None,
        [.., host, _] if !host.is_empty() => Some((*host).to_owned()),
        _ => None,
    }
}

/// The ports that a host port stands for: `6379`, or all of `6370-6380`.
pub(super) fn range(port: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = port.split_once('-').unwrap_or((port, port));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

/// Replaces `${NAME}`, `${NAME:-default}`, `${NAME-default}` and `$NAME`; defaults may hold others.
pub(super) fn substitute(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(inner) = rest.strip_prefix('{') {
            let end = closing(inner);
            let name = &inner[..end];
            let name = &name[..name.find([':', '-', '?', '+']).unwrap_or(end)];
            let tail = inner[name.len()..end].trim_start_matches(':');
            let value = variable(name).filter(|value| !value.is_empty());
            match (value, tail.strip_prefix('-')) {
                (Some(value), _) => out.push_str(&value),
                (None, Some(default)) => out.push_str(&substitute(default, variable)),
                (None, None) => {}
            }
            rest = inner.get(end + 1..).unwrap_or_default();
        } else {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            out.push_str(&variable(&rest[..end]).unwrap_or_default());
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    out
}

/// Where the brace that was opened before a text is closed.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    let end = text.find(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.unwrap_or(text.len())
}

/// The default host port of a service of the component; empty if it publishes no port.
pub(super) fn usual_port(service: &Value) -> String {
    let mut service = service.clone();
    let port = ports_of(&mut service).find_map(|port| default_port(port));
    port.map_or_else(String::new, |port| port.to_string())
}

/// The port of the container in `[ip:]host:container[/protocol]`.
pub(super) fn container_port(mapping: &str) -> Option<u16> {
    let resolved = substitute(mapping, &|_| None);
    let container = resolved.rsplit(':').next()?;
    container.split('/').next()?.parse().ok()
}

/// The port that the first mapping of a service leads to.
pub(super) fn first_container_port(service: &Value) -> Option<u16> {
    let mut service = service.clone();
    ports_of(&mut service).find_map(|port| container_port(port))
}

pub(super) fn default_port(mapping: &str) -> Option<u16> {
    host_port(mapping, &|_| None)?.parse().ok()
}

/// The mapping with another default port on the host.
pub(super) fn with_port(mapping: &str, port: u16) -> String {
    let old = default_port(mapping).unwrap_or_default();
    match mapping.find(&format!(":-{old}}}")) {
        Some(at) => {
            let end = at + 2 + old.to_string().len();
            format!("{}:-{port}{}", &mapping[..at], &mapping[end..])
        }
        None => mapping.replacen(&format!("{old}:"), &format!("{port}:"), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_port_is_found_through_variables() {
        let port = |mapping| {
            host_port(mapping, &|name| {
                (name == "REDIS_PORT").then(|| "8000".to_owned())
            })
        };
        assert_eq!(port("6379:6379").as_deref(), Some("6379"));
        assert_eq!(port("0.0.0.0:${REDIS_PORT}:6379").as_deref(), Some("8000"));
        assert_eq!(
            port("127.0.0.1:${OTHER:-6380}:6379/tcp").as_deref(),
            Some("6380")
        );
        assert_eq!(port("$REDIS_PORT:6379").as_deref(), Some("8000"));
        assert_eq!(port("${A:-${B:-7000}}:80").as_deref(), Some("7000"));
        assert_eq!(port("${REDIS_PORT:?is needed}:80").as_deref(), Some("8000"));
        assert_eq!(port("${MISSING:?is needed}:80"), None);
        assert_eq!(port("6379"), None);
        assert_eq!(range("6370-6372"), Some(6370..=6372));
        assert_eq!(range("six"), None);
    }

    #[test]
    fn another_default_keeps_the_variable() {
        let mapping = "127.0.0.1:${REDIS_PORT:-6379}:6379";
        assert_eq!(
            with_port(mapping, 6380),
            "127.0.0.1:${REDIS_PORT:-6380}:6379"
        );
        assert_eq!(
            with_port("127.0.0.1:6379:6379", 6380),
            "127.0.0.1:6380:6379"
        );
    }
}
