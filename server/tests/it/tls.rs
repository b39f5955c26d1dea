//! The service's own TLS: a renewed certificate is taken up, a broken one leaves the one before, and it speaks HTTP/1.1 alone.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::tls::TlsInfo;
use reqwest::{Certificate, ClientBuilder, Response, Version};

use crate::harness::House;

const HOST: &str = "shop.example.test";

fn made() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed([HOST.to_owned()]).unwrap()
}

/// Writes both, an hour after the ones before: what is written within one tick of the clock has one time of change.
fn put(folder: &Path, cert: &str, key: &str) {
    for (name, text) in [("cert.pem", cert), ("key.pem", key)] {
        let file = folder.join(name);
        let before = std::fs::metadata(&file).and_then(|before| before.modified());
        std::fs::write(&file, text).unwrap();
        let after = before.unwrap_or(SystemTime::UNIX_EPOCH) + Duration::from_secs(3600);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(after).unwrap();
    }
}

/// A client that takes each of these certificates.
fn client(house: &House, known: &[&CertifiedKey<rcgen::KeyPair>]) -> ClientBuilder {
    let known = known.iter().map(|made| Certificate::from_der(made.cert.der()).unwrap());
    let http = reqwest::Client::builder().tls_certs_only(known).resolve(HOST, house.address);
    http.tls_info(true).no_proxy()
}

async fn asked(house: &House, client: ClientBuilder) -> reqwest::Result<Response> {
    let address = format!("https://{HOST}:{}/weixin/jwks", house.address.port());
    client.build().unwrap().get(address).send().await
}

/// The certificate that a new connection meets; every one of these may be met.
async fn met(house: &House, known: &[&CertifiedKey<rcgen::KeyPair>]) -> Vec<u8> {
    let answer = asked(house, client(house, known)).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
}

async fn house_of(made: &CertifiedKey<rcgen::KeyPair>) -> House {
    House::with(|config| {
        let folder = config.split_once("secret_file = \"").unwrap().1.split_once("/secret\"").unwrap().0;
        let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        // An editor on Windows was here.
        put(Path::new(folder), &format!("\u{feff}{}", cert.replace('\n', "\r\n")), &key);
        format!("tls_cert_file = \"cert.pem\"\ntls_key_file = \"key.pem\"\n{config}")
    })
    .await
}

#[tokio::test]
async fn http_2_is_not_offered() {
    let made = made();
    let house = house_of(&made).await;
    // By itself the client offers both, and takes what it is given.
    let answer = asked(&house, client(&house, &[&made])).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
    let answer = asked(&house, client(&house, &[&made]).http1_only()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
    // One that offers HTTP/2 alone gets no connection.
    let refused = asked(&house, client(&house, &[&made]).http2_prior_knowledge()).await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    assert!(format!("{refused:?}").contains("NoApplicationProtocol"), "{refused:?}");
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let [first, second, third] = [made(), made(), made()];
    let all = [&first, &second, &third];
    let pem = |made: &CertifiedKey<rcgen::KeyPair>| (made.cert.pem(), made.signing_key.serialize_pem());
    let house = house_of(&first).await;
    let folder = house.data.path();
    assert_eq!(met(&house, &all).await, **first.cert.der());

    let (cert, key) = pem(&second);
    put(folder, &cert, &key);
    assert_eq!(met(&house, &all).await, **second.cert.der());

    // A half of a renewal, another's key, nothing at all, and something else: the one before stays.
    let (new_cert, new_key) = pem(&third);
    for (cert, key) in [
        (&*new_cert, &*key),
        (&new_cert[..new_cert.len() / 2], &*new_key),
        ("", &*new_key),
        (&*new_cert, ""),
        ("not PEM", "not PEM"),
        (&*key, &*cert),
    ] {
        put(folder, cert, key);
        assert_eq!(met(&house, &all).await, **second.cert.der());
    }
    std::fs::remove_file(folder.join("cert.pem")).unwrap();
    assert_eq!(met(&house, &all).await, **second.cert.der());

    put(folder, &new_cert, &new_key);
    assert_eq!(met(&house, &all).await, **third.cert.der());
}
