//! WeChat's answers byte by byte, as they have been seen: what people have called themselves costs no login.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{House, SHOP, allowed, code_and_state};

/// api.weixin.qq.com, with these bytes at `/sns/userinfo`.
async fn api(userinfo: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let body = match request[..length].starts_with(b"GET /sns/userinfo") {
                true => userinfo.clone(),
                false => br#"{"access_token":"t","expires_in":7200,"refresh_token":"r","openid":"o1","scope":"snsapi_login","unionid":"u1"}"#.to_vec(),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
        }
    });
    format!("http://{address}")
}

/// The nickname of somebody who has logged in while WeChat answered so: on the service's own page, and embedded too.
async fn nickname(userinfo: &[u8]) -> String {
    let api = api(userinfo.to_vec()).await;
    let house = House::with(|config| {
        let lines = config.lines().map(|line| match line.starts_with("api_url") {
            true => format!("api_url = \"{api}\""),
            false => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    })
    .await;
    let seen = String::from_utf8_lossy(userinfo);
    let mut visitor = house.visitor();
    let callback = allowed(&house, &visitor.start_hosted().await);
    let answer = visitor.open(&callback).await;
    assert_eq!(answer.status, 303, "{seen}: {}", answer.body);
    let mut embedded = house.visitor();
    let callback = allowed(&house, &embedded.start_embedded().await);
    let answer = embedded.post(SHOP, "/callback", &code_and_state(&callback)).await;
    assert_eq!(answer.status, 200, "{seen}: {}", answer.body);
    visitor.session().await.json()["nickname"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_control_character_in_a_name_is_taken_out_and_costs_no_login() {
    for byte in [b'\x14', b'\x07', b'\n', b'\t', b'\0', b'\x1f', b'\x7f'] {
        let name = "琦娅".as_bytes();
        let userinfo = [
            br#"{"openid":"o1","nickname":""#.as_slice(),
            &[byte],
            name,
            br#"","headimgurl":"","unionid":"u1"}"#,
        ]
        .concat();
        assert_eq!(nickname(&userinfo).await, "琦娅", "{byte:#x}");
    }
    // The same, escaped.
    assert_eq!(
        nickname(br#"{"openid":"o1","nickname":"\u0014a\u0085\n","headimgurl":"","unionid":"u1"}"#).await,
        "a"
    );
}

#[tokio::test]
async fn half_an_emoji_is_a_sign_for_what_is_missing_and_costs_no_login() {
    for (text, name) in [
        (r"lisa\ud83d", "lisa\u{fffd}"),
        (r"\ude00lisa", "\u{fffd}lisa"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
        (r"lisa\ud83", r"lisa\ud83"),
        (r"\x14", r"\x14"),
    ] {
        let userinfo = format!(r#"{{"openid":"o1","nickname":"{text}","headimgurl":"","unionid":"u1"}}"#);
        assert_eq!(nickname(userinfo.as_bytes()).await, name);
    }
    // Bytes of UTF-8, cut.
    assert_eq!(
        nickname(b"{\"openid\":\"o1\",\"nickname\":\"lisa\xf0\x9f\x98\",\"unionid\":\"u1\"}").await,
        "lisa\u{fffd}"
    );
}

#[tokio::test]
async fn nothing_in_a_member_that_nobody_reads_costs_a_login() {
    let deep = format!("\"privilege\":{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for member in [
        deep.as_bytes(),
        br#""subscribe_time":1e999"#,
        br#""sex":-1E+400,"groupid":NaN,"tagid_list":[undefined,007]"#,
        b"\"city\":\"\x14\xd5\xc5\"",
        br#""city":"\ud83d""#,
        br#""privilege":["a\x","\ude00"]"#,
        b"\"pro\x07vince\":{\"a\":\"\n\"}",
        b"\"remark\":\"C:\\q\"",
        b"\"sex\":1}\0\0",
    ] {
        let end = if member.ends_with(b"\0") { b"".as_slice() } else { b"}" };
        let userinfo =
            [br#"{"openid":"o1","nickname":"lisa","unionid":"u1","#.as_slice(), member, end].concat();
        assert_eq!(nickname(&userinfo).await, "lisa");
    }
}
