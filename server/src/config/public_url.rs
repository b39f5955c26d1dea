//! Addresses in the configuration: whether one is safe to send people and secrets to, and the service's own, [`PublicUrl`].

use url::{Host, Url};

/// Whether this machine alone is meant, whatever a network says: RFC 6761 §6.3 for names, RFC 5735 and RFC 4291 for numbers.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What is read on the way is read by nobody else: https, or this machine alone.
pub(super) fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

/// A sentence of what is wrong with an address that must be an origin; `None` where it is one.
pub(super) fn no_origin(text: &str, in_public: bool) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        return Some(format!("has `{text}`, which is no origin; one is https://shop.example.com"));
    };
    let origin = url.origin().ascii_serialization();
    if origin != text {
        return Some(format!("has `{text}`; as an origin, without a path, that is {origin}"));
    }
    (in_public && !is_safe(&url))
        .then(|| format!("has `{text}`, which must be https; plain http is for localhost alone"))
}

/// Whether it is a host, as policies and addresses have it: `wx.qlogo.cn`.
pub(super) fn is_host(text: &str) -> bool {
    Host::parse(text).is_ok_and(|host| host.to_string() == text)
}

/// The address under which browsers and WeChat know the service, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    origin: String,
    host: String,
    path: String,
}

impl PublicUrl {
    /// https with any name, or http on this machine alone for trying out; a path of plain words is welcome, anything behind it is not.
    ///
    /// # Errors
    /// A sentence that follows the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| "is not an address: https://your.site/weixin")?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err("must be https; plain http is for localhost alone".into()),
            _ => return Err("must be https".into()),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have no query and no fragment".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must have no user name and no password".into());
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let origin = url.origin().ascii_serialization();
        // Browsers and proxies write some paths anew, each in its own manner: then what arrives is another one.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        let after_scheme = text.split_once("://").map_or("", |(_, rest)| rest);
        let written = after_scheme.find('/').map_or("", |at| &after_scheme[at..]).trim_end_matches('/');
        if written != path || path.contains("//") || !path.bytes().all(is_plain) {
            return Err("must have a path of letters, digits and -._~ between single slashes".into());
        }
        let host = origin.split_once("://").map(|(_, host)| host.to_owned()).unwrap_or_default();
        Ok(Self { text: format!("{origin}{path}"), origin, host, path })
    }

    /// The whole address: the issuer.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `https://shop.example.com`
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `shop.example.com`, with the port where it is not the scheme's own.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `/weixin`, or nothing: every route lives below.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Plain http on localhost: for trying out. Cookies lose `__Host-` and Secure.
    pub fn is_localhost(&self) -> bool {
        self.text.starts_with("http://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_one_address_for_everybody() {
        for (text, same) in [
            ("https://shop.example.com/weixin", "https://shop.example.com/weixin"),
            ("https://shop.example.com/weixin/", "https://shop.example.com/weixin"),
            ("https://shop.example.com", "https://shop.example.com"),
            ("https://Shop.example.com:443/a/b-c_d.e~f", "https://shop.example.com/a/b-c_d.e~f"),
            ("https://shop.example.com:8443/weixin", "https://shop.example.com:8443/weixin"),
            ("https://商店.example/weixin", "https://xn--czrs0t.example/weixin"),
            ("http://localhost:4000/weixin", "http://localhost:4000/weixin"),
            ("http://shop.localhost:4000", "http://shop.localhost:4000"),
            ("http://[::1]:4000", "http://[::1]:4000"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
        ] {
            assert_eq!(PublicUrl::parse(text).expect(text).as_str(), same);
        }
        let path = "must have a path of letters, digits and -._~ between single slashes";
        let name = "must have no user name and no password";
        for (text, said) in [
            ("https://shop.example.com/wei%78in", path),
            ("https://shop.example.com/微信", path),
            ("https://shop.example.com/we ixin", path),
            ("https://shop.example.com/wei\txin", path),
            ("https://shop.example.com//weixin", path),
            ("https://shop.example.com/a//weixin", path),
            ("https://shop.example.com/a/../weixin", path),
            ("https://shop.example.com/./weixin", path),
            ("https://shop.example.com/{id}", path),
            ("https://shop.example.com\\weixin", path),
            ("https:shop.example.com/weixin", path),
            ("https://shop.example.com/weixin?a=b", "must have no query and no fragment"),
            ("https://shop.example.com/weixin?", "must have no query and no fragment"),
            ("https://shop.example.com/weixin#", "must have no query and no fragment"),
            ("https://me@shop.example.com/weixin", name),
            ("https://:word@shop.example.com/weixin", name),
            ("http://shop.example.com/weixin", "must be https; plain http is for localhost alone"),
            ("http://localhost.example.com", "must be https; plain http is for localhost alone"),
            ("ftp://shop.example.com", "must be https"),
            ("shop.example.com/weixin", "is not an address: https://your.site/weixin"),
            ("", "is not an address: https://your.site/weixin"),
        ] {
            assert_eq!(PublicUrl::parse(text).expect_err(text), said, "{text}");
        }
    }
}
