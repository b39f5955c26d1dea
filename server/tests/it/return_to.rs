//! Where a hosted login may end.

use crate::harness::House;

#[tokio::test]
async fn a_login_returns_to_a_page_of_a_registered_origin_and_nowhere_else() {
    let house = House::new().await;
    let long = format!("/{}", "a".repeat(7 * 1024));
    for (return_to, good) in [
        ("/", true),
        ("/orders?page=2&x=%2F%2Fevil", true),
        ("https://shop.example.test/orders", true),
        ("https://forum.example.test/", true),
        ("//evil.example", false),
        ("/\\evil.example", false),
        ("\\\\evil.example", false),
        ("/%2f%2fevil.example", false),
        ("/%2Fevil.example", false),
        ("/%5cevil.example", false),
        ("/a//b", false),
        ("https://evil.example/", false),
        ("https://shop.example.test.evil.example/", false),
        ("https://shop.example.test@evil.example/", false),
        ("https://user@shop.example.test/", false),
        ("https://shop.example.test:8443/", false),
        ("https://shop.example.test", false),
        ("http://shop.example.test/", false),
        ("HTTPS://SHOP.EXAMPLE.TEST/", false),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
        ("/a\tb", false),
        ("/a\rb", false),
        ("/a\nb", false),
        ("/a b", false),
        ("/é", false),
        ("https://shöp.example.test/", false),
        ("/#fragment", false),
        ("relative", false),
        ("", false),
        (&long, false),
    ] {
        let query: String =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish();
        let answer = house.visitor().open(&format!("/login?{query}")).await;
        assert_eq!(answer.status, if good { 200 } else { 400 }, "{return_to:?}: {}", answer.body);
        assert_eq!(answer.location(), "", "{return_to:?}");
    }
}

#[tokio::test]
async fn a_page_of_two_clients_must_say_which() {
    let house = House::new().await;
    let to = "return_to=https%3A%2F%2Fwww.example.test%2F";
    for (query, status, code) in [
        (to.to_owned(), 400, "client_id_missing"),
        (format!("{to}&client_id=shop"), 200, ""),
        (format!("{to}&client_id=forum"), 200, ""),
        (format!("{to}&client_id=nobody"), 400, "unknown_client"),
        ("return_to=%2F&client_id=forum".to_owned(), 400, "bad_return_to"),
    ] {
        let answer = house.visitor().open(&format!("/login?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.body.contains(code), "{query}: {}", answer.body);
    }
}
