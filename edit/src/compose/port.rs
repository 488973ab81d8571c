//! Port mappings in their parts, variables unresolved.

use std::fmt;

/// The protocol of a mapping without one.
pub(super) const TCP: &str = "tcp";

/// A port mapping of a service. All parts are as written: a part may be a range (`8000-8010`) and may
/// hold variables (`${WEB_PORT:-8080}`), to be resolved by who knows their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The address of the host that it listens on.
    pub host_ip: Option<String>,
    /// The port on the host; `None` if Compose chooses one, or none is published.
    pub host: Option<String>,
    /// The port in the container.
    pub container: String,
    /// `tcp`, or what is written.
    pub protocol: String,
}

impl Port {
    /// Parses the short syntax, `[[host_ip:]host:]container[/protocol]`.
    ///
    /// `127.0.0.1:${PORT:-6390}:6379` is `host_ip` 127.0.0.1, `host` `${PORT:-6390}` and `container`
    /// 6379. A text that is one variable is a `container`: resolve it, then parse again.
    #[must_use]
    pub fn parse(mapping: &str) -> Port {
        let (mapping, protocol) = match last_outside(mapping, '/') {
            Some(at) => (&mapping[..at], &mapping[at + 1..]),
            None => (mapping, TCP),
        };
        let (rest, container) = match last_outside(mapping, ':') {
            Some(at) => (Some(&mapping[..at]), &mapping[at + 1..]),
            None => (None, mapping),
        };
        let (host_ip, host) = match rest.map(|rest| (rest, last_outside(rest, ':'))) {
            Some((rest, Some(at))) => (Some(&rest[..at]), Some(&rest[at + 1..])),
            Some((rest, None)) => (None, Some(rest)),
            None => (None, None),
        };
        let owned = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(str::to_owned);
        Port {
            host_ip: owned(host_ip),
            host: owned(host),
            container: container.to_owned(),
            protocol: protocol.to_owned(),
        }
    }
}

impl fmt::Display for Port {
    /// Writes the short syntax, without the protocol `tcp`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host_ip) = &self.host_ip {
            write!(f, "{host_ip}:")?;
        }
        if self.host_ip.is_some() || self.host.is_some() {
            write!(f, "{}:", self.host.as_deref().unwrap_or_default())?;
        }
        f.write_str(&self.container)?;
        if self.protocol != TCP {
            write!(f, "/{}", self.protocol)?;
        }
        Ok(())
    }
}

/// The last place of a character that is neither in `${..}` nor in the brackets of an IPv6 address.
fn last_outside(text: &str, wanted: char) -> Option<usize> {
    let mut depth = 0_usize;
    let mut last = None;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            letter if letter == wanted && depth == 0 => last = Some(at),
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_short_syntax_is_parsed_and_written_again() {
        for (text, host_ip, host, container, protocol) in [
            ("6379", None, None, "6379", "tcp"),
            ("6390:6379", None, Some("6390"), "6379", "tcp"),
            ("6390:6379/udp", None, Some("6390"), "6379", "udp"),
            ("3000-3005", None, None, "3000-3005", "tcp"),
            (
                "9090-9091:8080-8081",
                None,
                Some("9090-9091"),
                "8080-8081",
                "tcp",
            ),
            (
                "127.0.0.1:8001:8001",
                Some("127.0.0.1"),
                Some("8001"),
                "8001",
                "tcp",
            ),
            ("127.0.0.1::6379", Some("127.0.0.1"), None, "6379", "tcp"),
            ("[::1]:80:8080", Some("[::1]"), Some("80"), "8080", "tcp"),
            ("${P:-6390}:6379", None, Some("${P:-6390}"), "6379", "tcp"),
            (
                "${IP:-127.0.0.1}:${P:-${Q:-1}}:6379",
                Some("${IP:-127.0.0.1}"),
                Some("${P:-${Q:-1}}"),
                "6379",
                "tcp",
            ),
            ("$P:${Q}", None, Some("$P"), "${Q}", "tcp"),
            (
                "${MAPPING:-80:80/tcp}",
                None,
                None,
                "${MAPPING:-80:80/tcp}",
                "tcp",
            ),
        ] {
            let expected = Port {
                host_ip: host_ip.map(str::to_owned),
                host: host.map(str::to_owned),
                container: container.to_owned(),
                protocol: protocol.to_owned(),
            };
            assert_eq!(Port::parse(text), expected);
            assert_eq!(expected.to_string(), text);
        }
    }
}
