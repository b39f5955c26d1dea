//! Spellings of addresses, and lists of them as proxies write them. What a service makes of them is asked in `tests/it/limits.rs`.

use std::net::SocketAddr;

use proptest::collection;
use proptest::prelude::*;

use super::*;

fn hops(header: ForwardedHeader, lines: &[&str]) -> Vec<String> {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    let named = |hop: Option<IpAddr>| hop.map_or("-".to_owned(), |address| address.to_string());
    header.hops(&lines).into_iter().map(named).collect()
}

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

#[test]
fn x_forwarded_for_is_read_over_its_lines_and_says_what_is_no_address() {
    let header = ForwardedHeader::XForwardedFor;
    assert_eq!(
        hops(header, &["192.0.2.1, 192.0.2.2:80", " ,, [2001:db8::1]:9 "]),
        ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    );
    assert_eq!(hops(header, &["192.0.2.1, unknown,,192.0.2.2"]), ["192.0.2.1", "-", "192.0.2.2"]);
    assert_eq!(
        ForwardedHeader::XForwardedFor.hops(&[b"192.0.2.1, \xd5\xc5"]),
        [Some(IpAddr::from([192, 0, 2, 1])), None]
    );
}

#[test]
fn forwarded_is_read_as_the_rfc_writes_it() {
    let header = ForwardedHeader::Forwarded;
    // RFC 7239 §4, §6.3, §7.1 and §7.4.
    assert_eq!(hops(header, &["for=\"_gazonk\""]), ["-"]);
    assert_eq!(hops(header, &["For=\"[2001:db8:cafe::17]:4711\""]), ["2001:db8:cafe::17"]);
    assert_eq!(hops(header, &["for=192.0.2.60;proto=http;by=203.0.113.43"]), ["192.0.2.60"]);
    assert_eq!(hops(header, &["for=192.0.2.43, for=198.51.100.17"]), ["192.0.2.43", "198.51.100.17"]);
    assert_eq!(
        hops(header, &["for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"]),
        ["192.0.2.43", "2001:db8:cafe::17", "-"]
    );
    assert_eq!(
        hops(header, &["for=192.0.2.43", "for=\"192.0.2.44:1\" ; proto=https ,"]),
        ["192.0.2.43", "192.0.2.44"]
    );
    assert_eq!(hops(header, &["proto=https", "for=192.0.2.1:80;host=\"a\\\"b\""]), ["-", "192.0.2.1"]);
}

#[test]
fn nothing_between_quotation_marks_is_an_address_of_its_own() {
    let header = ForwardedHeader::Forwarded;
    assert_eq!(hops(header, &["for=192.0.2.1;host=\"a,for=198.51.100.9\""]), ["192.0.2.1"]);
    assert_eq!(hops(header, &["for=192.0.2.1;host=\"a;for=198.51.100.9\""]), ["192.0.2.1"]);
    // A visitor's quotation mark that never closes swallows no entry of the proxy's: the whole line is then nobody's word.
    for forged in [
        "for=\", for=192.0.2.1",
        "for=\", for=\"[2001:db8::1]:4711\"",
        "for=192.0.2.1;for=192.0.2.2",
        "for=\"192.0.2.1\"x",
        "x, for=192.0.2.1",
        "=1, for=192.0.2.1",
    ] {
        assert_eq!(hops(header, &[forged]), ["-"], "{forged}");
    }
}

/// An entry of a list as some proxy writes it, and whom it names.
fn entry() -> impl Strategy<Value = (String, Option<IpAddr>)> {
    let address = any::<IpAddr>().prop_map(|address| address.to_canonical());
    let spelt = (address, any::<u16>(), 0..4).prop_map(|(address, port, how)| {
        let text = match (address, how) {
            (_, 0) => SocketAddr::new(address, port).to_string(),
            (IpAddr::V4(v4), 1) => v4.to_ipv6_mapped().to_string(),
            (IpAddr::V4(v4), 2) => format!("[{}]:{port}", v4.to_ipv6_mapped()),
            (IpAddr::V6(v6), 1) => format!("[{v6}]"),
            (IpAddr::V6(v6), 2) => format!("{v6}%eth0").to_uppercase(),
            _ => address.to_string(),
        };
        (text, Some(address))
    });
    prop_oneof![4 => spelt, 1 => "unknown|_[a-z]{1,8}".prop_map(|text| (text, None))]
}

proptest! {
    #[test]
    fn no_entry_of_a_strict_x_forwarded_for_is_lost(
        lines in collection::vec(collection::vec(entry(), 1..4), 1..4),
        between in "[ \t]{0,2},[ \t]{0,2}",
    ) {
        let named: Vec<_> = lines.iter().flatten().map(|(_, address)| *address).collect();
        let texts: Vec<String> = lines
            .into_iter()
            .map(|line| line.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(&between))
            .collect();
        let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        prop_assert_eq!(ForwardedHeader::XForwardedFor.hops(&texts), named);
    }

    #[test]
    fn no_element_of_a_strict_forwarded_is_lost(
        elements in collection::vec((entry(), "[a-z0-9.,;= ]{0,20}", any::<bool>()), 1..5),
        between in "[ \t]{0,2},[ \t]{0,2}",
    ) {
        let named: Vec<_> = elements.iter().map(|((_, address), ..)| *address).collect();
        // What stands in quotation marks may be a visitor's.
        let texts: Vec<String> = elements
            .into_iter()
            .map(|((text, _), host, first)| match first {
                true => format!("host=\"{host}\";for=\"{text}\";proto=https"),
                false => format!("For=\"{text}\";by=192.0.2.9;host=\"{host}\""),
            })
            .collect();
        let line = texts.join(&between);
        prop_assert_eq!(ForwardedHeader::Forwarded.hops(&[line.as_bytes()]), named);
    }

    #[test]
    fn no_line_makes_the_reader_fall(line in "[a-z0-9:.,;=\"\\\\%\\[\\] ]{0,60}") {
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            prop_assert!(header.hops(&[line.as_bytes()]).len() <= line.len());
        }
    }
}
