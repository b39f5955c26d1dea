//! Whether an address is the same machine for the whole internet: what a name that a client has registered may lead to.
//!
//! The blocks are those of IANA's Special-Purpose Address Registries (RFC 6890) that are not "globally reachable", and of its IPv4
//! address space what is multicast or reserved. Of IPv6 only 2000::/3 is given out at all (RFC 4291 §2.4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), length))
}

const fn v6(a: u16, b: u16, length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length))
}

/// What is given out to the internet's machines.
const UNICAST: IpNet = v6(0x2000, 0, 3);

const SPECIAL: [IpNet; 20] = [
    v4(0, 0, 0, 8),        // RFC 791: this network
    v4(10, 0, 0, 8),       // RFC 1918: of one's own
    v4(100, 64, 0, 10),    // RFC 6598: behind a carrier's NAT
    v4(127, 0, 0, 8),      // RFC 1122: loopback
    v4(169, 254, 0, 16),   // RFC 3927: link-local; a cloud tells secrets there
    v4(172, 16, 0, 12),    // RFC 1918: of one's own
    v4(192, 0, 0, 24),     // RFC 6890: protocols
    v4(192, 0, 2, 24),     // RFC 5737: documentation
    v4(192, 88, 99, 24),   // RFC 7526: relays of 6to4, which are gone
    v4(192, 168, 0, 16),   // RFC 1918: of one's own
    v4(198, 18, 0, 15),    // RFC 2544: benchmarks
    v4(198, 51, 100, 24),  // RFC 5737: documentation
    v4(203, 0, 113, 24),   // RFC 5737: documentation
    v4(224, 0, 0, 4),      // RFC 5771: multicast
    v4(240, 0, 0, 4),      // RFC 1112: reserved; 255.255.255.255 is everybody here
    v6(0x2001, 0, 23),     // RFC 2928: protocols; Teredo, benchmarks and ORCHIDs are in it
    v6(0x2001, 0xdb8, 32), // RFC 3849: documentation
    v6(0x2002, 0, 16),     // RFC 3056: 6to4, with any IPv4 address inside
    v6(0x3ffe, 0, 16),     // RFC 3701: an experiment that has ended
    v6(0x3fff, 0, 20),     // RFC 9637: documentation
];

/// Whether the whole internet knows this address as the same machine.
pub(crate) fn is_public(address: IpAddr) -> bool {
    // ::ffff:10.0.0.1 is 10.0.0.1.
    match address.to_canonical() {
        IpAddr::V6(v6) => match translated(v6) {
            Some(inside) => is_public(inside.into()),
            None => UNICAST.contains(&address) && !is_special(address),
        },
        v4 @ IpAddr::V4(_) => !is_special(v4),
    }
}

fn is_special(address: IpAddr) -> bool {
    SPECIAL.iter().any(|block| block.contains(&address))
}

/// The IPv4 address that a translator reaches by this one (RFC 6052 §2.1, NAT64).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.octets() {
        [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_special_is_not_public_from_its_first_address_to_its_last() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.169.254"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.1", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "239.255.255.255"),
            ("240.0.0.0", "255.255.255.255"),
            // IPv6 that is given to nobody, or to oneself.
            ("::", "::1"),
            ("::10.0.0.1", "::1.1.1.1"),
            ("::ffff:0:1.1.1.1", "::ffff:0:10.0.0.1"),
            ("64:ff9b:1::", "64:ff9b:1:ffff::1.1.1.1"),
            ("100::", "100:0:0:1::1"),
            ("fc00::1", "fd00:ec2::254"),
            ("fe80::1", "febf::1"),
            ("fec0::1", "feff::1"),
            ("ff02::1", "ff0e::1"),
            ("4000::1", "5f00::1"),
            // What is in 2000::/3 and special.
            ("2001::1", "2001:0:a00:1::"),
            ("2001:2::1", "2001:1ff:ffff::1"),
            ("2001:db8::1", "2001:db8:ffff::1"),
            ("2002:a00:1::1", "2002:101:101::1"),
            ("3ffe::1", "3ffe:ffff::1"),
            ("3fff::1", "3fff:fff::1"),
            // Another spelling of what is special.
            ("::ffff:127.0.0.1", "::ffff:10.0.0.1"),
            ("::ffff:192.168.0.1", "::ffff:169.254.169.254"),
            ("64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1"),
        ] {
            for address in [first, last] {
                assert!(!is_public(address.parse().expect("an address")), "{address}");
            }
        }
    }

    #[test]
    fn what_lies_beside_it_is_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1111",
            "240e::1",
            "3ffd::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
    }
}
