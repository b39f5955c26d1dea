//! An address is one, however it is spelt: what is compared, counted and believed is read here alone.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An address in any of its spellings: with a port (Azure, IIS), in brackets, with a zone, as IPv4 or mapped into IPv6.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    without_port(text).or_else(|| {
        let (host, port) = text.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        without_port(host)
    })
}

fn without_port(text: &str) -> Option<IpAddr> {
    let inner = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => text,
    };
    let address = match inner.split_once('%') {
        Some((address, _zone)) => IpAddr::V6(address.parse().ok()?),
        None => inner.parse().ok()?,
    };
    Some(address.to_canonical())
}

/// A network, or an address that is one by itself; what is mapped into IPv6 is IPv4.
pub fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().ok().or_else(|| address(text).map(IpNet::from))?;
    if let IpNet::V6(v6) = network
        && let Some(v4) = v6.addr().to_ipv4_mapped()
        && let Some(length) = v6.prefix_len().checked_sub(96)
    {
        return Ipv4Net::new(v4, length).ok().map(IpNet::V4);
    }
    Some(network)
}

/// Who is counted as one: an IPv4 address, or an IPv6 network of /64, as one household or phone has it.
pub(crate) fn household(address: IpAddr) -> IpNet {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpNet::V6(Ipv6Net::new_assert(v6, 64).trunc()),
        v4 @ IpAddr::V4(_) => v4.into(),
    }
}

/// The IPv6 network of /48 above it, as one customer of a provider may have it: 65,536 households.
pub(crate) fn site(address: IpAddr) -> Option<IpNet> {
    match address.to_canonical() {
        IpAddr::V6(v6) => Some(IpNet::V6(Ipv6Net::new_assert(v6, 48).trunc())),
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_all_its_spellings() {
        let spellings = [
            "203.0.113.77",
            "203.0.113.77:4711",
            "::ffff:203.0.113.77",
            "::FFFF:cb00:714d",
            "[::ffff:203.0.113.77]",
            "[::ffff:203.0.113.77]:4711",
            "0:0:0:0:0:ffff:203.0.113.77",
        ];
        for spelling in spellings {
            assert_eq!(address(spelling), Some(IpAddr::from([203, 0, 113, 77])), "{spelling}");
        }
        let spellings = [
            "2001:db8::7",
            "2001:DB8:0::7",
            "[2001:db8::7]",
            "[2001:db8::7]:443",
            "2001:db8::7%eth0",
            "[2001:db8::7%25eth0]:443",
            "2001:db8:0:0:0:0:0:7:4711",
        ];
        for spelling in spellings {
            assert_eq!(
                address(spelling).map(|address| address.to_string()),
                Some("2001:db8::7".into()),
                "{spelling}"
            );
        }
        for none in [
            "",
            "unknown",
            "_hidden",
            "203.0.113",
            "203.0.113.77:",
            "203.0.113.77:port",
            "203.0.113.77:99999",
            "[::1",
            "::1]",
            "1.2.3.4%eth0",
            "010.0.0.1",
        ] {
            assert_eq!(address(none), None, "{none}");
        }
    }

    #[test]
    fn a_network_holds_its_addresses_in_all_their_spellings() {
        for (text, expected) in [
            ("127.0.0.1/32", "127.0.0.1/32"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::ffff:127.0.0.1", "127.0.0.1/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::1", "::1/128"),
            ("2001:db8::/32", "2001:db8::/32"),
        ] {
            assert_eq!(network(text).map(|network| network.to_string()), Some(expected.into()), "{text}");
        }
        assert_eq!(network("localhost"), None);
    }
}
