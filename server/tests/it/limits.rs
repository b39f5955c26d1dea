//! Limits, and every way round them: past a limit of five none of forty tries gets through, however the path and the address are spelt.

use std::net::{IpAddr, SocketAddr};

use reqwest::{Method, RequestBuilder};

use crate::harness::{CHALLENGE, FORUM, House, SHOP, Visitor};
use crate::proxy::{FORWARDED, Proxy, X_FORWARDED_FOR};

const FIVE: &str = "[limits]\nstarts_per_minute = 5\nanswers_per_minute = 5\ntoken_requests_per_minute = 5\n";

async fn house() -> House {
    House::with(|config| format!("{config}\n{FIVE}")).await
}

/// How many of forty tries get past a limit of five, behind the five that may.
async fn past_the_limit(mut request: impl FnMut(usize) -> RequestBuilder) -> usize {
    let mut passed = Vec::new();
    for number in 0..45 {
        passed.push(request(number).send().await.unwrap().status() != 429);
    }
    assert_eq!(passed[..5], [true; 5], "the five that may");
    passed[5..].iter().filter(|passed| **passed).count()
}

async fn is_slowed_down(request: RequestBuilder) -> bool {
    request.send().await.unwrap().status() == 429
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_past_its_limit() {
    let rows: [(Method, &[&str]); 8] = [
        (Method::GET, &["/login", "/%6cogin", "/%6C%6F%67%69%6e", "/login?", "/log%69n?x=1"]),
        (Method::POST, &["/login", "/%6cogin", "/lo%67in"]),
        (Method::GET, &["/callback", "/callbac%6b", "/%63allback", "/callbac%6B?code=1&state=2"]),
        (Method::POST, &["/callback", "/callbac%6b", "/c%61llback"]),
        (Method::POST, &["/token", "/%74oken", "/toke%6e"]),
        (Method::GET, &["/userinfo", "/%75serinfo", "/user%69nfo"]),
        (Method::POST, &["/revoke", "/%72evoke", "/revok%65"]),
        (Method::POST, &["/login/x/renew", "/login/x/rene%77", "/%6cogin/y/renew", "/log%69n/events/renew"]),
    ];
    for (method, spellings) in rows {
        let house = house().await;
        let visitor = house.visitor();
        let request = |number: usize| visitor.request(method.clone(), spellings[number % spellings.len()]);
        assert_eq!(past_the_limit(request).await, 0, "{method} {spellings:?}");
    }
}

#[tokio::test]
async fn a_phone_cannot_try_scenes_past_the_limit_either() {
    for path in ["/scan/x", "/%73can/x", "/scan/%2e/confirm", "/scan/x/confir%6d"] {
        let house = house().await;
        let visitor = house.visitor();
        assert_eq!(past_the_limit(|_| visitor.request(Method::GET, path)).await, 0, "{path}");
    }
}

#[tokio::test]
async fn behind_every_proxy_a_visitor_is_one_whatever_it_makes_up_and_the_next_is_another() {
    for (proxies, header) in [(&X_FORWARDED_FOR[..], "X-Forwarded-For"), (&FORWARDED[..], "Forwarded")] {
        for proxy in proxies {
            for (visitor, neighbour) in
                [("203.0.113.77", "203.0.113.78"), ("2001:db8:1:2::7", "2001:db8:1:3::7")]
            {
                let named = format!("forwarded_header = \"{header}\"\ntrusted_proxies");
                let house =
                    House::with(|config| format!("{}\n{FIVE}", config.replace("trusted_proxies", &named)))
                        .await;
                let http = house.visitor();
                let from = |address: &str, sent: &[(&'static str, String)]| {
                    let request = http.request(Method::GET, "/callback");
                    proxy
                        .headers(address, sent)
                        .into_iter()
                        .filter(|(name, _)| *name != "host")
                        .fold(request, |request, (name, value)| request.header(name, value))
                };
                let made_up = |number: usize| made_up(number).map_or(Vec::new(), |header| vec![header]);
                assert_eq!(
                    past_the_limit(|number| from(visitor, &made_up(number))).await,
                    0,
                    "{proxy:?} {visitor}"
                );
                assert!(!is_slowed_down(from(neighbour, &[])).await, "{proxy:?} {neighbour}");
            }
        }
    }
}

/// What a visitor sends who would be somebody else each time.
fn made_up(number: usize) -> Option<(&'static str, String)> {
    let address = format!("198.51.100.{number}");
    match number % 12 {
        0 => None,
        1 => Some(("x-forwarded-for", address)),
        2 => Some(("x-forwarded-for", format!("{address}:4711"))),
        3 => Some(("x-forwarded-for", format!("127.0.0.1, {address}, 127.0.0.1"))),
        4 => Some(("x-forwarded-for", format!("2001:db8:{number}::1, unknown, ,"))),
        5 => Some(("forwarded", format!("for={address}"))),
        6 => Some(("forwarded", format!("for=\"[2001:db8:{number}::1]:80\", for=127.0.0.1"))),
        7 => Some(("host", format!("a,for={address}"))),
        8 => Some(("host", format!("a;for={address};x="))),
        9 => Some(("x-real-ip", address)),
        10 => Some(("client-ip", address)),
        _ => Some(("true-client-ip", address)),
    }
}

#[tokio::test]
async fn a_quotation_mark_that_never_closes_makes_nobody_of_its_sender() {
    let house = House::with(|config| {
        let config = config.replace("trusted_proxies", "forwarded_header = \"Forwarded\"\ntrusted_proxies");
        format!("{config}\n{FIVE}")
    })
    .await;
    let http = house.visitor();
    let from = |sent: String| {
        let headers = Proxy::Rfc7239.headers("203.0.113.77", &[("forwarded", sent)]);
        headers.into_iter().fold(http.request(Method::GET, "/callback"), |request, (name, value)| {
            request.header(name, value)
        })
    };
    let forged = |number: usize| from(format!("for=198.51.100.{number};x=\""));
    assert_eq!(past_the_limit(forged).await, 0);
}

#[tokio::test]
async fn of_two_headers_only_the_one_that_is_configured_is_read() {
    let (house, other) = (house().await, "Forwarded");
    let http = house.visitor();
    let from = |number: usize| {
        let request = http.request(Method::GET, "/callback").header("x-forwarded-for", "203.0.113.77");
        request.header(other, format!("for=198.51.100.{number}"))
    };
    assert_eq!(past_the_limit(from).await, 0);
}

#[tokio::test]
async fn on_a_socket_of_both_families_ipv4_visitors_are_apart_and_a_proxy_is_the_one_it_is() {
    let everywhere = |config: String| config.replacen("127.0.0.1:0", "[::]:0", 1);
    // Nobody is in front: each connection's address counts.
    let house = House::with(|config| {
        let config = everywhere(config).replace("trusted_proxies = [\"127.0.0.1/32\"]", "");
        format!("{config}\n{FIVE}")
    })
    .await;
    let at = |house: &House, local: [u8; 4]| {
        let address = SocketAddr::from(([127, 0, 0, 1], house.address.port()));
        Visitor::from(address, IpAddr::from(local))
    };
    let (first, second) = (at(&house, [127, 0, 0, 1]), at(&house, [127, 0, 0, 2]));
    assert_eq!(past_the_limit(|_| first.request(Method::GET, "/callback")).await, 0);
    assert!(!is_slowed_down(second.request(Method::GET, "/callback")).await);

    // A proxy at 127.0.0.1 comes as ::ffff:127.0.0.1, and is believed.
    let house = House::with(|config| format!("{}\n{FIVE}", everywhere(config))).await;
    let proxy = at(&house, [127, 0, 0, 1]);
    let from = |address: &str| proxy.request(Method::GET, "/callback").header("x-forwarded-for", address);
    assert_eq!(past_the_limit(|_| from("203.0.113.77")).await, 0);
    assert!(!is_slowed_down(from("203.0.113.78")).await);
}

#[tokio::test]
async fn a_mapped_or_bare_address_in_trusted_proxies_is_the_proxy() {
    for network in ["127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.0/104", "127.0.0.0/8"] {
        let house =
            House::with(|config| format!("{}\n{FIVE}", config.replace("127.0.0.1/32", network))).await;
        let http = house.visitor();
        let from = |address: &str| http.request(Method::GET, "/callback").header("x-forwarded-for", address);
        assert_eq!(past_the_limit(|_| from("203.0.113.77")).await, 0, "{network}");
        assert!(!is_slowed_down(from("203.0.113.78")).await, "{network}");
    }
}

#[tokio::test]
async fn a_network_of_48_is_ten_addresses_and_not_as_many_as_it_has() {
    let house = house().await;
    let http = house.visitor();
    let from = |network: usize| {
        let address = format!("2001:db8:9:{network:x}::1");
        http.request(Method::GET, "/callback").header("x-forwarded-for", address)
    };
    let mut passed = 0;
    for network in 0..60 {
        passed += usize::from(!is_slowed_down(from(network)).await);
    }
    assert_eq!(passed, 50);
    let elsewhere = http.request(Method::GET, "/callback").header("x-forwarded-for", "2001:db8:a::1");
    assert!(!is_slowed_down(elsewhere).await);
}

#[tokio::test]
async fn begins_and_answers_are_counted_apart() {
    let house = house().await;
    let http = house.visitor();
    assert_eq!(past_the_limit(|_| http.request(Method::GET, "/login")).await, 0);
    assert!(!is_slowed_down(http.request(Method::GET, "/callback")).await);
}

#[tokio::test]
async fn a_flood_of_one_client_leaves_the_others_their_logins() {
    let limits = "[limits]\nclient_starts_per_minute = 5\n";
    let house = House::with(|config| format!("{config}\n{limits}")).await;
    let begin = |number: usize, origin: &str, client: &str| {
        let body = serde_json::json!({ "client_id": client, "result": "code", "code_challenge": CHALLENGE });
        let request = house.visitor().request(Method::POST, "/login").header("origin", origin);
        request.header("x-forwarded-for", format!("203.0.113.{number}")).json(&body)
    };
    assert_eq!(past_the_limit(|number| begin(number, SHOP, "shop")).await, 0);
    let refused = begin(50, SHOP, "shop").send().await.unwrap();
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(refused.headers()["access-control-allow-origin"], SHOP);
    assert!(is_slowed_down(house.visitor().request(Method::GET, "/login?client_id=shop")).await);
    assert_eq!(begin(51, FORUM, "forum").send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn what_a_carriers_nat_sends_in_a_minute_is_let_through() {
    let house = House::new().await;
    let http = house.visitor();
    for _ in 0..200 {
        assert!(!is_slowed_down(http.request(Method::GET, "/login")).await);
        assert!(!is_slowed_down(http.request(Method::GET, "/callback")).await);
        assert!(!is_slowed_down(http.request(Method::POST, "/callback")).await);
    }
}
