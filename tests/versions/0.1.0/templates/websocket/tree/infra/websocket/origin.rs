//! Which pages may open a connection.
//!
//! A browser lets every page connect to every server, and sends the cookies along. So the server looks
//! where the page comes from, which the browser says in `Origin`. Other programs send none; they hold no
//! cookies of anybody, and authentication is what stops them.

/// The origins of pages that may connect, beside that of the app itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origins {
    any: bool,
    listed: Vec<String>,
}

impl Origins {
    /// Reads a list such as `https://app.example.com, http://localhost:5173`; `*` allows every page.
    ///
    /// # Errors
    ///
    /// An entry is not an origin.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut origins = Self::default();
        for entry in text.split(',').map(str::trim) {
            if entry == "*" {
                origins.any = true;
            } else if split(entry).is_some() {
                origins.listed.push(entry.to_ascii_lowercase());
            } else {
                return Err(format!(
                    "`{entry}` is not an origin such as `https://app.example.com`, nor `*`"
                ));
            }
        }
        Ok(origins)
    }

    /// Whether a request may open a connection, by its headers `Origin` and `Host`.
    pub(super) fn allow(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else {
            return true;
        };
        let origin = origin.to_ascii_lowercase();
        self.any || self.listed.contains(&origin) || is_same(&origin, host)
    }
}

/// The one value of a header. An error if there are several, or one with bytes that no browser sends.
pub(super) fn only<'a>(
    mut values: impl Iterator<Item = Option<&'a str>>,
) -> Result<Option<&'a str>, ()> {
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(Some(value)), None) => Ok(Some(value)),
        _ => Err(()),
    }
}

/// Whether a page comes from the host that it connects to. The scheme is not compared: behind a proxy
/// that ends TLS the server cannot know its own.
fn is_same(origin: &str, host: Option<&str>) -> bool {
    let (Some((port, at)), Some(host)) = (split(origin), host) else {
        return false;
    };
    let host = host.to_ascii_lowercase();
    let (page, host) = (
        at.strip_suffix(port).unwrap_or(at),
        host.strip_suffix(port).unwrap_or(&host),
    );
    !host.is_empty() && page == host
}

/// The default port of the scheme with its colon, and what an origin has behind the scheme.
fn split(origin: &str) -> Option<(&'static str, &str)> {
    let (scheme, at) = origin.split_once("://")?;
    let port = match scheme.to_ascii_lowercase().as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    (!scheme.is_empty() && !at.is_empty() && at.chars().all(is_host)).then_some((port, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_connect_to_its_own_host() {
        let origins = Origins::default();
        for (origin, host) in [
            ("https://shop.example", "shop.example"),
            ("https://Shop.example", "shop.EXAMPLE:443"),
            ("http://shop.example:80", "shop.example"),
            ("http://127.0.0.1:3000", "127.0.0.1:3000"),
            ("http://[::1]:3000", "[::1]:3000"),
        ] {
            assert!(origins.allow(Some(origin), Some(host)), "{origin} {host}");
        }
        assert!(origins.allow(None, Some("shop.example")));
        assert!(origins.allow(None, None));
    }

    #[test]
    fn a_page_from_elsewhere_may_not() {
        let origins = Origins::default();
        for origin in [
            "https://evil.example",
            "https://shop.example.evil.example",
            "https://evilshop.example",
            "https://shop.example:8443",
            "http://shop.example:443",
            "https://shop.example/",
            "https://user@shop.example",
            "shop.example",
            "://shop.example",
            "null",
            "",
        ] {
            let host = Some("shop.example");
            assert!(!origins.allow(Some(origin), host), "{origin}");
        }
        assert!(!origins.allow(Some("https://shop.example"), None));
        assert!(!origins.allow(Some("https://:443"), Some("")));
    }

    #[test]
    fn listed_pages_may_connect_too() {
        let origins = Origins::parse("https://App.example, http://localhost:5173").unwrap();
        for origin in [
            "https://app.example",
            "http://localhost:5173",
            "http://api.example",
        ] {
            assert!(origins.allow(Some(origin), Some("api.example")), "{origin}");
        }
        for origin in ["https://localhost:5173", "http://app.example", "null"] {
            assert!(!origins.allow(Some(origin), Some("api.example")));
        }
        let any = Origins::parse("*").unwrap();
        assert!(any.allow(Some("https://evil.example"), None));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "example.com",
            "https://",
            "https://a/",
            "https://a, b",
            "https://*.a",
            "https://a,",
        ] {
            assert!(Origins::parse(text).is_err(), "{text}");
        }
    }
}
