//! Our cookies beside those of other software on the same domain.

use reqwest::header::{COOKIE, HeaderValue};
use reqwest::{Method, RequestBuilder};

use crate::harness::{House, SHOP_SESSION as SESSION, Visitor, allowed};

/// Cookie headers of legacy sites around `ours`.
fn beside(ours: &str) -> Vec<Vec<Vec<u8>>> {
    let ours = ours.as_bytes();
    let line = |before: &[u8], after: &[u8]| vec![[before, ours, after].concat()];
    vec![
        // GBK, as Chromium sends it.
        line(b"username=\xd5\xc5\xc8\xfd; ", b""),
        line(b"", b"; username=\xd5\xc5\xc8\xfd"),
        vec![b"username=\xd5\xc5\xc8\xfd".to_vec(), ours.to_vec()],
        vec![ours.to_vec(), b"a=1; b=2".to_vec()],
        line(b"; ;=; =x; broken; ", b"; a=b=c; \"; ;"),
        line(b"a=\"1; ", b"; b=2\""),
        line(b"a={\"b\":[1,2]},c=%zz%e5%; ", b";d"),
        line(b"a=1;", b";b=2"),
        line(b"a=\x80\xff; ", b" ; b=\xf0\x9f\x98"),
    ]
}

/// A request with these Cookie headers in the place of the visitor's own.
fn with_cookies(visitor: &Visitor, method: Method, path: &str, headers: &[Vec<u8>]) -> RequestBuilder {
    let mut without = visitor.clone();
    without.cookies.clear();
    headers.iter().fold(without.request(method, path), |request, header| {
        request.header(COOKIE, HeaderValue::from_bytes(header).unwrap())
    })
}

#[tokio::test]
async fn a_login_begins_and_ends_beside_any_cookie_and_the_session_is_found() {
    let house = House::new().await;
    let count = beside("").len();
    for number in 0..count {
        let mut visitor = house.visitor();
        let callback = allowed(&house, &visitor.start_hosted().await);
        let ours = |visitor: &Visitor| {
            let cookies = visitor.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            cookies.collect::<Vec<_>>().join("; ")
        };
        let headers = beside(&ours(&visitor)).swap_remove(number);
        let request = with_cookies(&visitor, Method::GET, &callback, &headers);
        let answer = visitor.send(request).await;
        assert_eq!(answer.status, 303, "{:?}: {}", String::from_utf8_lossy(&headers.concat()), answer.body);
        let headers = beside(&ours(&visitor)).swap_remove(number);
        let request = with_cookies(&visitor, Method::GET, "/session", &headers);
        let session = visitor.send(request).await;
        assert_eq!(session.status, 200, "{:?}", String::from_utf8_lossy(&headers.concat()));
    }
}

#[tokio::test]
async fn of_two_values_of_our_cookie_none_is_believed_and_both_are_taken_back() {
    let house = House::new().await;
    let (mut visitor, mut other) = (house.visitor(), house.visitor());
    for person in [&mut visitor, &mut other] {
        let callback = allowed(&house, &person.start_hosted().await);
        assert_eq!(person.open(&callback).await.status, 303);
    }
    let [own, foreign] = [&visitor, &other].map(|visitor| format!("{SESSION}={}", visitor.cookies[SESSION]));
    let both =
        [vec![format!("{own}; {foreign}").into_bytes()], vec![foreign.into(), own.clone().into_bytes()]];
    for headers in both {
        let request = with_cookies(&visitor, Method::GET, "/session", &headers);
        assert_eq!(request.send().await.unwrap().status(), 401);
        let request = with_cookies(&visitor, Method::DELETE, "/session", &headers);
        let answer = visitor.clone().send(request.header("sec-fetch-site", "same-origin")).await;
        assert_eq!(answer.status, 204, "{}", answer.body);
        assert!(answer.set_cookies().iter().any(|cookie| cookie.starts_with(&format!("{SESSION}=; "))));
    }
    // Nobody's session has ended by that, and the same value twice is one.
    let twice = vec![format!("{own}; {own}").into_bytes()];
    assert_eq!(with_cookies(&visitor, Method::GET, "/session", &twice).send().await.unwrap().status(), 200);
}
