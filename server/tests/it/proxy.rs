//! What stands in front of the service: the headers that arrive, by what a proxy does with whom it sees and with what the visitor sent.

/// A proxy as it is mostly set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// nginx with `proxy_set_header X-Forwarded-For $remote_addr`, as in our README.
    Nginx,
    /// nginx with `$proxy_add_x_forwarded_for`, as in most others.
    NginxAppending,
    /// Caddy: believes no visitor, and says more than asked.
    Caddy,
    /// Azure's gateway, IIS: an address has a port.
    Azure,
    /// Node's http-proxy on a socket of both families: IPv4 is mapped, and lists have no spaces.
    Node,
    /// An HTTP/2 proxy that keeps each line of a header as it came, and adds its own.
    Lines,
    /// HAProxy with `option forwarded`: RFC 7239.
    Haproxy,
    /// One that writes RFC 7239 with everything in it, the visitor's `Host` between quotation marks.
    Rfc7239,
}

/// Those that write `X-Forwarded-For`, as the service expects it by itself.
pub const X_FORWARDED_FOR: [Proxy; 6] =
    [Proxy::Nginx, Proxy::NginxAppending, Proxy::Caddy, Proxy::Azure, Proxy::Node, Proxy::Lines];
/// Those that write `Forwarded`.
pub const FORWARDED: [Proxy; 2] = [Proxy::Haproxy, Proxy::Rfc7239];

pub type Headers = Vec<(&'static str, String)>;

impl Proxy {
    /// What arrives of a visitor at `address`, IPv4 or IPv6, who has sent `sent`.
    pub fn headers(self, address: &str, sent: &[(&'static str, String)]) -> Headers {
        let is_ipv6 = address.contains(':');
        let bracketed = if is_ipv6 { format!("[{address}]") } else { address.to_owned() };
        let mapped = if is_ipv6 { address.to_owned() } else { format!("::ffff:{address}") };
        match self {
            Self::Nginx => {
                let mut headers = replaced(sent, "x-forwarded-for", address.to_owned());
                headers.push(("x-real-ip", address.to_owned()));
                headers
            }
            Self::NginxAppending => appended(sent, "x-forwarded-for", ", ", address.to_owned()),
            Self::Caddy => {
                let mut headers = replaced(sent, "x-forwarded-for", address.to_owned());
                headers.push(("x-forwarded-host", "shop.example.test".to_owned()));
                headers.push(("via", "1.1 Caddy".to_owned()));
                headers
            }
            Self::Azure => {
                let mut headers = appended(sent, "x-forwarded-for", ", ", format!("{bracketed}:4711"));
                headers.push(("client-ip", format!("{bracketed}:4711")));
                headers
            }
            Self::Node => {
                let mut headers = appended(sent, "x-forwarded-for", ",", mapped);
                headers.push(("x-forwarded-port", "443".to_owned()));
                headers
            }
            Self::Lines => {
                let mut headers = sent.to_vec();
                headers.push(("x-forwarded-for", address.to_owned()));
                headers
            }
            Self::Haproxy => {
                let node = if is_ipv6 { format!("\"{bracketed}\"") } else { bracketed };
                appended(sent, "forwarded", ", ", format!("proto=https;for={node}"))
            }
            Self::Rfc7239 => {
                let host = sent.iter().find(|(name, _)| *name == "host").map_or("", |(_, host)| host);
                let element = format!("by=_proxy;for=\"{bracketed}:4711\";host=\"{host}\";proto=https");
                appended(sent, "forwarded", ", ", element)
            }
        }
    }
}

fn replaced(sent: &[(&'static str, String)], name: &'static str, value: String) -> Headers {
    let others = sent.iter().filter(|(known, _)| *known != name).cloned();
    others.chain([(name, value)]).collect()
}

fn appended(sent: &[(&'static str, String)], name: &'static str, comma: &str, value: String) -> Headers {
    let before = sent.iter().find(|(known, _)| *known == name);
    let value = before.map_or(value.clone(), |(_, before)| format!("{before}{comma}{value}"));
    replaced(sent, name, value)
}
