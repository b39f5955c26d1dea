//! WeChat's `/sns` answers, as recorded, and as fast as can be: a process of its own, so that nobody's CPU is counted as the service's.
//!
//! Everybody who has a code is let in: `p12-345` is somebody's, and so is the access token and the openid.

use std::convert::Infallible;

use anyhow::Result;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Serves for ever; says where, as the service does.
pub async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    crate::say(&format!("{{\"listen\":\"{}\"}}", listener.local_addr()?));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(
            TokioIo::new(stream),
            service_fn(async |request| Ok::<_, Infallible>(answer(&request))),
        ));
    }
}

fn answer(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let query = request.uri().query().unwrap_or_default();
    let parameter = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
    };
    let text = if request.uri().path().ends_with("/access_token") {
        let code = parameter("code");
        let person = code.split('-').next().unwrap_or_default();
        format!(
            r#"{{"access_token":"{code}","expires_in":7200,"refresh_token":"{code}","openid":"o-bench-{person}","scope":"snsapi_login","unionid":"u-bench-{person}"}}"#
        )
    } else {
        let openid = parameter("openid");
        let person = openid.rsplit('-').next().unwrap_or_default();
        format!(
            r#"{{"openid":"{openid}","nickname":"陈锴","sex":0,"language":"","city":"","province":"","country":"","headimgurl":"https:\/\/thirdwx.qlogo.cn\/mmopen\/vi_32\/{person}\/132","privilege":[],"unionid":"u-bench-{person}"}}"#
        )
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    let kind = hyper::header::HeaderValue::from_static("text/plain");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    response
}
