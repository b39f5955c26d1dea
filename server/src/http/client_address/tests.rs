//! Lists of addresses as proxies write them. What a service makes of them is asked in `tests/it/limits.rs`.

use std::net::SocketAddr;

use proptest::collection;
use proptest::prelude::*;

use super::*;

fn named(header: ForwardedHeader, lines: &[&str]) -> Vec<String> {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    let name = |hop: Option<IpAddr>| hop.map_or("-".to_owned(), |address| address.to_string());
    hops(header, &lines).into_iter().map(name).collect()
}

#[test]
fn x_forwarded_for_is_read_over_its_lines_and_says_what_is_no_address() {
    let header = ForwardedHeader::XForwardedFor;
    assert_eq!(
        named(header, &["192.0.2.1, 192.0.2.2:80", " ,, [2001:db8::1]:9 "]),
        ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    );
    assert_eq!(named(header, &["192.0.2.1, unknown,,192.0.2.2"]), ["192.0.2.1", "-", "192.0.2.2"]);
    assert_eq!(
        hops(ForwardedHeader::XForwardedFor, &[b"192.0.2.1, \xd5\xc5"]),
        [Some(IpAddr::from([192, 0, 2, 1])), None]
    );
}

#[test]
fn forwarded_is_read_as_the_rfc_writes_it() {
    let header = ForwardedHeader::Forwarded;
    // RFC 7239 §4, §6.3, §7.1 and §7.4.
    assert_eq!(named(header, &["for=\"_gazonk\""]), ["-"]);
    assert_eq!(named(header, &["For=\"[2001:db8:cafe::17]:4711\""]), ["2001:db8:cafe::17"]);
    assert_eq!(named(header, &["for=192.0.2.60;proto=http;by=203.0.113.43"]), ["192.0.2.60"]);
    assert_eq!(named(header, &["for=192.0.2.43, for=198.51.100.17"]), ["192.0.2.43", "198.51.100.17"]);
    assert_eq!(
        named(header, &["for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown"]),
        ["192.0.2.43", "2001:db8:cafe::17", "-"]
    );
    assert_eq!(
        named(header, &["for=192.0.2.43", "for=\"192.0.2.44:1\" ; proto=https ,"]),
        ["192.0.2.43", "192.0.2.44"]
    );
    assert_eq!(named(header, &["proto=https", "for=192.0.2.1:80;host=\"a\\\"b\""]), ["-", "192.0.2.1"]);
}

#[test]
fn nothing_between_quotation_marks_is_an_address_of_its_own() {
    let header = ForwardedHeader::Forwarded;
    assert_eq!(named(header, &["for=192.0.2.1;host=\"a,for=198.51.100.9\""]), ["192.0.2.1"]);
    assert_eq!(named(header, &["for=192.0.2.1;host=\"a;for=198.51.100.9\""]), ["192.0.2.1"]);
    // A visitor's quotation mark that never closes swallows no entry of the proxy's: the whole line is then nobody's word.
    for forged in [
        "for=\", for=192.0.2.1",
        "for=\", for=\"[2001:db8::1]:4711\"",
        "for=192.0.2.1;for=192.0.2.2",
        "for=\"192.0.2.1\"x",
        "x, for=192.0.2.1",
        "=1, for=192.0.2.1",
    ] {
        assert_eq!(named(header, &[forged]), ["-"], "{forged}");
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
        prop_assert_eq!(hops(ForwardedHeader::XForwardedFor, &texts), named);
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
        prop_assert_eq!(hops(ForwardedHeader::Forwarded, &[line.as_bytes()]), named);
    }

    #[test]
    fn no_line_makes_the_reader_fall(line in "[a-z0-9:.,;=\"\\\\%\\[\\] ]{0,60}") {
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            prop_assert!(hops(header, &[line.as_bytes()]).len() <= line.len());
        }
    }
}
