//! The service's own certificate: a renewed one is taken up, and a broken one leaves the one before.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::Certificate;
use reqwest::tls::TlsInfo;

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

/// The certificate that a new connection meets; every one of these may be met.
async fn met(house: &House, known: &[&CertifiedKey<rcgen::KeyPair>]) -> Vec<u8> {
    let known = known.iter().map(|made| Certificate::from_der(made.cert.der()).unwrap());
    let http = reqwest::Client::builder()
        .tls_certs_only(known)
        .resolve(HOST, house.address)
        .tls_info(true)
        .no_proxy()
        .build()
        .unwrap();
    let address = format!("https://{HOST}:{}/weixin/jwks", house.address.port());
    let answer = http.get(address).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let [first, second, third] = [made(), made(), made()];
    let all = [&first, &second, &third];
    let pem = |made: &CertifiedKey<rcgen::KeyPair>| (made.cert.pem(), made.signing_key.serialize_pem());
    let house = House::with(|config| {
        let folder = config.split_once("secret_file = \"").unwrap().1.split_once("/secret\"").unwrap().0;
        let (cert, key) = pem(&first);
        // An editor on Windows was here.
        put(Path::new(folder), &format!("\u{feff}{}", cert.replace('\n', "\r\n")), &key);
        format!("tls_cert_file = \"cert.pem\"\ntls_key_file = \"key.pem\"\n{config}")
    })
    .await;
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
