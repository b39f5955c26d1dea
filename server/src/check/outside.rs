//! The service as a browser finds it: through whatever stands in front. It asks itself, with a word that only whoever has its master key
//! can say, and is told how that request arrived.

use std::time::Duration;

use reqwest::header::{COOKIE, HOST, HeaderName, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use reqwest::{RequestBuilder, Response};
use tokio::time::timeout;

use super::report::Report;
use crate::clock::Clock;
use crate::commands;
use crate::config::{Config, ForwardedHeader};
use crate::outbound;
use crate::probe::{self, NAME, PATH, PROBE, SEEN, STREAM, Seen};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first piece of a stream comes at once, and the next three seconds later: what is held back comes with that.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What pages of a site leave in cookies besides ours. Every proxy takes it unless somebody has given it less room: nginx has 8 kB for a
/// line, and Apache too.
const OTHER_COOKIES: usize = 6000;

/// Asks through the proxy, and says what that does to a request.
pub(super) async fn look(report: &mut Report, config: &Config, address: &str) {
    let what = format!("from outside, {address} leads to this service");
    let masters = match commands::master_keys(config, false) {
        Ok(masters) => masters,
        Err(error) => return report.tell("outside", what, Err(error.to_string())),
    };
    let http = match outbound::http(PATIENCE).build() {
        Ok(http) => http,
        Err(error) => return report.tell("outside", what, Err(error.to_string())),
    };
    let ask = |path: &str| {
        http.get(format!("{address}{path}"))
            .header(HOST, config.public_url.host())
            .header(PROBE, probe::word(&masters, Clock::system().now()))
    };
    let ours = format!("{NAME}=1");
    let (answer, seen) = match arrived(ask(PATH).header(COOKIE, &ours)).await {
        Ok(arrived) => arrived,
        Err(why) => return report.tell("outside", what, Err(why)),
    };
    report.tell("outside", what, Ok(()));
    report.tell("outside_path", "from outside, the path arrives as it was sent", path(config, &seen));
    report.tell("outside_host", "from outside, the Host arrives as it was sent", host(config, &seen));
    report.tell(
        "outside_address",
        "from outside, the service hears whose request it is",
        from(config, &seen),
    );
    if config.public_url.is_localhost() {
        return streams(report, ask(STREAM)).await;
    }
    let header = |name: HeaderName| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let hsts = match header(STRICT_TRANSPORT_SECURITY) {
        Some(_) => Ok(()),
        None => Err("the proxy takes Strict-Transport-Security off: leave that header alone (nginx: no proxy_hide_header for it)".into()),
    };
    report.tell("outside_hsts", "from outside, browsers are told to come by https alone", hsts);
    let cookie = match header(SET_COOKIE) {
        Some(probe::COOKIE) => Ok(()),
        Some(_) => Err("the proxy changes it, and browsers drop it then: no proxy_cookie_path, proxy_cookie_domain or proxy_cookie_flags for the service".into()),
        None => Err("the proxy takes it off: no proxy_hide_header Set-Cookie, and no cache, for the service".into()),
    };
    report.tell("outside_cookies", "from outside, cookies arrive as they were set", cookie);
    let crowded = format!("other={}; {ours}", "x".repeat(OTHER_COOKIES));
    let come = match (seen.cookie, arrived(ask(PATH).header(COOKIE, crowded)).await) {
        (false, _) => Err("the proxy takes them off, and no login finds its beginning: no proxy_set_header Cookie, no RequestHeader unset Cookie, and no cache, for the service".into()),
        (true, Ok((_, seen))) if seen.cookie => Ok(()),
        (true, _) => Err(format!(
            "they do not beside {OTHER_COOKIES} bytes of cookies that other pages have set: large_client_header_buffers 4 32k in nginx, LimitRequestFieldSize in Apache, tune.bufsize in HAProxy"
        )),
    };
    report.tell("outside_cookies", "from outside, a browser's cookies come back to the service", come);
    streams(report, ask(STREAM)).await;
}

/// The answer to a request, and how the service says that the request arrived.
async fn arrived(request: RequestBuilder) -> Result<(Response, Seen), String> {
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    if let Some(seen) =
        answer.headers().get(SEEN).and_then(|seen| serde_json::from_slice(seen.as_bytes()).ok())
    {
        return Ok((answer, seen));
    }
    if status.is_redirection() {
        return Err(format!(
            "the proxy answers {status} by itself and sends browsers elsewhere: is it the right scheme, host and path?"
        ));
    }
    Err(format!(
        "somebody else answers there, with {status}: the proxy leads elsewhere, the service does not run, or it has another master key than this configuration"
    ))
}

fn unreachable(error: reqwest::Error) -> String {
    let cause = outbound::cause(&error.without_url());
    if cause.contains("certificate") || cause.contains("Certificate") {
        return format!(
            "browsers do not believe its certificate ({cause}): serve the whole chain (fullchain.pem), for this name, of an authority that they know"
        );
    }
    format!("it cannot be reached: {cause}: is the proxy up, and the name known here?")
}

fn path(config: &Config, seen: &Seen) -> Result<(), String> {
    let prefix = config.public_url.path();
    let sent = format!("{prefix}{PATH}");
    if seen.path == sent {
        return Ok(());
    }
    let mend = if seen.path == PATH {
        format!(
            "the proxy takes {prefix} off: no path behind the port in nginx's proxy_pass, no stripPrefix, no rewrite-target, no handle_path; or leave it so, and give public_url no path"
        )
    } else {
        "the proxy changes it: pass it on as it is".into()
    };
    Err(format!("{} came for {sent}: {mend}", seen.path))
}

fn host(config: &Config, seen: &Seen) -> Result<(), String> {
    let sent = config.public_url.host();
    if seen.host == sent {
        return Ok(());
    }
    Err(format!(
        "{} came for {sent}: `proxy_set_header Host $http_host` in nginx, `ProxyPreserveHost On` in Apache",
        seen.host
    ))
}

fn from(config: &Config, seen: &Seen) -> Result<(), String> {
    let wanted = config.forwarded_header;
    let (has_wanted, has_other, other) = match wanted {
        ForwardedHeader::XForwardedFor => (seen.x_forwarded_for, seen.forwarded, "Forwarded"),
        ForwardedHeader::Forwarded => (seen.forwarded, seen.x_forwarded_for, "X-Forwarded-For"),
    };
    let peer = &seen.peer;
    match (seen.is_trusted, has_wanted, has_other) {
        // Without a proxy the connection says it.
        (false, false, false) if config.tls.is_some() || config.public_url.is_localhost() => Ok(()),
        (true, true, _) => Ok(()),
        (false, true, _) => Err(format!(
            "{peer} says whom it saw and is not believed, so all visitors are one: trusted_proxies = [\"{peer}/{}\"]",
            if peer.contains(':') { 128 } else { 32 }
        )),
        (_, false, true) => Err(format!("{peer} says it by {other}: forwarded_header = \"{other}\"")),
        (_, false, false) => Err(format!(
            "{peer} does not say whom it saw, so all visitors are one: `proxy_set_header X-Forwarded-For $remote_addr` in nginx, `option forwardfor` in HAProxy"
        )),
    }
}

/// Whether what is sent in pieces arrives in pieces.
async fn streams(report: &mut Report, request: RequestBuilder) {
    let first = async {
        let mut answer = request.send().await.ok()?;
        answer.chunk().await.ok()?
    };
    let came = match timeout(AT_ONCE, first).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("the stream breaks off: the proxy cuts what is sent in pieces".into()),
        Err(_) => Err("the proxy holds it back: `proxy_buffering off` in nginx, `flushpackets=on` in Apache, `flush_interval -1` in Caddy, and no compression or cache for the service".into()),
    };
    report.tell("outside_streams", "from outside, an event stream arrives as it is sent", came);
}
