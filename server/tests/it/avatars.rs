//! `avatars = "proxy"`: people's pictures come from the service, as far as they are pictures, and from nowhere else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use weixin_emulator::Person;

use crate::harness::{House, PUBLIC_URL, Visitor, allowed};

/// WeChat's pictures, and how often each was asked for.
struct Pictures {
    address: SocketAddr,
    asked: Arc<Mutex<HashMap<String, u32>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Pictures {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
        let counts = asked.clone();
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let counts = counts.clone();
                tokio::spawn(async move {
                    let mut head = vec![0; 4096];
                    let length = stream.read(&mut head).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..length]).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    *counts.lock().unwrap().entry(path.clone()).or_default() += 1;
                    let Some(content) = content(&path) else {
                        // Silent, for as long as anybody waits.
                        return std::future::pending().await;
                    };
                    let status = match &*path {
                        "/missing" => "404 Not Found",
                        "/redirect" => "302 Found\r\nlocation: /png",
                        _ => "200 OK",
                    };
                    let head = format!(
                        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        content.len()
                    );
                    let _ = stream.write_all(head.as_bytes()).await;
                    let _ = stream.write_all(&content).await;
                });
            }
        });
        Self { address, asked, task }
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn asked(&self, path: &str) -> u32 {
        self.asked.lock().unwrap().get(path).copied().unwrap_or_default()
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn content(path: &str) -> Option<Vec<u8>> {
    let first: &[u8] = match path {
        "/png" | "/large" | "/redirect" | "/missing" => b"\x89PNG\r\n\x1a\n",
        "/jpeg" => b"\xff\xd8\xff\xe0",
        "/webp" => b"RIFF\x10\0\0\0WEBPVP8 ",
        "/gif" => b"GIF89a",
        "/svg" => b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
        "/html" => b"<!doctype html><script>alert(1)</script>",
        "/empty" => b"",
        _ => return None,
    };
    let rest = if path == "/large" { 1024 * 1024 } else { 0 };
    Some([first, &vec![0; rest]].concat())
}

async fn house(pictures: &Pictures) -> House {
    let address = pictures.at("");
    House::with(|config| {
        let config = config.replace("[weixin]\n", "[weixin]\navatars = \"proxy\"\n");
        let lines = config.lines().map(|line| match line.starts_with("open_url") {
            true => format!("open_url = \"{address}\"\n"),
            false => format!("{line}\n"),
        });
        lines.collect()
    })
    .await
}

/// Logs in as somebody with this picture; gives the browser, and what the site is told of the picture.
async fn with_picture(house: &House, address: String) -> (Visitor, String) {
    let mut person = Person::new("somebody", "Somebody");
    person.headimgurl = Some(address);
    house.weixin.set_person(person);
    assert!(house.weixin.set_phone_person("somebody"));
    let mut visitor = house.visitor();
    let attempt = visitor.start_hosted().await;
    visitor.open(&allowed(house, &attempt)).await;
    let session = visitor.session().await;
    let picture = session.json()["picture"].as_str().unwrap_or_default().to_owned();
    assert_eq!(session.header("weixin-login-picture"), picture);
    (visitor, picture)
}

fn below(picture: &str) -> &str {
    picture.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{picture}"))
}

#[tokio::test]
async fn a_picture_comes_from_the_service_by_what_it_is_and_is_fetched_once() {
    let pictures = Pictures::start().await;
    let house = house(&pictures).await;
    for (path, content_type) in
        [("/png", "image/png"), ("/jpeg", "image/jpeg"), ("/webp", "image/webp"), ("/gif", "image/gif")]
    {
        let (mut visitor, picture) = with_picture(&house, pictures.at(path)).await;
        for _ in 0..3 {
            let answer = house.visitor().open(below(&picture)).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("content-type"), content_type);
            assert_eq!(answer.header("cache-control"), "public, max-age=86400");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(
                answer.header("content-security-policy"),
                "default-src 'none'; frame-ancestors 'none'; sandbox"
            );
        }
        assert_eq!(pictures.asked(path), 1);
        let page = visitor.open("/account").await;
        assert!(page.body.contains(&format!("<img src=\"{picture}\"")), "{}", page.body);
        assert!(page.header("content-security-policy").contains("; img-src 'self'; "));
        // At the next login, in another browser, it is the same.
        assert_eq!(with_picture(&house, pictures.at(path)).await.1, picture);
    }
}

#[tokio::test]
async fn what_is_no_picture_is_not_passed_on() {
    let pictures = Pictures::start().await;
    let house = house(&pictures).await;
    for path in ["/svg", "/html", "/empty", "/large", "/redirect", "/missing", "/silent"] {
        let (_, picture) = with_picture(&house, pictures.at(path)).await;
        for _ in 0..2 {
            let answer = house.visitor().open(below(&picture)).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (404, ""), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        assert_eq!(pictures.asked(path), 1, "{path}: and not asked for again at once");
    }
    assert_eq!(pictures.asked("/png"), 0);
}

#[tokio::test]
async fn nobody_makes_an_address_up() {
    let pictures = Pictures::start().await;
    let house = house(&pictures).await;
    let (_, picture) = with_picture(&house, pictures.at("/png")).await;
    let (_, other) = with_picture(&house, pictures.at("/gif")).await;
    let parts = |picture: &str| {
        let (signature, address) = below(picture).strip_prefix("/avatars/").unwrap().split_once('/').unwrap();
        (signature.to_owned(), address.to_owned())
    };
    let ((signature, address), (of_other, _)) = (parts(&picture), parts(&other));
    for path in [
        format!("/avatars/{of_other}/{address}"),
        format!("/avatars/{}/{address}", &signature[1..]),
        format!("/avatars/{signature}/{address}A"),
        format!("/avatars/{signature}/%ff"),
        format!("/avatars//{address}"),
    ] {
        assert_eq!(house.visitor().open(&path).await.status, 404, "{path}");
    }
    assert_eq!(pictures.asked("/png"), 0);
    // Where browsers load them from WeChat there is nothing to pass on.
    let direct = House::new().await;
    assert_eq!(direct.visitor().open(below(&picture)).await.status, 404);
}
