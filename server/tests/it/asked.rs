//! What comes beside the requests that a person makes: HEAD, OPTIONS, prefetches, and clients that look for the metadata.

use reqwest::{Method, RequestBuilder};

use crate::harness::{House, SHOP, allowed};

/// What a client of an issuer with a path asks its host for.
fn at_the_host(house: &House, method: Method, path: &str) -> RequestBuilder {
    reqwest::Client::new()
        .request(method, format!("http://{}{path}", house.address))
        .header("host", "shop.example.test")
}

/// RFC 8414 §3.1: the path of the issuer stands behind the well-known name; §5: some look for OpenID Connect's name so.
#[tokio::test]
async fn metadata_is_found_where_the_issuers_path_stands_behind() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let expected = visitor.open("/.well-known/openid-configuration").await.json();
    assert_eq!(expected["issuer"], "https://shop.example.test/weixin");
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let path = format!("/.well-known/{name}/weixin");
        let answer = visitor.send(at_the_host(&house, Method::GET, &path)).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, expected.clone()), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        for other in
            [format!("/.well-known/{name}"), format!("{path}/"), format!("{path}x"), format!("{path}/x")]
        {
            assert_eq!(visitor.send(at_the_host(&house, Method::GET, &other)).await.status, 404, "{other}");
        }
    }
}

/// Fetch, CORS protocol: a library that adds a header of its own asks first.
#[tokio::test]
async fn a_script_of_any_page_may_read_metadata_and_keys() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    for path in [
        "/weixin/.well-known/openid-configuration",
        "/weixin/.well-known/oauth-authorization-server",
        "/weixin/jwks",
        "/.well-known/oauth-authorization-server/weixin",
    ] {
        for origin in [SHOP, "https://spa.example", "null"] {
            let asked = at_the_host(&house, Method::OPTIONS, path)
                .header("origin", origin)
                .header("access-control-request-method", "GET")
                .header("access-control-request-headers", "authorization,x-requested-with");
            let answer = visitor.send(asked).await;
            assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""), "{path} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path} {origin}");
            assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD", "{path} {origin}");
            assert_eq!(answer.header("access-control-allow-headers"), "*, Authorization", "{path} {origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "{path} {origin}");
        }
    }
}

/// RFC 9110 §9.3.2: as GET, without the body.
#[tokio::test]
async fn head_is_answered_wherever_get_is_and_takes_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    for path in [
        "",
        "/",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/jwks",
        "/openapi.json",
        "/assets/pages.css",
        "/assets/no-such-file",
        "/session",
        "/sessions",
        "/userinfo",
        "/scan/no-such-scene",
        "/scan/no-such-scene/confirm",
    ] {
        let get = visitor.send(visitor.request(Method::GET, path)).await;
        let head = visitor.send(visitor.request(Method::HEAD, path)).await;
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
        assert_eq!(head.header("cache-control"), get.header("cache-control"), "{path}");
    }
    let attempt = visitor.start_hosted().await;
    let callback = allowed(&house, &attempt);
    for path in [
        callback.as_str(),
        "/login",
        "/login?return_to=%2Forders",
        "/authorize?client_id=shop",
        "/logout",
        "/login/some-id/still",
    ] {
        let head = visitor.send(visitor.request(Method::HEAD, path)).await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("cache-control"), "no-store", "{path}");
        assert!(head.set_cookies().is_empty(), "{path}");
    }
    assert_eq!(house.exchanges(), 0);
    assert_eq!(visitor.open(&callback).await.status, 303);
    visitor.send(visitor.request(Method::HEAD, "/logout")).await;
    assert_eq!(visitor.session().await.status, 200);
}

/// The code would go to a page that nobody looks at, and the person's own load would come without one.
#[tokio::test]
async fn a_prefetch_takes_nothing() {
    let house = House::new().await;
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    let callback = allowed(&house, &attempt);
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("sec-purpose", "Prefetch; Prerender"),
        ("purpose", "prefetch"),
        ("x-purpose", "preview"),
        ("x-moz", "prefetch"),
    ] {
        for path in [
            callback.as_str(),
            "/login?return_to=%2Forders",
            "/authorize?client_id=shop",
            "/logout",
            "/scan/some-id",
            "/scan/some-id/confirm",
            "/login/some-id/still",
        ] {
            let answer = visitor.send(visitor.request(Method::GET, path).header(name, value)).await;
            assert_eq!(answer.status, 503, "{path} {name}: {value}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path} {name}: {value}");
            assert!(answer.set_cookies().is_empty(), "{path} {name}: {value}");
        }
    }
    assert_eq!(house.exchanges(), 0);
    // Other purposes are none of these.
    let request =
        visitor.request(Method::GET, &callback).header("purpose", "prefetched-never").header("x-moz", "");
    assert_eq!(visitor.send(request).await.status, 303);
    assert_eq!(visitor.session().await.status, 200);
}
